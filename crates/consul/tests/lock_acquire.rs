//! Acquiring and giving back a lock, against a Consul in memory and with a paused clock.

#![allow(clippy::unwrap_used, reason = "a test fails where it must")]

mod lock_server;

use std::time::Duration;

use lock_server::{FakeConsul, Fault};
use quorate_consul::lock::{LOCK_FLAGS, LockOptions};
use quorate_consul::{Acquisition, ErrorKind, LostReason, SessionBehavior, TxnOutcome};
use tokio::time::{Instant, sleep};

const KEY: &str = "jobs/a";

fn seconds(n: u64) -> Duration {
    Duration::from_secs(n)
}

/// Lets everything that goes on in the background finish.
async fn settle() {
    sleep(seconds(3)).await;
}

#[tokio::test(start_paused = true)]
async fn a_free_lock_costs_one_read_a_session_and_one_transaction() {
    let server = FakeConsul::start();
    let lock = server.client().lock(KEY);
    let guard = lock.acquire().await.unwrap();
    let calls = ["GET /v1/kv/jobs/a", "PUT /v1/session/create", "PUT /v1/txn"];
    assert_eq!(server.calls()[..3], calls);
    server.state(|state| {
        let entry = &state.keys[KEY];
        assert_eq!(entry.session.as_deref(), Some(guard.session_id()));
        assert_eq!(
            (entry.flags, entry.modify_index),
            (LOCK_FLAGS, guard.fencing_token())
        );
        let session = &state.sessions[guard.session_id()];
        assert_eq!(
            (session.name.as_str(), session.ttl),
            ("Consul API Lock", seconds(15))
        );
    });
    assert!(guard.is_held());
    assert!(guard.valid_until() <= Instant::now() + seconds(15));
}

#[tokio::test(start_paused = true)]
async fn release_frees_the_lock_without_a_delay_and_ends_the_session() {
    let server = FakeConsul::start();
    let lock = server.client().lock(KEY);
    let guard = lock.acquire().await.unwrap();
    let lease = guard.lease();
    guard.release().await.unwrap();
    assert_eq!(server.state(|state| state.holder(KEY)), None);
    assert_eq!(lease.lost_reason(), Some(LostReason::Released));
    settle().await;
    assert!(server.is_clean());
    assert!(server.state(|state| state.delays.is_empty()));
    assert_eq!(server.state(|state| state.keys[KEY].flags), LOCK_FLAGS);
}

#[tokio::test(start_paused = true)]
async fn fencing_tokens_grow_from_holder_to_holder() {
    let server = FakeConsul::start();
    let (mine, other) = (server.client().lock(KEY), server.client().lock(KEY));
    let mut last = 0;
    for round in 0..6 {
        let lock = if round % 2 == 0 { &mine } else { &other };
        let guard = lock.acquire().await.unwrap();
        assert!(guard.fencing_token() > last);
        last = guard.fencing_token();
        if round == 3 {
            guard.destroy().await.unwrap();
        } else {
            guard.set_value(format!("{round}")).await.unwrap();
            assert_eq!(guard.fencing_token(), last, "a token is read once");
            guard.release().await.unwrap();
        }
    }
}

#[tokio::test(start_paused = true)]
async fn one_try_at_a_held_lock_is_one_read_and_says_who_holds_it() {
    let server = FakeConsul::start();
    let options = LockOptions::new().with_value("worker-1");
    let guard = server
        .client()
        .lock(KEY)
        .with_options(options)
        .acquire()
        .await
        .unwrap();
    server.forget_requests();
    let lock = server.client().lock(KEY);
    for tried in [
        lock.try_acquire().await,
        lock.acquire_within(Duration::ZERO).await,
    ] {
        let tried = tried.unwrap();
        let holder = tried.holder().unwrap();
        assert_eq!(holder.session, guard.session_id());
        assert_eq!(&holder.value[..], b"worker-1");
    }
    let writes: Vec<_> = server
        .calls()
        .into_iter()
        .filter(|call| call.starts_with("PUT"))
        .collect();
    assert_eq!(writes, [""; 0]);
}

#[tokio::test(start_paused = true)]
async fn one_try_at_a_free_lock_takes_it() {
    let server = FakeConsul::start();
    let tried = server.client().lock(KEY).try_acquire().await.unwrap();
    assert!(tried.is_acquired());
}

#[tokio::test(start_paused = true)]
async fn waiting_ends_at_the_deadline_and_leaves_nothing() {
    let server = FakeConsul::start();
    let guard = server.client().lock(KEY).acquire().await.unwrap();
    let lock = server.client().lock(KEY);
    let begun = Instant::now();
    let Acquisition::TimedOut { holders, .. } = lock.acquire_within(seconds(40)).await.unwrap()
    else {
        panic!("it is held")
    };
    assert_eq!(begun.elapsed().as_secs(), 40, "the whole time, and no more");
    assert_eq!(holders[0].session, guard.session_id());
    settle().await;
    assert_eq!(
        server.state(|state| state.sessions.len()),
        1,
        "only the holder's session is left"
    );
}

#[tokio::test(start_paused = true)]
async fn a_key_that_is_no_lock_is_a_conflict_and_left_alone() {
    let server = FakeConsul::start();
    server.state(|state| state.put(KEY, "precious", 0));
    let lock = server.client().lock(KEY);
    for tried in [
        lock.try_acquire().await.map(drop),
        lock.acquire().await.map(drop),
        lock.holder().await.map(drop),
        lock.destroy().await,
    ] {
        assert_eq!(tried.unwrap_err().kind(), ErrorKind::Conflict);
    }
    settle().await;
    assert_eq!(
        server.state(|state| state.keys[KEY].value.clone()),
        "precious"
    );
    assert_eq!(server.count("PUT"), 0);
}

#[tokio::test(start_paused = true)]
async fn a_key_that_becomes_something_else_at_the_last_moment_is_left_alone() {
    for exists in [false, true] {
        let server = FakeConsul::start();
        if exists {
            server.state(|state| state.put(KEY, "a lock that is free", LOCK_FLAGS));
        }
        let (writer, mut first) = (server.clone(), true);
        server.on_request(move |request| {
            if request.is("txn") && std::mem::take(&mut first) {
                writer.state(|state| state.put(KEY, "precious", 0));
            }
            Fault::None
        });
        let error = server.client().lock(KEY).acquire().await.unwrap_err();
        assert_eq!(error.kind(), ErrorKind::Conflict);
        assert_eq!(
            server.state(|state| state.keys[KEY].value.clone()),
            "precious"
        );
    }
}

#[tokio::test(start_paused = true)]
async fn wrong_arguments_are_refused_before_anything_is_sent() {
    let server = FakeConsul::start();
    let client = server.client();
    let lock = client.lock(KEY);
    for (lock, field) in [
        (client.lock(""), "key:"),
        (
            lock.clone()
                .with_options(LockOptions::new().with_value(vec![0; 262_145])),
            "value:",
        ),
        (
            lock.clone()
                .with_options(LockOptions::new().with_ttl(seconds(9))),
            "ttl:",
        ),
        (
            lock.clone()
                .with_options(LockOptions::new().with_lock_delay(seconds(61))),
            "lock_delay:",
        ),
    ] {
        let error = lock.acquire().await.unwrap_err();
        assert_eq!(error.kind(), ErrorKind::InvalidArgument);
        assert!(error.text().unwrap().starts_with(field), "{error}");
    }
    assert!(server.calls().is_empty());
}

#[tokio::test(start_paused = true)]
async fn the_options_reach_the_server() {
    let server = FakeConsul::start();
    let options = LockOptions::new()
        .with_value("v")
        .with_session_name("mine")
        .with_ttl(seconds(20))
        .with_lock_delay(seconds(3))
        .with_behavior(SessionBehavior::Delete)
        .with_datacenter("dc9");
    let guard = server
        .client()
        .lock(KEY)
        .with_options(options)
        .acquire()
        .await
        .unwrap();
    server.state(|state| {
        let session = &state.sessions[guard.session_id()];
        assert_eq!((session.name.as_str(), session.delete), ("mine", true));
        assert_eq!((session.ttl, session.lock_delay), (seconds(20), seconds(3)));
        assert_eq!(state.keys[KEY].value, "v");
    });
    sleep(seconds(20)).await;
    guard.release().await.unwrap();
    settle().await;
    let requests = server.requests();
    assert!(
        requests
            .iter()
            .all(|(_, request)| request.param("dc") == Some("dc9")),
        "{requests:?}"
    );
    assert!(server.count("renew") > 0 && server.count("destroy") == 1);
}

#[tokio::test(start_paused = true)]
async fn the_value_can_be_changed_while_the_lock_is_held_and_stays_after_it() {
    let server = FakeConsul::start();
    let guard = server.client().lock(KEY).acquire().await.unwrap();
    guard.set_value("half done").await.unwrap();
    assert_eq!(
        server.state(|state| state.keys[KEY].value.clone()),
        "half done"
    );
    guard.release().await.unwrap();
    assert_eq!(
        server.state(|state| state.keys[KEY].value.clone()),
        "half done"
    );
}

#[tokio::test(start_paused = true)]
async fn the_fence_fails_a_transaction_when_the_lock_is_lost() {
    let server = FakeConsul::start();
    let client = server.client();
    let guard = client.lock(KEY).acquire().await.unwrap();
    let write = || client.txn().op(guard.fence()).set("data", "x").commit();
    assert!(write().await.unwrap().is_committed());
    server.state(|state| state.keys.get_mut(KEY).unwrap().session = None);
    assert!(matches!(write().await.unwrap(), TxnOutcome::RolledBack(_)));
}

#[tokio::test(start_paused = true)]
async fn destroying_a_held_lock_deletes_its_key_and_leaves_nothing() {
    let server = FakeConsul::start();
    let client = server.client();
    let guard = client.lock(KEY).acquire().await.unwrap();
    let error = client.lock(KEY).destroy().await.unwrap_err();
    assert_eq!(error.kind(), ErrorKind::Conflict, "it is in use");
    guard.destroy().await.unwrap();
    assert!(server.state(|state| state.keys.is_empty()));
    settle().await;
    assert!(server.is_clean());
}

#[tokio::test(start_paused = true)]
async fn a_free_lock_can_be_destroyed_and_one_that_does_not_exist_too() {
    let server = FakeConsul::start();
    let lock = server.client().lock(KEY);
    lock.acquire().await.unwrap().release().await.unwrap();
    assert_eq!(lock.holder().await.unwrap(), None);
    lock.destroy().await.unwrap();
    assert!(server.state(|state| state.keys.is_empty()));
    lock.destroy().await.unwrap();
}

#[tokio::test(start_paused = true)]
async fn a_dropped_guard_releases_the_lock_before_its_session_ends() {
    let server = FakeConsul::start();
    let guard = server.client().lock(KEY).acquire().await.unwrap();
    let lost = guard.lost();
    drop(guard);
    assert_eq!(lost.await, LostReason::Released);
    settle().await;
    assert!(server.is_clean());
    assert!(
        server.state(|state| state.delays.is_empty()),
        "or the next would have to wait"
    );
}

#[tokio::test(start_paused = true)]
async fn closing_the_client_releases_its_locks() {
    let server = FakeConsul::start();
    let client = server.client();
    let guard = client.lock(KEY).acquire().await.unwrap();
    client.close().await;
    assert!(server.is_clean());
    assert!(server.state(|state| state.delays.is_empty()));
    assert_eq!(guard.lost().await, LostReason::Closed);
    assert_eq!(guard.release().await.unwrap_err().kind(), ErrorKind::Closed);
    let error = client.lock(KEY).try_acquire().await.unwrap_err();
    assert_eq!(error.kind(), ErrorKind::Closed);
}

#[tokio::test(start_paused = true)]
async fn a_release_whose_answer_is_lost_is_found_out() {
    let server = FakeConsul::start();
    let guard = server.client().lock(KEY).acquire().await.unwrap();
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
    assert_eq!(server.state(|state| state.holder(KEY)), None);
}

#[tokio::test(start_paused = true)]
async fn a_release_that_can_not_be_sent_is_replaced_by_the_end_of_the_session() {
    let server = FakeConsul::start();
    let guard = server.client().lock(KEY).acquire().await.unwrap();
    server.on_request(|request| match request.param("release") {
        Some(_) => Fault::CutBefore,
        None => Fault::None,
    });
    guard.release().await.unwrap();
    assert!(server.is_clean());
}

#[tokio::test(start_paused = true)]
async fn a_release_that_nobody_can_tell_about_says_so() {
    let server = FakeConsul::start();
    let guard = server.client().lock(KEY).acquire().await.unwrap();
    server.on_request(|_| Fault::CutBefore);
    let error = guard.release().await.unwrap_err();
    assert_eq!(error.kind(), ErrorKind::Indeterminate, "{error:?}");
    server.heal();
    sleep(seconds(40)).await;
    assert!(server.is_clean(), "the TTL is the last resort");
}
