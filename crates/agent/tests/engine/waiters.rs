//! Who is woken by what.

use std::sync::Arc;

use futures_util::FutureExt;
use quorate_agent::engine::consul::{SessionId, Table};
use quorate_agent::engine::{Topic, Wake};
use quorate_agent::waiters::{Waiter, Waiters, Watch};

use crate::world::{World, bytes};

/// Whether the waiter was woken. If so it waits again afterwards, as a reader does that has seen
/// nothing new.
fn woken(waiter: &mut Waiter) -> bool {
    let woken = waiter.changed().now_or_never().is_some();
    if woken {
        let waits_again = waiter.changed().now_or_never();
        assert!(waits_again.is_some(), "it reads once more before it waits");
    }
    woken
}

fn key(name: &str) -> Watch {
    Watch::Key(bytes(name))
}

fn prefix(name: &str) -> Watch {
    Watch::Prefix(bytes(name))
}

#[test]
fn a_write_wakes_those_of_its_key_and_of_its_prefixes() {
    let waiters = Waiters::default();
    let mut concerned = ["a/b", "a/", "a", ""].map(|name| waiters.register([prefix(name)]));
    let mut exact = waiters.register([key("a/b")]);
    let mut others = [
        waiters.register([key("a/")]),
        waiters.register([key("a/bc")]),
        waiters.register([prefix("a/bc")]),
        waiters.register([prefix("b")]),
    ];
    waiters.wake(&[Wake::Key(bytes("a/b"))]);
    assert!(concerned.iter_mut().all(woken));
    assert!(woken(&mut exact));
    assert!(!others.iter_mut().any(woken));
}

#[test]
fn a_recursive_deletion_wakes_everyone_under_it_and_above_it() {
    let waiters = Waiters::default();
    let mut concerned = [
        waiters.register([key("p/")]),
        waiters.register([key("p/1")]),
        waiters.register([prefix("p/1/deep")]),
        waiters.register([prefix("p/")]),
        waiters.register([prefix("p")]),
        waiters.register([prefix("")]),
    ];
    let mut others = [
        waiters.register([key("p")]),
        waiters.register([prefix("q")]),
        waiters.register([key("q/1")]),
    ];
    waiters.wake(&[Wake::Tree(bytes("p/"))]);
    assert!(concerned.iter_mut().all(woken));
    assert!(!others.iter_mut().any(woken));
    waiters.wake(&[Wake::Tree(bytes(""))]);
    assert!(others.iter_mut().all(woken));
}

#[test]
fn topics_wake_their_own() {
    let waiters = Waiters::default();
    let session = SessionId::from_bytes([1; 16]);
    let topic = |topic| waiters.register([Watch::Topic(topic)]);
    let mut one = topic(Topic::Session(session));
    let mut table = topic(Topic::Table(Table::Sessions));
    let mut other = topic(Topic::Session(SessionId::from_bytes([2; 16])));
    waiters.wake(&[
        Wake::Topic(Topic::Session(session)),
        Wake::Topic(Topic::Table(Table::Sessions)),
    ]);
    assert!(woken(&mut one) && woken(&mut table));
    assert!(!woken(&mut other));
}

#[test]
fn a_change_before_the_wait_is_not_missed() {
    let waiters = Waiters::default();
    let mut waiter = waiters.register([key("k")]);
    waiters.wake(&[Wake::Key(bytes("k"))]);
    waiters.wake(&[Wake::Key(bytes("k"))]);
    assert!(woken(&mut waiter));
    assert!(
        !woken(&mut waiter),
        "two changes that nobody looked between are one"
    );
    waiters.wake(&[Wake::Key(bytes("k"))]);
    assert!(woken(&mut waiter));
}

#[test]
fn one_waiter_can_wait_for_several_things() {
    let waiters = Waiters::default();
    let mut waiter = waiters.register([key("a"), prefix("b/"), key("a")]);
    waiters.wake(&[Wake::Key(bytes("b/1"))]);
    assert!(woken(&mut waiter));
    drop(waiter);
    assert!(waiters.is_empty());
}

#[test]
fn a_waiter_that_goes_away_gives_up_its_place() {
    let waiters = Waiters::default();
    let first = waiters.register([prefix("p/")]);
    let mut second = waiters.register([prefix("p/")]);
    assert_eq!(waiters.len(), 2);
    drop(first);
    waiters.wake(&[Wake::Key(bytes("p/1"))]);
    assert!(woken(&mut second), "the others of the same prefix stay");
    drop(second);
    assert!(waiters.is_empty());
}

#[test]
fn everyone_can_be_woken() {
    let waiters = Waiters::default();
    let mut all = [
        waiters.register([key("k")]),
        waiters.register([Watch::Topic(Topic::Table(Table::Nodes))]),
    ];
    waiters.wake_all();
    assert!(all.iter_mut().all(woken));
}

#[tokio::test]
async fn a_wait_ends_with_a_wake_from_another_thread() {
    let waiters = Arc::new(Waiters::default());
    let mut waiter = waiters.register([key("k")]);
    let waking = Arc::clone(&waiters);
    let thread = std::thread::spawn(move || waking.wake(&[Wake::Key(bytes("k"))]));
    waiter.changed().await;
    thread.join().unwrap();
}

#[test]
fn what_the_engine_changes_wakes_whom_it_concerns() {
    let mut world = World::new();
    let waiters = Waiters::default();
    let mut of_key = waiters.register([key("blk/a")]);
    let mut of_absent = waiters.register([key("blk/missing")]);
    world.put("blk/b", "1");
    waiters.wake(&world.changes.wakes);
    assert!(!woken(&mut of_key) && !woken(&mut of_absent));
    world.put("blk/a", "1");
    waiters.wake(&world.changes.wakes);
    assert!(woken(&mut of_key));
    world.put("blk/a", "1");
    waiters.wake(&world.changes.wakes);
    assert!(!woken(&mut of_key), "an identical write wakes nobody");
    world.delete_tree("blk/");
    waiters.wake(&world.changes.wakes);
    assert!(woken(&mut of_key) && woken(&mut of_absent));
}
