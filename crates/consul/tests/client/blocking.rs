//! Watches, over the wire.

use std::time::Duration;

use futures_util::StreamExt;
use quorate_consul::{Blocking, ErrorKind, KvEntry, QueryOptions};
use tokio::time::Instant;

use crate::script::{Act, Say, Server, entry, indexed, no_key};

fn at(index: u64, value: &str) -> Say {
    indexed(index, format!("[{}]", entry("a", value, index)))
}

async fn value(changes: &mut Blocking<Option<KvEntry>>) -> Option<String> {
    let entry = changes.next().await.unwrap().value?;
    Some(String::from_utf8(entry.value.to_vec()).unwrap())
}

#[tokio::test(start_paused = true)]
async fn a_key_is_followed_through_its_whole_life() {
    let server = Server::new([
        no_key(3),
        at(5, "b25l"),
        at(5, "b25l"),
        at(8, "dHdv"),
        no_key(9),
    ]);
    let mut changes = server.client().kv().watch("a");
    assert_eq!(value(&mut changes).await, None);
    assert_eq!(value(&mut changes).await.as_deref(), Some("one"));
    let change = changes.next().await.unwrap();
    assert_eq!((change.index, change.restarted), (8, false));
    assert_eq!(change.meta.index, Some(8));
    assert_eq!(value(&mut changes).await, None);
    assert_eq!(
        server.lines(),
        [
            "GET /v1/kv/a",
            "GET /v1/kv/a?index=3&wait=300000ms",
            "GET /v1/kv/a?index=5&wait=300000ms",
            "GET /v1/kv/a",
            "GET /v1/kv/a?index=8&wait=300000ms",
        ]
    );
}

#[tokio::test(start_paused = true)]
async fn an_error_is_an_item_and_after_it_everything_is_read_anew() {
    let refused = Say::status(500, "No cluster leader").header("X-Consul-Index", "1");
    let server = Server::new([
        Act::Say(at(5, "b25l")),
        refused.into(),
        at(5, "b25l").into(),
        at(6, "dHdv").into(),
    ]);
    let mut changes = server.client().kv().watch("a");
    assert_eq!(value(&mut changes).await.as_deref(), Some("one"));
    let error = changes.next().await.unwrap_err();
    assert_eq!(error.kind(), ErrorKind::Unavailable);
    let started = Instant::now();
    assert_eq!(
        value(&mut changes).await.as_deref(),
        Some("two"),
        "one is not told twice"
    );
    assert!(
        started.elapsed() >= Duration::from_secs(1),
        "as long as the error advises"
    );
    let lines = server.lines();
    assert_eq!(
        lines[2], "GET /v1/kv/a",
        "the index of an error is never used"
    );
    assert_eq!(lines[3], "GET /v1/kv/a?index=5&wait=300000ms");
}

#[tokio::test(start_paused = true)]
async fn an_index_that_went_backwards_is_told_with_the_next_change() {
    let same = || format!("[{}]", entry("a", "b25l", 7));
    let server = Server::new([
        indexed(278, same()),
        indexed(245, same()),
        indexed(245, same()),
        at(246, "dHdv"),
        at(100, "b25l"),
    ]);
    let mut changes = server.client().kv().watch("a");
    changes.next().await.unwrap();
    let change = changes.next().await.unwrap();
    assert!(change.restarted && change.index == 246, "{change:?}");
    assert_eq!(
        server.lines()[1..],
        [
            "GET /v1/kv/a?index=278&wait=300000ms",
            "GET /v1/kv/a",
            "GET /v1/kv/a?index=245&wait=300000ms"
        ]
    );
    let change = changes.next().await.unwrap();
    assert!(
        change.restarted && change.index == 100,
        "at once where the data is new: {change:?}"
    );
}

#[tokio::test(start_paused = true)]
async fn a_wait_that_was_cut_short_is_followed_by_a_full_read() {
    // What a real server does when a snapshot is restored: what is there now is older.
    let seconds = |seconds, say| Act::Later(Duration::from_secs(seconds), say);
    let server = Server::new([
        at(9, "dHdv").into(),
        seconds(310, at(9, "dHdv")),
        seconds(10, at(9, "dHdv")),
        at(5, "b25l").into(),
    ]);
    let mut changes = server.client().kv().watch("a");
    changes.next().await.unwrap();
    let change = changes.next().await.unwrap();
    assert!(change.restarted && change.index == 5, "{change:?}");
    let waiting = "GET /v1/kv/a?index=9&wait=300000ms";
    assert_eq!(server.lines()[1..], [waiting, waiting, "GET /v1/kv/a"]);
}

#[tokio::test(start_paused = true)]
async fn a_watch_that_starts_at_an_index_knows_what_a_cut_wait_returned() {
    let server = Server::new([at(9, "b25l"), at(9, "b25l"), at(10, "dHdv")]);
    let options = QueryOptions::new().with_blocking(9, Duration::from_secs(60));
    let mut changes = server.client().kv().watch_with("a", options);
    let told = value(&mut changes).await;
    assert_eq!(told.as_deref(), Some("two"), "the first one is not new");
}

#[tokio::test(start_paused = true)]
async fn dropping_next_loses_no_change_and_asks_only_once() {
    let later = Act::Later(Duration::from_secs(10), at(6, "dHdv"));
    let server = Server::new([at(5, "b25l").into(), later]);
    let mut changes = server.client().kv().watch("a");
    changes.next().await.unwrap();
    for _ in 0..5 {
        let early = tokio::time::timeout(Duration::from_secs(1), changes.next()).await;
        assert!(early.is_err(), "nothing has changed yet");
    }
    assert_eq!(value(&mut changes).await.as_deref(), Some("two"));
    assert_eq!(server.lines().len(), 2);
}

#[tokio::test(start_paused = true)]
async fn a_prefix_is_followed_as_a_stream() {
    let one = format!("[{}]", entry("p/a", "YQ==", 1));
    let two = format!("[{},{}]", entry("p/a", "YQ==", 1), entry("p/b", "Yg==", 2));
    let server = Server::new([no_key(1), indexed(2, one), indexed(3, two)]);
    let options = QueryOptions::new().with_wait(Duration::from_secs(30));
    let changes = server.client().kv().watch_prefix_with("p/", options);
    let sizes: Vec<_> = changes
        .take(3)
        .map(|change| change.unwrap().value.len())
        .collect()
        .await;
    assert_eq!(sizes, [0, 1, 2]);
    assert_eq!(
        server.lines()[1],
        "GET /v1/kv/p/?recurse&index=1&wait=30000ms"
    );
}

#[tokio::test(start_paused = true)]
async fn a_watch_can_start_at_an_index() {
    let server = Server::new([at(9, "b25l"), at(10, "dHdv")]);
    let options = QueryOptions::new().with_blocking(9, Duration::from_secs(60));
    let mut changes = server.client().kv().watch_with("a", options);
    assert_eq!(
        value(&mut changes).await.as_deref(),
        Some("two"),
        "at 9 nothing is new"
    );
    assert_eq!(server.lines()[0], "GET /v1/kv/a?index=9&wait=60000ms");
}

#[tokio::test(start_paused = true)]
async fn a_server_that_does_not_block_is_asked_once_a_second() {
    let server = Server::new((0..100).map(|_| at(5, "b25l")));
    let mut changes = server.client().kv().watch("a");
    changes.next().await.unwrap();
    let ten = tokio::time::timeout(Duration::from_secs(10), changes.next()).await;
    assert!(ten.is_err());
    let sent = server.lines().len();
    assert!((10..=13).contains(&sent), "{sent} queries in ten seconds");
}

#[tokio::test(start_paused = true)]
async fn errors_without_end_are_asked_for_less_and_less_often() {
    let server = Server::new((0..1000).map(|_| Say::status(403, "Permission denied")));
    let mut changes = server.client().kv().watch("a");
    let started = Instant::now();
    for _ in 0..30 {
        assert_eq!(
            changes.next().await.unwrap_err().kind(),
            ErrorKind::PermissionDenied
        );
    }
    assert!(
        started.elapsed() > Duration::from_secs(100),
        "{:?}",
        started.elapsed()
    );
    assert_eq!(server.lines().len(), 30);
}

#[tokio::test]
async fn a_key_that_cannot_be_addressed_is_the_error_of_each_item() {
    let server = Server::new([no_key(1)]);
    let mut changes = server.client().kv().watch("a//b");
    assert_eq!(
        changes.next().await.unwrap_err().kind(),
        ErrorKind::InvalidArgument
    );
    assert!(server.lines().is_empty());
}
