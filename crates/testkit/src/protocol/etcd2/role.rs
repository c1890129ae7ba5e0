//! Roles.

use super::target::{ALONE, Etcd};
use super::world::World;
use crate::cases;
use crate::trial::{Case, Subject};

pub(super) fn cases() -> Vec<Case<Etcd>> {
    cases![Etcd;
        the_root_role_is_always_there needs [ALONE],
        a_role_is_made_once needs [ALONE],
        permissions_are_granted_and_revoked needs [ALONE],
        a_malformed_role_is_refused needs [ALONE],
    ]
    .into()
}

async fn the_root_role_is_always_there(etcd: &Subject<Etcd>) -> anyhow::Result<()> {
    let etcd = etcd.alone().await?;
    let mut world = World::within(&etcd, "/quorate-test/case").await?;
    world.play(&[
        ("GET :/v2/auth/roles", r#"200 {"roles":[{"role":"root","permissions":{"kv":{"read":["/*"],"write":["/*"]}}}]}"#),
        ("GET :/v2/auth/roles/", r#"200 {"roles":[{"role":"root","permissions":{"kv":{"read":["/*"],"write":["/*"]}}}]}"#),
        ("GET :/v2/auth/roles/root", r#"200 {"role":"root","permissions":{"kv":{"read":["/*"],"write":["/*"]}}}"#),
        ("GET :/v2/auth/roles/guest", "404: auth: Role guest does not exist."),
        (r#"PUT :/v2/auth/roles/root application/json|{"role":"root"}"#, "403: auth: Cannot modify role root: is root role."),
        (r#"PUT :/v2/auth/roles/root application/json|{"role":"root","grant":{"kv":{"read":["/x"],"write":[]}}}"#, "403: auth: Cannot modify role root: is root role."),
        ("DELETE :/v2/auth/roles/root", "403: auth: Cannot modify role root: is root role."),
    ]).await
}

async fn a_role_is_made_once(etcd: &Subject<Etcd>) -> anyhow::Result<()> {
    let etcd = etcd.alone().await?;
    let mut world = World::within(&etcd, "/quorate-test/case").await?;
    world.play(&[
        (r#"PUT :/v2/auth/roles/r1 application/json|{"role":"r1","permissions":{"kv":{"read":["/a/*"],"write":["/b","/a/*"]}}}"#, r#"201 {"role":"r1","permissions":{"kv":{"read":["/a/*"],"write":["/b","/a/*"]}}}"#),
        (r#"PUT :/v2/auth/roles/r1 application/json|{"role":"r1"}"#, "409: auth: Role r1 already exists."),
        ("GET :/v2/auth/roles/r1", r#"200 {"role":"r1","permissions":{"kv":{"read":["/a/*"],"write":["/b","/a/*"]}}}"#),
        (r#"PUT :/v2/auth/roles/r2 application/json|{"role":"r2"}"#, r#"201 {"role":"r2","permissions":{"kv":{"read":null,"write":null}}}"#),
        ("GET :/v2/auth/roles", r#"200 {"roles":[{"role":"r1","permissions":{"kv":{"read":["/a/*"],"write":["/b","/a/*"]}}},{"role":"r2","permissions":{"kv":{"read":null,"write":null}}},{"role":"root","permissions":{"kv":{"read":["/*"],"write":["/*"]}}}]}"#),
        ("DELETE :/v2/auth/roles/r1", "200"),
        ("DELETE :/v2/auth/roles/r1", "404: auth: Role r1 doesn't exist."),
        ("GET :/v2/auth/roles/r1", "404: auth: Role r1 does not exist."),
    ]).await
}

async fn permissions_are_granted_and_revoked(etcd: &Subject<Etcd>) -> anyhow::Result<()> {
    let etcd = etcd.alone().await?;
    let mut world = World::within(&etcd, "/quorate-test/case").await?;
    world.play(&[
        (r#"PUT :/v2/auth/roles/r1 application/json|{"role":"r1","permissions":{"kv":{"read":["/a/*"],"write":["/b","/a/*"]}}}"#, r#"201 {"role":"r1","permissions":{"kv":{"read":["/a/*"],"write":["/b","/a/*"]}}}"#),
        (r#"PUT :/v2/auth/roles/r1 application/json|{"role":"r1","grant":{"kv":{"read":["/c"],"write":[]}}}"#, r#"200 {"role":"r1","permissions":{"kv":{"read":["/a/*","/c"],"write":["/a/*","/b"]}}}"#),
        (r#"PUT :/v2/auth/roles/r1 application/json|{"role":"r1","grant":{"kv":{"read":["/c"],"write":[]}}}"#, "409: auth: Granting duplicate read permission /c"),
        (r#"PUT :/v2/auth/roles/r1 application/json|{"role":"r1","revoke":{"kv":{"read":["/c"]}}}"#, r#"200 {"role":"r1","permissions":{"kv":{"read":["/a/*"],"write":["/a/*","/b"]}}}"#),
        (r#"PUT :/v2/auth/roles/r1 application/json|{"role":"r1","revoke":{"kv":{"read":["/c"]}}}"#, "400: auth: Role not updated. Use grant/revoke to update the role."),
        (r#"PUT :/v2/auth/roles/r1 application/json|{"role":"r1","grant":{"kv":{"read":["/d"]}},"revoke":{"kv":{"read":["/a/*"]}}}"#, r#"200 {"role":"r1","permissions":{"kv":{"read":["/d"],"write":["/a/*","/b"]}}}"#),
        ("GET :/v2/auth/roles/r1", r#"200 {"role":"r1","permissions":{"kv":{"read":["/d"],"write":["/a/*","/b"]}}}"#),
    ]).await
}

async fn a_malformed_role_is_refused(etcd: &Subject<Etcd>) -> anyhow::Result<()> {
    let etcd = etcd.alone().await?;
    let mut world = World::within(&etcd, "/quorate-test/case").await?;
    world.play(&[
        (r#"PUT :/v2/auth/roles/r2 application/json|{"role":"other"}"#, "400: Role JSON name does not match the name in the URL"),
        (r#"PUT :/v2/auth/roles/r3 application/json|{"permissions":{"kv":{"read":["x"],"write":[]}}}"#, "400: Role JSON name does not match the name in the URL"),
        (r#"PUT :/v2/auth/roles/r3 application/json|{"role":"r3","grant":{"kv":{"read":["x"],"write":[]}}}"#, "404: auth: Role r3 does not exist."),
        ("PUT :/v2/auth/roles/r9 application/json|nonsense", "400: Invalid JSON in request body."),
        ("PUT :/v2/auth/roles/r9 text/plain|{}", "400: Role JSON name does not match the name in the URL"),
    ]).await
}
