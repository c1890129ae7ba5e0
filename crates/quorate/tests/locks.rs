//! Locks and semaphores on the agent in memory.

#![allow(clippy::unwrap_used, reason = "a test that unwraps in vain fails")]

use std::time::Duration;

use quorate::prelude::*;
use quorate::{
    ErrorKind, Held, LockOptions, LostReason, Outcome, SemaphoreOptions, Transaction, TxnOutcome,
};

async fn memory() -> Coordinator {
    quorate::connect("memory:").await.unwrap()
}

#[tokio::test]
async fn a_lock_has_one_holder_and_its_tokens_grow() {
    let coordinator = memory().await;
    let lock = coordinator.lock("jobs");
    let mut last = None;
    for _ in 0..3 {
        let guard = lock.acquire().await.unwrap();
        assert!(guard.is_held() && guard.name().as_str() == "jobs");
        assert!(Some(guard.fencing_token()) > last);
        last = Some(guard.fencing_token());
        assert!(lock.try_acquire().await.unwrap().acquired().is_none());
        guard.release().await.unwrap();
    }
    coordinator.close().await.unwrap();
}

#[tokio::test]
async fn who_does_not_get_it_learns_who_has_it() {
    let coordinator = memory().await;
    let options = LockOptions::default().with_value("worker-7");
    let guard = coordinator
        .lock("jobs")
        .with_options(options)
        .acquire()
        .await
        .unwrap();
    for wait in [Wait::Try, Wait::AtMost(Duration::from_millis(20))] {
        match coordinator.lock("jobs").acquire_with(wait).await.unwrap() {
            Acquisition::TimedOut { holders } => {
                assert_eq!(holders[0].owner, guard.holding().owner());
                assert_eq!(holders[0].value, "worker-7");
            }
            Acquisition::Acquired(_) => panic!("it is taken"),
        }
    }
    coordinator.close().await.unwrap();
}

#[tokio::test]
async fn a_waiter_gets_the_lock_when_its_guard_is_dropped() {
    let coordinator = memory().await;
    let guard = coordinator.lock("jobs").acquire().await.unwrap();
    let held = guard.held().clone();
    let (first, lock) = (guard.fencing_token(), coordinator.lock("jobs"));
    let waiting = lock.acquire_within(Duration::from_secs(10));
    let drop_it = async { drop(guard) };
    let (second, ()) = tokio::join!(waiting, drop_it);
    let second = second.unwrap().acquired().unwrap();
    assert!(second.fencing_token() > first);
    assert_eq!(held.lost().await, LostReason::Released);
    coordinator.close().await.unwrap();
}

#[tokio::test]
async fn work_under_a_lock_that_an_operator_takes_away_ends_with_the_reason() {
    async fn work(held: &Held) -> quorate::Result<()> {
        held.run_while_held(std::future::pending()).await?
    }
    let coordinator = memory().await;
    let guard = coordinator.lock("jobs").acquire().await.unwrap();
    let kv = coordinator.native_consul().unwrap().kv();
    let take_away = kv.delete(guard.holding().key());
    let (worked, taken) = tokio::join!(work(&guard), take_away);
    taken.unwrap();
    let error = worked.unwrap_err();
    assert_eq!(
        (error.kind(), error.outcome()),
        (ErrorKind::LeaseLost, Outcome::Unknown)
    );
    assert_eq!(
        error.native::<LostReason>(),
        Some(&LostReason::TakenAway),
        "{error}"
    );
    coordinator.close().await.unwrap();
}

#[tokio::test]
async fn a_lock_lives_where_the_consul_command_looks_for_it() {
    let coordinator = memory().await;
    let guard = coordinator.lock("jobs/nightly").acquire().await.unwrap();
    let native = coordinator.native_consul().unwrap();
    let entry = native
        .kv()
        .get("jobs/nightly/.lock")
        .await
        .unwrap()
        .unwrap();
    assert_eq!(entry.flags, quorate::consul::lock::LOCK_FLAGS);
    assert_eq!(entry.session.as_deref(), Some(guard.holding().owner()));
    assert_eq!(guard.holding().key(), "jobs/nightly/.lock");
    coordinator.close().await.unwrap();
}

#[tokio::test]
async fn a_name_is_a_lock_or_a_semaphore() {
    let coordinator = memory().await;
    let _guard = coordinator.lock("jobs").acquire().await.unwrap();
    let error = coordinator
        .semaphore("jobs", 2)
        .try_acquire()
        .await
        .unwrap_err();
    assert_eq!(error.kind(), ErrorKind::Conflict, "{error}");
    assert!(error.native::<quorate::consul::Error>().is_some());
    coordinator.close().await.unwrap();
}

#[tokio::test]
async fn a_fenced_write_needs_the_lock() {
    let coordinator = memory().await;
    let kv = coordinator.kv();
    let guard = coordinator.lock("jobs").acquire().await.unwrap();
    let holding = guard.holding().clone();
    kv.put_fenced(&holding, "result", "1").await.unwrap();
    guard.release().await.unwrap();
    let error = kv.put_fenced(&holding, "result", "2").await.unwrap_err();
    assert_eq!(error.kind(), ErrorKind::LeaseLost);

    let _next = coordinator.lock("jobs").acquire().await.unwrap();
    let transaction = Transaction::new()
        .held(&holding)
        .put("result", "3")
        .unwrap();
    let outcome = kv.transact(transaction).await.unwrap();
    assert!(
        matches!(outcome, TxnOutcome::Failed(_)),
        "the next holder's lock is not ours"
    );
    assert_eq!(kv.get("result").await.unwrap().unwrap().text(), Some("1"));
    coordinator.close().await.unwrap();
}

#[tokio::test]
async fn a_slot_fences_writes_too() {
    let coordinator = memory().await;
    let slot = coordinator.semaphore("pool", 2).acquire().await.unwrap();
    let holding = slot.holding().clone();
    coordinator
        .kv()
        .put_fenced(&holding, "result", "1")
        .await
        .unwrap();
    slot.release().await.unwrap();
    let error = coordinator
        .kv()
        .put_fenced(&holding, "result", "2")
        .await
        .unwrap_err();
    assert_eq!(error.kind(), ErrorKind::LeaseLost);
    coordinator.close().await.unwrap();
}

#[tokio::test]
async fn a_semaphore_has_as_many_holders_as_slots() {
    let coordinator = memory().await;
    let semaphore = coordinator.semaphore("pool", 2);
    let first = semaphore.acquire().await.unwrap();
    let second = semaphore.acquire().await.unwrap();
    assert!(second.fencing_token() > first.fencing_token());
    match semaphore.try_acquire().await.unwrap() {
        Acquisition::TimedOut { holders } => assert_eq!(holders.len(), 2),
        Acquisition::Acquired(_) => panic!("both slots are taken"),
    }
    first.release().await.unwrap();
    let third = semaphore
        .acquire_within(Duration::from_secs(10))
        .await
        .unwrap()
        .acquired();
    assert!(third.unwrap().fencing_token() > second.fencing_token());
    let error = coordinator
        .semaphore("pool", 3)
        .try_acquire()
        .await
        .unwrap_err();
    assert_eq!(
        error.kind(),
        ErrorKind::Conflict,
        "the number of slots is fixed"
    );
    coordinator.close().await.unwrap();
}

#[tokio::test]
async fn what_is_in_use_is_not_destroyed() {
    let coordinator = memory().await;
    let lock = coordinator.lock("jobs");
    let guard = lock.acquire().await.unwrap();
    assert_eq!(
        lock.destroy().await.unwrap_err().kind(),
        ErrorKind::Conflict
    );
    guard.release().await.unwrap();
    lock.destroy().await.unwrap();
    let semaphore = coordinator.semaphore("pool", 2);
    let slot = semaphore.acquire().await.unwrap();
    assert_eq!(
        semaphore.destroy().await.unwrap_err().kind(),
        ErrorKind::Conflict
    );
    slot.release().await.unwrap();
    semaphore.destroy().await.unwrap();
    assert_eq!(coordinator.kv().keys("").await.unwrap(), [""; 0]);
    coordinator.close().await.unwrap();
}

#[tokio::test]
async fn options_out_of_bounds_are_refused() {
    let coordinator = memory().await;
    let lock = |options: LockOptions| coordinator.lock("jobs").with_options(options);
    let day = Duration::from_secs(24 * 60 * 60 + 1);
    for options in [
        LockOptions::default().with_ttl(Duration::ZERO),
        LockOptions::default().with_ttl(day),
        LockOptions::default().with_lock_delay(Duration::from_secs(61)),
        LockOptions::default().with_value(vec![0; 257 * 1024]),
    ] {
        let error = lock(options).acquire().await.unwrap_err();
        assert_eq!(error.kind(), ErrorKind::InvalidArgument, "{error}");
    }
    let error = coordinator
        .semaphore("pool", 0)
        .acquire()
        .await
        .unwrap_err();
    assert_eq!(error.kind(), ErrorKind::InvalidArgument, "{error}");
    let options = SemaphoreOptions::default().with_ttl(Duration::ZERO);
    let semaphore = coordinator.semaphore("pool", 1).with_options(options);
    let error = semaphore.acquire().await.unwrap_err();
    assert_eq!(error.kind(), ErrorKind::InvalidArgument, "{error}");
    coordinator.close().await.unwrap();
}

#[tokio::test]
async fn closing_ends_what_is_held_and_what_is_waited_for() {
    let coordinator = memory().await;
    let guard = coordinator.lock("jobs").acquire().await.unwrap();
    let lock = coordinator.lock("jobs");
    let (waited, closed) = tokio::join!(lock.acquire(), coordinator.close());
    closed.unwrap();
    assert_eq!(waited.unwrap_err().kind(), ErrorKind::Closed);
    assert_eq!(guard.lost().await, LostReason::Closed);
    assert!(!guard.is_held());
}

#[tokio::test]
async fn work_under_a_lock_and_a_slot_gives_its_result() {
    let coordinator = memory().await;
    let token = coordinator.with_lock("jobs", |held| async move { held.fencing_token() });
    assert!(token.await.unwrap().0 > 0);
    let name = coordinator.with_semaphore("pool", 2, |held| async move { held.name().clone() });
    assert_eq!(name.await.unwrap().as_str(), "pool");
    assert!(
        coordinator
            .lock("jobs")
            .try_acquire()
            .await
            .unwrap()
            .acquired()
            .is_some()
    );
    coordinator.close().await.unwrap();
}
