//! Semaphores, against a Consul in memory and with a paused clock.

#![allow(clippy::unwrap_used, reason = "a test fails where it must")]

mod lock_server;

use std::time::Duration;

use lock_server::{FakeConsul, Fault, poll_times};
use quorate_consul::semaphore::{SEMAPHORE_FLAGS, SemaphoreOptions};
use quorate_consul::{
    Client, Error, ErrorKind, LostReason, SemaphoreGuard, SessionKeeper, SessionRequest,
};
use quorate_net::task::{Task, spawn};
use tokio::time::{Instant, sleep};

const PREFIX: &str = "jobs/s";
const RECORD: &str = "jobs/s/.lock";

fn seconds(n: u64) -> Duration {
    Duration::from_secs(n)
}

async fn settle() {
    sleep(seconds(3)).await;
}

async fn slot(server: &FakeConsul, limit: u32) -> SemaphoreGuard {
    server
        .client()
        .semaphore(PREFIX, limit)
        .acquire()
        .await
        .unwrap()
}

fn waiter(client: &Client, limit: u32) -> Task<Result<SemaphoreGuard, Error>> {
    let semaphore = client.semaphore(PREFIX, limit);
    spawn(async move { semaphore.acquire().await })
}

fn record(server: &FakeConsul) -> String {
    let value = server.state(|state| state.keys[RECORD].value.clone());
    String::from_utf8(value.to_vec()).unwrap()
}

#[tokio::test(start_paused = true)]
async fn a_free_slot_costs_one_read_a_session_and_one_transaction() {
    let server = FakeConsul::start();
    let options = SemaphoreOptions::new().with_value("worker-1");
    let semaphore = server
        .client()
        .semaphore("jobs/s/", 2)
        .with_options(options);
    let guard = semaphore.acquire().await.unwrap();
    let calls = [
        "GET /v1/kv/jobs/s/",
        "PUT /v1/session/create",
        "PUT /v1/txn",
    ];
    assert_eq!(server.calls()[..3], calls);
    let id = guard.session_id();
    assert_eq!(
        record(&server),
        format!(r#"{{"Limit":2,"Holders":{{"{id}":true}}}}"#)
    );
    server.state(|state| {
        let contender = &state.keys[&format!("{PREFIX}/{id}")];
        assert_eq!(
            (contender.session.as_deref(), &contender.value[..]),
            (Some(id), &b"worker-1"[..])
        );
        assert_eq!(
            (contender.flags, state.keys[RECORD].flags),
            (SEMAPHORE_FLAGS, SEMAPHORE_FLAGS)
        );
        assert_eq!(state.keys[RECORD].modify_index, guard.fencing_token());
        assert_eq!(state.keys[RECORD].session, None);
        assert!(
            state.sessions[id].delete,
            "the contender key goes with the session"
        );
        assert_eq!(state.sessions[id].name, "Consul API Semaphore");
    });
    let holders = semaphore.holders().await.unwrap();
    assert_eq!(
        (holders[0].session.as_str(), &holders[0].value[..]),
        (id, &b"worker-1"[..])
    );
}

#[tokio::test(start_paused = true)]
async fn no_more_than_the_limit_hold_a_slot_and_the_next_gets_it_at_once() {
    let server = FakeConsul::start();
    let (first, second) = (slot(&server, 2).await, slot(&server, 2).await);
    assert!(second.fencing_token() > first.fencing_token());
    let tried = server
        .client()
        .semaphore(PREFIX, 2)
        .try_acquire()
        .await
        .unwrap();
    assert!(!tried.is_acquired() && tried.holder().is_some());
    let third = waiter(&server.client(), 2);
    sleep(seconds(30)).await;
    assert!(!third.is_finished());
    server.forget_requests();
    let begun = Instant::now();
    first.release().await.unwrap();
    let third = third.join().await.unwrap().unwrap();
    assert!(begun.elapsed() <= Duration::from_millis(1));
    assert_eq!(
        server.count("PUT /v1/txn"),
        2,
        "one gives it back, one takes it"
    );
    assert!(second.is_held() && third.is_held());
}

#[tokio::test(start_paused = true)]
async fn release_removes_holder_and_contender_and_ends_the_session() {
    let server = FakeConsul::start();
    let guard = slot(&server, 2).await;
    let lease = guard.lease();
    guard.release().await.unwrap();
    assert_eq!(record(&server), r#"{"Limit":2,"Holders":{}}"#);
    assert_eq!(lease.lost_reason(), Some(LostReason::Released));
    settle().await;
    assert!(server.is_clean());
    assert_eq!(
        server.state(|state| state.keys.len()),
        1,
        "only the record is left"
    );
}

#[tokio::test(start_paused = true)]
async fn a_dropped_guard_gives_the_slot_back() {
    let server = FakeConsul::start();
    drop(slot(&server, 1).await);
    settle().await;
    assert!(server.is_clean());
    assert_eq!(record(&server), r#"{"Limit":1,"Holders":{}}"#);
}

#[tokio::test(start_paused = true)]
async fn holders_that_died_are_pruned_by_the_next() {
    let server = FakeConsul::start();
    let dead = slot(&server, 1).await;
    server.state(|state| state.end_session(dead.session_id()));
    assert!(
        record(&server).contains(dead.session_id()),
        "the record still names it"
    );
    let guard = slot(&server, 1).await;
    assert!(!record(&server).contains(dead.session_id()));
    assert!(guard.is_held());
}

#[tokio::test(start_paused = true)]
async fn a_waiter_gets_the_slot_of_a_holder_that_dies() {
    let server = FakeConsul::start();
    let holder = slot(&server, 1).await;
    let waiting = waiter(&server.client(), 1);
    sleep(seconds(1)).await;
    let begun = Instant::now();
    server.state(|state| state.end_session(holder.session_id()));
    let guard = waiting.join().await.unwrap().unwrap();
    assert!(begun.elapsed() < seconds(1), "there is no lock-delay");
    assert_eq!(holder.lost().await, LostReason::NotHolder);
    assert_eq!(
        holder.release().await.unwrap_err().kind(),
        ErrorKind::NotHolder
    );
    assert!(guard.is_held());
}

#[tokio::test(start_paused = true)]
async fn many_contenders_never_exceed_the_limit_and_all_get_their_turn() {
    let server = FakeConsul::start();
    server.on_request(|request| match request.is("PUT") {
        true => Fault::Slow(Duration::from_millis(2)),
        false => Fault::None,
    });
    let clients: Vec<_> = (0..12).map(|_| server.client()).collect();
    let tasks: Vec<_> = clients
        .iter()
        .map(|client| {
            let (waiting, server) = (waiter(client, 3), server.clone());
            spawn(async move {
                let guard = waiting.join().await.unwrap().unwrap();
                let holders = record(&server).matches("true").count();
                assert!((1..=3).contains(&holders), "{holders} holders");
                sleep(Duration::from_millis(300)).await;
                assert!(guard.is_held());
                guard.release().await.unwrap();
            })
        })
        .collect();
    for task in tasks {
        task.join().await.unwrap();
    }
    assert_eq!(record(&server), r#"{"Limit":3,"Holders":{}}"#);
}

#[tokio::test(start_paused = true)]
async fn another_limit_and_another_recipe_are_conflicts() {
    let server = FakeConsul::start();
    let client = server.client();
    let guard = slot(&server, 2).await;
    let error = client.semaphore(PREFIX, 3).acquire().await.unwrap_err();
    assert_eq!(error.kind(), ErrorKind::Conflict);
    assert!(error.text().unwrap().starts_with("limit:"), "{error}");
    let error = client.lock(RECORD).try_acquire().await.unwrap_err();
    assert_eq!(
        error.kind(),
        ErrorKind::Conflict,
        "a lock on the record's key"
    );
    drop(guard);
    let lock = client.lock("jobs/l/.lock").acquire().await.unwrap();
    let error = client
        .semaphore("jobs/l", 2)
        .try_acquire()
        .await
        .unwrap_err();
    assert_eq!(error.kind(), ErrorKind::Conflict);
    assert!(lock.is_held());
}

#[tokio::test(start_paused = true)]
async fn a_record_that_can_not_be_read_is_an_error() {
    let server = FakeConsul::start();
    server.state(|state| state.put(RECORD, "{", SEMAPHORE_FLAGS));
    let error = server
        .client()
        .semaphore(PREFIX, 1)
        .acquire()
        .await
        .unwrap_err();
    assert_eq!(error.kind(), ErrorKind::Protocol);
}

#[tokio::test(start_paused = true)]
async fn wrong_arguments_are_refused_before_anything_is_sent() {
    let server = FakeConsul::start();
    let client = server.client();
    for (semaphore, field) in [
        (client.semaphore("/", 1), "prefix:"),
        (client.semaphore(PREFIX, 0), "limit:"),
    ] {
        let error = semaphore.acquire().await.unwrap_err();
        assert_eq!(error.kind(), ErrorKind::InvalidArgument);
        assert!(error.text().unwrap().starts_with(field), "{error}");
    }
    assert!(server.calls().is_empty());
}

#[tokio::test(start_paused = true)]
async fn a_neighbour_whose_name_starts_the_same_is_another_semaphore() {
    let server = FakeConsul::start();
    let _one = slot(&server, 1).await;
    let neighbour = server
        .client()
        .semaphore("jobs/s2", 4)
        .acquire()
        .await
        .unwrap();
    assert_eq!(
        server
            .client()
            .semaphore(PREFIX, 1)
            .holders()
            .await
            .unwrap()
            .len(),
        1
    );
    assert!(neighbour.is_held());
}

#[tokio::test(start_paused = true)]
async fn an_answer_that_is_lost_is_found_out() {
    for fault in [Fault::CutAfter, Fault::CutBefore] {
        let server = FakeConsul::start();
        let mut first = true;
        server.on_request(move |request| {
            if request.is("txn") && std::mem::take(&mut first) {
                fault
            } else {
                Fault::None
            }
        });
        let guard = slot(&server, 1).await;
        assert_eq!(record(&server).matches("true").count(), 1);
        assert_eq!(
            server.state(|state| state.keys[RECORD].modify_index),
            guard.fencing_token()
        );
    }
}

#[tokio::test(start_paused = true)]
async fn an_acquire_that_is_dropped_at_any_poll_leaves_nothing() {
    for polls in 0..40 {
        let server = FakeConsul::start();
        server.on_request(|_| Fault::Slow(Duration::from_millis(4)));
        let semaphore = server.client().semaphore(PREFIX, 1);
        let finished = poll_times(semaphore.acquire(), polls).await;
        settle().await;
        assert!(
            server.is_clean(),
            "after {polls} polls (finished: {finished})"
        );
        let left = server.state(|state| state.keys.contains_key(RECORD));
        assert!(!left || record(&server) == r#"{"Limit":1,"Holders":{}}"#);
    }
}

#[tokio::test(start_paused = true)]
async fn an_operator_who_takes_the_holder_out_of_the_record_ends_the_slot() {
    let server = FakeConsul::start();
    let guard = slot(&server, 2).await;
    sleep(seconds(1)).await;
    server.state(|state| state.put(RECORD, r#"{"Limit":2,"Holders":{}}"#, SEMAPHORE_FLAGS));
    assert_eq!(guard.lost().await, LostReason::NotHolder);
    settle().await;
    assert!(server.is_clean());
}

#[tokio::test(start_paused = true)]
async fn a_partition_loses_the_slot_at_its_deadline_and_not_before() {
    let server = FakeConsul::start();
    let guard = slot(&server, 2).await;
    sleep(seconds(1)).await;
    let until = guard.valid_until();
    server.on_request(|_| Fault::Hang);
    sleep(until - Instant::now() - Duration::from_millis(2)).await;
    assert!(guard.is_held());
    assert_eq!(
        guard.run_while_held(std::future::pending::<()>()).await,
        Err(LostReason::DeadlinePassed)
    );
    assert!(Instant::now() - until <= Duration::from_millis(1));
}

#[tokio::test(start_paused = true)]
async fn one_session_can_not_take_two_slots_and_keeps_living() {
    let server = FakeConsul::start();
    let client = server.client();
    let keeper = SessionKeeper::start(&client, SessionRequest::new().with_ttl(seconds(15)))
        .await
        .unwrap();
    let options = SemaphoreOptions::new().with_session(keeper.clone());
    let semaphore = client.semaphore(PREFIX, 2).with_options(options);
    let first = semaphore.acquire().await.unwrap();
    assert!(!semaphore.try_acquire().await.unwrap().is_acquired());
    first.release().await.unwrap();
    let again = semaphore.try_acquire().await.unwrap();
    assert!(again.is_acquired());
    drop(again);
    settle().await;
    assert!(keeper.is_alive());
    assert!(server.state(|state| state.held_keys().is_empty()));
}

#[tokio::test(start_paused = true)]
async fn only_an_idle_semaphore_can_be_destroyed() {
    let server = FakeConsul::start();
    let semaphore = server.client().semaphore(PREFIX, 2);
    semaphore.destroy().await.unwrap();
    let guard = semaphore.acquire().await.unwrap();
    assert_eq!(
        semaphore.destroy().await.unwrap_err().kind(),
        ErrorKind::Conflict
    );
    guard.release().await.unwrap();
    semaphore.destroy().await.unwrap();
    assert!(server.state(|state| state.keys.is_empty()));
    // Another limit is possible now.
    drop(
        server
            .client()
            .semaphore(PREFIX, 5)
            .acquire()
            .await
            .unwrap(),
    );
}

#[tokio::test(start_paused = true)]
async fn waiting_ends_at_the_deadline_and_leaves_nothing() {
    let server = FakeConsul::start();
    let _guard = slot(&server, 1).await;
    let begun = Instant::now();
    let waited = server
        .client()
        .semaphore(PREFIX, 1)
        .acquire_within(seconds(40))
        .await
        .unwrap();
    assert!(!waited.is_acquired());
    assert_eq!(begun.elapsed().as_secs(), 40);
    settle().await;
    assert_eq!(server.state(|state| state.sessions.len()), 1);
}
