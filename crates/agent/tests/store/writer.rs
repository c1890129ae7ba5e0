//! The writer: durable before answered, visible when answered, and nothing after a failure.

use std::time::Duration;

use bytes::Bytes;
use futures_util::FutureExt;
use futures_util::future::join_all;
use quorate_agent::engine::consul::{
    Command, Put, PutMode, Refusal, Reply, Row, Session, SessionId, Table,
};
use quorate_agent::engine::{self, Engine, Time, Topic};
use quorate_agent::store::{FileStore, MemoryStore};
use quorate_agent::waiters::Watch;
use quorate_agent::writer::{WriteError, Writer};
use tempfile::TempDir;

use crate::scripted::Script;

fn put_with(key: &str, value: &str, mode: PutMode) -> Command {
    Command::Put(Put {
        key: Bytes::copy_from_slice(key.as_bytes()),
        value: Bytes::copy_from_slice(value.as_bytes()),
        flags: 0,
        mode,
    })
}

fn put(key: &str, value: &str) -> Command {
    put_with(key, value, PutMode::Set)
}

fn applied(reply: Result<engine::Reply, WriteError>) -> bool {
    match reply {
        Ok(engine::Reply::Consul(Ok(Reply::Applied(applied)))) => applied,
        other => panic!("not a reply to a put: {other:?}"),
    }
}

fn value(writer: &Writer, key: &str) -> Option<Bytes> {
    let snapshot = writer.snapshot();
    let entry = snapshot.consul().kv_get(key.as_bytes()).value;
    entry.map(|entry| entry.value.clone())
}

fn last_stored_index(script: &Script) -> u64 {
    let indexes = script.rows().into_iter().rev().find_map(|row| match row {
        engine::Row::Consul(Row::Indexes(indexes)) => Some(indexes.last()),
        _ => None,
    });
    indexes.unwrap()
}

#[tokio::test]
async fn an_answered_write_is_visible_and_durable() {
    let directory = TempDir::new().unwrap();
    let open = || Box::new(FileStore::open(directory.path()).unwrap());
    let writer = Writer::start(open(), 10).unwrap();
    assert!(applied(writer.submit(put("k", "v")).await));
    assert_eq!(value(&writer, "k").unwrap(), "v");
    writer.close().await;
    let writer = Writer::start(open(), 10).unwrap();
    assert_eq!(value(&writer, "k").unwrap(), "v");
    writer.close().await;
}

#[tokio::test]
async fn a_write_is_neither_answered_nor_visible_before_it_is_durable() {
    let script = Script::default();
    let writer = Writer::start(script.store(), 10).unwrap();
    let open = script.gate();
    let mut waiter = writer.waiters().register([Watch::Key(Bytes::from("k"))]);
    let mut answer = std::pin::pin!(writer.submit(put("k", "v")));
    let early = tokio::time::timeout(Duration::from_millis(50), answer.as_mut()).await;
    assert!(
        early.is_err(),
        "answered while the commit was still running"
    );
    assert_eq!(value(&writer, "k"), None);
    assert!(waiter.changed().now_or_never().is_none());
    open.send(()).unwrap();
    assert!(applied(answer.await));
    assert_eq!(value(&writer, "k").unwrap(), "v");
    waiter.changed().await;
    drop(open);
    writer.close().await;
}

#[tokio::test]
async fn writes_that_arrive_during_a_commit_share_the_next_one() {
    let script = Script::default();
    let writer = Writer::start(script.store(), 10).unwrap();
    let open = script.gate();
    let writes = (0..20).map(|at| writer.submit(put(&at.to_string(), "v")));
    let mut all = std::pin::pin!(join_all(writes));
    assert!(
        all.as_mut().now_or_never().is_none(),
        "all are queued by now"
    );
    drop(open);
    assert!(all.await.into_iter().all(applied));
    let commits = script.commits();
    assert!(commits.len() <= 2, "{commits:?}");
    assert_eq!(
        commits.iter().sum::<usize>(),
        20 + commits.len(),
        "and one index row each"
    );
    writer.close().await;
}

#[tokio::test]
async fn large_writes_are_spread_over_commits_and_all_carried_out() {
    let script = Script::default();
    let writer = Writer::start(script.store(), 10).unwrap();
    let open = script.gate();
    let value = "x".repeat(512 * 1024);
    let writes = (0..200).map(|at| writer.submit(put(&at.to_string(), &value)));
    let mut all = std::pin::pin!(join_all(writes));
    assert!(all.as_mut().now_or_never().is_none());
    drop(open);
    assert!(all.await.into_iter().all(applied));
    let commits = script.commits();
    assert!(commits.iter().all(|rows| *rows <= 8 + 1), "{commits:?}");
    writer.close().await;
}

#[tokio::test]
async fn a_failed_commit_is_undone_and_nothing_is_written_after_it() {
    let script = Script::default();
    let writer = Writer::start(script.store(), 10).unwrap();
    assert!(applied(writer.submit(put("k", "before")).await));
    script.fail_commits();
    let failed = writer.submit(put("k", "lost")).await.unwrap_err();
    assert!(matches!(failed, WriteError::CommitFailed(_)), "{failed:?}");
    assert_eq!(value(&writer, "k").unwrap(), "before");
    let stopped = writer.submit(put("other", "v")).await.unwrap_err();
    assert!(matches!(stopped, WriteError::Stopped(_)), "{stopped:?}");
    let source = std::error::Error::source(&stopped).unwrap();
    assert_eq!(source.to_string(), "write scripted");
    assert_eq!(value(&writer, "k").unwrap(), "before", "reads go on");
    let commits = script.commits();
    writer.close().await;
    assert_eq!(script.commits(), commits, "not even the index at the end");
}

#[tokio::test]
async fn a_store_that_can_not_be_tidied_takes_no_more_writes() {
    let script = Script::default();
    script.fail_tidy();
    let writer = Writer::start(script.store(), 10).unwrap();
    assert!(
        applied(writer.submit(put("k", "v")).await),
        "this one is durable"
    );
    let stopped = writer.submit(put("k", "w")).await.unwrap_err();
    assert!(matches!(stopped, WriteError::Stopped(_)), "{stopped:?}");
    assert_eq!(value(&writer, "k").unwrap(), "v");
    writer.close().await;
}

#[tokio::test]
async fn refused_and_unchanged_writes_need_no_commit_of_their_own() {
    let script = Script::default();
    let writer = Writer::start(script.store(), 10).unwrap();
    assert!(applied(writer.submit(put("k", "v")).await));
    let commits = script.commits().len();
    for _ in 0..50 {
        assert!(!applied(
            writer.submit(put_with("k", "w", PutMode::Cas(1))).await
        ));
        assert!(applied(writer.submit(put("k", "v")).await));
    }
    assert_eq!(script.commits().len(), commits);
    writer.close().await;
}

#[tokio::test]
async fn indexes_never_go_back_even_after_a_crash_behind_refused_writes() {
    let script = Script::default();
    let writer = Writer::start(script.store(), 10).unwrap();
    assert!(applied(writer.submit(put("k", "v")).await));
    for _ in 0..3000 {
        assert!(!applied(
            writer.submit(put_with("k", "w", PutMode::Cas(1))).await
        ));
    }
    let spent = 10 + 1 + 3000;
    let stored = last_stored_index(&script);
    assert!(stored >= spent, "{stored} is stored, {spent} are spent");
    let crashed = Engine::restore(script.rows(), Time::START);
    assert!(crashed.last_index() >= spent);
    writer.close().await;
    assert_eq!(
        last_stored_index(&script),
        spent,
        "an end in peace leaves no gap"
    );
}

#[tokio::test]
async fn the_first_index_is_above_the_given_one() {
    let writer = Writer::start(Box::new(MemoryStore), 1_000_000).unwrap();
    assert!(applied(writer.submit(put("k", "v")).await));
    assert_eq!(writer.snapshot().consul().kv_get(b"k").index, 1_000_001);
    writer.close().await;
}

#[tokio::test]
async fn a_session_expires_with_nobody_asking() {
    let id = SessionId::from_bytes([1; 16]);
    let session = Session {
        id,
        name: String::new(),
        node: "n1".into(),
        lock_delay_nanos: 0,
        behavior: Default::default(),
        ttl_text: "10s".into(),
        ttl: Some(Duration::from_millis(20)),
        node_checks: None,
        service_checks: None,
        old_checks: Vec::new(),
        create_index: 1,
        modify_index: 1,
    };
    let row = engine::Row::Consul(Row::Session(id, Some(session.into())));
    let script = Script::with_rows(vec![row]);
    let writer = Writer::start(script.store(), 10).unwrap();
    let mut waiter = writer
        .waiters()
        .register([Watch::Topic(Topic::Session(id))]);
    while writer
        .snapshot()
        .consul()
        .session(&id.to_string())
        .unwrap()
        .value
        .is_some()
    {
        waiter.changed().await;
    }
    assert_eq!(writer.snapshot().consul().table_index(Table::Sessions), 1);
    let gone = script.rows();
    assert!(gone.contains(&engine::Row::Consul(Row::Session(id, None))));
    writer.close().await;
}

#[tokio::test]
async fn a_change_wakes_a_reader_that_registered_before_it_read() {
    let writer = Writer::start(Box::new(MemoryStore), 10).unwrap();
    for round in 0..200 {
        let mut waiter = writer
            .waiters()
            .register([Watch::Prefix(Bytes::from("p/"))]);
        let before = writer.snapshot().consul().kv_list(b"p/").index;
        let other = writer.clone();
        let write = async move { applied(other.submit(put("p/k", &round.to_string())).await) };
        let (written, ()) = tokio::join!(write, waiter.changed());
        assert!(written);
        assert!(writer.snapshot().consul().kv_list(b"p/").index > before);
    }
    writer.close().await;
}

#[tokio::test]
async fn a_refusal_is_an_answer() {
    let writer = Writer::start(Box::new(MemoryStore), 10).unwrap();
    let reply = writer.submit(Command::DestroySession("zz".into())).await;
    let refused = matches!(
        reply,
        Ok(engine::Reply::Consul(Err(Refusal::MalformedSession(_))))
    );
    assert!(refused);
    writer.close().await;
}

#[tokio::test]
async fn close_carries_out_what_was_submitted_and_refuses_the_rest() {
    let script = Script::default();
    let writer = Writer::start(script.store(), 10).unwrap();
    let open = script.gate();
    let dropped = script.dropped();
    let mut waiter = writer.waiters().register([Watch::Key(Bytes::from("k"))]);
    let mut submitted = std::pin::pin!(writer.submit(put("k", "v")));
    assert!(submitted.as_mut().now_or_never().is_none());
    let mut close = std::pin::pin!(writer.close());
    assert!(close.as_mut().now_or_never().is_none());
    drop(open);
    close.await;
    assert!(
        dropped
            .try_recv()
            .is_err_and(|gone| gone == std::sync::mpsc::TryRecvError::Disconnected)
    );
    assert!(applied(submitted.await));
    waiter.changed().await;
    let late = writer.submit(put("late", "v")).await.unwrap_err();
    assert!(matches!(late, WriteError::Closed), "{late:?}");
    writer.close().await;
}

#[test]
fn the_thread_ends_with_the_last_handle() {
    let script = Script::default();
    let dropped = script.dropped();
    let writer = Writer::start(script.store(), 10).unwrap();
    let other = writer.clone();
    drop(writer);
    drop(other);
    let ended = dropped.recv_timeout(Duration::from_secs(10));
    assert_eq!(ended, Err(std::sync::mpsc::RecvTimeoutError::Disconnected));
}

#[tokio::test]
async fn a_write_whose_client_has_gone_hurts_nobody() {
    let script = Script::default();
    let writer = Writer::start(script.store(), 10).unwrap();
    let open = script.gate();
    assert!(writer.submit(put("gone", "v")).now_or_never().is_none());
    drop(open);
    assert!(applied(writer.submit(put("k", "v")).await));
    assert_eq!(value(&writer, "gone").unwrap(), "v");
    writer.close().await;
}
