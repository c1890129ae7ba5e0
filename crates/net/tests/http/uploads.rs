//! Bodies that are read while they are sent.

use std::io;
use std::pin::Pin;
use std::task::{Context, Poll};
use std::time::Duration;

use bytes::Bytes;
use futures_core::Stream;
use quorate_net::error::{NetErrorKind, Phase};
use quorate_net::http::{HttpRequest, Upload};
use quorate_net::task::spawn;
use tokio::sync::mpsc;
use tokio::time::{Instant, sleep};

use crate::support::{Net, ok, response};

const SECOND: Duration = Duration::from_secs(1);

/// What a test sends, piece by piece.
struct Pieces(mpsc::Receiver<io::Result<Bytes>>);

impl Stream for Pieces {
    type Item = io::Result<Bytes>;

    fn poll_next(mut self: Pin<&mut Self>, cx: &mut Context<'_>) -> Poll<Option<Self::Item>> {
        self.0.poll_recv(cx)
    }
}

fn pieces() -> (mpsc::Sender<io::Result<Bytes>>, Upload) {
    let (sender, receiver) = mpsc::channel(1);
    (sender, Upload::from_stream(Pieces(receiver)))
}

fn put() -> HttpRequest {
    HttpRequest::put("/v1/snapshot", "")
}

#[tokio::test]
async fn a_body_of_known_length_is_sent_with_it() {
    let net = Net::default();
    let _a = net.listen("a:1").run(|_, request| {
        let (head, body) = request.split_once("\r\n\r\n").unwrap();
        let head = head.to_lowercase();
        assert!(!head.contains("transfer-encoding"), "{head}");
        ok(&format!(
            "{} {}",
            body.len(),
            head.contains("content-length: 300000")
        ))
    });
    let body = Bytes::from(vec![b'x'; 300_000]);
    let upload = Upload::from_reader(io::Cursor::new(body)).with_length(300_000);
    let client = net.client("a:1");
    let answer = client.upload(put(), upload).await.unwrap();
    assert_eq!(answer.body, "300000 true");
    assert_eq!(client.idle_connections(), 1, "the connection serves again");
}

#[tokio::test]
async fn a_body_of_unknown_length_is_sent_in_chunks() {
    let net = Net::default();
    let mut server = net.listen("a:1");
    let serving = spawn(async move {
        let mut peer = server.accept().await;
        let head = peer.request().await.unwrap().to_lowercase();
        assert!(head.contains("transfer-encoding: chunked"), "{head}");
        assert!(!head.contains("content-length"), "{head}");
        let chunk = peer.read_until(b"0\r\n\r\n").await;
        peer.answer("done").await;
        chunk
    });
    let upload = Upload::from_reader(&b"abc"[..]);
    let answer = net.client("a:1").upload(put(), upload).await.unwrap();
    assert_eq!(answer.body, "done");
    assert_eq!(serving.await.unwrap(), "3\r\nabc\r\n0\r\n\r\n");
}

#[tokio::test(start_paused = true)]
async fn a_source_may_take_its_time_and_a_server_may_not() {
    let net = Net::default();
    let mut server = net.listen("a:1");
    let _serving = spawn(async move {
        let mut peer = server.accept().await;
        peer.request().await.unwrap();
        peer.closed().await;
    });
    let (sender, upload) = pieces();
    let _source = spawn(async move {
        for _ in 0..3 {
            sleep(60 * SECOND).await;
            sender.send(Ok(Bytes::from_static(b"x"))).await.unwrap();
        }
    });
    let begun = Instant::now();
    let client = net.client("a:1");
    let error = client
        .upload(put(), upload.with_length(3))
        .await
        .unwrap_err();
    assert_eq!(error.kind(), NetErrorKind::Timeout);
    assert!(error.sent());
    assert_eq!(begun.elapsed(), 185 * SECOND, "5 s after the last byte");
}

#[tokio::test(start_paused = true)]
async fn a_server_that_takes_nothing_is_given_up() {
    let net = Net::default();
    let mut server = net.listen("a:1");
    let _serving = spawn(async move {
        let peer = server.accept().await;
        std::future::pending::<()>().await;
        drop(peer);
    });
    let upload = Upload::from_reader(tokio::io::repeat(b'x'));
    let begun = Instant::now();
    let error = net.client("a:1").upload(put(), upload).await.unwrap_err();
    assert_eq!(error.kind(), NetErrorKind::Timeout);
    assert_eq!(begun.elapsed(), 5 * SECOND);
}

#[tokio::test(start_paused = true)]
async fn the_overall_clock_counts_if_the_request_names_it() {
    let net = Net::default();
    let mut server = net.listen("a:1");
    let _serving = spawn(async move {
        let mut peer = server.accept().await;
        peer.drain().await;
    });
    let (_sender, upload) = pieces();
    let begun = Instant::now();
    let request = put().with_overall_timeout(40 * SECOND);
    let error = net.client("a:1").upload(request, upload).await.unwrap_err();
    assert_eq!(error.kind(), NetErrorKind::Timeout);
    assert_eq!(begun.elapsed(), 40 * SECOND);
}

#[tokio::test]
async fn a_server_that_cannot_be_reached_costs_nothing_of_the_body() {
    let net = Net::default();
    let _b = net
        .listen("b:1")
        .run(|_, request| ok(request.split_once("\r\n\r\n").unwrap().1));
    let upload = Upload::from_reader(&b"whole"[..]).with_length(5);
    let client = net.client("a:1,b:1");
    let answer = client.upload(put(), upload).await.unwrap();
    assert_eq!(answer.body, "whole");
    assert_eq!(net.dials(), ["http://a:1", "http://b:1"]);
}

#[tokio::test]
async fn what_was_sent_once_is_not_sent_again() {
    let net = Net::default();
    let mut server = net.listen("a:1");
    let _serving = spawn(async move {
        let mut peer = server.accept().await;
        peer.request().await.unwrap();
    });
    let _b = net.listen("b:1").run(|_, _| ok("must not be asked"));
    let upload = Upload::from_reader(&b"once"[..]).with_length(4);
    let client = net.client("a:1,b:1");
    let error = client.upload(put(), upload).await.unwrap_err();
    assert!(error.sent());
    assert_eq!((error.attempts(), net.total()), (1, 1));
}

#[tokio::test]
async fn a_source_that_fails_or_is_not_as_long_as_stated_ends_the_request() {
    let net = Net::default();
    let mut server = net.listen("a:1");
    let _serving = spawn(async move {
        let mut peers = Vec::new();
        loop {
            peers.push(server.accept().await);
        }
    });
    let (sender, failing) = pieces();
    sender.try_send(Err(io::Error::other("no disk"))).unwrap();
    for (upload, words) in [
        (failing, "no disk"),
        (
            Upload::from_reader(&b"abc"[..]).with_length(2),
            "more bytes",
        ),
        (
            Upload::from_reader(&b"abc"[..]).with_length(5),
            "2 bytes less",
        ),
    ] {
        let error = net.client("a:1").upload(put(), upload).await.unwrap_err();
        assert_eq!(
            (error.kind(), error.phase()),
            (NetErrorKind::Request, Phase::Send)
        );
        let mut text = String::new();
        let mut cause: Option<&dyn std::error::Error> = Some(&error);
        while let Some(error) = cause {
            text += &error.to_string();
            cause = error.source();
        }
        assert!(text.contains(words), "{text}");
    }
}

#[tokio::test]
async fn an_answer_that_comes_before_the_body_is_whole_counts() {
    let net = Net::default();
    let mut server = net.listen("a:1");
    let _serving = spawn(async move {
        let mut peer = server.accept().await;
        peer.read_until(b"\r\n\r\n").await;
        peer.write(response(500, "not that")).await;
        peer.drain().await;
    });
    let (_sender, upload) = pieces();
    let client = net.client("a:1");
    let answer = client.upload(put(), upload.with_length(9)).await.unwrap();
    assert_eq!(
        (answer.status.as_u16(), answer.body.as_ref()),
        (500, &b"not that"[..])
    );
    assert_eq!(client.idle_connections(), 0, "its body is not whole");
}
