//! A request may be dropped at any await.

use std::pin::Pin;
use std::task::{Context, Poll};

use quorate_net::http::HttpRequest;
use quorate_net::task::{Task, spawn};

use crate::support::{Net, Peer, Server, done};

/// Polls a future up to `left` times, then drops it.
struct Drops<F> {
    future: Option<Pin<Box<F>>>,
    left: usize,
}

impl<F: Future> Future for Drops<F> {
    type Output = Option<F::Output>;

    fn poll(mut self: Pin<&mut Self>, cx: &mut Context<'_>) -> Poll<Self::Output> {
        if self.left == 0 {
            self.future = None;
            return Poll::Ready(None);
        }
        self.left -= 1;
        let future = self.future.as_mut().expect("polled after it was dropped");
        future.as_mut().poll(cx).map(Some)
    }
}

fn drop_after<F: Future>(left: usize, future: F) -> Drops<F> {
    Drops {
        future: Some(Box::pin(future)),
        left,
    }
}

/// Answers with the path of each request, in single bytes, with a pause for the client after each.
fn slow_echo(mut server: Server) -> Task<()> {
    async fn echo(mut peer: Peer) {
        while let Some(request) = peer.request().await {
            let path = request.split(' ').nth(1).unwrap().to_owned();
            let head = "HTTP/1.1 200 OK\r\nTransfer-Encoding: chunked\r\n\r\n";
            let all = format!("{head}{:x}\r\n{path}\r\n0\r\n\r\n", path.len());
            for byte in all.bytes() {
                peer.write([byte]).await;
                tokio::task::yield_now().await;
            }
        }
    }
    spawn(async move {
        let mut peers = Vec::new();
        loop {
            let peer = server.accept().await;
            peers.push(spawn(echo(peer)));
        }
    })
}

#[tokio::test]
async fn a_request_dropped_at_any_await_never_leaves_its_answer_to_another() {
    let net = Net::default();
    let _server = slow_echo(net.listen("a:1"));
    let client = net.client("a:1");
    let mut finished = 0;
    for polls in 0.. {
        let dropped = client.send(HttpRequest::get(format!("/dropped/{polls}")), done);
        finished += usize::from(drop_after(polls, dropped).await.is_some());
        let path = format!("/kept/{polls}");
        let answer = client
            .send(HttpRequest::get(path.clone()), done)
            .await
            .unwrap();
        assert_eq!(answer.body, path);
        assert_eq!(client.idle_connections(), 1);
        if finished == 3 {
            assert!(
                polls > 20,
                "the test must have dropped it at many awaits, not {polls}"
            );
            break;
        }
    }
}

#[tokio::test]
async fn waiting_for_a_chunk_can_be_dropped_and_loses_nothing() {
    let net = Net::default();
    let _server = slow_echo(net.listen("a:1"));
    let mut stream = net
        .client("a:1")
        .open(HttpRequest::get("/path/of/some/length"))
        .await
        .unwrap();
    let mut text = Vec::new();
    loop {
        match drop_after(1, stream.next_chunk()).await {
            Some(chunk) => match chunk.unwrap() {
                Some(chunk) => text.extend_from_slice(&chunk),
                None => break,
            },
            None => tokio::task::yield_now().await,
        }
    }
    assert_eq!(text, b"/path/of/some/length");
}
