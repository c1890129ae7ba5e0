//! Watches that go on, whatever happens.

use std::time::Duration;

use futures_util::StreamExt as _;
use quorate_etcd::v2::{Action, Change, ErrorKind, Relisted, Watch, WatchOptions};

use crate::script::{Act, Say, Server, event, indexed, refused};

fn listed(index: u64) -> Say {
    indexed(index, event("get", "/k", "v", index))
}

fn set(index: u64) -> Say {
    indexed(index - 1, event("set", "/k", "v", index))
}

/// The head of an answer, and nothing behind it.
fn waiting(index: u64) -> Act {
    let head =
        format!("HTTP/1.1 200 OK\r\nX-Etcd-Index: {index}\r\nTransfer-Encoding: chunked\r\n\r\n");
    Act::Stall(head.into())
}

async fn index_of(watch: &mut Watch) -> u64 {
    match watch.next().await.unwrap() {
        Change::Event(event) => event.node.unwrap().modified_index,
        Change::Listed { index, .. } => index,
        other => panic!("{other:?}"),
    }
}

#[tokio::test]
async fn the_state_comes_first_and_then_every_change_from_there() {
    let server = Server::new([listed(4), set(7), set(9)]);
    let mut watch = server.client().keys().watch("k/");
    let first = watch.next().await.unwrap();
    let Change::Listed {
        node,
        index: 4,
        reason: Relisted::Started,
    } = first
    else {
        panic!("{first:?}");
    };
    assert_eq!(node.unwrap().value.as_deref(), Some("v"));
    let second = watch.next().await.unwrap();
    assert!(matches!(second, Change::Event(event) if event.action == Action::Set));
    assert_eq!(index_of(&mut watch).await, 9);
    assert_eq!(
        server.lines(),
        [
            "GET /v2/keys/k?sorted=true&quorum=true",
            "GET /v2/keys/k?wait=true&waitIndex=5",
            "GET /v2/keys/k?wait=true&waitIndex=8",
        ]
    );
}

#[tokio::test(start_paused = true)]
async fn a_quiet_key_takes_its_index_from_the_header() {
    let server = Server::new([listed(4).into(), waiting(5000), set(5001).into()]);
    let options = WatchOptions::new().with_poll(Duration::from_secs(30));
    let mut watch = server.client().keys().watch_with("/k", options);
    index_of(&mut watch).await;
    assert_eq!(index_of(&mut watch).await, 5001);
    assert_eq!(server.lines()[2], "GET /v2/keys/k?wait=true&waitIndex=5001");
}

#[tokio::test(start_paused = true)]
async fn a_cleared_history_is_listed_again_and_said() {
    let cleared = refused(
        400,
        401,
        "the requested history has been cleared [67/5]",
        1066,
    );
    let server = Server::new([listed(4), cleared, listed(2000), set(2001)]);
    let mut watch = server.client().keys().watch("/k");
    index_of(&mut watch).await;
    let change = watch.next().await.unwrap();
    assert!(matches!(
        change,
        Change::Listed {
            index: 2000,
            reason: Relisted::HistoryCleared,
            ..
        }
    ));
    assert_eq!(index_of(&mut watch).await, 2001);
}

#[tokio::test(start_paused = true)]
async fn an_empty_answer_and_a_cut_connection_are_resumed_without_a_word() {
    // An event of the history may be what was cut off: the index of its head says nothing.
    let cut = Act::CutAfter(
        b"HTTP/1.1 200 OK\r\nX-Etcd-Index: 60\r\nContent-Length: 10\r\n\r\n{".to_vec(),
    );
    let server = Server::new([listed(4).into(), indexed(5, "").into(), cut, set(7).into()]);
    let mut watch = server.client().keys().watch("/k");
    index_of(&mut watch).await;
    assert_eq!(index_of(&mut watch).await, 7);
    let lines = server.lines();
    assert_eq!(lines[2], "GET /v2/keys/k?wait=true&waitIndex=6");
    assert_eq!(lines[3], "GET /v2/keys/k?wait=true&waitIndex=6");
}

#[tokio::test(start_paused = true)]
async fn an_error_is_told_and_is_not_the_end() {
    let denied = refused(401, 110, "Insufficient credentials", 0);
    let server = Server::new([listed(4), denied, set(5)]);
    let client = server.client();
    let watch = client.keys().watch("/k");
    let told: Vec<_> = watch.take(3).collect().await;
    assert!(told[0].is_ok() && told[2].is_ok());
    let error = told[1].as_ref().unwrap_err();
    assert_eq!(error.kind(), ErrorKind::Unauthenticated);
}

#[tokio::test]
async fn an_absent_key_is_followed_from_the_index_of_its_absence() {
    let server = Server::new([refused(404, 100, "/k", 12), set(13)]);
    let mut watch = server.client().keys().watch("/k");
    let change = watch.next().await.unwrap();
    assert!(matches!(
        change,
        Change::Listed {
            node: None,
            index: 12,
            ..
        }
    ));
    assert_eq!(index_of(&mut watch).await, 13);
    assert_eq!(server.lines()[1], "GET /v2/keys/k?wait=true&waitIndex=13");
}

#[tokio::test(start_paused = true)]
async fn dropping_the_wait_for_a_change_loses_none() {
    let server = Server::new([
        Act::Later(Duration::from_millis(50), listed(4)),
        set(5).into(),
    ]);
    let mut watch = server.client().keys().watch("/k");
    let short = tokio::time::timeout(Duration::from_millis(5), watch.next());
    assert!(short.await.is_err());
    assert_eq!(index_of(&mut watch).await, 4);
    assert_eq!(server.seen().len(), 1, "the question was not asked twice");
}

#[tokio::test]
async fn a_watch_after_an_index_asks_for_events_only_and_a_tree_for_all_below() {
    let server = Server::new([set(8)]);
    let options = WatchOptions::new().with_after(6).with_recursive();
    let mut watch = server.client().keys().watch_with("/", options);
    assert_eq!(index_of(&mut watch).await, 8);
    assert_eq!(
        server.lines(),
        ["GET /v2/keys/?recursive=true&wait=true&waitIndex=7"]
    );
    assert_eq!(watch.index(), 8);
}

#[tokio::test]
async fn a_key_that_cannot_be_asked_for_is_refused_each_time() {
    let server = Server::new(Vec::<Say>::new());
    let mut watch = server.client().keys().watch(&"k".repeat(5000));
    for _ in 0..2 {
        let error = watch.next().await.unwrap_err();
        assert_eq!(error.kind(), ErrorKind::InvalidArgument);
    }
}
