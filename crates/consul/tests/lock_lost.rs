//! Losing a lock, against a Consul in memory and with a paused clock.

#![allow(clippy::unwrap_used, reason = "a test fails where it must")]

mod lock_server;

use std::time::Duration;

use futures_util::FutureExt;
use lock_server::{FakeConsul, Fault};
use quorate_consul::{ErrorKind, LockGuard, LostReason};
use tokio::time::{Instant, advance, sleep};

const KEY: &str = "jobs/a";

fn seconds(n: u64) -> Duration {
    Duration::from_secs(n)
}

async fn held(server: &FakeConsul) -> LockGuard {
    let guard = server.client().lock(KEY).acquire().await.unwrap();
    // The monitor has its blocking query running.
    sleep(Duration::from_millis(500)).await;
    guard
}

/// A guard that was lost is inert, its session ends, and it says why.
async fn check_lost(server: &FakeConsul, guard: LockGuard, reason: LostReason, kind: ErrorKind) {
    assert_eq!(guard.lost().await, reason);
    assert!(!guard.is_held());
    sleep(seconds(5)).await;
    assert!(
        server.state(|state| state.sessions.is_empty()),
        "the session must not live on"
    );
    assert!(!guard.is_held());
    assert_eq!(guard.release().await.unwrap_err().kind(), kind);
}

#[tokio::test(start_paused = true)]
async fn a_key_that_an_operator_deletes_is_lost_at_once() {
    let server = FakeConsul::start();
    let guard = held(&server).await;
    let begun = Instant::now();
    server.state(|state| {
        state.index += 1;
        state.keys.remove(KEY);
    });
    guard.lost().await;
    assert!(begun.elapsed() <= Duration::from_millis(2));
    check_lost(&server, guard, LostReason::NotHolder, ErrorKind::NotHolder).await;
}

#[tokio::test(start_paused = true)]
async fn a_key_that_an_operator_releases_is_lost_at_once() {
    let server = FakeConsul::start();
    let guard = held(&server).await;
    server.state(|state| {
        state.index += 1;
        let entry = state.keys.get_mut(KEY).unwrap();
        (entry.session, entry.modify_index) = (None, state.index);
    });
    check_lost(&server, guard, LostReason::NotHolder, ErrorKind::NotHolder).await;
}

#[tokio::test(start_paused = true)]
async fn a_session_that_an_operator_destroys_takes_the_lock_along() {
    let server = FakeConsul::start();
    let guard = held(&server).await;
    server.state(|state| state.end_session(guard.session_id()));
    check_lost(&server, guard, LostReason::NotHolder, ErrorKind::NotHolder).await;
}

#[tokio::test(start_paused = true)]
async fn a_plain_write_over_the_key_does_not_lose_it() {
    let server = FakeConsul::start();
    let guard = held(&server).await;
    server.state(|state| state.put(KEY, "graffiti", 0));
    sleep(seconds(60)).await;
    assert!(guard.is_held());
    guard.release().await.unwrap();
}

#[tokio::test(start_paused = true)]
async fn a_partition_loses_the_lock_at_its_deadline_and_not_before() {
    let server = FakeConsul::start();
    let guard = held(&server).await;
    let until = guard.valid_until();
    server.on_request(|_| Fault::Hang);
    sleep(until - Instant::now() - Duration::from_millis(2)).await;
    assert!(guard.is_held());
    assert_eq!(guard.lost().await, LostReason::DeadlinePassed);
    assert!(Instant::now() - until <= Duration::from_millis(1));
    server.heal();
    sleep(seconds(100)).await;
    assert!(!guard.is_held());
    assert_eq!(
        guard.release().await.unwrap_err().kind(),
        ErrorKind::LeaseLost
    );
}

#[tokio::test(start_paused = true)]
async fn what_was_lost_during_a_standstill_is_not_released_as_if_nothing_had_been() {
    let server = FakeConsul::start();
    let guard = held(&server).await;
    let standstill = guard.valid_until() - Instant::now() + Duration::from_millis(1);
    // The clock moves, and no other task gets a turn before the release.
    assert!(advance(standstill).now_or_never().is_none());
    assert!(!guard.is_held());
    let error = guard.release().await.unwrap_err();
    assert_eq!(error.kind(), ErrorKind::LeaseLost);
    sleep(seconds(1)).await;
    let free = server.state(|state| state.keys[KEY].session.is_none());
    assert!(free, "it is given back all the same");
}

#[tokio::test(start_paused = true)]
async fn failures_of_the_monitor_alone_lose_nothing() {
    let server = FakeConsul::start();
    let guard = held(&server).await;
    let mut n = 0;
    server.on_request(move |request| {
        n += 1;
        match (request.is("GET /v1/kv/"), n % 3) {
            (true, 0) => Fault::Status(500, "No cluster leader"),
            (true, 1) => Fault::CutBefore,
            (true, _) => Fault::Status(403, "Permission denied"),
            _ => Fault::None,
        }
    });
    // Something happens to the key, so that the blocking query ends.
    server.state(|state| state.put(KEY, "x", 0));
    sleep(seconds(300)).await;
    assert!(guard.is_held());
    let looks = server.count("GET /v1/kv/");
    assert!(
        looks < 600,
        "the monitor backs off, and does not look {looks} times in 300 s"
    );
    server.heal();
    sleep(seconds(10)).await;
    server.state(|state| state.end_session(guard.session_id()));
    check_lost(&server, guard, LostReason::NotHolder, ErrorKind::NotHolder).await;
}

#[tokio::test(start_paused = true)]
async fn the_monitor_waits_no_longer_than_the_ttl_and_asks_the_leader() {
    let server = FakeConsul::start();
    let _guard = held(&server).await;
    sleep(seconds(100)).await;
    let requests = server.requests();
    let monitors: Vec<_> = requests
        .iter()
        .filter(|(_, r)| r.param("consistent").is_some())
        .collect();
    assert!(monitors.len() >= 6);
    assert!(
        monitors
            .iter()
            .all(|(_, request)| request.wait() <= seconds(15))
    );
}

#[tokio::test(start_paused = true)]
async fn a_key_that_is_rewritten_all_the_time_does_not_keep_the_monitor_busy() {
    let server = FakeConsul::start();
    let guard = held(&server).await;
    server.forget_requests();
    for n in 0..1000 {
        server.state(|state| state.put(KEY, &n.to_string(), 0));
        sleep(Duration::from_millis(10)).await;
    }
    assert!(guard.is_held());
    assert!(
        server.count("GET") <= 101,
        "{} in 10 s",
        server.count("GET")
    );
}

#[tokio::test(start_paused = true)]
async fn release_says_when_the_lock_was_stolen_unseen() {
    let server = FakeConsul::start();
    let guard = held(&server).await;
    // The monitor sees nothing, and the release is the first to find out.
    server.on_request(|request| match request.is("GET") {
        true => Fault::Hang,
        false => Fault::None,
    });
    server.state(|state| {
        let entry = state.keys.get_mut(KEY).unwrap();
        entry.session = Some("somebody else".into());
    });
    assert_eq!(
        guard.release().await.unwrap_err().kind(),
        ErrorKind::NotHolder
    );
    assert_eq!(
        server.state(|state| state.holder(KEY)).unwrap(),
        "somebody else"
    );
}

#[tokio::test(start_paused = true)]
async fn release_says_when_the_session_was_lost_before() {
    let server = FakeConsul::start();
    server.on_request(|request| match request.param("consistent") {
        Some(_) => Fault::Hang,
        None => Fault::None,
    });
    let guard = held(&server).await;
    // The process stands still for so long that the server gives the lock away.
    server.state(|state| state.end_session(guard.session_id()));
    advance(seconds(40)).await;
    assert_eq!(
        guard.release().await.unwrap_err().kind(),
        ErrorKind::LeaseLost
    );
}

#[tokio::test(start_paused = true)]
async fn a_value_is_not_written_over_somebody_elses_lock() {
    let server = FakeConsul::start();
    let guard = held(&server).await;
    server.on_request(|request| match request.is("GET") {
        true => Fault::Hang,
        false => Fault::None,
    });
    server.state(|state| state.keys.get_mut(KEY).unwrap().session = None);
    let error = guard.set_value("mine").await.unwrap_err();
    assert_eq!(error.kind(), ErrorKind::NotHolder);
    assert_eq!(
        server.state(|state| state.holder(KEY)),
        None,
        "nor is it acquired again"
    );
}

#[tokio::test(start_paused = true)]
async fn work_is_dropped_when_the_lock_is_lost() {
    let server = FakeConsul::start();
    let guard = held(&server).await;
    assert_eq!(guard.run_while_held(async { 7 }).await, Ok(7));
    let begun = Instant::now();
    let killer = server.clone();
    let work = async {
        sleep(seconds(20)).await;
        killer.state(|state| state.end_session(guard.session_id()));
        sleep(seconds(20)).await;
    };
    assert_eq!(guard.run_while_held(work).await, Err(LostReason::NotHolder));
    assert_eq!(begun.elapsed().as_secs(), 20);
    let never = guard.run_while_held(async { panic!("it is lost already") });
    assert_eq!(never.await, Err(LostReason::NotHolder));
}
