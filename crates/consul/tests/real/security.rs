use anyhow::{Context as _, ensure};
use quorate_consul::{Client, ErrorKind, QueryOptions, TlsOptions, Verify};
use quorate_testkit::certificates::Authority;
use quorate_testkit::server::{ConsulClients, ConsulOptions, ConsulServer, ConsulTls};
use quorate_testkit::trial::Subject;

use crate::{Consul, kind};

pub(crate) async fn a_unix_socket_is_as_good(c: &Subject<Consul>) -> anyhow::Result<()> {
    let path = c.server.socket_path().context("a socket")?;
    let client = Client::new(&format!("unix://{}", path.display()))?;
    client.kv().put(&c.key("k"), "v").await?;
    ensure!(
        client
            .kv()
            .raw(&c.key("k"))
            .await?
            .is_some_and(|value| value == "v")
    );
    Ok(())
}

pub(crate) async fn tls_is_checked_in_both_directions(_: &Subject<Consul>) -> anyhow::Result<()> {
    let dir = tempfile::tempdir()?;
    Authority::new()?.write(dir.path(), &["server.dc1.consul", "client.dc1.consul"])?;
    let file = |name: &str| dir.path().join(name);
    let options = ConsulOptions::default().with_tls(ConsulTls {
        ca_file: file("ca.pem"),
        cert_file: file("server.dc1.consul.pem"),
        key_file: file("server.dc1.consul.key"),
        clients: ConsulClients::Certified,
    });
    let server = ConsulServer::start(options).await?;
    let url = server.https_url().context("https")?;
    let client = |tls| Client::builder().address(&url).tls(tls).build();
    let ca = TlsOptions::default().with_ca_file(file("ca.pem"));
    let named = ca.clone().with_server_name("server.dc1.consul");
    let whole = |tls: TlsOptions| {
        tls.with_client_files(file("client.dc1.consul.pem"), file("client.dc1.consul.key"))
    };
    client(whole(named.clone()))?.kv().put("tls", "v").await?;
    let unverified = whole(TlsOptions::default().with_verify(Verify::None));
    ensure!(client(unverified)?.kv().get("tls").await?.is_some());
    for (what, tls) in [
        ("no client certificate", named),
        ("another name", whole(ca)),
        (
            "another authority",
            whole(TlsOptions::default().with_server_name("server.dc1.consul")),
        ),
    ] {
        let error = client(tls)?.kv().get("tls").await.expect_err(what);
        ensure!(error.kind() == ErrorKind::Unavailable, "{what}: {error:?}");
    }
    let vars = [
        ("CONSUL_HTTP_ADDR", url.clone()),
        ("CONSUL_CACERT", file("ca.pem").display().to_string()),
        (
            "CONSUL_CLIENT_CERT",
            file("client.dc1.consul.pem").display().to_string(),
        ),
        (
            "CONSUL_CLIENT_KEY",
            file("client.dc1.consul.key").display().to_string(),
        ),
        ("CONSUL_TLS_SERVER_NAME", "server.dc1.consul".to_owned()),
    ];
    let builder = quorate_consul::ClientBuilder::from_vars(|name| {
        vars.iter()
            .find(|(known, _)| *known == name)
            .map(|(_, value)| value.clone())
    })?;
    ensure!(builder.build()?.kv().get("tls").await?.is_some());
    Ok(())
}

pub(crate) async fn tokens_decide_what_is_allowed(_: &Subject<Consul>) -> anyhow::Result<()> {
    const MASTER: &str = "11111111-2222-3333-4444-555555555555";
    let server = ConsulServer::start(ConsulOptions::default().with_acl_master(MASTER)).await?;
    let builder = || Client::builder().address(&server.url());
    let dir = tempfile::tempdir()?;
    std::fs::write(dir.path().join("token"), format!("{MASTER}\n"))?;
    let master = builder().token_file(dir.path().join("token")).build()?;
    master.kv().put("a", "v").await?;
    let nobody = builder().build()?;
    ensure!(kind(nobody.kv().get("a").await) == Some(ErrorKind::PermissionDenied));
    ensure!(kind(nobody.kv().put("a", "w").await) == Some(ErrorKind::PermissionDenied));
    let txn = nobody.txn().set("a", "w").commit().await;
    ensure!(kind(txn) == Some(ErrorKind::PermissionDenied));
    ensure!(
        nobody.kv().list("").await?.is_empty(),
        "what may not be seen is left out"
    );
    let as_master = QueryOptions::new().with_token(MASTER);
    ensure!(nobody.kv().get_with("a", &as_master).await?.value.is_some());
    let stranger = builder()
        .token("99999999-2222-3333-4444-555555555555")
        .build()?;
    ensure!(kind(stranger.kv().get("a").await) == Some(ErrorKind::Unauthenticated));
    Ok(())
}
