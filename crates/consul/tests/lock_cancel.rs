//! Futures that are dropped half-way, against a Consul in memory and with a paused clock.

#![allow(clippy::unwrap_used, reason = "a test fails where it must")]

mod lock_server;

use std::time::Duration;

use lock_server::{FakeConsul, Fault, poll_times};
use quorate_consul::lock::LockOptions;
use quorate_consul::{Client, SessionKeeper, SessionRequest};
use tokio::time::{Instant, sleep};

const KEY: &str = "jobs/a";

/// Every answer takes a while, so that there are many moments to be dropped at.
fn slow(server: &FakeConsul) {
    server.on_request(|_| Fault::Slow(Duration::from_millis(4)));
}

/// Nothing is held, no session lives, and nobody has to sit out a lock-delay.
fn nothing_left(server: &FakeConsul) -> bool {
    server.is_clean() && server.state(|state| state.delays.is_empty())
}

async fn settle() {
    sleep(Duration::from_secs(3)).await;
}

#[tokio::test(start_paused = true)]
async fn an_acquire_that_is_dropped_at_any_poll_leaves_nothing() {
    for polls in 0..40 {
        let server = FakeConsul::start();
        slow(&server);
        let lock = server.client().lock(KEY);
        let finished = poll_times(lock.acquire(), polls).await;
        settle().await;
        assert!(
            nothing_left(&server),
            "after {polls} polls (finished: {finished})"
        );
        assert!(
            polls < 30 || finished,
            "the last rounds must get to the end"
        );
    }
}

#[tokio::test(start_paused = true)]
async fn a_waiter_that_is_dropped_at_any_poll_leaves_nothing() {
    for polls in 0..60 {
        let server = FakeConsul::start();
        let guard = server.client().lock(KEY).acquire().await.unwrap();
        slow(&server);
        let begun = Instant::now();
        let holder = async {
            sleep(Duration::from_millis(20)).await;
            guard.release().await.unwrap();
        };
        let lock = server.client().lock(KEY);
        let (finished, ()) = tokio::join!(poll_times(lock.acquire(), polls), holder);
        assert!(begun.elapsed() < Duration::from_secs(1));
        settle().await;
        assert!(
            nothing_left(&server),
            "after {polls} polls (finished: {finished})"
        );
        assert!(
            polls < 55 || finished,
            "the last rounds must get to the end"
        );
    }
}

#[tokio::test(start_paused = true)]
async fn an_acquire_that_is_dropped_while_answers_get_lost_leaves_nothing() {
    for polls in 0..40 {
        let server = FakeConsul::start();
        let mut n = 0;
        server.on_request(move |request| {
            n += 1;
            match request.is("txn") {
                true if n % 2 == 1 => Fault::CutAfter,
                _ => Fault::Slow(Duration::from_millis(4)),
            }
        });
        let lock = server.client().lock(KEY);
        let finished = poll_times(lock.acquire(), polls).await;
        settle().await;
        assert!(
            server.is_clean(),
            "after {polls} polls (finished: {finished})"
        );
    }
}

async fn with_shared_session(server: &FakeConsul) -> (Client, SessionKeeper) {
    let client = server.client();
    let request = SessionRequest::new().with_ttl(Duration::from_secs(15));
    let keeper = SessionKeeper::start(&client, request).await.unwrap();
    (client, keeper)
}

#[tokio::test(start_paused = true)]
async fn an_acquire_with_a_shared_session_that_is_dropped_at_any_poll_releases_the_key() {
    for polls in 0..40 {
        let server = FakeConsul::start();
        let (client, keeper) = with_shared_session(&server).await;
        slow(&server);
        let lock = client
            .lock(KEY)
            .with_options(LockOptions::new().with_session(keeper.clone()));
        let finished = poll_times(lock.acquire(), polls).await;
        settle().await;
        let held = server.state(|state| state.held_keys());
        assert!(
            held.is_empty(),
            "after {polls} polls (finished: {finished})"
        );
        assert!(keeper.is_alive());
        let again = lock.try_acquire().await.unwrap();
        assert!(
            again.is_acquired(),
            "after {polls} polls the key is free for the same session"
        );
    }
}

#[tokio::test(start_paused = true)]
async fn a_key_that_may_be_held_unknown_to_anybody_is_released_for_a_shared_session() {
    for polls in 0..40 {
        let server = FakeConsul::start();
        let (client, keeper) = with_shared_session(&server).await;
        // It is acquired, and nothing that would tell so gets through.
        server.on_request(|request| match request.param("release") {
            None if request.is("txn") => Fault::CutAfter,
            None if request.is("GET") && !request.is("renew") => {
                Fault::Slow(Duration::from_millis(4))
            }
            _ => Fault::None,
        });
        let lock = client
            .lock(KEY)
            .with_options(LockOptions::new().with_session(keeper.clone()));
        poll_times(lock.acquire(), polls).await;
        settle().await;
        let held = server.state(|state| state.held_keys());
        assert!(held.is_empty(), "after {polls} polls");
    }
}

#[tokio::test(start_paused = true)]
async fn a_release_that_is_dropped_goes_on() {
    for polls in 1..12 {
        let server = FakeConsul::start();
        slow(&server);
        let guard = server.client().lock(KEY).acquire().await.unwrap();
        poll_times(guard.release(), polls).await;
        settle().await;
        assert!(nothing_left(&server), "after {polls} polls");
    }
}

#[tokio::test(start_paused = true)]
async fn one_who_leaves_the_queue_does_not_hold_up_the_others() {
    let server = FakeConsul::start();
    let client = server.client();
    let guard = client.lock(KEY).acquire().await.unwrap();
    let (first, second) = (client.lock(KEY), client.lock(KEY));
    let impatient = async {
        let waited = first.acquire_within(Duration::from_secs(5)).await.unwrap();
        assert!(!waited.is_acquired());
    };
    let patient = async {
        sleep(Duration::from_secs(1)).await;
        second.acquire().await.unwrap()
    };
    let holder = async {
        sleep(Duration::from_secs(20)).await;
        guard.release().await.unwrap();
    };
    let begun = Instant::now();
    let ((), next, ()) = tokio::join!(impatient, patient, holder);
    assert_eq!(begun.elapsed().as_secs(), 20);
    next.release().await.unwrap();
}
