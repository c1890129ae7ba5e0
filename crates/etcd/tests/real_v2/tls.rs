//! TLS in both directions.

use std::path::Path;
use std::process::{Child, Command, Stdio};
use std::time::Duration;

use anyhow::{Context as _, ensure};
use quorate_etcd::v2::{Client, ClientBuilder, ErrorKind, TlsOptions, Verify};
use quorate_testkit::eventually_ok;
use quorate_testkit::server::{EtcdServer, EtcdVersion, Located, ReservedPort};
use rcgen::{BasicConstraints, CertificateParams, IsCa, Issuer, KeyPair};

use crate::{Outcome, Trial};

/// Long enough for a start on a machine that is busy.
const READY: Duration = Duration::from_secs(40);

/// An etcd that speaks TLS alone, and to those alone that have a certificate. Dropping it ends it.
struct Secure {
    child: Child,
    url: String,
}

impl Secure {
    fn start(version: EtcdVersion, dir: &Path) -> anyhow::Result<Self> {
        let Located::Found(program) = EtcdServer::locate(version) else {
            anyhow::bail!("the server is gone");
        };
        let (client, peer) = (ReservedPort::new()?.share()?, ReservedPort::new()?.share()?);
        let url = format!("https://{}", client.addr());
        let peer = format!("http://{}", peer.addr());
        let file = |name: &str| dir.join(name).display().to_string();
        let pairs = [
            ("enable-v2", "true".to_owned()),
            ("data-dir", file("data")),
            ("listen-client-urls", url.clone()),
            ("advertise-client-urls", url.clone()),
            ("listen-peer-urls", peer.clone()),
            ("initial-advertise-peer-urls", peer.clone()),
            ("initial-cluster", format!("default={peer}")),
            ("client-cert-auth", "true".to_owned()),
            ("trusted-ca-file", file("ca.pem")),
            ("cert-file", file("127.0.0.1.pem")),
            ("key-file", file("127.0.0.1.key")),
        ];
        let arguments = pairs.map(|(name, value)| format!("--{name}={value}"));
        let mut command = Command::new(program);
        command.args(arguments).stdout(Stdio::null());
        let child = command.stderr(Stdio::null()).spawn()?;
        Ok(Self { child, url })
    }
}

impl Drop for Secure {
    fn drop(&mut self) {
        let _ = self.child.kill();
        let _ = self.child.wait();
    }
}

/// Writes a certificate for `name` and its key, signed by `issuer`.
fn leaf(dir: &Path, name: &str, issuer: &Issuer<'_, KeyPair>) -> anyhow::Result<()> {
    let key = KeyPair::generate()?;
    let cert = CertificateParams::new(vec![name.to_owned()])?.signed_by(&key, issuer)?;
    std::fs::write(dir.join(format!("{name}.pem")), cert.pem())?;
    std::fs::write(dir.join(format!("{name}.key")), key.serialize_pem())?;
    Ok(())
}

/// Writes `ca.pem`, and certificates of a server and a client.
fn certificates(dir: &Path) -> anyhow::Result<()> {
    let key = KeyPair::generate()?;
    let mut params = CertificateParams::new(Vec::new())?;
    params.is_ca = IsCa::Ca(BasicConstraints::Unconstrained);
    std::fs::write(dir.join("ca.pem"), params.self_signed(&key)?.pem())?;
    let issuer = Issuer::new(params, key);
    leaf(dir, "127.0.0.1", &issuer)?;
    leaf(dir, "client", &issuer)
}

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
    ensure!(client(unverified)?.keys().contains("/tls").await?);
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
    ensure!(known.sync().await?.iter().all(|url| *url == server.url));
    Ok(())
}
