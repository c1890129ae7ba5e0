//! TLS in both directions.

use std::time::Duration;

use anyhow::{Context as _, ensure};
use quorate_etcd::v2::{Client, ClientBuilder, ErrorKind, TlsOptions, Verify};
use quorate_testkit::eventually_ok;

use crate::secure::{Secure, certificates};
use crate::{Outcome, Trial};

/// Long enough for a start on a machine that is busy.
const READY: Duration = Duration::from_secs(40);

pub(crate) async fn tls_is_checked_in_both_directions(etcd: &Trial) -> Outcome {
    let dir = tempfile::tempdir()?;
    certificates(dir.path())?;
    let server = Secure::start(etcd.version, dir.path())?;
    let file = |name: &str| dir.path().join(name);
    let client = |tls| Client::builder().address(&server.url).tls(tls).build();
    let ca = TlsOptions::default().with_ca_file(file("ca.pem"));
    let whole = |tls: TlsOptions| tls.with_client_files(file("client.pem"), file("client.key"));
    let known = client(whole(ca.clone()))?;
    eventually_ok(READY, "a write over TLS", || async {
        known.keys().set("/tls", "v").await
    })
    .await?;
    let unverified = whole(TlsOptions::default().with_verify(Verify::None));
    let keys = client(unverified)?.keys();
    let read = || async { keys.contains("/tls").await };
    ensure!(eventually_ok(READY, "a read over TLS", read).await?);
    for (what, tls) in [
        ("no client certificate", ca.clone()),
        ("another authority", whole(TlsOptions::default())),
        (
            "another name",
            whole(ca.with_server_name("etcd.example.com")),
        ),
    ] {
        let error = client(tls)?.keys().get("/tls").await.expect_err(what);
        ensure!(error.kind() == ErrorKind::Unavailable, "{what}: {error:?}");
    }
    let vars = [
        ("ETCDCTL_ENDPOINTS", server.url.clone()),
        ("ETCDCTL_CA_FILE", file("ca.pem").display().to_string()),
        (
            "ETCDCTL_CERT_FILE",
            file("client.pem").display().to_string(),
        ),
        ("ETCDCTL_KEY_FILE", file("client.key").display().to_string()),
    ];
    let by_environment = ClientBuilder::from_vars(|name| {
        let found = vars.iter().find(|(known, _)| *known == name);
        found.map(|(_, value)| value.clone())
    })?;
    let node = by_environment.build()?.keys().get("/tls").await?;
    let node = node.context("not there")?;
    ensure!(node.value.as_deref() == Some("v"), "{node:?}");
    // The members' addresses are https too, so they may be learnt.
    let sync = || async { known.sync().await };
    let learnt = eventually_ok(READY, "the members", sync).await?;
    ensure!(learnt.iter().all(|url| *url == server.url));
    Ok(())
}
