//! Connections are kept, used again, and never trusted.

use std::io;
use std::pin::Pin;
use std::sync::Arc;
use std::sync::atomic::{AtomicBool, AtomicUsize, Ordering::SeqCst};
use std::task::{Context, Poll};
use std::time::Duration;

use quorate_net::endpoint::{Endpoint, EndpointSet};
use quorate_net::error::{NetErrorKind, Phase};
use quorate_net::http::{HttpClient, HttpConfig, HttpRequest, Replay};
use quorate_net::task::spawn;
use quorate_net::transport::{BoxFuture, Dial, MemoryDialer, MemoryListener, Stream, memory};
use tokio::io::{AsyncRead, AsyncWrite, ReadBuf};
use tokio::sync::{Barrier, Notify};

use crate::support::{Net, Peer, done, ok};

#[tokio::test]
async fn one_connection_serves_many_requests() {
    let net = Net::default();
    let _server = net.listen("a:1").run(|_, request| ok(&request[..6]));
    let client = net.client("a:1");
    for _ in 0..5 {
        let answer = client.send(HttpRequest::get("/x"), done).await.unwrap();
        assert_eq!(answer.body, "GET /x");
    }
    assert_eq!(net.total(), 1);
    assert_eq!(client.idle_connections(), 1);
}

#[tokio::test]
async fn requests_at_the_same_time_have_connections_of_their_own_and_the_surplus_is_closed() {
    let net = Net::default();
    let mut server = net.listen("a:1");
    let config = net.config("a:1").with_max_idle_per_endpoint(2);
    let client = HttpClient::new(config).unwrap();
    let barrier = Arc::new(Barrier::new(4));
    let _server = spawn(async move {
        let mut peers = Vec::new();
        loop {
            let mut peer = server.accept().await;
            let barrier = Arc::clone(&barrier);
            peers.push(spawn(async move {
                peer.request().await.unwrap();
                // All four are under way before the first is answered.
                barrier.wait().await;
                peer.answer("").await;
                peer.closed().await;
            }));
        }
    });
    let sends = (0..4).map(|_| {
        let client = client.clone();
        spawn(async move { client.send(HttpRequest::get("/"), done).await })
    });
    for send in sends.collect::<Vec<_>>() {
        send.join().await.unwrap().unwrap();
    }
    assert_eq!((net.total(), client.idle_connections()), (4, 2));
}

#[tokio::test]
async fn the_connection_used_last_is_used_next() {
    let net = Net::default();
    let _server = net.listen("a:1").run(|number, _| ok(&number.to_string()));
    let client = net.client("a:1");
    let first = client.open(HttpRequest::get("/")).await.unwrap();
    let second = client.open(HttpRequest::get("/")).await.unwrap();
    assert_eq!(second.collect(9).await.unwrap(), "1");
    assert_eq!(first.collect(9).await.unwrap(), "0");
    assert_eq!(client.idle_connections(), 2);
    for _ in 0..3 {
        let answer = client.send(HttpRequest::get("/"), done).await.unwrap();
        assert_eq!(answer.body, "0");
    }
}

#[tokio::test]
async fn a_connection_that_the_server_wants_closed_is_not_kept() {
    let net = Net::default();
    let _server = net
        .listen("a:1")
        .run(|_, _| "HTTP/1.1 200 OK\r\nConnection: close\r\nContent-Length: 2\r\n\r\nhi".into());
    let client = net.client("a:1");
    for dials in 1..=2 {
        assert_eq!(
            client.send(HttpRequest::get("/"), done).await.unwrap().body,
            "hi"
        );
        assert_eq!((net.total(), client.idle_connections()), (dials, 0));
    }
}

#[tokio::test]
async fn an_idle_connection_that_was_closed_is_replaced_without_anyone_noticing() {
    let net = Net::default();
    let mut server = net.listen("a:1");
    let client = net.client("a:1");
    let script = spawn(async move {
        let mut peer = server.accept().await;
        peer.request().await.unwrap();
        peer.answer("1").await;
        drop(peer);
        let mut peer = server.accept().await;
        let request = peer.request().await.unwrap();
        peer.answer("2").await;
        request
    });
    client.send(HttpRequest::get("/"), done).await.unwrap();
    let put = HttpRequest::put("/v1/kv/a?cas=1", "x");
    assert_eq!(put.replay, Replay::NotSent);
    assert_eq!(client.send(put, done).await.unwrap().body, "2");
    assert!(
        script
            .join()
            .await
            .unwrap()
            .starts_with("PUT /v1/kv/a?cas=1")
    );
}

#[tokio::test]
async fn an_idle_connection_with_bytes_that_nobody_asked_for_is_not_used() {
    let net = Net::default();
    let mut server = net.listen("a:1");
    let client = net.client("a:1");
    let script = spawn(async move {
        let mut first = server.accept().await;
        first.request().await.unwrap();
        first.answer("1").await;
        first
            .write("HTTP/1.1 408 Request Timeout\r\nContent-Length: 0\r\n\r\n")
            .await;
        let mut second = server.accept().await;
        second.request().await.unwrap();
        second.answer("2").await;
    });
    client.send(HttpRequest::get("/"), done).await.unwrap();
    let answer = client.send(HttpRequest::get("/"), done).await.unwrap();
    assert_eq!(
        (answer.status.as_u16(), answer.body.as_ref()),
        (200, b"2".as_ref())
    );
    script.join().await.unwrap();
}

/// A server that answers one request on its first connection, and cuts it at the second.
fn cuts_at_the_second_request(net: &Net) -> quorate_net::task::Task<()> {
    let mut server = net.listen("a:1");
    spawn(async move {
        let mut peer = server.accept().await;
        peer.request().await.unwrap();
        peer.answer("1").await;
        peer.request().await.unwrap();
        drop(peer);
        let mut peer = server.accept().await;
        while peer.request().await.is_some() {
            peer.answer("2").await;
        }
    })
}

#[tokio::test]
async fn a_read_on_a_connection_cut_under_it_is_sent_again_in_the_same_attempt() {
    let net = Net::default();
    let _server = cuts_at_the_second_request(&net);
    let config = net.config("a:1").with_max_attempts(Some(1));
    let client = HttpClient::new(config).unwrap();
    client.send(HttpRequest::get("/"), done).await.unwrap();
    let answer = client.send(HttpRequest::get("/"), done).await.unwrap();
    assert_eq!((answer.body.as_ref(), net.total()), (b"2".as_ref(), 2));
}

#[tokio::test]
async fn a_write_on_a_connection_cut_under_it_is_an_error_that_says_it_was_sent() {
    let net = Net::default();
    let _server = cuts_at_the_second_request(&net);
    let client = net.client("a:1");
    client.send(HttpRequest::get("/"), done).await.unwrap();
    let error = client
        .send(HttpRequest::put("/", "x"), done)
        .await
        .unwrap_err();
    assert!(error.sent());
    assert_eq!(
        (error.kind(), error.phase()),
        (NetErrorKind::Io, Phase::Response)
    );
    assert_eq!((error.attempts(), net.total()), (1, 1));
}

/// Dials connections, one of which cannot be written to once `broken` is set, though reads from it
/// just wait.
#[derive(Debug)]
struct Breakable {
    dialer: MemoryDialer,
    broken: Arc<AtomicBool>,
    which: usize,
    dials: AtomicUsize,
}

struct BreakableStream(Stream, Arc<AtomicBool>);

impl Dial for Breakable {
    fn dial<'a>(&'a self, endpoint: &'a Endpoint) -> BoxFuture<'a, io::Result<Stream>> {
        let this = self.dials.fetch_add(1, SeqCst) == self.which;
        let broken = if this {
            Arc::clone(&self.broken)
        } else {
            Arc::default()
        };
        Box::pin(async move {
            Ok(Stream::new(BreakableStream(
                self.dialer.dial(endpoint).await?,
                broken,
            )))
        })
    }
}

impl AsyncRead for BreakableStream {
    fn poll_read(
        mut self: Pin<&mut Self>,
        cx: &mut Context<'_>,
        buf: &mut ReadBuf<'_>,
    ) -> Poll<io::Result<()>> {
        Pin::new(&mut self.0).poll_read(cx, buf)
    }
}

impl AsyncWrite for BreakableStream {
    fn poll_write(
        mut self: Pin<&mut Self>,
        cx: &mut Context<'_>,
        buf: &[u8],
    ) -> Poll<io::Result<usize>> {
        if self.1.load(SeqCst) {
            return Poll::Ready(Err(io::ErrorKind::BrokenPipe.into()));
        }
        Pin::new(&mut self.0).poll_write(cx, buf)
    }

    fn poll_flush(mut self: Pin<&mut Self>, cx: &mut Context<'_>) -> Poll<io::Result<()>> {
        Pin::new(&mut self.0).poll_flush(cx)
    }

    fn poll_shutdown(mut self: Pin<&mut Self>, cx: &mut Context<'_>) -> Poll<io::Result<()>> {
        Pin::new(&mut self.0).poll_shutdown(cx)
    }
}

/// A client, for one attempt, whose connection `which` breaks with the flag.
fn breakable(broken: &Arc<AtomicBool>, which: usize) -> (HttpClient, MemoryListener) {
    let (dialer, listener) = memory();
    let broken = Arc::clone(broken);
    let dial = Breakable {
        dialer,
        broken,
        which,
        dials: AtomicUsize::new(0),
    };
    let config = HttpConfig::new(EndpointSet::parse("a:1").unwrap()).with_dial(dial);
    (
        HttpClient::new(config.with_max_attempts(Some(1))).unwrap(),
        listener,
    )
}

#[tokio::test]
async fn a_write_of_which_no_byte_went_out_is_sent_again_even_if_it_must_not_be_repeated() {
    let broken = Arc::new(AtomicBool::new(false));
    let (client, mut listener) = breakable(&broken, 0);
    let server = spawn(async move {
        let mut first = Peer::new(listener.accept().await.unwrap());
        first.request().await.unwrap();
        first.answer("1").await;
        let mut second = Peer::new(listener.accept().await.unwrap());
        let request = second.request().await.unwrap();
        second.answer("2").await;
        (first.request().await, request)
    });
    client.send(HttpRequest::get("/"), done).await.unwrap();
    broken.store(true, SeqCst);
    let answer = client
        .send(HttpRequest::put("/", "once"), done)
        .await
        .unwrap();
    assert_eq!(answer.body, "2");
    let (on_the_first, on_the_second) = server.join().await.unwrap();
    assert_eq!(on_the_first, None);
    assert!(on_the_second.ends_with("once"));
}

/// Answers one request, takes a second, and cuts.
async fn answer_once(listener: &mut MemoryListener) {
    let mut peer = Peer::new(listener.accept().await.unwrap());
    peer.request().await.unwrap();
    peer.answer("1").await;
    peer.request().await.unwrap();
}

#[tokio::test]
async fn that_a_read_was_sent_is_not_forgotten_when_sending_it_again_fails() {
    // The new connection cannot be written to.
    let (client, mut listener) = breakable(&Arc::new(AtomicBool::new(true)), 1);
    let _server = spawn(async move {
        answer_once(&mut listener).await;
        listener.accept().await.unwrap();
    });
    client.send(HttpRequest::get("/"), done).await.unwrap();
    let error = client.send(HttpRequest::get("/"), done).await.unwrap_err();
    assert!(error.sent(), "{error:?}");

    // There is no new connection.
    let (client, mut listener) = breakable(&Arc::default(), 1);
    let _server = spawn(async move {
        answer_once(&mut listener).await;
        drop(listener);
        std::future::pending::<()>().await;
    });
    client.send(HttpRequest::get("/"), done).await.unwrap();
    let error = client.send(HttpRequest::get("/"), done).await.unwrap_err();
    assert!(error.sent() && error.attempts() == 1, "{error:?}");
}

#[tokio::test]
async fn a_connection_that_was_closed_does_not_cost_the_others() {
    let net = Net::default();
    let mut server = net.listen("a:1");
    let client = net.client("a:1");
    let both_are_idle = Arc::new(Notify::new());
    let one_is_closed = Arc::new(Notify::new());
    let (may_close, has_closed) = (Arc::clone(&both_are_idle), Arc::clone(&one_is_closed));
    let script = spawn(async move {
        let mut kept = server.accept().await;
        let mut closed = server.accept().await;
        kept.request().await.unwrap();
        closed.request().await.unwrap();
        kept.answer("kept").await;
        closed.answer("closed").await;
        may_close.notified().await;
        drop(closed);
        has_closed.notify_one();
        kept.request().await.unwrap();
        kept.answer("kept").await;
    });
    let open = || client.open(HttpRequest::get("/"));
    let (kept, closed) = tokio::join!(open(), open());
    assert_eq!(kept.unwrap().collect(9).await.unwrap(), "kept");
    assert_eq!(closed.unwrap().collect(9).await.unwrap(), "closed");
    assert_eq!(client.idle_connections(), 2);
    both_are_idle.notify_one();
    one_is_closed.notified().await;
    let answer = client.send(HttpRequest::get("/"), done).await.unwrap();
    assert_eq!((answer.body.as_ref(), net.total()), (b"kept".as_ref(), 2));
    script.join().await.unwrap();
}

#[tokio::test(start_paused = true)]
async fn a_connection_that_was_idle_for_too_long_is_not_used() {
    let net = Net::default();
    let _server = net.listen("a:1").run(|number, _| ok(&number.to_string()));
    let client = net.client("a:1");
    for (pause, connection) in [(0, "0"), (54, "0"), (56, "1")] {
        tokio::time::advance(Duration::from_secs(pause)).await;
        let answer = client.send(HttpRequest::get("/"), done).await.unwrap();
        assert_eq!(answer.body, connection, "after {pause} s");
    }
    assert_eq!(client.idle_connections(), 1);
}

#[tokio::test]
async fn dropping_the_client_closes_its_connections() {
    let net = Net::default();
    let mut server = net.listen("a:1");
    let client = net.client("a:1");
    let script = spawn(async move {
        let mut peer = server.accept().await;
        peer.request().await.unwrap();
        peer.answer("").await;
        peer.closed().await;
    });
    client.send(HttpRequest::get("/"), done).await.unwrap();
    drop(client);
    script.join().await.unwrap();
}
