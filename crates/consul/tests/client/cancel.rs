//! Futures that are dropped half-way.

use std::future::Future;
use std::pin::pin;
use std::task::{Context, Waker};
use std::time::Duration;

use crate::script::{Act, Say, Server, entry};

/// Polls a future some times and drops it. Whether it was not ready before.
async fn drop_after<F: Future>(polls: usize, future: F) -> bool {
    let mut future = pin!(future);
    for _ in 0..polls {
        if future
            .as_mut()
            .poll(&mut Context::from_waker(Waker::noop()))
            .is_ready()
        {
            return false;
        }
        // Lets the server and the connection do their part.
        for _ in 0..3 {
            tokio::task::yield_now().await;
        }
    }
    true
}

#[tokio::test]
async fn a_call_dropped_at_any_await_leaves_the_client_usable() {
    let mut dropped = 0;
    for polls in 0..20 {
        let body = format!("[{}]", entry("a", "aGk=", 1));
        let server = Server::new((0..40).map(|_| Say::ok(body.clone())));
        let client = server.client();
        let kv = client.kv();
        if drop_after(polls, kv.get("a")).await {
            dropped += 1;
        }
        assert!(kv.get("a").await.unwrap().is_some(), "after {polls} polls");
        let sent = server.lines().len();
        assert!(sent <= 2, "after {polls} polls it was sent {sent} times");
    }
    assert!(dropped >= 2, "the future has more than one await");
}

#[tokio::test]
async fn a_write_dropped_before_it_was_polled_is_never_sent() {
    let server = Server::new([Say::ok("true")]);
    let kv = server.client().kv();
    drop(kv.put("a", "1"));
    tokio::task::yield_now().await;
    assert!(server.lines().is_empty());
}

#[tokio::test(start_paused = true)]
async fn an_answer_to_a_dropped_call_is_never_taken_for_the_next_ones() {
    let first = Say::ok(format!("[{}]", entry("first", "aGk=", 1)));
    let second = Say::ok(format!("[{}]", entry("second", "aGk=", 1)));
    let server = Server::new([Act::Later(Duration::from_secs(1), first), second.into()]);
    let kv = server.client().kv();
    let early = tokio::time::timeout(Duration::from_millis(500), kv.get("first")).await;
    assert!(early.is_err());
    tokio::time::sleep(Duration::from_secs(2)).await;
    assert_eq!(kv.get("second").await.unwrap().unwrap().key, "second");
}
