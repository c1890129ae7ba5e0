//! What access control allows.

use super::target::{ALONE, Etcd};
use super::world::World;
use crate::cases;
use crate::trial::{Case, Subject};

pub(super) fn cases() -> Vec<Case<Etcd>> {
    cases![Etcd;
        access_control_needs_a_root_user needs [ALONE],
        only_the_root_user_changes_users_and_roles needs [ALONE],
        the_guest_role_is_wide_open_until_it_is_revoked needs [ALONE],
        a_role_allows_what_its_patterns_cover needs [ALONE],
        a_recursive_request_needs_a_pattern_that_covers_it needs [ALONE],
        whoever_has_a_wrong_password_is_nobody_and_not_a_guest needs [ALONE],
        a_request_is_checked_before_who_sends_it needs [ALONE],
        members_are_changed_by_the_root_user_alone needs [ALONE],
        the_root_role_of_another_user_allows_everything needs [ALONE],
    ]
    .into()
}

async fn access_control_needs_a_root_user(etcd: &Subject<Etcd>) -> anyhow::Result<()> {
    let etcd = etcd.alone().await?;
    let mut world = World::within(&etcd, "/quorate-test/case").await?;
    world.play(&[
        ("GET :/v2/auth/enable", r#"200 {"enabled":false}"#),
        ("DELETE :/v2/auth/enable", "409: auth: already disabled"),
        ("PUT :/v2/auth/enable", "409: auth: No root user available, please create one"),
        (r#"PUT :/v2/auth/users/root application/json|{"user":"root","password":"pw"}"#, r#"201 {"user":"root","roles":["root"]}"#),
        ("GET :/v2/auth/users/root", r#"200 {"user":"root","roles":[{"role":"root","permissions":{"kv":{"read":["/*"],"write":["/*"]}}}]}"#),
        ("PUT :/v2/auth/enable", "200"),
        ("GET :/v2/auth/enable", r#"200 {"enabled":true}"#),
        ("root:pw@PUT :/v2/auth/enable", "409: auth: already enabled"),
        ("root:pw@DELETE :/v2/auth/users/root", "403: auth: Cannot delete root user while auth is enabled."),
        ("root:pw@DELETE :/v2/auth/enable", "200"),
        ("GET :/v2/auth/enable", r#"200 {"enabled":false}"#),
        ("DELETE :/v2/auth/users/root", "200"),
    ]).await
}

async fn only_the_root_user_changes_users_and_roles(etcd: &Subject<Etcd>) -> anyhow::Result<()> {
    let etcd = etcd.alone().await?;
    let mut world = World::within(&etcd, "/quorate-test/case").await?;
    world.play(&[
        (r#"PUT :/v2/auth/users/root application/json|{"user":"root","password":"pw"}"#, r#"201 {"user":"root","roles":["root"]}"#),
        ("PUT :/v2/auth/enable", "200"),
        ("PUT :/v2/auth/enable", "401: Insufficient credentials"),
        ("GET :/v2/auth/users", "401: Insufficient credentials"),
        ("GET :/v2/auth/roles", "401: Insufficient credentials"),
        ("root:bad@GET :/v2/auth/users", "401: Insufficient credentials"),
        ("nobody:x@GET :/v2/auth/users", "401: Insufficient credentials"),
        ("root:pw@GET :/v2/auth/users", r#"200 {"users":[{"user":"root","roles":[{"role":"root","permissions":{"kv":{"read":["/*"],"write":["/*"]}}}]}]}"#),
        (r#"root:pw@PUT :/v2/auth/users/u1 application/json|{"user":"u1","password":"p"}"#, r#"201 {"user":"u1","roles":null}"#),
        ("u1:p@GET :/v2/auth/users", "401: Insufficient credentials"),
        ("u1:p@GET :/v2/auth/users/u1", "401: Insufficient credentials"),
        ("u1:p@GET :/v2/auth/enable", r#"200 {"enabled":true}"#),
        ("u1:p@DELETE :/v2/auth/enable", "401: Insufficient credentials"),
        ("root:pw@DELETE :/v2/auth/enable", "200"),
    ]).await
}

async fn the_guest_role_is_wide_open_until_it_is_revoked(
    etcd: &Subject<Etcd>,
) -> anyhow::Result<()> {
    let etcd = etcd.alone().await?;
    let mut world = World::within(&etcd, "/quorate-test/case").await?;
    world.play(&[
        (r#"PUT :/v2/auth/users/root application/json|{"user":"root","password":"pw"}"#, r#"201 {"user":"root","roles":["root"]}"#),
        ("PUT :/v2/auth/enable", "200"),
        ("root:pw@GET :/v2/auth/roles/guest", r#"200 {"role":"guest","permissions":{"kv":{"read":["/*"],"write":["/*"]}}}"#),
        ("PUT f value=1", "201 set /f='1' @A"),
        ("GET f", "200 get /f='1' @A"),
        (r#"root:pw@PUT :/v2/auth/roles/guest application/json|{"role":"guest","revoke":{"kv":{"read":["/*"],"write":["/*"]}}}"#, r#"200 {"role":"guest","permissions":{"kv":{"read":[],"write":[]}}}"#),
        ("GET f", "401 110 The request requires user authentication (Insufficient credentials) at 0"),
        ("PUT f value=2", "401 110 The request requires user authentication (Insufficient credentials) at 0"),
        ("DELETE f", "401 110 The request requires user authentication (Insufficient credentials) at 0"),
        ("GET f?wait=true", "401 110 The request requires user authentication (Insufficient credentials) at 0"),
        ("HEAD f", "401"),
        ("POST q value=1", "401 110 The request requires user authentication (Insufficient credentials) at 0"),
        ("root:pw@GET f", "200 get /f='1' @A"),
    ]).await
}

async fn a_role_allows_what_its_patterns_cover(etcd: &Subject<Etcd>) -> anyhow::Result<()> {
    let etcd = etcd.alone().await?;
    let mut world = World::within(&etcd, "/quorate-test/case").await?;
    world.play(&[
        (r#"PUT :/v2/auth/users/root application/json|{"user":"root","password":"pw"}"#, r#"201 {"user":"root","roles":["root"]}"#),
        ("PUT :/v2/auth/enable", "200"),
        (r#"root:pw@PUT :/v2/auth/roles/guest application/json|{"role":"guest","revoke":{"kv":{"read":["/*"],"write":["/*"]}}}"#, r#"200 {"role":"guest","permissions":{"kv":{"read":[],"write":[]}}}"#),
        (r#"root:pw@PUT :/v2/auth/roles/r1 application/json|{"role":"r1","permissions":{"kv":{"read":["/quorate-test/*"],"write":["/other","/quorate-test/w*"]}}}"#, r#"201 {"role":"r1","permissions":{"kv":{"read":["/quorate-test/*"],"write":["/other","/quorate-test/w*"]}}}"#),
        (r#"root:pw@PUT :/v2/auth/users/u1 application/json|{"user":"u1","password":"p","roles":["r1"]}"#, r#"200 {"user":"u1","roles":["r1"]}"#),
        ("root:pw@PUT f value=1", "201 set /f='1' @A"),
        ("u1:p@GET f", "200 get /f='1' @A"),
        ("u1:p@HEAD f", "200"),
        ("u1:p@PUT f value=2", "401 110 The request requires user authentication (Insufficient credentials) at 0"),
        ("u1:p@DELETE f", "401 110 The request requires user authentication (Insufficient credentials) at 0"),
        ("u1:p@PUT :/v2/keys/quorate-test/w1?noValueOnSuccess=true value=1", "201 set"),
        ("u1:p@PUT :/v2/keys/other?noValueOnSuccess=true value=1", "201 set"),
        ("u1:p@PUT :/v2/keys/other/x value=1", "401 110 The request requires user authentication (Insufficient credentials) at 0"),
        ("u1:p@GET :/v2/keys/other", "401 110 The request requires user authentication (Insufficient credentials) at 0"),
        ("u1:p@GET :/v2/keys/quorate-test", "401 110 The request requires user authentication (Insufficient credentials) at 0"),
        ("u1:p@GET :/v2/keys/", "401 110 The request requires user authentication (Insufficient credentials) at 0"),
        ("u1:p@DELETE :/v2/keys/quorate-test/w1?prevValue=2", "412 101 Compare failed ([2 != 1])"),
        ("u1:p@PUT :/v2/keys/quorate-test/w1?prevValue=1&noValueOnSuccess=true value=2", "200 compareAndSwap"),
    ]).await
}

async fn a_recursive_request_needs_a_pattern_that_covers_it(
    etcd: &Subject<Etcd>,
) -> anyhow::Result<()> {
    let etcd = etcd.alone().await?;
    let mut world = World::within(&etcd, "/quorate-test/case").await?;
    world.play(&[
        (r#"PUT :/v2/auth/users/root application/json|{"user":"root","password":"pw"}"#, r#"201 {"user":"root","roles":["root"]}"#),
        ("PUT :/v2/auth/enable", "200"),
        (r#"root:pw@PUT :/v2/auth/roles/guest application/json|{"role":"guest","revoke":{"kv":{"read":["/*"],"write":["/*"]}}}"#, r#"200 {"role":"guest","permissions":{"kv":{"read":[],"write":[]}}}"#),
        (r#"root:pw@PUT :/v2/auth/roles/r1 application/json|{"role":"r1","permissions":{"kv":{"read":["/quorate-test/*","/exact"],"write":["/exact"]}}}"#, r#"201 {"role":"r1","permissions":{"kv":{"read":["/quorate-test/*","/exact"],"write":["/exact"]}}}"#),
        (r#"root:pw@PUT :/v2/auth/users/u1 application/json|{"user":"u1","password":"p","roles":["r1"]}"#, r#"200 {"user":"u1","roles":["r1"]}"#),
        ("root:pw@PUT f value=1", "201 set /f='1' @A"),
        ("root:pw@PUT :/v2/keys/exact?noValueOnSuccess=true value=1", "201 set"),
        ("u1:p@GET ?recursive=true", "200 get - dir @B {/f='1' @A}"),
        ("u1:p@GET :/v2/keys/quorate-test?recursive=true", "401 110 The request requires user authentication (Insufficient credentials) at 0"),
        ("u1:p@GET :/v2/keys/exact?recursive=true", "401 110 The request requires user authentication (Insufficient credentials) at 0"),
        ("u1:p@DELETE :/v2/keys/exact?recursive=true", "401 110 The request requires user authentication (Insufficient credentials) at 0"),
        ("u1:p@DELETE :/v2/keys/exact?noValueOnSuccess=true&prevValue=2", "412 101 Compare failed ([2 != 1])"),
    ]).await
}

async fn whoever_has_a_wrong_password_is_nobody_and_not_a_guest(
    etcd: &Subject<Etcd>,
) -> anyhow::Result<()> {
    let etcd = etcd.alone().await?;
    let mut world = World::within(&etcd, "/quorate-test/case").await?;
    world
        .play(&[
            (
                r#"PUT :/v2/auth/users/root application/json|{"user":"root","password":"pw"}"#,
                r#"201 {"user":"root","roles":["root"]}"#,
            ),
            ("PUT :/v2/auth/enable", "200"),
            ("PUT f value=1", "201 set /f='1' @A"),
            (
                "root:bad@GET f",
                "401 110 The request requires user authentication (Insufficient credentials) at 0",
            ),
            (
                "nobody:x@GET f",
                "401 110 The request requires user authentication (Insufficient credentials) at 0",
            ),
            ("GET f", "200 get /f='1' @A"),
        ])
        .await
}

async fn a_request_is_checked_before_who_sends_it(etcd: &Subject<Etcd>) -> anyhow::Result<()> {
    let etcd = etcd.alone().await?;
    let mut world = World::within(&etcd, "/quorate-test/case").await?;
    world.play(&[
        (r#"PUT :/v2/auth/users/root application/json|{"user":"root","password":"pw"}"#, r#"201 {"user":"root","roles":["root"]}"#),
        ("PUT :/v2/auth/enable", "200"),
        (r#"root:pw@PUT :/v2/auth/roles/guest application/json|{"role":"guest","revoke":{"kv":{"read":["/*"],"write":["/*"]}}}"#, r#"200 {"role":"guest","permissions":{"kv":{"read":[],"write":[]}}}"#),
        ("GET f?recursive=x", r#"400 209 Invalid field (invalid value for "recursive") at 0"#),
        ("PUT f?ttl=x", r#"400 202 The given TTL in POST form is not a number (invalid value for "ttl") at 0"#),
        ("GET nothing", "401 110 The request requires user authentication (Insufficient credentials) at 0"),
        ("PATCH f", "405 Method Not Allowed"),
        ("GET nothing/below", "401 110 The request requires user authentication (Insufficient credentials) at 0"),
    ]).await
}

async fn members_are_changed_by_the_root_user_alone(etcd: &Subject<Etcd>) -> anyhow::Result<()> {
    let etcd = etcd.alone().await?;
    let mut world = World::within(&etcd, "/quorate-test/case").await?;
    world
        .play(&[
            (
                r#"PUT :/v2/auth/users/root application/json|{"user":"root","password":"pw"}"#,
                r#"201 {"user":"root","roles":["root"]}"#,
            ),
            ("PUT :/v2/auth/enable", "200"),
            (
                r#"POST :/v2/members application/json|{"peerURLs":["http://127.0.0.1:1"]}"#,
                "401: Insufficient credentials",
            ),
            ("DELETE :/v2/members/1", "401: Insufficient credentials"),
            (
                "root:bad@DELETE :/v2/members/1",
                "401: Insufficient credentials",
            ),
            ("root:pw@DELETE :/v2/members/1", "404: No such member: 1"),
        ])
        .await
}

async fn the_root_role_of_another_user_allows_everything(
    etcd: &Subject<Etcd>,
) -> anyhow::Result<()> {
    let etcd = etcd.alone().await?;
    let mut world = World::within(&etcd, "/quorate-test/case").await?;
    world.play(&[
        (r#"PUT :/v2/auth/users/root application/json|{"user":"root","password":"pw"}"#, r#"201 {"user":"root","roles":["root"]}"#),
        ("PUT :/v2/auth/enable", "200"),
        (r#"root:pw@PUT :/v2/auth/users/boss application/json|{"user":"boss","password":"b","roles":["root"]}"#, r#"200 {"user":"boss","roles":["root"]}"#),
        (r#"root:pw@PUT :/v2/auth/roles/guest application/json|{"role":"guest","revoke":{"kv":{"read":["/*"],"write":["/*"]}}}"#, r#"200 {"role":"guest","permissions":{"kv":{"read":[],"write":[]}}}"#),
        ("boss:b@PUT f value=1", "201 set /f='1' @A"),
        ("boss:b@GET f", "200 get /f='1' @A"),
        ("boss:b@GET :/v2/auth/users", r#"200 {"users":[{"user":"boss","roles":[{"role":"root","permissions":{"kv":{"read":["/*"],"write":["/*"]}}}]},{"user":"root","roles":[{"role":"root","permissions":{"kv":{"read":["/*"],"write":["/*"]}}}]}]}"#),
        ("boss:b@DELETE :/v2/auth/enable", "200"),
    ]).await
}
