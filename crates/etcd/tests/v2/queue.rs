//! Locks, semaphores and elections, on a server with a script.

use std::time::Duration;

use quorate_etcd::v2::{Acquisition, ErrorKind, LostReason, QueueOptions};

use crate::script::{Act, Say, Server};

const DIRECTORY: &str = "/_locks/x";

fn key(index: u64) -> String {
    format!("{DIRECTORY}/{index:020}")
}

fn entry(index: u64) -> String {
    let key = key(index);
    format!(
        r#"{{"key":"{key}","value":"id{index} me","modifiedIndex":{index},"createdIndex":{index}}}"#
    )
}

fn made(index: u64) -> Say {
    Say::status(
        201,
        format!(r#"{{"action":"create","node":{}}}"#, entry(index)),
    )
}

fn queue(index: u64, entries: &[u64]) -> Say {
    let nodes: Vec<_> = entries.iter().map(|index| entry(*index)).collect();
    let nodes = nodes.join(",");
    Say::at(
        index,
        format!(
            r#"{{"action":"get","node":{{"key":"{DIRECTORY}","dir":true,"nodes":[{nodes}],"modifiedIndex":1,"createdIndex":1}}}}"#
        ),
    )
}

fn removed(index: u64, at: u64) -> Say {
    let key = key(index);
    Say::at(
        at,
        format!(
            r#"{{"action":"delete","node":{{"key":"{key}","modifiedIndex":{at},"createdIndex":{index}}}}}"#
        ),
    )
}

/// The head of an answer, and nothing behind it.
fn waiting() -> Act {
    Act::Stall(b"HTTP/1.1 200 OK\r\nX-Etcd-Index: 9\r\nTransfer-Encoding: chunked\r\n\r\n".to_vec())
}

fn renewals(server: &Server) -> usize {
    server
        .lines()
        .iter()
        .filter(|line| line.contains("refresh=true"))
        .count()
}

#[tokio::test]
async fn the_first_entry_holds_and_its_index_is_the_fencing_token() {
    let acts: Vec<Act> = vec![
        made(42).into(),
        queue(42, &[42]).into(),
        waiting(),
        removed(42, 50).into(),
    ];
    let server = Server::new(acts);
    let client = server.client();
    let lock = client.lock("x");
    let guard = lock.acquire().await.unwrap();
    assert_eq!((guard.fencing_token(), guard.key()), (42, key(42).as_str()));
    assert!(guard.is_held());
    let seen = server.seen();
    assert_eq!(seen[0].line, "POST /v2/keys/_locks/x?ttl=15");
    assert_eq!(
        seen[1].line,
        "GET /v2/keys/_locks/x?sorted=true&quorum=true"
    );
    let lost = guard.lost();
    guard.release().await.unwrap();
    assert_eq!(lost.await, LostReason::Released);
    assert_eq!(server.last().line, format!("DELETE /v2/keys{}", key(42)));
}

#[tokio::test]
async fn each_waits_for_the_one_before_it_alone() {
    let acts: Vec<Act> = vec![
        made(44).into(),
        queue(44, &[42, 43, 44]).into(),
        removed(43, 50).into(),
        queue(50, &[42, 44]).into(),
        removed(42, 51).into(),
        queue(51, &[44]).into(),
        waiting(),
    ];
    let server = Server::new(acts);
    let client = server.client();
    let guard = client.lock("x").acquire().await.unwrap();
    assert_eq!(guard.fencing_token(), 44);
    let lines = server.lines();
    assert_eq!(
        lines[2],
        format!("GET /v2/keys{}?wait=true&waitIndex=45", key(43))
    );
    assert_eq!(
        lines[4],
        format!("GET /v2/keys{}?wait=true&waitIndex=51", key(42))
    );
}

#[tokio::test]
async fn one_try_leaves_nothing_behind() {
    let server = Server::new([made(44), queue(44, &[42, 44]), removed(44, 50)]);
    let client = server.client();
    let tried = client
        .lock("x")
        .acquire_within(Duration::ZERO)
        .await
        .unwrap();
    let Acquisition::TimedOut { holders } = tried else {
        panic!("somebody else holds it");
    };
    assert_eq!(
        (holders[0].id.as_str(), holders[0].value.as_str()),
        ("id42", "me")
    );
    assert_eq!(server.last().line, format!("DELETE /v2/keys{}", key(44)));
}

#[tokio::test(start_paused = true)]
async fn a_lock_that_cannot_be_renewed_is_lost_at_its_deadline() {
    // The script is at its end after that: every renewal is cut.
    let acts: Vec<Act> = vec![made(42).into(), queue(42, &[42]).into(), waiting()];
    let server = Server::new(acts);
    let client = server.client();
    let begun = tokio::time::Instant::now();
    let guard = client.lock("x").acquire().await.unwrap();
    assert_eq!(guard.lost().await, LostReason::DeadlinePassed);
    let elapsed = begun.elapsed();
    assert!(elapsed <= Duration::from_millis(15_050), "{elapsed:?}");
    assert!(renewals(&server) > 3);
    let error = guard.release().await.unwrap_err();
    assert_eq!(error.kind(), ErrorKind::LeaseLost);
}

#[tokio::test]
async fn an_entry_that_somebody_deleted_is_lost_at_once() {
    let server = Server::new([made(42), queue(42, &[42]), removed(42, 50)]);
    let client = server.client();
    let guard = client.lock("x").acquire().await.unwrap();
    assert_eq!(guard.lost().await, LostReason::EntryGone);
    assert!(!guard.is_held());
    let error = guard.release().await.unwrap_err();
    assert_eq!(error.kind(), ErrorKind::NotHolder);
}

#[tokio::test(start_paused = true)]
async fn an_entry_is_renewed_without_waking_anybody() {
    let refreshed = || Say::ok(format!(r#"{{"action":"update","node":{}}}"#, entry(42)));
    let mut acts: Vec<Act> = vec![made(42).into(), queue(42, &[42]).into(), waiting()];
    acts.extend(std::iter::repeat_n(refreshed().into(), 20));
    let server = Server::new(acts);
    let client = server.client();
    let guard = client.lock("x").acquire().await.unwrap();
    tokio::time::sleep(Duration::from_secs(40)).await;
    assert!(guard.is_held());
    assert!(renewals(&server) >= 7);
    let line = format!("PUT /v2/keys{}?prevExist=true&refresh=true&ttl=15", key(42));
    assert!(server.lines().contains(&line));
}

#[tokio::test]
async fn dropping_the_future_takes_the_entry_back() {
    let acts: Vec<Act> = vec![
        made(44).into(),
        queue(44, &[42, 44]).into(),
        waiting(),
        removed(44, 50).into(),
    ];
    let server = Server::new(acts);
    let client = server.client();
    let lock = client.lock("x");
    let short = tokio::time::timeout(Duration::from_millis(100), lock.acquire());
    assert!(short.await.is_err());
    assert_eq!(client.close(Duration::from_secs(5)).await, 0);
    assert_eq!(server.last().line, format!("DELETE /v2/keys{}", key(44)));
}

#[tokio::test]
async fn closing_the_client_gives_everything_back() {
    let acts: Vec<Act> = vec![
        made(42).into(),
        queue(42, &[42]).into(),
        waiting(),
        removed(42, 50).into(),
    ];
    let server = Server::new(acts);
    let client = server.client();
    let guard = client.lock("x").acquire().await.unwrap();
    assert_eq!(client.close(Duration::from_secs(5)).await, 0);
    assert_eq!(guard.lost().await, LostReason::Closed);
    assert_eq!(server.last().line, format!("DELETE /v2/keys{}", key(42)));
    let error = client.lock("x").acquire().await.unwrap_err();
    assert_eq!(error.kind(), ErrorKind::Closed);
}

#[tokio::test]
async fn options_that_cannot_work_are_refused() {
    let server = Server::new(Vec::<Say>::new());
    let client = server.client();
    let short = QueueOptions::new().with_ttl(Duration::from_secs(1));
    let error = client
        .lock("x")
        .with_options(short)
        .acquire()
        .await
        .unwrap_err();
    assert!(error.to_string().contains("ttl"), "{error}");
    let error = client.semaphore("x", 0).acquire().await.unwrap_err();
    assert!(error.to_string().contains("limit"), "{error}");
    assert!(server.seen().is_empty());
}
