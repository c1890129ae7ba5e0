//! Real sockets, and what is said to the server about itself.

use std::time::Duration;

use quorate_net::endpoint::{Endpoint, EndpointSet};
use quorate_net::error::{ConfigError, NetErrorKind, Phase};
use quorate_net::http::{HttpClient, HttpConfig, HttpRequest};
use quorate_net::task::spawn;
use tokio::net::{TcpListener, UnixListener};

use crate::support::{Net, Peer, done, ok};

fn client(endpoint: impl Into<EndpointSet>) -> HttpClient {
    HttpClient::new(HttpConfig::new(endpoint.into()).with_max_attempts(Some(1))).unwrap()
}

#[tokio::test]
async fn tcp_by_address_and_by_name() {
    let listener = TcpListener::bind("127.0.0.1:0").await.unwrap();
    let port = listener.local_addr().unwrap().port();
    let server = spawn(async move {
        let mut hosts = Vec::new();
        for _ in 0..2 {
            let mut peer = Peer::new(listener.accept().await.unwrap().0);
            let request = peer.request().await.unwrap();
            peer.answer("tcp").await;
            hosts.push(
                request
                    .lines()
                    .find(|l| l.starts_with("host:"))
                    .unwrap()
                    .to_owned(),
            );
        }
        hosts
    });
    for host in ["127.0.0.1", "localhost"] {
        let client = client(Endpoint::tcp(host, port));
        let answer = client.send(HttpRequest::get("/"), done).await.unwrap();
        assert_eq!(answer.body, "tcp");
    }
    let want = [
        format!("host: 127.0.0.1:{port}"),
        format!("host: localhost:{port}"),
    ];
    assert_eq!(server.join().await.unwrap(), want);
}

#[tokio::test]
async fn a_closed_port_is_refused_until_the_time_is_over_and_named_as_the_cause() {
    let listener = TcpListener::bind("127.0.0.1:0").await.unwrap();
    let port = listener.local_addr().unwrap().port();
    drop(listener);
    let endpoints = EndpointSet::from(Endpoint::tcp("127.0.0.1", port));
    let client = HttpClient::new(HttpConfig::new(endpoints)).unwrap();
    for millis in [1, 60, 110, 160] {
        let limit = Duration::from_millis(millis);
        let request = HttpRequest::put("/", "x").with_overall_timeout(limit);
        let error = client.send(request, done).await.unwrap_err();
        // A very short time may be over before the first attempt is.
        if millis > 1 || error.attempts() > 1 {
            assert_eq!(error.kind(), NetErrorKind::Io, "{millis} ms: {error}");
            assert_eq!((error.phase(), error.sent()), (Phase::Connect, false));
        }
    }
}

#[tokio::test]
async fn unix_sockets() {
    let dir = tempfile::tempdir().unwrap();
    let path = dir.path().join("agent.sock");
    let listener = UnixListener::bind(&path).unwrap();
    let server = spawn(async move {
        let mut peer = Peer::new(listener.accept().await.unwrap().0);
        let request = peer.request().await.unwrap();
        peer.answer("unix").await;
        request
    });
    let client = client(Endpoint::unix(&path));
    assert_eq!(
        client.send(HttpRequest::get("/"), done).await.unwrap().body,
        "unix"
    );
    assert!(server.join().await.unwrap().contains("host: localhost\r\n"));
}

#[tokio::test]
async fn a_server_that_restarts_on_the_same_port_is_found_again() {
    let listener = TcpListener::bind("127.0.0.1:0").await.unwrap();
    let address = listener.local_addr().unwrap();
    let client = client(Endpoint::parse(&address.to_string()).unwrap());
    let mut listener = Some(listener);
    for round in ["1", "2", "3"] {
        let bound = match listener.take() {
            Some(bound) => bound,
            None => TcpListener::bind(address).await.unwrap(),
        };
        let server = spawn(async move {
            let mut peer = Peer::new(bound.accept().await.unwrap().0);
            peer.request().await.unwrap();
            peer.answer(round).await;
        });
        let answer = client.send(HttpRequest::put("/", "x"), done).await.unwrap();
        assert_eq!(answer.body, round);
        server.join().await.unwrap();
    }
}

#[tokio::test]
async fn a_name_that_does_not_exist_and_a_port_that_is_closed_are_told_apart() {
    let unknown = client(Endpoint::tcp("no-such-host.invalid", 1));
    let error = unknown.send(HttpRequest::get("/"), done).await.unwrap_err();
    assert_eq!((error.phase(), error.sent()), (Phase::Resolve, false));
    let closed = TcpListener::bind("127.0.0.1:0")
        .await
        .unwrap()
        .local_addr()
        .unwrap();
    let refused = client(Endpoint::parse(&closed.to_string()).unwrap());
    let error = refused.send(HttpRequest::get("/"), done).await.unwrap_err();
    assert_eq!((error.phase(), error.sent()), (Phase::Connect, false));
    let missing = client(Endpoint::unix("/nonexistent/agent.sock"));
    let error = missing.send(HttpRequest::get("/"), done).await.unwrap_err();
    assert_eq!((error.phase(), error.sent()), (Phase::Connect, false));
}

#[test]
fn a_memory_endpoint_without_a_dialer_is_refused_when_the_client_is_built() {
    let error = HttpClient::new(HttpConfig::new(Endpoint::memory().into())).unwrap_err();
    assert!(matches!(error, ConfigError::MemoryWithoutDialer));
}

#[tokio::test]
async fn every_write_states_its_length() {
    let net = Net::default();
    let _a = net
        .listen("memory:")
        .run(|_, request| ok(&request.to_lowercase()));
    let client = net.client("memory:");
    for (body, length) in [
        ("", "content-length: 0\r\n"),
        ("abc", "content-length: 3\r\n"),
    ] {
        let request = HttpRequest::put("/v1/kv/a", body);
        let echoed = client.send(request, done).await.unwrap().body;
        let echoed = String::from_utf8(echoed.to_vec()).unwrap();
        assert_eq!(echoed.matches("content-length").count(), 1, "{echoed}");
        assert!(
            echoed.contains(length) && !echoed.contains("chunked"),
            "{echoed}"
        );
    }
}

#[tokio::test]
async fn a_client_starts_no_task() {
    let net = Net::default();
    let mut server = net.listen("memory:");
    let client = net.client("memory:");
    let metrics = tokio::runtime::Handle::current().metrics();
    let script = async {
        let mut peer = server.accept().await;
        peer.request().await.unwrap();
        peer.answer("").await;
        peer
    };
    let (answer, _peer) = tokio::join!(client.send(HttpRequest::get("/"), done), script);
    answer.unwrap();
    assert_eq!(
        (client.idle_connections(), metrics.num_alive_tasks()),
        (1, 0)
    );
}
