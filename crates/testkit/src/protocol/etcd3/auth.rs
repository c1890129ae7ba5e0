//! Users, roles, and who may do what.

use anyhow::ensure;
use quorate_etcd::v3::{Access, Client, ErrorKind, KeyRange, Permission};
use quorate_net::Secret;

use super::line::World;
use super::stream::Stream;
use super::target::{ALONE, Etcd, NESTED, REAL, SINCE_3_5, UP_TO_3_5, V3_4, V3_5, V3_7, patience};
use crate::cases;
use crate::protocol::equal;
use crate::trial::{Case, Subject};

pub(super) fn cases() -> Vec<Case<Etcd>> {
    cases![Etcd;
        users_and_roles_are_kept_and_told needs [ALONE],
        a_permission_is_for_some_keys needs [ALONE, SINCE_3_5],
        users_count_once_there_is_root needs [ALONE],
        whether_users_count_is_told needs [ALONE, V3_5],
        whether_users_count_is_told_to_everybody needs [ALONE, V3_7],
        whether_users_count_is_not_told needs [V3_4],
        a_role_permits_what_it_says_and_nothing_else needs [ALONE],
        a_nested_operation_needs_its_permission_too needs [ALONE, NESTED],
        a_nested_operation_needs_no_permission needs [ALONE, REAL, UP_TO_3_5],
        nobody_may_touch_keys_and_leases_that_have_some needs [ALONE, UP_TO_3_5],
        nobody_may_do_anything needs [ALONE, V3_7],
        a_token_that_is_none_is_refused needs [ALONE],
        a_lease_is_as_secret_as_its_keys needs [ALONE, SINCE_3_5],
        a_watch_that_is_not_permitted_is_canceled_with_the_reason needs [ALONE],
        the_services_refuse_in_words needs [ALONE],
        the_typed_client_logs_in_and_again needs [ALONE],
    ]
    .into()
}

async fn users_and_roles_are_kept_and_told(etcd: &Subject<Etcd>) -> anyhow::Result<()> {
    let etcd = etcd.alone().await?;
    let mut world = etcd.exact().await?;
    let (no_user, no_role) = (
        "FailedPrecondition: etcdserver: user name not found",
        "FailedPrecondition: etcdserver: role name not found",
    );
    world
        .play(&[
            ("user add u p", "done @1"),
            (
                "user add u p",
                "FailedPrecondition: etcdserver: user name already exists",
            ),
            (
                "user add '' p",
                "InvalidArgument: etcdserver: user name is empty",
            ),
            ("user add n nothing", "done @1"),
            ("user list", "[n, u] @1"),
            ("user get u", "[] @1"),
            ("user get x", no_user),
            ("user passwd u q", "done @1"),
            ("user passwd x q", no_user),
            ("role add r", "done @1"),
            (
                "role add r",
                "FailedPrecondition: etcdserver: role name already exists",
            ),
            (
                "role add ''",
                "InvalidArgument: etcdserver: role name is empty",
            ),
            ("role get r", "[] @1"),
            ("role get x", no_role),
            ("role list", "[r] @1"),
            ("user grant u r", "done @1"),
            ("user grant u r", "done @1"),
            ("user grant u x", no_role),
            ("user grant x r", no_user),
            ("user get u", "[r] @1"),
            ("user revoke u r", "done @1"),
            (
                "user revoke u r",
                "FailedPrecondition: etcdserver: role is not granted to the user",
            ),
            ("user grant u r", "done @1"),
            ("role del r", "done @1"),
            ("role del r", no_role),
            ("user get u", "[] @1"),
            ("user del u", "done @1"),
            ("user del u", no_user),
        ])
        .await
}

async fn a_permission_is_for_some_keys(etcd: &Subject<Etcd>) -> anyhow::Result<()> {
    let etcd = etcd.alone().await?;
    let mut world = etcd.exact().await?;
    let no_keys = "InvalidArgument: etcdserver: invalid auth management";
    world
        .play(&[
            ("role add r", "done @1"),
            ("role grant r read k", "done @1"),
            ("role grant r write a..c", "done @1"),
            ("role grant r both x*", "done @1"),
            ("role grant r both z..", "done @1"),
            (
                "role get r",
                "[write a..c, read k, both x..y, both z..\\x00] @1",
            ),
            // The same keys again: it takes the place of the one before.
            ("role grant r both k", "done @1"),
            ("role grant r read a", "done @1"),
            ("role grant r both a..c", "done @1"),
            (
                "role get r",
                "[both a..c, read a, both k, both x..y, both z..\\x00] @1",
            ),
            ("role revoke r k", "done @1"),
            (
                "role revoke r k",
                "FailedPrecondition: etcdserver: permission is not granted to the role",
            ),
            (
                "role revoke x k",
                "FailedPrecondition: etcdserver: role name not found",
            ),
            (
                "role grant x read a",
                "FailedPrecondition: etcdserver: role name not found",
            ),
            (
                "role grant r read nothing",
                "InvalidArgument: etcdserver: permission not given",
            ),
            ("role grant r read b..a", no_keys),
            ("role grant r read ''", no_keys),
            (
                "role get r",
                "[both a..c, read a, both x..y, both z..\\x00] @1",
            ),
        ])
        .await
}

async fn users_count_once_there_is_root(etcd: &Subject<Etcd>) -> anyhow::Result<()> {
    let etcd = etcd.alone().await?;
    let mut world = etcd.exact().await?;
    world
        .play(&[
            (
                "as u p",
                "FailedPrecondition: etcdserver: authentication is not enabled",
            ),
            (
                "auth enable",
                "FailedPrecondition: etcdserver: root user does not exist",
            ),
            ("user add root r", "done @1"),
            (
                "auth enable",
                "FailedPrecondition: etcdserver: root user does not have root role",
            ),
            ("role add root", "done @1"),
            ("user grant root root", "done @1"),
            ("auth enable", "done @1"),
            ("get a", "InvalidArgument: etcdserver: user name is empty"),
            (
                "as root x",
                "InvalidArgument: etcdserver: authentication failed, invalid user ID or password",
            ),
            (
                "as nemo x",
                "InvalidArgument: etcdserver: authentication failed, invalid user ID or password",
            ),
            ("as root r", "done"),
            ("put a 1", "put @2"),
            (
                "user del root",
                "InvalidArgument: etcdserver: invalid auth management",
            ),
            (
                "role del root",
                "InvalidArgument: etcdserver: invalid auth management",
            ),
            (
                "user revoke root root",
                "InvalidArgument: etcdserver: invalid auth management",
            ),
            ("auth disable", "done @2"),
            ("as nobody", "done"),
            ("get a", "[a='1' @2] @2"),
        ])
        .await
}

async fn whether_users_count_is_told(etcd: &Subject<Etcd>) -> anyhow::Result<()> {
    let etcd = etcd.alone().await?;
    let mut world = etcd.exact().await?;
    world.play(&[("auth status", "off 1 @1")]).await?;
    let mut world = guarded(&etcd).await?;
    world.play(&[("auth status", "on 9 @1")]).await?;
    world
        .play(&[
            ("as nobody", "done"),
            (
                "auth status",
                "InvalidArgument: etcdserver: user name is empty",
            ),
            ("as u p", "done"),
            (
                "auth status",
                "PermissionDenied: etcdserver: permission denied",
            ),
        ])
        .await
}

async fn whether_users_count_is_told_to_everybody(etcd: &Subject<Etcd>) -> anyhow::Result<()> {
    let etcd = etcd.alone().await?;
    let mut world = etcd.exact().await?;
    world.play(&[("auth status", "off 1 @1")]).await?;
    let mut world = guarded(&etcd).await?;
    let lines = [("as nobody", "done"), ("auth status", "on 9 @1")];
    world.play(&lines).await
}

async fn whether_users_count_is_not_told(etcd: &Subject<Etcd>) -> anyhow::Result<()> {
    let mut world = World::new(etcd).await?;
    let unknown = "Unimplemented: unknown method AuthStatus for service etcdserverpb.Auth";
    world.play(&[("auth status", unknown)]).await
}

/// Users count; `u` (password `p`) may read `a` to `c`, and write what begins with `w`. The lines
/// are those of root.
async fn guarded(etcd: &Etcd) -> anyhow::Result<World> {
    let mut world = etcd.exact().await?;
    for line in [
        "user add root r",
        "role add root",
        "user grant root root",
        "user add u p",
        "role add r",
        "role grant r read a..c",
        "role grant r write w*",
        "user grant u r",
        "auth enable",
    ] {
        let told = world.ask(line).await?;
        ensure!(told.starts_with("done"), "{line}: {told}");
    }
    equal("login", world.ask("as root r").await?.as_str(), "done")?;
    Ok(world)
}

const DENIED: &str = "PermissionDenied: etcdserver: permission denied";
const NOBODY: &str = "InvalidArgument: etcdserver: user name is empty";

async fn a_role_permits_what_it_says_and_nothing_else(etcd: &Subject<Etcd>) -> anyhow::Result<()> {
    let etcd = etcd.alone().await?;
    let mut world = guarded(&etcd).await?;
    world
        .play(&[
            ("put a 1", "put @2"),
            ("put d 1", "put @3"),
            ("as u p", "done"),
            ("get a", "[a='1' @2] @3"),
            ("get a..c", "[a='1' @2] @3"),
            ("get a..d", DENIED),
            ("get a*", "[a='1' @2] @3"),
            ("get b..", DENIED),
            ("get d", DENIED),
            // Of a range without keys the first one counts.
            ("get b..b", "[] @3"),
            ("get d..d", DENIED),
            ("get w", DENIED),
            ("put a 2", DENIED),
            ("put w 1", "put @4"),
            // What was there before needs to be readable.
            ("put w 2 prev", DENIED),
            ("put w '' keep-value", "put @5"),
            ("del w prev", DENIED),
            ("del a", DENIED),
            ("del w*", "deleted 1 @6"),
            ("del ..", DENIED),
            ("txn value a = 1 ? put w 1", "yes @7 { put @7 }"),
            ("txn value d = 1 ? put w 1", DENIED),
            ("txn ? get d", DENIED),
            ("txn ? : put d 1", DENIED),
            ("txn ? put w 1 ; put d 1", DENIED),
            ("user get u", "[r] @7"),
            ("user get root", DENIED),
            ("user list", DENIED),
            ("user add x x", DENIED),
            ("user passwd u x", DENIED),
            ("role get root", DENIED),
            ("role list", DENIED),
            ("role add x", DENIED),
            ("auth disable", DENIED),
        ])
        .await
}

async fn a_nested_operation_needs_its_permission_too(etcd: &Subject<Etcd>) -> anyhow::Result<()> {
    let etcd = etcd.alone().await?;
    let mut world = guarded(&etcd).await?;
    let lines = [("as u p", "done"), ("txn ? ( ? put d 1 )", DENIED)];
    world.play(&lines).await
}

async fn a_nested_operation_needs_no_permission(etcd: &Subject<Etcd>) -> anyhow::Result<()> {
    let etcd = etcd.alone().await?;
    let mut world = guarded(&etcd).await?;
    let lines = [
        ("as u p", "done"),
        ("txn ? ( ? put d 1 )", "yes @2 { yes @0 { put @2 } }"),
    ];
    world.play(&lines).await
}

async fn nobody_may_touch_keys_and_leases_that_have_some(
    etcd: &Subject<Etcd>,
) -> anyhow::Result<()> {
    let etcd = etcd.alone().await?;
    let mut world = guarded(&etcd).await?;
    world
        .play(&[
            ("grant 7 600", "lease 7 ttl 600 @1"),
            ("put a 1 lease=7", "put @2"),
            ("as nobody", "done"),
            ("get a", NOBODY),
            ("put a 1", NOBODY),
            ("del a", NOBODY),
            ("txn ? get a", NOBODY),
            ("user list", NOBODY),
            ("role get r", NOBODY),
            ("revoke 7", NOBODY),
            ("grant 8 600", "lease 8 ttl 600 @2"),
            ("keep 8", "ttl 600 @2"),
            ("leases", "[7, 8] @2"),
            ("revoke 8", "revoked @2"),
            ("status", "leads  @2"),
            ("member list", "[\"node-1\"] @0"),
            ("hash 0", "Unknown: auth: user name is empty"),
            ("defrag", "Unknown: auth: user name is empty"),
        ])
        .await
}

async fn nobody_may_do_anything(etcd: &Subject<Etcd>) -> anyhow::Result<()> {
    let etcd = etcd.alone().await?;
    let mut world = guarded(&etcd).await?;
    world.play(&[("as nobody", "done")]).await?;
    let lines = [
        "get a",
        "put a 1",
        "txn ? get a",
        "compact 1",
        "grant 8 600",
        "keep 8",
        "leases",
        "ttl 8",
        "revoke 8",
        "status",
        "member list",
        "hash 0",
        "defrag",
        "alarm list 0 0",
        "user list",
    ];
    for line in lines {
        let told = world.ask(line).await?;
        let is_refused =
            told == NOBODY || (line == "compact 1" && told.starts_with("PermissionDenied"));
        ensure!(is_refused, "{line}: {told}");
    }
    Ok(())
}

async fn a_token_that_is_none_is_refused(etcd: &Subject<Etcd>) -> anyhow::Result<()> {
    let etcd = etcd.alone().await?;
    let mut world = guarded(&etcd).await?;
    let invalid = "Unauthenticated: etcdserver: invalid auth token";
    world
        .play(&[
            ("as token nonsense", "done"),
            ("get a", invalid),
            ("put a 1", invalid),
            ("txn ? get a", invalid),
            ("user list", invalid),
        ])
        .await
}

async fn a_lease_is_as_secret_as_its_keys(etcd: &Subject<Etcd>) -> anyhow::Result<()> {
    let etcd = etcd.alone().await?;
    let mut world = guarded(&etcd).await?;
    world
        .play(&[
            ("grant 7 600", "lease 7 ttl 600 @1"),
            ("put d 1 lease=7", "put @2"),
            ("grant 8 600", "lease 8 ttl 600 @2"),
            ("put w 1 lease=8", "put @3"),
            ("as u p", "done"),
            ("revoke 7", DENIED),
            ("ttl 7 keys", DENIED),
            ("ttl 7", "alive of 600 @3"),
            // Who puts a key of one's own to it could end the others.
            ("put w 1 lease=7", DENIED),
            ("revoke 8", "revoked @4"),
        ])
        .await
}

async fn a_watch_that_is_not_permitted_is_canceled_with_the_reason(
    etcd: &Subject<Etcd>,
) -> anyhow::Result<()> {
    let etcd = etcd.alone().await?;
    let mut world = guarded(&etcd).await?;
    world.play(&[("as u p", "done")]).await?;
    let mut watch = Stream::open(&world, "a..c").await?;
    watch.expect(&mut world, &["created 0"]).await?;
    let denied = "rpc error: code = PermissionDenied desc = etcdserver: permission denied";
    for range in ["d", "a..d", "w*", ".."] {
        watch.create(&world, range)?;
        let created = watch.next(&mut world).await?;
        equal(range, created.as_str(), "created -1")?;
        equal(
            range,
            watch.next(&mut world).await?,
            format!("canceled -1: {denied}"),
        )?;
    }
    world
        .play(&[("as root r", "done"), ("put a 1", "put @2")])
        .await?;
    watch.expect(&mut world, &["put a='1' @2"]).await
}

async fn the_services_refuse_in_words(etcd: &Subject<Etcd>) -> anyhow::Result<()> {
    let etcd = etcd.alone().await?;
    let mut world = guarded(&etcd).await?;
    let denied = "Unknown: etcdserver: permission denied";
    world
        .play(&[
            ("grant 7 600", "lease 7 ttl 600 @1"),
            ("as u p", "done"),
            ("lock d 7", denied),
            ("campaign d 7 v", denied),
            ("leader d", denied),
        ])
        .await
}

async fn the_typed_client_logs_in_and_again(etcd: &Subject<Etcd>) -> anyhow::Result<()> {
    let etcd = etcd.alone().await?;
    let auth = etcd.client.auth();
    let secret = |text: &str| Secret::new(text);
    auth.add_user("root", Some(&secret("r"))).await?;
    auth.add_role("root").await?;
    auth.grant_role("root", "root").await?;
    auth.add_user("u", Some(&secret("p"))).await?;
    auth.add_role("r").await?;
    let reads = Permission::new(Access::Read, KeyRange::prefix("a"));
    auth.grant_permission("r", &reads).await?;
    auth.grant_role("u", "r").await?;
    equal("role", auth.role("r").await?, [reads])?;
    auth.enable().await?;
    let kind =
        |refused: Result<_, quorate_etcd::v3::Error>| refused.map_err(|error| error.kind()).err();
    let nobody = etcd.client.kv().get("a").await.map(drop);
    equal("nobody", kind(nobody), Some(ErrorKind::Unauthenticated))?;
    let login = |name: &str, password: &str| {
        let builder = Client::builder().address(&etcd.url());
        let builder = builder.timeouts(patience());
        builder.user(name, secret(password)).build()
    };
    let (root, user) = (login("root", "r")?, login("u", "p")?);
    root.kv().put("a", "1").await?;
    ensure!(user.kv().get("a").await?.is_some());
    let denied = user.kv().put("a", "2").await.map(drop);
    equal("denied", kind(denied), Some(ErrorKind::PermissionDenied))?;
    let wrong = login("u", "x")?.kv().get("a").await.map(drop);
    equal("wrong", kind(wrong), Some(ErrorKind::Unauthenticated))?;
    // Whatever was logged in is out: both log in again by themselves.
    root.auth().disable().await?;
    etcd.client.auth().enable().await?;
    ensure!(user.kv().get("a").await?.is_some());
    root.kv().put("a", "3").await?;
    Ok(())
}
