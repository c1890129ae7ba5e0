//! Users, roles, tokens.

use anyhow::ensure;
use quorate_etcd::v3::{
    Access, Change, Client, ErrorKind, KeyRange, Permission, Secret, WatchOptions,
};
use quorate_testkit::server::EtcdVersion;
use tokio::time::timeout;

use crate::{Etcd, Outcome, SOON, Trial, patience};

pub(crate) async fn users_and_roles_decide(etcd: &Trial) -> Outcome {
    let etcd = Etcd::start(etcd.version).await?;
    let auth = etcd.client.auth();
    let password = Secret::new("pw");
    for user in ["root", "ann"] {
        auth.add_user(user, Some(&password)).await?;
    }
    for role in ["root", "jobs"] {
        auth.add_role(role).await?;
    }
    let jobs = Permission::new(Access::ReadWrite, KeyRange::prefix("jobs/"));
    auth.grant_permission("jobs", &jobs).await?;
    ensure!(auth.role("jobs").await? == [jobs]);
    auth.grant_role("root", "root").await?;
    auth.grant_role("ann", "jobs").await?;
    ensure!(auth.user("ann").await? == ["jobs"] && auth.users().await?.len() == 2);
    let error = auth.add_role("jobs").await.unwrap_err();
    ensure!(error.kind() == ErrorKind::AlreadyExists, "{error}");
    let error = auth.user("bob").await.unwrap_err();
    ensure!(error.kind() == ErrorKind::NotFound, "{error}");
    auth.enable().await?;
    let as_user = |user, password| {
        let builder = Client::builder().address(&etcd.server.url());
        let builder = builder.timeouts(patience());
        builder.user(user, password).build()
    };
    let (root, ann) = (as_user("root", "pw")?, as_user("ann", "pw")?);
    if etcd.version == EtcdVersion::V3_5 {
        ensure!(root.auth().status().await?.enabled);
    }
    ann.kv().put("jobs/1", "1").await?;
    let error = ann.kv().put("other", "1").await.unwrap_err();
    ensure!(error.kind() == ErrorKind::PermissionDenied, "{error}");
    let error = etcd.client.kv().get("jobs/1").await.unwrap_err();
    ensure!(error.kind() == ErrorKind::Unauthenticated, "{error}");
    let error = as_user("ann", "wrong")?.kv().get("jobs/1").await;
    let error = error.unwrap_err();
    ensure!(error.kind() == ErrorKind::Unauthenticated, "{error}");
    // Tokens are of the memory of the server; the watch and the calls get new ones.
    let range = KeyRange::prefix("jobs/");
    let mut watch = ann.kv().watch_with(range, WatchOptions::new());
    let live = timeout(SOON, watch.next()).await??;
    ensure!(matches!(live, Change::Live { .. }), "{live:?}");
    etcd.server.restart().await?;
    ann.kv().put("jobs/2", "1").await?;
    loop {
        if let Ok(Change::Events { events, .. }) = timeout(SOON, watch.next()).await? {
            ensure!(events[0].kv.key == "jobs/2");
            break;
        }
    }
    let mut denied = ann.kv().watch(KeyRange::all());
    let error = timeout(SOON, denied.next()).await?;
    let error = error.unwrap_err();
    ensure!(error.kind() == ErrorKind::PermissionDenied, "{error}");
    root.auth().disable().await?;
    ann.kv().put("other", "1").await?;
    Ok(())
}
