//! TLS in both directions.

use std::fs::copy;
use std::time::Duration;

use anyhow::{Context as _, ensure};
use quorate_etcd::v3::{Client, ErrorKind, Timeouts, TlsOptions, Verify};
use quorate_testkit::eventually_ok;

use crate::secure::{Secure, certificates};
use crate::{Outcome, Trial};

/// Long enough for a start on a machine that is busy.
const READY: Duration = Duration::from_secs(40);

fn client(server: &Secure, tls: TlsOptions) -> Result<Client, quorate_etcd::v3::Error> {
    let timeouts = Timeouts::default().with_overall(Some(Duration::from_secs(4)));
    let builder = Client::builder().address(&server.url);
    builder.tls(tls).timeouts(timeouts).build()
}

pub(crate) async fn tls_is_checked_in_both_directions(etcd: &Trial) -> Outcome {
    let dir = tempfile::tempdir()?;
    certificates(dir.path())?;
    let server = Secure::start(etcd.version, dir.path())?;
    let file = |name: &str| dir.path().join(name);
    let ca = TlsOptions::default().with_ca_file(file("ca.pem"));
    let whole = |tls: TlsOptions| tls.with_client_files(file("client.pem"), file("client.key"));
    let known = client(&server, whole(ca.clone()))?;
    let write = || async { known.kv().put("tls", "v").await };
    eventually_ok(READY, "a write over TLS", write).await?;
    let unverified = client(
        &server,
        whole(TlsOptions::default().with_verify(Verify::None)),
    )?;
    let read = || async { unverified.kv().get("tls").await };
    let found = eventually_ok(READY, "a read over TLS", read).await?;
    ensure!(found.is_some());
    for (what, tls) in [
        ("no client certificate", ca.clone()),
        ("another authority", whole(TlsOptions::default())),
        (
            "another name",
            whole(ca.with_server_name("etcd.example.com")),
        ),
    ] {
        let refused = client(&server, tls)?.kv().get("tls").await;
        let kind = refused.map_err(|error| error.kind()).err();
        let kinds = [ErrorKind::Unavailable, ErrorKind::Timeout];
        ensure!(
            kind.is_some_and(|it| kinds.contains(&it)),
            "{what}: {kind:?}"
        );
    }
    // The members' addresses are https too, so they may be learnt.
    let sync = || async { known.sync().await };
    let learnt = eventually_ok(READY, "the members", sync).await?;
    ensure!(learnt.iter().all(|url| *url == server.url));
    Ok(())
}

pub(crate) async fn a_certificate_that_is_replaced_is_read_again(etcd: &Trial) -> Outcome {
    let (dir, other) = (tempfile::tempdir()?, tempfile::tempdir()?);
    certificates(dir.path())?;
    certificates(other.path())?;
    let server = Secure::start(etcd.version, dir.path())?;
    let ca = TlsOptions::default().with_ca_file(dir.path().join("ca.pem"));
    let own = |name: &str| dir.path().join(name);
    let known = client(
        &server,
        ca.clone()
            .with_client_files(own("client.pem"), own("client.key")),
    )?;
    let ready = || async { known.kv().put("tls", "v").await };
    eventually_ok(READY, "a write over TLS", ready).await?;
    let [cert, key] = ["client.pem", "client.key"].map(|name| other.path().join(name));
    let client = client(&server, ca.with_client_files(&cert, &key))?;
    let refused = client.kv().get("tls").await;
    ensure!(refused.is_err(), "a certificate of nobody is taken");
    copy(own("client.key"), &key).context("replace the key")?;
    copy(own("client.pem"), &cert).context("replace the certificate")?;
    let write = || async { client.kv().put("tls", "v").await };
    eventually_ok(READY, "a write with the new certificate", write).await?;
    Ok(())
}
