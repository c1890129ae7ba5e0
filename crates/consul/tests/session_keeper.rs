//! Sessions that are kept, against a Consul in memory and with a paused clock.

#![allow(clippy::unwrap_used, reason = "a test fails where it must")]

mod lock_server;

use std::time::Duration;

use lock_server::{FakeConsul, Fault, poll_times};
use quorate_consul::{ErrorKind, LostReason, SessionKeeper, SessionRequest, Timeouts};
use quorate_net::task::spawn;
use tokio::time::{Instant, advance, sleep};

const TTL: Duration = Duration::from_secs(15);

fn seconds(n: u64) -> Duration {
    Duration::from_secs(n)
}

fn request() -> SessionRequest {
    SessionRequest::new().with_name("test").with_ttl(TTL)
}

async fn keeper(server: &FakeConsul) -> SessionKeeper {
    SessionKeeper::start(&server.client(), request())
        .await
        .unwrap()
}

/// The instants of the renewals so far, since `begun`.
fn renewals(server: &FakeConsul, begun: Instant) -> Vec<Duration> {
    let requests = server.requests();
    requests
        .iter()
        .filter(|(_, r)| r.is("renew"))
        .map(|(at, _)| *at - begun)
        .collect()
}

#[tokio::test(start_paused = true)]
async fn it_is_renewed_after_a_third_of_the_ttl_less_a_random_tenth() {
    let server = FakeConsul::start();
    let begun = Instant::now();
    let keeper = keeper(&server).await;
    sleep(seconds(600)).await;
    assert!(keeper.is_alive());
    let renewals = renewals(&server, begun);
    assert!((119..=134).contains(&renewals.len()), "{}", renewals.len());
    let pauses: Vec<_> = renewals.windows(2).map(|pair| pair[1] - pair[0]).collect();
    // Timers tick in milliseconds, and round up.
    let most = TTL / 3 + Duration::from_millis(2);
    assert!(
        pauses
            .iter()
            .all(|pause| *pause >= TTL * 3 / 10 && *pause <= most),
        "{pauses:?}"
    );
    assert!(
        pauses.iter().any(|pause| *pause != pauses[0]),
        "clients must not renew in lockstep"
    );
}

#[tokio::test(start_paused = true)]
async fn the_deadline_counts_from_the_start_of_the_last_renewal_that_succeeded() {
    let server = FakeConsul::start();
    let keeper = keeper(&server).await;
    server.on_request(|request| match request.is("renew") {
        true => Fault::Slow(seconds(2)),
        false => Fault::None,
    });
    sleep(seconds(8)).await;
    server.on_request(|_| Fault::Hang);
    let started = server
        .requests()
        .iter()
        .rev()
        .find(|(_, r)| r.is("renew"))
        .unwrap()
        .0;
    assert_eq!(keeper.deadline(), started + TTL);
    assert_eq!(keeper.lost().await, LostReason::DeadlinePassed);
    assert!(Instant::now() - (started + TTL) <= Duration::from_millis(1));
    assert!(!keeper.is_alive());
}

#[tokio::test(start_paused = true)]
async fn a_partition_is_noticed_at_the_deadline_and_not_before() {
    let server = FakeConsul::start();
    let keeper = keeper(&server).await;
    let deadline = keeper.deadline();
    server.on_request(|_| Fault::Hang);
    sleep(deadline - Instant::now() - Duration::from_millis(2)).await;
    assert!(keeper.is_alive());
    assert_eq!(keeper.lost().await, LostReason::DeadlinePassed);
    assert!(Instant::now() - deadline <= Duration::from_millis(1));
}

#[tokio::test(start_paused = true)]
async fn every_renewal_has_a_third_of_the_ttl_to_be_answered() {
    let server = FakeConsul::start();
    // A client that would wait for longer.
    let patient = Timeouts::default()
        .with_attempt(seconds(60))
        .with_overall(None);
    let client = server.client_with(patient);
    let keeper = SessionKeeper::start(&client, request()).await.unwrap();
    let mut first = true;
    server.on_request(
        move |request| match request.is("renew") && std::mem::take(&mut first) {
            true => Fault::Hang,
            false => Fault::None,
        },
    );
    sleep(seconds(60)).await;
    assert!(
        keeper.is_alive(),
        "one that hangs must leave time for the next"
    );
}

#[tokio::test(start_paused = true)]
async fn failures_are_ridden_out_until_the_deadline() {
    let server = FakeConsul::start();
    let keeper = keeper(&server).await;
    server.on_request(|request| match request.is("renew") {
        true => Fault::Status(500, "No cluster leader"),
        false => Fault::None,
    });
    sleep(seconds(13)).await;
    assert!(
        renewals(&server, Instant::now()).len() > 4,
        "it is tried again and again"
    );
    server.heal();
    sleep(seconds(30)).await;
    assert!(keeper.is_alive());
}

#[tokio::test(start_paused = true)]
async fn a_session_that_the_server_does_not_know_is_lost_at_the_next_renewal() {
    let server = FakeConsul::start();
    let begun = Instant::now();
    let keeper = keeper(&server).await;
    server.state(|state| state.end_session(keeper.id()));
    assert_eq!(keeper.lost().await, LostReason::SessionGone);
    assert!(begun.elapsed() <= TTL / 3 + Duration::from_millis(2));
    sleep(seconds(60)).await;
    assert_eq!(server.count("destroy"), 0, "what is gone is not destroyed");
    assert_eq!(server.count("renew"), 1, "nor renewed");
}

#[tokio::test(start_paused = true)]
async fn a_process_that_was_stopped_never_claims_the_session_again() {
    let server = FakeConsul::start();
    let keeper = keeper(&server).await;
    // The process sleeps for longer than the TTL; the server, with its twice the TTL, would still
    // renew.
    advance(TTL + seconds(1)).await;
    assert!(!keeper.is_alive());
    assert_eq!(keeper.lost().await, LostReason::DeadlinePassed);
    sleep(seconds(60)).await;
    assert!(!keeper.is_alive());
    assert!(server.is_clean(), "the session is destroyed all the same");
}

#[tokio::test(start_paused = true)]
async fn a_renewal_that_succeeds_after_the_deadline_brings_nothing_back() {
    let server = FakeConsul::start();
    let keeper = keeper(&server).await;
    let deadline = keeper.deadline();
    server.on_request(move |request| match request.is("renew") {
        // In vain until the last one, which is answered when the deadline has passed.
        true if deadline - Instant::now() > seconds(2) => Fault::Status(500, "No cluster leader"),
        true => Fault::Slow(seconds(3)),
        false => Fault::None,
    });
    assert_eq!(keeper.lost().await, LostReason::DeadlinePassed);
    assert!(Instant::now() - deadline <= Duration::from_millis(1));
    sleep(seconds(5)).await;
    assert!(!keeper.is_alive());
    assert_eq!(keeper.deadline(), deadline);
}

#[tokio::test(start_paused = true)]
async fn a_longer_ttl_from_the_server_is_obeyed() {
    let server = FakeConsul::start();
    let begun = Instant::now();
    let keeper = keeper(&server).await;
    server.state(|state| state.answered_ttl = Some("60s"));
    sleep(seconds(50)).await;
    let renewals = renewals(&server, begun);
    assert!(
        (3..=4).contains(&renewals.len()),
        "5 s, then every 18 to 20 s: {renewals:?}"
    );
    assert_eq!(
        keeper.deadline(),
        begun + *renewals.last().unwrap() + seconds(60)
    );
}

#[tokio::test(start_paused = true)]
async fn destroy_ends_the_session_for_every_clone() {
    let server = FakeConsul::start();
    let keeper = keeper(&server).await;
    let clone = keeper.clone();
    keeper.destroy().await.unwrap();
    assert!(server.is_clean());
    assert_eq!(clone.lost().await, LostReason::Destroyed);
    clone.destroy().await.unwrap();
    assert_eq!(server.count("destroy"), 1);
}

#[tokio::test(start_paused = true)]
async fn destroy_says_when_it_failed() {
    let server = FakeConsul::start();
    let keeper = keeper(&server).await;
    server.on_request(|_| Fault::Status(403, "Permission denied"));
    let error = keeper.destroy().await.unwrap_err();
    assert_eq!(error.kind(), ErrorKind::PermissionDenied);
    assert!(!keeper.is_alive(), "it counts as lost all the same");
}

#[tokio::test(start_paused = true)]
async fn dropping_the_last_handle_destroys_the_session_with_two_tries() {
    let server = FakeConsul::start();
    let keeper = keeper(&server).await;
    let lost = keeper.lost();
    let mut first = true;
    server.on_request(
        move |request| match request.is("destroy") && std::mem::take(&mut first) {
            true => Fault::Hang,
            false => Fault::None,
        },
    );
    drop(keeper.clone());
    sleep(seconds(1)).await;
    assert!(keeper.is_alive(), "a clone is left");
    drop(keeper);
    assert_eq!(lost.await, LostReason::Destroyed);
    sleep(seconds(2)).await;
    assert!(server.is_clean());
    assert_eq!(server.count("destroy"), 2);
}

#[tokio::test(start_paused = true)]
async fn a_start_that_is_dropped_at_any_poll_leaves_no_session() {
    for polls in 0..12 {
        let server = FakeConsul::start();
        let client = server.client();
        server.on_request(|_| Fault::Slow(Duration::from_millis(5)));
        let finished = {
            let start = SessionKeeper::start(&client, request());
            poll_times(start, polls).await
        };
        sleep(seconds(2)).await;
        assert!(
            server.is_clean(),
            "dropped after {polls} polls (finished: {finished})"
        );
    }
}

#[tokio::test(start_paused = true)]
async fn an_adopted_session_is_kept_with_its_own_ttl() {
    let server = FakeConsul::start();
    let id = server.state(|s| s.create_session(&serde_json::json!({ "TTL": "30000ms" })));
    let client = server.client();
    let keeper = SessionKeeper::adopt(&client, id.as_str()).await.unwrap();
    assert_eq!((keeper.id(), keeper.ttl()), (id.as_str(), seconds(30)));
    sleep(seconds(300)).await;
    assert!(keeper.is_alive());
    server.state(|state| state.end_session(&id));
    let error = SessionKeeper::adopt(&client, id.as_str())
        .await
        .unwrap_err();
    assert_eq!(error.kind(), ErrorKind::LeaseLost);
}

#[tokio::test(start_paused = true)]
async fn a_ttl_that_is_missing_or_out_of_bounds_is_refused_before_anything_is_sent() {
    let server = FakeConsul::start();
    let client = server.client();
    for request in [
        SessionRequest::new(),
        SessionRequest::new().with_ttl(Duration::ZERO),
        SessionRequest::new().with_ttl(seconds(9)),
        SessionRequest::new().with_ttl(seconds(86_401)),
    ] {
        let error = SessionKeeper::start(&client, request).await.unwrap_err();
        assert_eq!(error.kind(), ErrorKind::InvalidArgument);
        assert!(error.text().unwrap().starts_with("ttl:"), "{error}");
    }
    assert!(server.calls().is_empty());
}

#[tokio::test(start_paused = true)]
async fn closing_the_client_ends_its_sessions_and_leaves_no_task() {
    let server = FakeConsul::start();
    let client = server.client();
    let first = SessionKeeper::start(&client, request()).await.unwrap();
    let lost = spawn(first.lost());
    client.close().await;
    assert!(server.is_clean());
    assert_eq!(lost.join().await, Ok(LostReason::Closed));
    let error = SessionKeeper::start(&client, request()).await.unwrap_err();
    assert_eq!(error.kind(), ErrorKind::Closed);
}

#[tokio::test(start_paused = true)]
async fn closing_a_client_whose_server_is_gone_takes_no_more_than_five_seconds() {
    let server = FakeConsul::start();
    let client = server.client();
    let _keeper = SessionKeeper::start(&client, request()).await.unwrap();
    server.on_request(|_| Fault::Hang);
    let begun = Instant::now();
    client.close().await;
    assert!(begun.elapsed() <= seconds(5));
}

#[tokio::test(start_paused = true)]
async fn the_client_may_be_dropped_before_its_keeper() {
    let server = FakeConsul::start();
    let client = server.client();
    let keeper = SessionKeeper::start(&client, request()).await.unwrap();
    drop(client);
    sleep(seconds(100)).await;
    assert!(keeper.is_alive());
    drop(keeper);
    sleep(seconds(1)).await;
    assert!(server.is_clean());
}
