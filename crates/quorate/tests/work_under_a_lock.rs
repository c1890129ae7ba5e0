//! Work that ends with its lock, on a backend whose locks are lost on command and on the agent.

#![allow(clippy::unwrap_used, reason = "a test that unwraps in vain fails")]

use std::sync::Arc;
use std::sync::atomic::{AtomicBool, Ordering};
use std::time::Duration;

use quorate::backend::{Backend, BoxFuture, Grip, Hold, Lease, LockBackend};
use quorate::prelude::*;
use quorate::{
    Error, ErrorKind, FencingToken, Holding, Key, LockOptions, LostReason, Outcome, Result,
};
use tokio::sync::watch;
use tokio::time::Instant;

/// A backend with one lock that is never taken, and that a test can take away.
#[derive(Clone, Debug)]
struct Fake {
    lost: watch::Sender<Option<LostReason>>,
    valid_until: Instant,
    released: Arc<AtomicBool>,
    release_fails: bool,
}

impl Fake {
    fn new() -> Self {
        Self {
            lost: watch::Sender::new(None),
            valid_until: Instant::now() + Duration::from_secs(15),
            released: Arc::default(),
            release_fails: false,
        }
    }

    fn coordinator(&self) -> Coordinator {
        let mut backend = Backend::new("fake:");
        backend.lock = Arc::new(self.clone());
        Coordinator::new(backend)
    }

    fn was_released(&self) -> bool {
        self.released.load(Ordering::SeqCst)
    }
}

impl LockBackend for Fake {
    fn acquire<'a>(
        &'a self,
        name: &'a Key,
        options: &'a LockOptions,
    ) -> BoxFuture<'a, Result<Acquisition<Hold>>> {
        Box::pin(async move {
            if options.value == "busy" {
                return Ok(Acquisition::TimedOut {
                    holders: Vec::new(),
                });
            }
            let token = FencingToken(7);
            Ok(Acquisition::Acquired(Hold {
                holding: Holding::new(name.clone(), "key".into(), "owner".into(), token),
                lease: Arc::new(self.clone()),
                grip: Box::new(self.clone()),
            }))
        })
    }

    fn destroy<'a>(&'a self, _: &'a Key) -> BoxFuture<'a, Result<()>> {
        Box::pin(async { Ok(()) })
    }
}

impl Lease for Fake {
    fn valid_until(&self) -> Instant {
        self.valid_until
    }

    fn is_held(&self) -> bool {
        self.lost.borrow().is_none() && Instant::now() < self.valid_until
    }

    fn lost(&self) -> BoxFuture<'static, LostReason> {
        let mut lost = self.lost.subscribe();
        Box::pin(async move {
            let reason = *lost.wait_for(Option::is_some).await.unwrap();
            reason.unwrap()
        })
    }
}

impl Grip for Fake {
    fn release(self: Box<Self>) -> BoxFuture<'static, Result<()>> {
        Box::pin(async move {
            self.released.store(true, Ordering::SeqCst);
            if self.release_fails {
                return Err(Error::new(ErrorKind::Unavailable, "release", ""));
            }
            Ok(())
        })
    }
}

/// Sets a flag when it is dropped.
struct Dropped(Arc<AtomicBool>);

impl Drop for Dropped {
    fn drop(&mut self) {
        self.0.store(true, Ordering::SeqCst);
    }
}

#[tokio::test(start_paused = true)]
async fn the_result_of_the_work_is_given_and_the_lock_released() {
    let fake = Fake::new();
    let token = fake
        .coordinator()
        .with_lock("jobs", |held| async move {
            tokio::time::sleep(Duration::from_secs(1)).await;
            held.fencing_token()
        })
        .await;
    assert_eq!(token.unwrap(), FencingToken(7));
    assert!(fake.was_released());
}

#[tokio::test(start_paused = true)]
async fn the_work_is_dropped_when_the_lock_is_lost() {
    let fake = Fake::new();
    let stopped = Arc::new(AtomicBool::new(false));
    let (lose, dropped) = (fake.lost.clone(), Dropped(stopped.clone()));
    let work = |_| async move {
        let _dropped = dropped;
        lose.send_replace(Some(LostReason::TakenAway));
        std::future::pending::<()>().await;
    };
    let error = fake
        .coordinator()
        .with_lock("jobs", work)
        .await
        .unwrap_err();
    assert_eq!(error.kind(), ErrorKind::LeaseLost);
    assert_eq!(
        error.outcome(),
        Outcome::Unknown,
        "some of the work may have been done"
    );
    assert_eq!(
        error.native::<LostReason>(),
        Some(&LostReason::TakenAway),
        "{error}"
    );
    assert!(stopped.load(Ordering::SeqCst), "the work was dropped");
}

#[tokio::test(start_paused = true)]
async fn the_work_gets_no_turn_after_the_time_is_over_even_if_nobody_says_so() {
    let fake = Fake::new();
    let turns = Arc::new(watch::Sender::new(0));
    let count = turns.clone();
    let work = |_| async move {
        loop {
            count.send_modify(|turns| *turns += 1);
            // The process stands still for longer than the lock is valid.
            tokio::time::sleep(Duration::from_secs(16)).await;
        }
    };
    let error = fake
        .coordinator()
        .with_lock("jobs", work)
        .await
        .unwrap_err();
    assert_eq!(error.kind(), ErrorKind::LeaseLost);
    assert_eq!(*turns.borrow(), 1);
}

#[tokio::test(start_paused = true)]
async fn a_release_that_fails_does_not_hide_the_result() {
    let mut fake = Fake::new();
    fake.release_fails = true;
    let done = fake.coordinator().with_lock("jobs", |_| async { 5 }).await;
    assert_eq!(done.unwrap(), 5);
    assert!(fake.was_released());
}

#[tokio::test(start_paused = true)]
async fn a_lock_that_is_not_to_be_had_runs_nothing() {
    let fake = Fake::new();
    let options = LockOptions::default()
        .with_wait(Wait::Try)
        .with_value("busy");
    let lock = fake.coordinator().lock("jobs").with_options(options);
    let ran = lock
        .run(|_| async { panic!("it must not run") })
        .await
        .unwrap();
    assert_eq!(
        ran,
        Acquisition::<()>::TimedOut {
            holders: Vec::new()
        }
    );
}

#[tokio::test]
async fn what_the_backend_lacks_is_refused() {
    let coordinator = Fake::new().coordinator();
    let refused = |error: Error| {
        assert_eq!(error.kind(), ErrorKind::Unsupported);
        assert_eq!(error.target(), Some("fake:"));
    };
    refused(coordinator.kv().get("a").await.unwrap_err());
    refused(coordinator.kv().put("a", "1").await.unwrap_err());
    refused(coordinator.kv().list("a").await.unwrap_err());
    refused(coordinator.kv().keys("a").await.unwrap_err());
    refused(coordinator.kv().delete("a").await.unwrap_err());
    refused(coordinator.kv().delete_prefix("a").await.unwrap_err());
    refused(coordinator.watch("a").unwrap_err());
    refused(coordinator.semaphore("a", 2).acquire().await.unwrap_err());
    refused(coordinator.check().await.unwrap_err());
    let transaction = quorate::Transaction::new().put("a", "1").unwrap();
    refused(coordinator.kv().transact(transaction).await.unwrap_err());
}

#[tokio::test]
async fn a_bad_name_is_refused_when_it_is_used() {
    let coordinator = Fake::new().coordinator();
    for name in ["", "a//b", "/a"] {
        let error = coordinator.lock(name).acquire().await.unwrap_err();
        assert_eq!(error.kind(), ErrorKind::InvalidArgument, "{name:?}");
    }
}

#[tokio::test]
async fn a_closed_coordinator_refuses_everything() {
    let coordinator = Fake::new().coordinator();
    coordinator.close().await.unwrap();
    coordinator.close().await.unwrap();
    let closed = |error: Error| assert_eq!(error.kind(), ErrorKind::Closed, "{error}");
    closed(coordinator.kv().get("a").await.unwrap_err());
    closed(coordinator.watch("a").unwrap_err());
    closed(coordinator.lock("a").acquire().await.unwrap_err());
    closed(coordinator.with_lock("a", |_| async {}).await.unwrap_err());
    closed(coordinator.check().await.unwrap_err());
}
