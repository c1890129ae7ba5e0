//! Users and roles.

use anyhow::ensure;
use quorate_etcd::v2::{ErrorKind, Permissions};
use quorate_testkit::server::EtcdServer;

use crate::{Outcome, Trial, patient};

pub(crate) async fn users_and_roles_decide(etcd: &Trial) -> Outcome {
    let server = EtcdServer::start(etcd.version).await?;
    let client = patient(&server.url())?;
    let auth = client.auth();
    let error = auth.enable().await.unwrap_err();
    ensure!(error.kind() == ErrorKind::Conflict, "{error}");
    auth.users().create("root", "r").await?;
    auth.roles()
        .create("app", Permissions::new(["/app/*"], ["/app/*"]))
        .await?;
    auth.users().create_with_roles("ann", "a", ["app"]).await?;
    let error = auth
        .users()
        .create_with_roles("ann", "a", ["app"])
        .await
        .unwrap_err();
    ensure!(error.kind() == ErrorKind::AlreadyExists, "{error}");
    ensure!(
        auth.users().get("nobody").await?.is_none() && auth.roles().get("none").await?.is_none()
    );
    auth.enable().await?;
    let root = client.with_basic_auth("root", "r")?;
    root.auth()
        .roles()
        .revoke("guest", Permissions::new(["/*"], ["/*"]))
        .await?;
    let ann = client.with_basic_auth("ann", "a")?;
    ann.keys().set("/app/x", "v").await?;
    let error = ann.keys().set("/other", "v").await.unwrap_err();
    ensure!(error.kind() == ErrorKind::PermissionDenied, "{error}");
    let error = client.keys().get("/app/x").await.unwrap_err();
    ensure!(error.kind() == ErrorKind::Unauthenticated, "{error}");
    root.auth().users().revoke("ann", ["app"]).await?;
    let users = root.auth().users().list().await?;
    ensure!(
        users.len() == 2
            && users
                .iter()
                .all(|user| user.name != "ann" || user.roles.is_empty())
    );
    root.auth().users().delete("ann").await?;
    root.auth().disable().await?;
    ensure!(!client.auth().is_enabled().await?);
    Ok(())
}
