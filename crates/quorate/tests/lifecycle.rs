//! Opening and closing: what is started ends.

#![allow(clippy::unwrap_used, reason = "a test that unwraps in vain fails")]

use std::time::Duration;

use quorate::prelude::*;
use quorate::{Builder, ErrorKind, LostReason};

fn alive_tasks() -> usize {
    tokio::runtime::Handle::current()
        .metrics()
        .num_alive_tasks()
}

/// Waits until no task is left that the coordinator started.
async fn no_task_is_left() {
    let deadline = tokio::time::Instant::now() + Duration::from_secs(10);
    while alive_tasks() > 0 {
        assert!(
            tokio::time::Instant::now() < deadline,
            "{} tasks are left",
            alive_tasks()
        );
        tokio::task::yield_now().await;
    }
}

#[tokio::test]
async fn closing_leaves_no_task() {
    let coordinator = quorate::connect("memory:").await.unwrap();
    coordinator.check().await.unwrap();
    let mut cache = coordinator.cache("").unwrap();
    cache.ready().await.unwrap();
    let _watch = coordinator.watch("a").unwrap();
    let _guard = coordinator.lock("jobs").acquire().await.unwrap();
    let _slot = coordinator.semaphore("pool", 2).acquire().await.unwrap();
    let _office = coordinator.election("e").campaign("me").await.unwrap();
    let registration = coordinator.services().register("web").await.unwrap();
    let mut leaders = coordinator.election("e").observe().unwrap();
    leaders.next().await.unwrap().unwrap();
    let mut events = coordinator.events().watch("e").await.unwrap();
    let mut sets = coordinator.services().watch("web").unwrap();
    sets.next().await.unwrap().unwrap();
    let mut nodes = coordinator.nodes().watch().unwrap();
    nodes.next().await.unwrap().unwrap();
    coordinator.close().await.unwrap();
    assert_eq!(alive_tasks(), 0);
    assert!(leaders.next().await.is_none() && events.next().await.is_none());
    assert!(sets.next().await.is_none() && nodes.next().await.is_none());
    let closed = registration.registered().await.unwrap_err();
    assert_eq!(closed.kind(), ErrorKind::Closed);
    let closed = coordinator.services().register("web").await.unwrap_err();
    assert_eq!(closed.kind(), ErrorKind::Closed);
}

#[tokio::test]
async fn dropping_everything_leaves_no_task_either() {
    let coordinator = quorate::connect("memory:").await.unwrap();
    let guard = coordinator.lock("jobs").acquire().await.unwrap();
    let kv = coordinator.kv();
    drop(coordinator);
    kv.put("a", "1")
        .await
        .expect("a handle keeps what it needs");
    assert!(guard.is_held());
    drop((kv, guard));
    no_task_is_left().await;
}

#[tokio::test]
async fn what_is_held_is_released_even_if_everything_is_just_dropped() {
    let dir = tempfile::tempdir().unwrap();
    let url = format!("embedded:{}", dir.path().display());
    let coordinator = quorate::connect(&url).await.unwrap();
    let guard = coordinator.lock("jobs").acquire().await.unwrap();
    let office = coordinator.election("e").campaign("me").await.unwrap();
    let registration = coordinator.services().register("web").await.unwrap();
    drop((coordinator, guard, office, registration));
    no_task_is_left().await;
    let coordinator = quorate::connect(&url).await.unwrap();
    let services = coordinator.services().list().await.unwrap();
    assert!(services.iter().all(|it| it.name != "web"), "{services:?}");
    assert_eq!(coordinator.election("e").leader().await.unwrap(), None);
    let next = coordinator.lock("jobs").try_acquire().await.unwrap();
    assert!(
        next.acquired().is_some(),
        "no session is left, and no lock-delay"
    );
    coordinator.close().await.unwrap();
}

#[tokio::test]
async fn when_the_owner_of_a_directory_closes_the_others_go_on() {
    let dir = tempfile::tempdir().unwrap();
    let url = format!("embedded:{}", dir.path().display());
    let owner = quorate::connect(&url).await.unwrap();
    let other = quorate::connect(&url).await.unwrap();
    let guard = other.lock("jobs").acquire().await.unwrap();
    let mut cache = other.cache("dir").unwrap();
    cache.ready().await.unwrap();
    owner.close().await.unwrap();
    let revision = other.kv().put("dir/a", "1").await.unwrap();
    while cache.get("dir/a").is_none() {
        cache.changed().await.unwrap();
    }
    assert_eq!(cache.get("dir/a").unwrap().revision, revision);
    assert!(guard.is_held());
    other
        .kv()
        .put_fenced(guard.holding(), "dir/b", "2")
        .await
        .unwrap();
    guard.release().await.unwrap();
    other.close().await.unwrap();
}

#[tokio::test]
async fn two_memories_are_two() {
    let first = quorate::connect("memory:").await.unwrap();
    let second = quorate::connect("memory:").await.unwrap();
    first.kv().put("a", "1").await.unwrap();
    assert_eq!(second.kv().get("a").await.unwrap(), None);
    assert!(!first.capabilities().durable && !first.capabilities().shared);
    first.close().await.unwrap();
    second.kv().put("a", "2").await.unwrap();
    second.close().await.unwrap();
}

#[tokio::test]
async fn what_was_written_to_a_directory_is_there_the_next_time() {
    let dir = tempfile::tempdir().unwrap();
    let url = format!("embedded:{}", dir.path().display());
    let coordinator = quorate::connect(&url).await.unwrap();
    assert!(coordinator.capabilities().durable);
    assert_eq!(coordinator.url(), url);
    let revision = coordinator.kv().put("a", "1").await.unwrap();
    coordinator.close().await.unwrap();
    let coordinator = quorate::connect(&url).await.unwrap();
    let entry = coordinator.kv().get("a").await.unwrap().unwrap();
    assert_eq!((entry.text(), entry.revision), (Some("1"), revision));
    coordinator.close().await.unwrap();
}

#[tokio::test]
async fn two_coordinators_share_a_directory() {
    let dir = tempfile::tempdir().unwrap();
    let url = format!("embedded:{}", dir.path().display());
    let first = quorate::connect(&url).await.unwrap();
    let second = quorate::connect(&url).await.unwrap();
    let mut watch = second.watch("a").unwrap();
    watch.next().await.unwrap().unwrap();
    watch.next().await.unwrap().unwrap();
    first.kv().put("a", "1").await.unwrap();
    assert!(matches!(
        watch.next().await.unwrap().unwrap(),
        WatchEvent::Put(_)
    ));
    let guard = first.lock("jobs").acquire().await.unwrap();
    assert!(
        second
            .lock("jobs")
            .try_acquire()
            .await
            .unwrap()
            .acquired()
            .is_none()
    );
    guard.release().await.unwrap();
    first.close().await.unwrap();
    assert_eq!(
        second.kv().get("a").await.unwrap().unwrap().text(),
        Some("1")
    );
    second.close().await.unwrap();
}

#[tokio::test]
async fn a_server_that_is_not_there_is_an_error_of_the_first_call() {
    let coordinator = Builder::new("consul://127.0.0.1:1?timeout=500ms")
        .without_environment()
        .connect()
        .await
        .unwrap();
    let error = coordinator.kv().put("a", "1").await.unwrap_err();
    assert_eq!(error.kind(), ErrorKind::Unavailable, "{error}");
    assert_eq!(error.outcome(), quorate::Outcome::DidNotHappen);
    assert!(error.native::<quorate::consul::Error>().is_some());
    let mut watch = coordinator.watch("a").unwrap();
    for _ in 0..2 {
        assert!(
            watch.next().await.unwrap().is_err(),
            "an error is not the end"
        );
    }
    coordinator.close().await.unwrap();
    assert!(watch.next().await.is_none());
}

#[tokio::test]
async fn a_certificate_that_is_not_there_is_an_error_of_the_connect() {
    for option in ["ca=/no/such/ca", "cert=/no/such/cert&key=/no/such/key"] {
        let builder = Builder::new(format!("consul+tls://127.0.0.1?{option}"));
        let error = builder.without_environment().connect().await.unwrap_err();
        assert_eq!(error.kind(), ErrorKind::InvalidArgument, "{error}");
        assert!(format!("{error:?}").contains("/no/such/c"), "{error:?}");
    }
}

#[tokio::test]
async fn a_guard_that_outlives_its_coordinator_counts_as_lost() {
    let coordinator = quorate::connect("memory:").await.unwrap();
    let guard = coordinator.lock("jobs").acquire().await.unwrap();
    coordinator.close().await.unwrap();
    assert_eq!(guard.lost().await, LostReason::Closed);
    assert!(!guard.is_held());
    let released = tokio::time::timeout(Duration::from_secs(50), guard.release()).await;
    released
        .expect("a release that comes too late ends all the same")
        .ok();
}

#[tokio::test]
async fn a_directory_that_cannot_be_used_is_named() {
    let file = tempfile::NamedTempFile::new().unwrap();
    let url = format!("embedded:{}", file.path().display());
    let error = quorate::connect(&url).await.unwrap_err();
    assert_eq!(error.target(), Some(url.as_str()), "{error}");
}

#[test]
fn handles_cross_threads() {
    fn check<T: Send + Sync + 'static>() {}
    check::<Coordinator>();
    check::<quorate::Kv>();
    check::<quorate::Lock>();
    check::<quorate::Semaphore>();
    check::<quorate::LockGuard>();
    check::<quorate::SemaphoreGuard>();
    check::<quorate::Held>();
    check::<quorate::Cache>();
    check::<quorate::Error>();
    fn sendable<T: Send + 'static>() {}
    sendable::<quorate::Watch>();
}
