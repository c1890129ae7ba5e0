//! Trust in both directions, against real handshakes.

use std::path::Path;
use std::sync::Arc;

use quorate_net::endpoint::Endpoint;
use quorate_net::error::{ConfigError, NetErrorKind, Phase, TlsError};
use quorate_net::http::{HttpClient, HttpConfig, HttpRequest};
use quorate_net::task::{Task, spawn};
use quorate_net::tls::{TlsOptions, Verify};
use quorate_net::{NetError, Secret};
use rustls::crypto::ring;
use rustls::server::WebPkiClientVerifier;
use rustls::{RootCertStore, ServerConfig};
use rustls_pki_types::pem::PemObject;
use rustls_pki_types::{CertificateDer, PrivateKeyDer};
use tokio::net::TcpListener;
use tokio_rustls::TlsAcceptor;

use crate::certificates::{Authority, Certificate};
use crate::support::{Peer, done};
use quorate_net::transport::Stream;

fn authority() -> Authority {
    Authority::new().unwrap()
}

/// A TLS server on a real socket that answers every request with "hello".
struct Server {
    endpoint: Endpoint,
    _task: Task<()>,
}

impl Server {
    async fn start(leaf: &Certificate, clients: Option<&Authority>) -> Self {
        let provider = Arc::new(ring::default_provider());
        let builder = ServerConfig::builder_with_provider(Arc::clone(&provider))
            .with_safe_default_protocol_versions()
            .unwrap();
        let builder = match clients {
            None => builder.with_no_client_auth(),
            Some(ca) => {
                let mut roots = RootCertStore::empty();
                roots
                    .add(CertificateDer::from_pem_slice(ca.pem().as_bytes()).unwrap())
                    .unwrap();
                let verifier =
                    WebPkiClientVerifier::builder_with_provider(Arc::new(roots), provider);
                builder.with_client_cert_verifier(verifier.build().unwrap())
            }
        };
        let chain = vec![CertificateDer::from_pem_slice(leaf.pem.as_bytes()).unwrap()];
        let key = PrivateKeyDer::from_pem_slice(leaf.key.as_bytes()).unwrap();
        let mut config = builder.with_single_cert(chain, key).unwrap();
        config.alpn_protocols = vec![b"h2".to_vec(), b"http/1.1".to_vec()];
        Self::listen(TlsAcceptor::from(Arc::new(config))).await
    }

    async fn listen(acceptor: TlsAcceptor) -> Self {
        let listener = TcpListener::bind("127.0.0.1:0").await.unwrap();
        let port = listener.local_addr().unwrap().port();
        let task = spawn(async move {
            let mut peers = Vec::new();
            loop {
                let (tcp, _) = listener.accept().await.unwrap();
                let acceptor = acceptor.clone();
                peers.push(spawn(async move {
                    let tls = match acceptor.accept(tcp).into_fallible().await {
                        Ok(tls) => tls,
                        // Closing with unread bytes would reset the connection, and the alert
                        // that says why would be lost on the way.
                        Err((_, tcp)) => return Peer::new(tcp).drain().await,
                    };
                    assert_eq!(tls.get_ref().1.alpn_protocol(), Some(b"http/1.1".as_ref()));
                    let mut peer = Peer::new(Stream::new(tls));
                    while peer.request().await.is_some() {
                        peer.answer("hello").await;
                    }
                }));
            }
        });
        Self {
            endpoint: Endpoint::tcp("127.0.0.1", port).with_tls(true),
            _task: task,
        }
    }

    async fn ask(&self, tls: TlsOptions) -> Result<(), NetError> {
        let client = HttpClient::new(self.config(tls)).unwrap();
        for _ in 0..2 {
            let answer = client.send(HttpRequest::put("/", "x"), done).await?;
            assert_eq!(answer.body, "hello");
            assert_eq!(client.idle_connections(), 1);
        }
        Ok(())
    }

    fn config(&self, tls: TlsOptions) -> HttpConfig {
        HttpConfig::new(self.endpoint.clone().into()).with_tls(tls)
    }
}

fn trusting(ca: &Authority) -> TlsOptions {
    TlsOptions::default().with_ca_pem(ca.pem())
}

/// What a refusal looks like: at once, and certainly without effect.
fn assert_refused(error: &NetError) {
    assert_eq!(
        (error.kind(), error.phase()),
        (NetErrorKind::Tls, Phase::Tls),
        "{error:?}"
    );
    assert!(!error.sent());
    assert_eq!(error.attempts(), 1, "trying again would change nothing");
}

fn write(path: &Path, text: &str) {
    std::fs::write(path, text).unwrap();
}

#[tokio::test]
async fn a_ca_of_ones_own_comes_from_memory_a_file_or_a_directory() {
    let ca = authority();
    let server = Server::start(&ca.sign("127.0.0.1").unwrap(), None).await;
    server.ask(trusting(&ca)).await.unwrap();

    let dir = tempfile::tempdir().unwrap();
    let file = dir.path().join("ca.pem");
    write(&file, &format!("{}{}", authority().pem(), ca.pem()));
    server
        .ask(TlsOptions::default().with_ca_file(&file))
        .await
        .unwrap();

    write(&dir.path().join("README"), "not a certificate");
    std::fs::create_dir(dir.path().join("deeper")).unwrap();
    std::fs::rename(&file, dir.path().join("deeper/ca.crt")).unwrap();
    server
        .ask(TlsOptions::default().with_ca_dir(dir.path()))
        .await
        .unwrap();
}

#[tokio::test]
async fn a_server_that_is_not_signed_by_a_trusted_ca_is_refused() {
    let server = Server::start(&authority().sign("127.0.0.1").unwrap(), None).await;
    assert_refused(&server.ask(trusting(&authority())).await.unwrap_err());
    server
        .ask(TlsOptions::default().with_verify(Verify::None))
        .await
        .unwrap();
}

#[tokio::test]
async fn a_certificate_for_another_name_is_refused_unless_that_name_is_asked_for() {
    let ca = authority();
    let server = Server::start(&ca.sign("server.dc1.consul").unwrap(), None).await;
    assert_refused(&server.ask(trusting(&ca)).await.unwrap_err());
    server
        .ask(trusting(&ca).with_server_name("server.dc1.consul"))
        .await
        .unwrap();
    let other = trusting(&ca).with_server_name("server.dc2.consul");
    assert_refused(&server.ask(other).await.unwrap_err());
}

#[tokio::test]
async fn a_server_that_wants_a_certificate_gets_it_or_the_request_was_not_sent() {
    let ca = authority();
    let clients = authority();
    let server = Server::start(&ca.sign("127.0.0.1").unwrap(), Some(&clients)).await;
    assert_refused(&server.ask(trusting(&ca)).await.unwrap_err());
    let stranger = authority().sign("stranger").unwrap();
    let options = trusting(&ca).with_client_pem(stranger.pem, stranger.key);
    assert_refused(&server.ask(options).await.unwrap_err());

    let Certificate { pem, key } = clients.sign("client").unwrap();
    let options = trusting(&ca).with_client_pem(pem.clone(), key.clone());
    server.ask(options).await.unwrap();

    let dir = tempfile::tempdir().unwrap();
    clients.write(dir.path(), &["client"]).unwrap();
    let [cert_file, key_file, both] =
        ["client.pem", "client.key", "both"].map(|name| dir.path().join(name));
    write(&both, &format!("{key}{pem}"));
    server
        .ask(trusting(&ca).with_client_files(&cert_file, &key_file))
        .await
        .unwrap();
    let mut options = trusting(&ca);
    options.client_cert_file = Some(both);
    server.ask(options).await.unwrap();
}

#[tokio::test]
async fn a_server_without_tls_is_refused() {
    let listener = TcpListener::bind("127.0.0.1:0").await.unwrap();
    let port = listener.local_addr().unwrap().port();
    let _plain = spawn(async move {
        loop {
            let mut peer = Peer::new(listener.accept().await.unwrap().0);
            peer.write("HTTP/1.1 400 Bad Request\r\n\r\n").await;
        }
    });
    let endpoint = Endpoint::tcp("127.0.0.1", port).with_tls(true);
    let config = HttpConfig::new(endpoint.into()).with_tls(trusting(&authority()));
    let client = HttpClient::new(config).unwrap();
    assert_refused(&client.send(HttpRequest::get("/"), done).await.unwrap_err());
}

#[test]
fn options_that_cannot_work_are_refused_when_the_client_is_built() {
    let leaf = authority().sign("a").unwrap();
    let dir = tempfile::tempdir().unwrap();
    let missing = dir.path().join("missing.pem");
    let build = |tls: TlsOptions| {
        let endpoint = Endpoint::parse("https://a:1").unwrap();
        match HttpClient::new(HttpConfig::new(endpoint.into()).with_tls(tls)) {
            Err(ConfigError::Tls(error)) => error,
            other => panic!("must be refused: {other:?}"),
        }
    };
    let options = TlsOptions::default;
    let error = build(options().with_ca_file(&missing));
    assert!(error.to_string().contains("missing.pem"), "{error}");
    assert!(matches!(
        build(options().with_ca_pem("")),
        TlsError::Missing { .. }
    ));
    assert!(matches!(
        build(options().with_ca_dir(dir.path())),
        TlsError::Missing { .. }
    ));
    let broken = "-----BEGIN CERTIFICATE-----\n!\n-----END CERTIFICATE-----\n";
    assert!(matches!(
        build(options().with_ca_pem(broken)),
        TlsError::Pem { .. }
    ));
    let none = options().with_verify(Verify::None);
    let mut key_only = none.clone();
    key_only.client_key_pem = Some(Secret::from("k"));
    assert!(matches!(
        build(key_only),
        TlsError::Missing {
            what: "client certificate"
        }
    ));
    let no_key = none.clone().with_client_pem(leaf.pem.clone(), "");
    assert!(matches!(
        build(no_key),
        TlsError::Missing {
            what: "client private key"
        }
    ));
    let foreign = none
        .clone()
        .with_client_pem(leaf.pem.clone(), authority().sign("b").unwrap().key);
    assert!(matches!(build(foreign), TlsError::Identity { .. }));
    let twice = none
        .clone()
        .with_client_pem(leaf.pem, leaf.key)
        .with_client_files(&missing, &missing);
    assert!(matches!(build(twice), TlsError::Twice { .. }));
    let name = none.with_server_name("not a name");
    assert!(matches!(build(name), TlsError::ServerName { .. }));
}
