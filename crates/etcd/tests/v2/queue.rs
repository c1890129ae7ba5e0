//! Locks, semaphores and elections, on a server with a script.

use std::sync::{Arc, Mutex};
use std::time::Duration;

use quorate_etcd::v2::{Acquisition, ErrorKind, LostReason, QueueOptions};

use crate::script::{Act, Say, Seen, Server, indexed};

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
    indexed(
        index,
        format!(
            r#"{{"action":"get","node":{{"key":"{DIRECTORY}","dir":true,"nodes":[{nodes}],"modifiedIndex":1,"createdIndex":1}}}}"#
        ),
    )
}

fn removed(index: u64, at: u64) -> Say {
    let key = key(index);
    indexed(
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

/// What a healthy server says to renewals, to a watch of the own entry, and to its removal.
fn healthy(own: u64) -> impl FnMut(&Seen) -> Option<Act> {
    move |seen| {
        let own = format!("/v2/keys{}", key(own));
        let (method, target) = seen.line.split_once(' ').unwrap();
        let path = target.split('?').next().unwrap();
        if path != own {
            return None;
        }
        match method {
            "PUT" => Some(renewed(own.rsplit('/').next().unwrap().parse().unwrap()).into()),
            "GET" => Some(waiting()),
            "DELETE" => Some(removed(own.rsplit('/').next().unwrap().parse().unwrap(), 99).into()),
            _ => None,
        }
    }
}

/// The same in the directory of an election.
fn of_elections(mut say: Say) -> Say {
    let text = String::from_utf8(say.body).unwrap();
    say.body = text.replace("/_locks/", "/_elections/").into_bytes();
    say
}

fn renewed(index: u64) -> Say {
    Say::ok(format!(r#"{{"action":"update","node":{}}}"#, entry(index)))
}

#[tokio::test]
async fn the_first_entry_holds_and_its_index_is_the_fencing_token() {
    let server = Server::new([made(42), queue(42, &[42])]).with_rule(healthy(42));
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
    let acts = [
        made(44),
        queue(44, &[42, 43, 44]),
        removed(43, 50),
        queue(50, &[42, 44]),
        removed(42, 51),
        queue(51, &[44]),
    ];
    let server = Server::new(acts).with_rule(healthy(44));
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
    let server = Server::new([made(44), queue(44, &[42, 44])]).with_rule(healthy(44));
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
    let server = Server::new([made(42), queue(42, &[42])]).with_rule(|seen| {
        let renewal = seen.line.contains("refresh=true");
        match seen.line.contains("wait=true") {
            true => Some(waiting()),
            false => renewal.then_some(Act::Cut),
        }
    });
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
    let server = Server::new([made(42), queue(42, &[42])]).with_rule(healthy(42));
    let client = server.client();
    let guard = client.lock("x").acquire().await.unwrap();
    tokio::time::sleep(Duration::from_secs(40)).await;
    assert!(guard.is_held());
    assert!(renewals(&server) >= 7);
    let line = format!("PUT /v2/keys{}?prevExist=true&refresh=true&ttl=15", key(42));
    assert!(server.lines().contains(&line), "{:?}", server.lines());
}

#[tokio::test]
async fn an_entry_whose_making_was_not_answered_is_found_by_its_id() {
    let id = Arc::new(Mutex::new(String::new()));
    let server = Server::new(Vec::<Act>::new()).with_rule(move |seen| {
        let mut id = id.lock().unwrap();
        if seen.line.starts_with("POST") {
            *id = String::from_utf8(seen.body.clone())
                .unwrap()
                .replace("value=", "");
            return Some(Act::Cut);
        }
        let listed = seen.line.contains("sorted=true");
        let body = queue(42, &[42]);
        let text = String::from_utf8(body.body)
            .unwrap()
            .replace("id42 me", &id);
        match listed {
            true => Some(indexed(42, text).into()),
            false => Some(waiting()),
        }
    });
    let client = server.client();
    let guard = client.lock("x").acquire().await.unwrap();
    assert_eq!(guard.fencing_token(), 42);
    let posts = server
        .lines()
        .iter()
        .filter(|line| line.starts_with("POST"))
        .count();
    assert_eq!(posts, 1, "there must not be two entries");
}

#[tokio::test]
async fn a_holder_of_a_slot_wakes_the_next_that_waits() {
    let server = Server::new([made(43), queue(43, &[42, 43])]).with_rule(healthy(43));
    let client = server.client();
    let guard = client.semaphore("x", 2).acquire().await;
    // The script is of a lock's directory, and entries are found by their whole keys.
    assert!(guard.unwrap().is_held());
    let written = format!("PUT /v2/keys{}?prevExist=true&ttl=15", key(43));
    while !server.lines().contains(&written) {
        tokio::task::yield_now().await;
    }
}

#[tokio::test(start_paused = true)]
async fn dropping_the_future_takes_the_entry_back() {
    let acts: [Act; 3] = [made(44).into(), queue(44, &[42, 44]).into(), waiting()];
    let server = Server::new(acts).with_rule(healthy(44));
    let client = server.client();
    let lock = client.lock("x");
    let short = tokio::time::timeout(Duration::from_millis(100), lock.acquire());
    assert!(short.await.is_err());
    assert_eq!(client.close(Duration::from_secs(50)).await, 0);
    assert_eq!(server.last().line, format!("DELETE /v2/keys{}", key(44)));
}

#[tokio::test]
async fn closing_the_client_gives_everything_back() {
    let server = Server::new([made(42), queue(42, &[42])]).with_rule(healthy(42));
    let client = server.client();
    let guard = client.lock("x").acquire().await.unwrap();
    assert_eq!(client.close(Duration::from_secs(50)).await, 0);
    assert_eq!(guard.lost().await, LostReason::Closed);
    assert_eq!(server.last().line, format!("DELETE /v2/keys{}", key(42)));
    let error = client.lock("x").acquire().await.unwrap_err();
    assert_eq!(error.kind(), ErrorKind::Closed);
}

#[tokio::test]
async fn those_who_observe_are_told_who_leads() {
    let acts = [
        queue(42, &[]),
        queue(42, &[]),
        removed(41, 43),
        queue(44, &[44]),
    ];
    let server = Server::new(acts.map(of_elections));
    let client = server.client();
    let mut leaders = client.election("x").observe();
    assert_eq!(leaders.next().await.unwrap(), None);
    let leader = leaders.next().await.unwrap().unwrap();
    assert_eq!((leader.value.as_str(), leader.created_index), ("me", 44));
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
