//! Users.

use super::target::{ALONE, Etcd};
use super::world::World;
use crate::cases;
use crate::trial::{Case, Subject};

pub(super) fn cases() -> Vec<Case<Etcd>> {
    cases![Etcd;
        nobody_is_there_at_first needs [ALONE],
        a_user_is_made_with_a_password needs [ALONE],
        a_user_is_made_with_roles needs [ALONE],
        a_password_is_changed_and_nothing_to_change_is_refused needs [ALONE],
        roles_are_granted_and_revoked needs [ALONE],
        an_unknown_role_is_taken_and_hides_the_user needs [ALONE],
        a_malformed_user_is_refused needs [ALONE],
        a_user_is_deleted_once needs [ALONE],
    ]
    .into()
}

async fn nobody_is_there_at_first(etcd: &Subject<Etcd>) -> anyhow::Result<()> {
    let etcd = etcd.alone().await?;
    let mut world = World::within(&etcd, "/quorate-test/case").await?;
    world
        .play(&[
            ("GET :/v2/auth/users", r#"200 {"users":null}"#),
            ("GET :/v2/auth/users/", r#"200 {"users":null}"#),
            (
                "GET :/v2/auth/users/nobody",
                "404: auth: User nobody does not exist.",
            ),
            (
                "DELETE :/v2/auth/users/nobody",
                "404: auth: User nobody does not exist",
            ),
        ])
        .await
}

async fn a_user_is_made_with_a_password(etcd: &Subject<Etcd>) -> anyhow::Result<()> {
    let etcd = etcd.alone().await?;
    let mut world = World::within(&etcd, "/quorate-test/case").await?;
    world
        .play(&[
            (
                r#"PUT :/v2/auth/users/u1 application/json|{"user":"u1","password":"p"}"#,
                r#"201 {"user":"u1","roles":null}"#,
            ),
            ("GET :/v2/auth/users", r#"200 {"users":[{"user":"u1"}]}"#),
            ("GET :/v2/auth/users/u1", r#"200 {"user":"u1"}"#),
            (
                r#"PUT :/v2/auth/users/u3 application/json|{"user":"u3"}"#,
                "400: auth: Cannot create user u3 with an empty password",
            ),
            (
                r#"PUT :/v2/auth/users/u3 application/json|{"user":"u3","password":""}"#,
                "400: auth: Cannot create user u3 with an empty password",
            ),
        ])
        .await
}

async fn a_user_is_made_with_roles(etcd: &Subject<Etcd>) -> anyhow::Result<()> {
    let etcd = etcd.alone().await?;
    let mut world = World::within(&etcd, "/quorate-test/case").await?;
    world.play(&[
        (r#"PUT :/v2/auth/roles/r1 application/json|{"role":"r1"}"#, r#"201 {"role":"r1","permissions":{"kv":{"read":null,"write":null}}}"#),
        (r#"PUT :/v2/auth/users/u2 application/json|{"user":"u2","password":"p","roles":["r1"]}"#, r#"200 {"user":"u2","roles":["r1"]}"#),
        ("GET :/v2/auth/users/u2", r#"200 {"user":"u2","roles":[{"role":"r1","permissions":{"kv":{"read":null,"write":null}}}]}"#),
        ("GET :/v2/auth/users", r#"200 {"users":[{"user":"u2","roles":[{"role":"r1","permissions":{"kv":{"read":null,"write":null}}}]}]}"#),
        (r#"PUT :/v2/auth/users/u2 application/json|{"user":"u2","password":"p","roles":["r1"]}"#, "409: auth: User u2 already exists."),
    ]).await
}

async fn a_password_is_changed_and_nothing_to_change_is_refused(
    etcd: &Subject<Etcd>,
) -> anyhow::Result<()> {
    let etcd = etcd.alone().await?;
    let mut world = World::within(&etcd, "/quorate-test/case").await?;
    world
        .play(&[
            (
                r#"PUT :/v2/auth/users/u1 application/json|{"user":"u1","password":"p"}"#,
                r#"201 {"user":"u1","roles":null}"#,
            ),
            (
                r#"PUT :/v2/auth/users/u1 application/json|{"user":"u1","password":"q"}"#,
                r#"200 {"user":"u1","roles":[]}"#,
            ),
            (
                r#"PUT :/v2/auth/users/u1 application/json|{"user":"u1"}"#,
                "400: auth: User not updated. Use grant/revoke/password to update the user.",
            ),
            (
                r#"PUT :/v2/auth/users/u1 application/json|{"user":"u1","password":""}"#,
                "400: auth: User not updated. Use grant/revoke/password to update the user.",
            ),
        ])
        .await
}

async fn roles_are_granted_and_revoked(etcd: &Subject<Etcd>) -> anyhow::Result<()> {
    let etcd = etcd.alone().await?;
    let mut world = World::within(&etcd, "/quorate-test/case").await?;
    world.play(&[
        (r#"PUT :/v2/auth/users/u1 application/json|{"user":"u1","password":"p"}"#, r#"201 {"user":"u1","roles":null}"#),
        (r#"PUT :/v2/auth/users/u1 application/json|{"user":"u1","grant":["b","a"]}"#, r#"200 {"user":"u1","roles":["a","b"]}"#),
        (r#"PUT :/v2/auth/users/u1 application/json|{"user":"u1","grant":["a"]}"#, "409: auth: Granting duplicate role a for user u1"),
        (r#"PUT :/v2/auth/users/u1 application/json|{"user":"u1","revoke":["a"]}"#, r#"200 {"user":"u1","roles":["b"]}"#),
        (r#"PUT :/v2/auth/users/u1 application/json|{"user":"u1","revoke":["a"]}"#, "409: auth: Revoking ungranted role a for user u1"),
        (r#"PUT :/v2/auth/users/u1 application/json|{"user":"u1","grant":["c"],"revoke":["b"]}"#, r#"200 {"user":"u1","roles":["c"]}"#),
        (r#"PUT :/v2/auth/users/u1 application/json|{"user":"u1","grant":["d"],"revoke":["z"]}"#, "409: auth: Revoking ungranted role z for user u1"),
        (r#"PUT :/v2/auth/users/u1 application/json|{"user":"u1","grant":["d"],"password":"n"}"#, r#"200 {"user":"u1","roles":["c","d"]}"#),
    ]).await
}

async fn an_unknown_role_is_taken_and_hides_the_user(etcd: &Subject<Etcd>) -> anyhow::Result<()> {
    let etcd = etcd.alone().await?;
    let mut world = World::within(&etcd, "/quorate-test/case").await?;
    world.play(&[
        (r#"PUT :/v2/auth/users/u2 application/json|{"user":"u2","password":"p","roles":["r9"]}"#, r#"200 {"user":"u2","roles":["r9"]}"#),
        ("GET :/v2/auth/users/u2", "404: auth: Role r9 does not exist."),
        ("GET :/v2/auth/users", r#"200 {"users":[{"user":"u2"}]}"#),
        (r#"PUT :/v2/auth/roles/r9 application/json|{"role":"r9"}"#, r#"201 {"role":"r9","permissions":{"kv":{"read":null,"write":null}}}"#),
        ("GET :/v2/auth/users/u2", r#"200 {"user":"u2","roles":[{"role":"r9","permissions":{"kv":{"read":null,"write":null}}}]}"#),
        ("DELETE :/v2/auth/roles/r9", "200"),
        ("GET :/v2/auth/users/u2", "404: auth: Role r9 does not exist."),
        ("DELETE :/v2/auth/users/u2", "200"),
        ("GET :/v2/auth/users", r#"200 {"users":null}"#),
    ]).await
}

async fn a_malformed_user_is_refused(etcd: &Subject<Etcd>) -> anyhow::Result<()> {
    let etcd = etcd.alone().await?;
    let mut world = World::within(&etcd, "/quorate-test/case").await?;
    world.play(&[
        (r#"PUT :/v2/auth/users/u3 application/json|{"user":"other","password":"p"}"#, "400: User JSON name does not match the name in the URL"),
        (r#"PUT :/v2/auth/users/u3 application/json|{"password":"p"}"#, "400: User JSON name does not match the name in the URL"),
        (r#"PUT :/v2/auth/users/u3 application/json|{"user":"u3","password":"p","grant":["a"]}"#, "404: auth: User u3 does not exist."),
        ("PUT :/v2/auth/users/u3 application/json|not json", "400: Invalid JSON in request body."),
        ("PUT :/v2/auth/users/u3 text/plain|{}", "400: User JSON name does not match the name in the URL"),
        ("PUT :/v2/auth/users/u3", "400: Invalid JSON in request body."),
        (r#"PUT :/v2/auth/users/u1 application/json|{"user":"u1","grant":["r1"],"roles":["r2"]}"#, "400: User JSON contains both roles and grant/revoke"),
        ("GET :/v2/auth/users/a/b", "400: Invalid path"),
    ]).await
}

async fn a_user_is_deleted_once(etcd: &Subject<Etcd>) -> anyhow::Result<()> {
    let etcd = etcd.alone().await?;
    let mut world = World::within(&etcd, "/quorate-test/case").await?;
    world
        .play(&[
            (
                r#"PUT :/v2/auth/users/u1 application/json|{"user":"u1","password":"p"}"#,
                r#"201 {"user":"u1","roles":null}"#,
            ),
            ("DELETE :/v2/auth/users/u1", "200"),
            (
                "DELETE :/v2/auth/users/u1",
                "404: auth: User u1 does not exist",
            ),
        ])
        .await
}
