//! The clocks, on a paused runtime: durations are exact.

use std::time::Duration;

use quorate_net::deadline::Timeouts;
use quorate_net::endpoint::{Endpoint, EndpointSet};
use quorate_net::error::{NetErrorKind, Phase};
use quorate_net::http::{HttpClient, HttpConfig, HttpRequest};
use quorate_net::task::{Task, spawn};
use quorate_net::transport::{BoxFuture, Dial, Stream};
use std::io;
use std::sync::atomic::{AtomicU32, Ordering::Relaxed};
use tokio::time::Instant;

use crate::support::{Net, Server, done, ok};

const SECOND: Duration = Duration::from_secs(1);

/// Writes `text` for each request, and then nothing.
fn says_and_hangs(mut server: Server, text: &'static str) -> Task<()> {
    spawn(async move {
        let mut peers = Vec::new();
        loop {
            let mut peer = server.accept().await;
            peers.push(spawn(async move {
                peer.request().await.unwrap();
                peer.write(text).await;
                peer.closed().await;
            }));
        }
    })
}

#[tokio::test(start_paused = true)]
async fn a_server_that_does_not_answer_hits_the_attempt_clock() {
    let net = Net::default();
    let _a = says_and_hangs(net.listen("a:1"), "");
    let begun = Instant::now();
    let error = net
        .client("a:1")
        .send(HttpRequest::put("/", "x"), done)
        .await
        .unwrap_err();
    assert_eq!(
        (error.kind(), error.phase()),
        (NetErrorKind::Timeout, Phase::Response)
    );
    assert!(error.sent());
    assert_eq!((error.attempts(), begun.elapsed()), (1, 5 * SECOND));
    let error = net
        .client("a:1")
        .open(HttpRequest::put("/", "x"))
        .await
        .unwrap_err();
    assert_eq!((error.is_timeout(), error.phase()), (true, Phase::Response));
    assert_eq!((error.sent(), begun.elapsed()), (true, 10 * SECOND));
}

#[tokio::test(start_paused = true)]
async fn a_body_that_does_not_end_hits_the_attempt_clock() {
    let net = Net::default();
    let text = "HTTP/1.1 200 OK\r\nContent-Length: 10\r\n\r\nhalf ";
    let _a = says_and_hangs(net.listen("a:1"), text);
    let request = HttpRequest::put("/", "x").with_attempt_timeout(2 * SECOND);
    let begun = Instant::now();
    let client = net.client("a:1");
    let error = client.send(request, done).await.unwrap_err();
    assert_eq!(
        (error.kind(), error.phase()),
        (NetErrorKind::Timeout, Phase::Body)
    );
    assert_eq!((error.sent(), begun.elapsed()), (true, 2 * SECOND));
    assert_eq!(
        client.idle_connections(),
        0,
        "a half-read connection is closed"
    );
}

#[tokio::test(start_paused = true)]
async fn all_attempts_share_the_overall_clock() {
    let net = Net::default();
    let _a = says_and_hangs(net.listen("a:1"), "");
    let _b = says_and_hangs(net.listen("b:1"), "");
    let request = HttpRequest::get("/").with_overall_timeout(7 * SECOND);
    let begun = Instant::now();
    let client = net.client("a:1,b:1");
    let error = client.send(request, done).await.unwrap_err();
    assert_eq!((error.attempts(), begun.elapsed()), (2, 7 * SECOND));
    assert_eq!(error.elapsed(), 7 * SECOND);
    // The second was cut short by the caller's clock, which is not its fault.
    let resting = client
        .endpoints()
        .iter()
        .map(|(id, _)| client.endpoints().is_resting(id));
    assert_eq!(
        resting.collect::<Vec<_>>(),
        [false, false],
        "5 s cool-downs are over or not begun"
    );
}

#[derive(Debug)]
struct NeverConnects(Net);

impl Dial for NeverConnects {
    fn dial<'a>(&'a self, endpoint: &'a Endpoint) -> BoxFuture<'a, io::Result<Stream>> {
        match endpoint.as_str() {
            "http://a:1" => Box::pin(std::future::pending()),
            _ => self.0.dial(endpoint),
        }
    }
}

#[tokio::test(start_paused = true)]
async fn a_server_that_cannot_be_connected_costs_only_the_connect_clock() {
    let net = Net::default();
    let _b = net.listen("b:1").run(|_, _| ok("b"));
    let timeouts = Timeouts::default().with_connect(SECOND);
    let config = net.config("a:1,b:1").with_timeouts(timeouts);
    let config = config.with_dial(NeverConnects(net));
    let begun = Instant::now();
    let client = HttpClient::new(config).unwrap();
    let answer = client.send(HttpRequest::put("/", "x"), done).await.unwrap();
    assert_eq!(
        (answer.body.as_ref(), begun.elapsed()),
        (b"b".as_ref(), SECOND)
    );
}

/// Refuses twice, and then neither refuses nor connects.
#[derive(Debug, Default)]
struct RefusesAtFirst(AtomicU32);

impl Dial for RefusesAtFirst {
    fn dial<'a>(&'a self, _: &'a Endpoint) -> BoxFuture<'a, io::Result<Stream>> {
        if self.0.fetch_add(1, Relaxed) < 2 {
            let refused = io::Error::from(io::ErrorKind::ConnectionRefused);
            Box::pin(std::future::ready(Err(refused)))
        } else {
            Box::pin(std::future::pending())
        }
    }
}

#[tokio::test(start_paused = true)]
async fn why_nobody_could_be_reached_counts_when_the_time_ends_while_connecting_again() {
    let endpoints = EndpointSet::parse("a:1").unwrap();
    let config = HttpConfig::new(endpoints).with_dial(RefusesAtFirst::default());
    let client = HttpClient::new(config).unwrap();
    let request = HttpRequest::put("/", "x").with_overall_timeout(SECOND);
    let error = client.send(request, done).await.unwrap_err();
    assert_eq!(
        (error.kind(), error.phase()),
        (NetErrorKind::Io, Phase::Connect)
    );
    assert!(!error.sent());
    assert_eq!((error.attempts(), error.elapsed()), (3, SECOND));
    let cause = std::error::Error::source(&error).unwrap();
    let cause = cause.downcast_ref::<io::Error>().unwrap();
    assert_eq!(cause.kind(), io::ErrorKind::ConnectionRefused);
}

fn in_reach(config: HttpConfig) -> HttpConfig {
    config.with_timeouts(Timeouts::default().with_reach(Some(2 * SECOND)))
}

#[tokio::test(start_paused = true)]
async fn where_nobody_can_be_reached_the_reach_ends_the_retries() {
    for dialed in [true, false] {
        let net = Net::default();
        let config = in_reach(net.config("a:1,b:1"));
        let config = if dialed {
            config
        } else {
            config.with_dial(Silent)
        };
        let client = HttpClient::new(config).unwrap();
        let begun = Instant::now();
        let error = client.send(HttpRequest::get("/"), done).await.unwrap_err();
        assert!(begun.elapsed() <= 2 * SECOND, "{:?}", begun.elapsed());
        assert_eq!((error.phase(), error.sent()), (Phase::Connect, false));
        assert_eq!(error.is_timeout(), !dialed, "{error}");
    }
}

/// Neither refuses nor connects.
#[derive(Debug)]
struct Silent;

impl Dial for Silent {
    fn dial<'a>(&'a self, _: &'a Endpoint) -> BoxFuture<'a, io::Result<Stream>> {
        Box::pin(std::future::pending())
    }
}

#[tokio::test(start_paused = true)]
async fn a_server_that_was_reached_gets_all_of_the_time() {
    let net = Net::default();
    let mut server = net.listen("a:1");
    let _server = spawn(async move {
        for cut in [true, true, false] {
            let mut peer = server.accept().await;
            peer.request().await.unwrap();
            tokio::time::sleep(4 * SECOND).await;
            if !cut {
                peer.answer("at last").await;
                peer.closed().await;
            }
        }
    });
    let client = HttpClient::new(in_reach(net.config("a:1"))).unwrap();
    let begun = Instant::now();
    let answer = client.send(HttpRequest::get("/"), done).await.unwrap();
    assert_eq!(answer.body, "at last");
    assert!(begun.elapsed() >= 12 * SECOND, "{:?}", begun.elapsed());
}

#[tokio::test(start_paused = true)]
async fn a_handshake_that_does_not_end_hits_the_connect_clock() {
    let net = Net::default();
    let mut server = net.listen("https://a:1");
    let _silent = spawn(async move {
        let _peer = server.accept().await;
        std::future::pending::<()>().await;
    });
    let config = net.config("https://a:1").with_max_attempts(Some(1));
    let config = trusting_nobody(config);
    let begun = Instant::now();
    let client = HttpClient::new(config).unwrap();
    let error = client.send(HttpRequest::get("/"), done).await.unwrap_err();
    assert_eq!(
        (error.kind(), error.phase()),
        (NetErrorKind::Timeout, Phase::Tls)
    );
    assert_eq!((error.sent(), begun.elapsed()), (false, 2 * SECOND));
}

fn trusting_nobody(config: HttpConfig) -> HttpConfig {
    use quorate_net::tls::{TlsOptions, Verify};
    config.with_tls(TlsOptions::default().with_verify(Verify::None))
}

#[tokio::test(start_paused = true)]
async fn a_long_poll_may_outlast_the_clocks_of_the_client_if_it_says_so() {
    let net = Net::default();
    let mut server = net.listen("a:1");
    let _server = spawn(async move {
        let mut peer = server.accept().await;
        peer.request().await.unwrap();
        tokio::time::sleep(600 * SECOND).await;
        peer.answer("changed").await;
        peer.closed().await;
    });
    let request = HttpRequest::get("/v1/kv/a?index=1&wait=10m");
    let request = request
        .with_attempt_timeout(640 * SECOND)
        .with_overall_timeout(Duration::MAX);
    assert_eq!(
        net.client("a:1").send(request, done).await.unwrap().body,
        "changed"
    );
}

#[tokio::test(start_paused = true)]
async fn each_chunk_of_a_stream_has_its_own_clock() {
    let net = Net::default();
    let mut server = net.listen("a:1");
    let _server = spawn(async move {
        let mut peer = server.accept().await;
        peer.request().await.unwrap();
        peer.write("HTTP/1.1 200 OK\r\nTransfer-Encoding: chunked\r\n\r\n")
            .await;
        for _ in 0..10 {
            tokio::time::sleep(4 * SECOND).await;
            peer.write("3\r\nlog\r\n").await;
        }
        peer.closed().await;
    });
    let mut stream = net.client("a:1").open(HttpRequest::get("/")).await.unwrap();
    let begun = Instant::now();
    for _ in 0..10 {
        assert_eq!(stream.next_chunk().await.unwrap().unwrap(), "log");
    }
    let error = stream.next_chunk().await.unwrap_err();
    assert_eq!(
        (error.kind(), error.phase()),
        (NetErrorKind::Timeout, Phase::Body)
    );
    assert_eq!(begun.elapsed(), 45 * SECOND);
    assert_eq!(
        stream.next_chunk().await.unwrap(),
        None,
        "there is nothing after an error"
    );
}
