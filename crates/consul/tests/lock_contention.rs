//! Waiting for a lock, against a Consul in memory and with a paused clock.

#![allow(clippy::unwrap_used, reason = "a test fails where it must")]

mod lock_server;

use std::time::Duration;

use lock_server::{FakeConsul, Fault};
use quorate_consul::lock::{LOCK_FLAGS, LockOptions};
use quorate_consul::{
    Acquisition, Client, Error, ErrorKind, LockGuard, SessionKeeper, SessionRequest,
};
use quorate_net::task::{Task, spawn};
use tokio::time::{Instant, sleep};

const KEY: &str = "jobs/a";

fn seconds(n: u64) -> Duration {
    Duration::from_secs(n)
}

/// Somebody who waits, in a task.
fn waiter(client: &Client) -> Task<Result<LockGuard, Error>> {
    let lock = client.lock(KEY);
    spawn(async move { lock.acquire().await })
}

/// A lock that is held by one client and wanted by another.
async fn contended(server: &FakeConsul) -> (LockGuard, Task<Result<LockGuard, Error>>) {
    let guard = server.client().lock(KEY).acquire().await.unwrap();
    let waiting = waiter(&server.client());
    sleep(seconds(1)).await;
    server.forget_requests();
    (guard, waiting)
}

#[tokio::test(start_paused = true)]
async fn a_release_passes_the_lock_on_with_one_write_and_no_pause() {
    let server = FakeConsul::start();
    let (guard, waiting) = contended(&server).await;
    let begun = Instant::now();
    guard.release().await.unwrap();
    let next = waiting.join().await.unwrap().unwrap();
    assert!(
        begun.elapsed() <= Duration::from_millis(1),
        "{:?}",
        begun.elapsed()
    );
    assert_eq!(server.count("PUT /v1/txn"), 1);
    assert_eq!(
        server.count("destroy"),
        0,
        "the old session does not get in the way"
    );
    let calls = server.calls();
    let (release, take) = (
        calls
            .iter()
            .position(|call| call == "PUT /v1/kv/jobs/a")
            .unwrap(),
        calls.iter().position(|call| call == "PUT /v1/txn").unwrap(),
    );
    let between: Vec<_> = calls[release + 1..take]
        .iter()
        .filter(|c| c.contains("kv"))
        .collect();
    assert!(
        between.is_empty(),
        "the waiter asks nothing before it takes the lock: {calls:?}"
    );
    next.release().await.unwrap();
}

#[tokio::test(start_paused = true)]
async fn waiting_costs_one_request_in_fifteen_seconds() {
    let server = FakeConsul::start();
    let (_guard, _waiting) = contended(&server).await;
    sleep(seconds(150)).await;
    let requests = server.requests();
    let polls = requests
        .iter()
        .filter(|(_, r)| r.is("GET") && r.param("consistent").is_none());
    assert!((9..=11).contains(&polls.count()));
}

#[tokio::test(start_paused = true)]
async fn those_who_wait_in_one_process_are_served_in_order_with_one_write_each() {
    let server = FakeConsul::start();
    let client = server.client();
    let guard = client.lock(KEY).acquire().await.unwrap();
    let mut waiting = Vec::new();
    for _ in 0..20 {
        waiting.push(waiter(&client));
        sleep(Duration::from_millis(1)).await;
    }
    sleep(seconds(1)).await;
    server.forget_requests();
    let mut last = guard.fencing_token();
    guard.release().await.unwrap();
    for (at, task) in waiting.into_iter().enumerate() {
        let guard = task.join().await.unwrap().unwrap();
        assert!(guard.fencing_token() > last, "number {at} was overtaken");
        last = guard.fencing_token();
        guard.release().await.unwrap();
    }
    assert_eq!(server.count("PUT /v1/txn"), 20, "nobody tries in vain");
}

#[tokio::test(start_paused = true)]
async fn many_processes_do_not_all_write_at_every_release() {
    const PROCESSES: usize = 20;
    let server = FakeConsul::start();
    let guard = server.client().lock(KEY).acquire().await.unwrap();
    // A write takes a moment, as on a disk.
    server.on_request(|request| match request.is("PUT") {
        true => Fault::Slow(Duration::from_millis(2)),
        false => Fault::None,
    });
    let held = |task: Task<Result<LockGuard, Error>>| {
        spawn(async move {
            let guard = task.join().await.unwrap().unwrap();
            sleep(Duration::from_millis(500)).await;
            guard.release().await.unwrap();
        })
    };
    let clients: Vec<_> = (0..PROCESSES).map(|_| server.client()).collect();
    let waiting: Vec<_> = clients.iter().map(|client| held(waiter(client))).collect();
    sleep(seconds(1)).await;
    guard.release().await.unwrap();
    sleep(Duration::from_millis(400)).await;
    // The first time nobody can know of the others.
    assert!(server.count("PUT /v1/txn") <= 1 + PROCESSES);
    server.forget_requests();
    let begun = Instant::now();
    for task in waiting {
        task.join().await.unwrap();
    }
    let writes = server.count("PUT /v1/txn");
    assert!(
        writes <= 3 * PROCESSES,
        "{writes} writes for {} hand-offs",
        PROCESSES - 1
    );
    let most = (Duration::from_millis(500 + 100 + 20)) * u32::try_from(PROCESSES).unwrap();
    assert!(
        begun.elapsed() < most,
        "the jitter is bounded: {:?}",
        begun.elapsed()
    );
}

#[tokio::test(start_paused = true)]
async fn the_lock_delay_is_sat_out_with_pauses_of_one_to_five_seconds() {
    let server = FakeConsul::start();
    let (guard, waiting) = contended(&server).await;
    server.on_request(|_| Fault::None);
    let begun = Instant::now();
    server.state(|state| state.end_session(guard.session_id()));
    drop(waiting.join().await.unwrap().unwrap());
    assert!(
        (15..=20).contains(&begun.elapsed().as_secs()),
        "{:?}",
        begun.elapsed()
    );
    let requests = server.requests();
    let tries: Vec<_> = requests
        .iter()
        .filter(|(_, r)| r.is("txn"))
        .map(|(at, _)| *at)
        .collect();
    let pauses: Vec<_> = tries.windows(2).map(|pair| pair[1] - pair[0]).collect();
    let (least, most) = (seconds(1), seconds(5) + Duration::from_millis(10));
    assert!(
        pauses.iter().all(|pause| *pause >= least && *pause <= most),
        "{pauses:?}"
    );
}

#[tokio::test(start_paused = true)]
async fn the_lock_delay_does_not_outlast_the_deadline_and_nobody_is_named() {
    let server = FakeConsul::start();
    let (guard, waiting) = contended(&server).await;
    drop(waiting);
    server.state(|state| state.end_session(guard.session_id()));
    let lock = server.client().lock(KEY);
    let tried = lock.try_acquire().await.unwrap();
    assert!(!tried.is_acquired() && tried.holder().is_none());
    let begun = Instant::now();
    let waited = lock
        .acquire_within(Duration::from_millis(7_300))
        .await
        .unwrap();
    assert!(!waited.is_acquired() && waited.holder().is_none());
    assert_eq!(begun.elapsed().as_millis() / 10, 730);
}

#[tokio::test(start_paused = true)]
async fn a_lock_delay_of_zero_lets_the_next_in_at_once() {
    let server = FakeConsul::start();
    let options = LockOptions::new().with_lock_delay(Duration::ZERO);
    let guard = server
        .client()
        .lock(KEY)
        .with_options(options)
        .acquire()
        .await
        .unwrap();
    let waiting = waiter(&server.client());
    sleep(seconds(1)).await;
    let begun = Instant::now();
    server.state(|state| state.end_session(guard.session_id()));
    drop(waiting.join().await.unwrap().unwrap());
    assert!(begun.elapsed() < seconds(1));
}

#[tokio::test(start_paused = true)]
async fn being_beaten_in_the_race_is_not_taken_for_a_lock_delay() {
    let server = FakeConsul::start();
    let (guard, waiting) = contended(&server).await;
    // Somebody else has it for a moment, just when the waiter tries to take it.
    let (rival, mut first) = (server.clone(), true);
    server.on_request(move |request| {
        if request.is("txn") && std::mem::take(&mut first) {
            rival.state(|state| {
                state.index += 1;
                let index = state.index;
                let entry = state.keys.get_mut(KEY).unwrap();
                (entry.session, entry.modify_index) = (Some("rival".into()), index);
            });
        }
        Fault::None
    });
    let begun = Instant::now();
    guard.release().await.unwrap();
    sleep(Duration::from_millis(10)).await;
    server.state(|state| {
        state.put(KEY, "", LOCK_FLAGS);
        state.keys.get_mut(KEY).unwrap().session = None;
    });
    drop(waiting.join().await.unwrap().unwrap());
    assert!(
        begun.elapsed() <= Duration::from_millis(120),
        "{:?}",
        begun.elapsed()
    );
}

#[tokio::test(start_paused = true)]
async fn an_acquire_whose_answer_is_lost_is_found_out() {
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
        let guard = server
            .client()
            .lock(KEY)
            .try_acquire()
            .await
            .unwrap()
            .acquired()
            .unwrap();
        let (session, index) =
            server.state(|state| (state.holder(KEY).unwrap(), state.keys[KEY].modify_index));
        assert_eq!(
            (guard.session_id(), guard.fencing_token()),
            (session.as_str(), index)
        );
        assert_eq!(server.state(|state| state.created), 1);
        guard.release().await.unwrap();
    }
}

#[tokio::test(start_paused = true)]
async fn a_waiter_rides_out_a_restart_of_the_server() {
    let server = FakeConsul::start();
    let (guard, waiting) = contended(&server).await;
    let down = Instant::now();
    // The holder's own requests are left alone.
    let holder = guard.session_id().to_owned();
    server.on_request(move |request| {
        let holders = request.is(&holder) || request.param("consistent").is_some();
        if holders || down.elapsed() > seconds(8) {
            Fault::None
        } else {
            Fault::CutBefore
        }
    });
    server.state(|state| state.put(KEY, "x", LOCK_FLAGS));
    sleep(seconds(10)).await;
    guard.release().await.unwrap();
    drop(waiting.join().await.unwrap().unwrap());
}

#[tokio::test(start_paused = true)]
async fn a_waiter_whose_session_is_lost_gets_another() {
    let server = FakeConsul::start();
    let (guard, waiting) = contended(&server).await;
    let of_waiter = server.state(|state| {
        state
            .sessions
            .keys()
            .find(|id| *id != guard.session_id())
            .unwrap()
            .clone()
    });
    server.state(|state| state.end_session(&of_waiter));
    sleep(seconds(10)).await;
    guard.release().await.unwrap();
    let next = waiting.join().await.unwrap().unwrap();
    assert_ne!(next.session_id(), of_waiter);
}

#[tokio::test(start_paused = true)]
async fn what_is_acquired_too_late_for_its_session_is_acquired_anew() {
    let server = FakeConsul::start();
    let guard = server.client().lock(KEY).acquire().await.unwrap();
    let holder = guard.session_id().to_owned();
    let options = LockOptions::new().with_lock_delay(Duration::ZERO);
    let lock = server.client().lock(KEY).with_options(options);
    let begun = Instant::now();
    // The waiter's session can't be renewed, and its acquire is answered after the deadline.
    server.on_request(move |request| match begun.elapsed() > seconds(17) {
        false if request.is("renew") && !request.is(&holder) => {
            Fault::Status(500, "No cluster leader")
        }
        false if request.is("txn") => Fault::Slow(seconds(4)),
        _ => Fault::None,
    });
    let waiting = spawn(async move { lock.acquire().await });
    sleep(seconds(13)).await;
    guard.release().await.unwrap();
    let next = waiting.join().await.unwrap().unwrap();
    assert!(next.is_held(), "{next:?}");
    assert_eq!(server.state(|state| state.created), 3);
}

#[tokio::test(start_paused = true)]
async fn a_server_that_can_not_be_reached_is_an_error_and_not_a_time_out() {
    let server = FakeConsul::start();
    server.on_request(|_| Fault::CutBefore);
    let lock = server.client().lock(KEY);
    for result in [
        lock.acquire().await.map(drop),
        lock.try_acquire().await.map(drop),
        lock.acquire_within(seconds(60)).await.map(drop),
    ] {
        assert_eq!(result.unwrap_err().kind(), ErrorKind::Unavailable);
    }
}

#[tokio::test(start_paused = true)]
async fn a_waiter_that_may_not_is_told_so() {
    let server = FakeConsul::start();
    let (_guard, waiting) = contended(&server).await;
    server.on_request(|request| match request.param("consistent") {
        None if request.is("GET") => Fault::Status(403, "Permission denied"),
        _ => Fault::None,
    });
    server.state(|state| state.put(KEY, "x", LOCK_FLAGS));
    let error = waiting.join().await.unwrap().unwrap_err();
    assert_eq!(error.kind(), ErrorKind::PermissionDenied);
}

async fn shared(server: &FakeConsul) -> (Client, SessionKeeper) {
    let client = server.client();
    let request = SessionRequest::new().with_ttl(seconds(15));
    let keeper = SessionKeeper::start(&client, request).await.unwrap();
    (client, keeper)
}

#[tokio::test(start_paused = true)]
async fn one_session_can_hold_many_locks_and_survives_them() {
    let server = FakeConsul::start();
    let (client, keeper) = shared(&server).await;
    let options = LockOptions::new().with_session(keeper.clone());
    let a = client
        .lock("a")
        .with_options(options.clone())
        .acquire()
        .await
        .unwrap();
    let b = client
        .lock("b")
        .with_options(options)
        .acquire()
        .await
        .unwrap();
    assert_eq!((a.session_id(), b.session_id()), (keeper.id(), keeper.id()));
    a.release().await.unwrap();
    assert!(b.is_held() && keeper.is_alive());
    drop(b);
    sleep(seconds(3)).await;
    assert!(server.state(|state| state.held_keys().is_empty()));
    assert!(keeper.is_alive());
    assert_eq!(server.state(|state| state.created), 1);
}

#[tokio::test(start_paused = true)]
async fn a_release_whose_answer_is_lost_is_found_out_without_ending_a_shared_session() {
    let server = FakeConsul::start();
    let (client, keeper) = shared(&server).await;
    let lock = client
        .lock(KEY)
        .with_options(LockOptions::new().with_session(keeper.clone()));
    let guard = lock.acquire().await.unwrap();
    let mut first = true;
    server.on_request(move |request| {
        let release = request.param("release").is_some();
        if release && std::mem::take(&mut first) {
            Fault::CutAfter
        } else {
            Fault::None
        }
    });
    guard.release().await.unwrap();
    assert!(keeper.is_alive());
}

#[tokio::test(start_paused = true)]
async fn two_tasks_with_one_session_exclude_each_other() {
    let server = FakeConsul::start();
    let (client, keeper) = shared(&server).await;
    let lock = client
        .lock(KEY)
        .with_options(LockOptions::new().with_session(keeper.clone()));
    let first = lock.acquire().await.unwrap();
    let tried = lock.try_acquire().await.unwrap();
    assert_eq!(tried.holder().unwrap().session, keeper.id());
    let again = lock.clone();
    let second = spawn(async move { again.acquire().await });
    sleep(seconds(30)).await;
    assert!(!second.is_finished());
    let token = first.fencing_token();
    first.release().await.unwrap();
    let second = second.join().await.unwrap().unwrap();
    assert!(second.fencing_token() > token);
}

#[tokio::test(start_paused = true)]
async fn a_shared_session_that_is_lost_ends_the_waiting() {
    let server = FakeConsul::start();
    let guard = server.client().lock(KEY).acquire().await.unwrap();
    let (client, keeper) = shared(&server).await;
    let lock = client
        .lock(KEY)
        .with_options(LockOptions::new().with_session(keeper.clone()));
    // One asks the server, and one waits for its turn.
    let waiting: Vec<_> = (0..2)
        .map(|_| {
            let lock = lock.clone();
            spawn(async move { lock.acquire().await })
        })
        .collect();
    sleep(seconds(1)).await;
    server.state(|state| state.end_session(keeper.id()));
    let begun = Instant::now();
    for task in waiting {
        let error = task.join().await.unwrap().unwrap_err();
        assert_eq!(error.kind(), ErrorKind::LeaseLost);
    }
    assert!(begun.elapsed() <= seconds(6));
    assert!(guard.is_held());
    let error = lock.try_acquire().await.unwrap_err();
    assert_eq!(error.kind(), ErrorKind::LeaseLost);
}

#[tokio::test(start_paused = true)]
async fn a_time_that_can_not_be_represented_is_for_ever() {
    let server = FakeConsul::start();
    let lock = server.client().lock(KEY);
    let acquired = lock.acquire_within(Duration::MAX).await.unwrap();
    assert!(matches!(acquired, Acquisition::Acquired(_)));
}
