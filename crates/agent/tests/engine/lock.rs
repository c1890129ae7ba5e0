//! Keys that sessions hold: acquire, release, and the lock-delay.

use quorate_agent::engine::consul::{PutMode, Refusal, SessionId};

use crate::world::World;

const NOBODY: &str = "11111111-1111-1111-1111-111111111111";

#[test]
fn an_acquired_key_shows_its_session_and_lock_index_1() {
    let mut world = World::new();
    let session = world.session();
    let mode = PutMode::Acquire(session.to_string());
    assert_eq!(world.put_with("k", "v", 7, mode), Ok(true));
    let entry = world.get("k").unwrap();
    assert_eq!(
        (entry.session, entry.lock_index, entry.flags),
        (Some(session), 1, 7)
    );
    assert_eq!(entry.value, "v");
}

#[test]
fn a_held_key_is_refused_to_others_and_stays_as_it_is() {
    let mut world = World::new();
    let (one, two) = (world.session(), world.session());
    assert!(world.acquire("k", one));
    let before = world.get("k");
    assert!(!world.acquire("k", two));
    assert_eq!(world.get("k"), before);
    assert!(!world.changes.need_commit());
}

#[test]
fn the_holder_acquires_again_without_a_new_lock_index() {
    let mut world = World::new();
    let session = world.session();
    assert!(world.acquire("k", session));
    let mode = PutMode::Acquire(session.to_string());
    assert_eq!(world.put_with("k", "other", 3, mode), Ok(true));
    let entry = world.get("k").unwrap();
    assert_eq!((entry.lock_index, entry.flags), (1, 3));
    assert_eq!(entry.value, "other");
}

/// As the real server answered, index by index.
#[test]
fn a_plain_write_keeps_the_holder_and_resets_the_lock_index() {
    let mut world = World::new();
    let session = world.session();
    assert!(world.acquire("k", session));
    world.put_with("k", "plain", 9, PutMode::Set).unwrap();
    let entry = world.get("k").unwrap();
    assert_eq!(
        (entry.session, entry.lock_index, entry.flags),
        (Some(session), 0, 9)
    );
    assert!(world.acquire("k", session));
    assert_eq!(
        world.get("k").unwrap().lock_index,
        0,
        "the holder acquires without counting"
    );
    assert!(world.release("k", session));
    assert_eq!(world.get("k").unwrap().lock_index, 0);
    assert!(world.acquire("k", session));
    assert_eq!(world.get("k").unwrap().lock_index, 1);
}

#[test]
fn release_replaces_value_and_flags_and_keeps_the_lock_index() {
    let mut world = World::new();
    let session = world.session();
    assert!(world.acquire("k", session));
    let mode = PutMode::Release(session.to_string());
    assert_eq!(world.put_with("k", "free", 5, mode), Ok(true));
    let entry = world.get("k").unwrap();
    assert_eq!((entry.session, entry.lock_index, entry.flags), (None, 1, 5));
    assert_eq!(entry.value, "free");
    assert!(
        world.acquire("k", session),
        "no lock-delay follows a release"
    );
    assert_eq!(world.get("k").unwrap().lock_index, 2);
}

#[test]
fn release_is_refused_to_everyone_but_the_holder() {
    let mut world = World::new();
    let (one, two) = (world.session(), world.session());
    assert!(!world.release("absent", one));
    assert!(world.acquire("k", one));
    assert!(!world.release("k", two));
    for session in [NOBODY, "zz"] {
        let mode = PutMode::Release(session.into());
        assert_eq!(world.put_with("k", "", 0, mode), Ok(false), "{session}");
    }
    assert_eq!(world.get("k").unwrap().session, Some(one));
    world.put("free", "v");
    assert!(!world.release("free", one));
}

#[test]
fn acquire_with_a_bad_session_says_what_is_wrong() {
    let mut world = World::new();
    let text = |refused: Result<bool, Refusal>| refused.unwrap_err().to_string();
    assert_eq!(text(world.try_acquire("k", "")), "missing session");
    assert_eq!(
        text(world.try_acquire("k", "zz")),
        "failed session lookup: index error: UUID must be 36 characters"
    );
    assert_eq!(
        text(world.try_acquire("k", &"z".repeat(36))),
        "failed session lookup: index error: Invalid UUID: encoding/hex: invalid byte: U+007A 'z'"
    );
    assert_eq!(
        text(world.try_acquire("k", NOBODY)),
        "invalid session \"11111111-1111-1111-1111-111111111111\""
    );
    let mode = PutMode::Release(String::new());
    assert_eq!(text(world.put_with("k", "", 0, mode)), "missing session");
    assert_eq!(world.get("k"), None);
}

#[test]
fn a_bad_session_is_an_error_even_on_a_key_that_another_holds() {
    let mut world = World::new();
    let session = world.session();
    assert!(world.acquire("k", session));
    assert!(matches!(
        world.try_acquire("k", NOBODY),
        Err(Refusal::UnknownSession(_))
    ));
}

#[test]
fn a_session_id_in_upper_case_is_the_same_session() {
    let mut world = World::new();
    let session = SessionId::from_bytes([0xab; 16]);
    let mut spec = world.spec();
    spec.id = session;
    world.create(spec).unwrap();
    assert_eq!(
        world.try_acquire("k", &session.to_string().to_uppercase()),
        Ok(true)
    );
    assert!(world.acquire("k", session));
}

#[test]
fn a_held_key_can_be_deleted_and_acquired_again_at_once() {
    let mut world = World::new();
    let (one, two) = (world.session_with_delay(15), world.session());
    assert!(world.acquire("k", one));
    assert!(world.acquire("k2", one));
    world.delete("k");
    world.delete_tree("k2");
    assert!(world.acquire("k", two));
    assert!(world.acquire("k2", two));
    assert_eq!(world.get("k").unwrap().lock_index, 1, "it is a new key");
    world.destroy(one);
    assert_eq!(
        world.get("k").unwrap().session,
        Some(two),
        "its old holder has no hold on it"
    );
}

#[test]
fn the_lock_delay_counts_from_the_end_of_the_session() {
    let mut world = World::new();
    let (one, two) = (world.session_with_delay(4), world.session());
    assert!(world.acquire("k", one));
    world.pass(100);
    world.destroy(one);
    assert!(!world.acquire("k", two));
    world.pass(3);
    assert!(!world.acquire("k", two));
    world.pass(1);
    assert!(world.acquire("k", two));
    assert_eq!(world.get("k").unwrap().lock_index, 2);
}

#[test]
fn the_lock_delay_is_looked_at_before_the_session() {
    let mut world = World::new();
    let session = world.session_with_delay(4);
    assert!(world.acquire("k", session));
    world.destroy(session);
    let index = world.index();
    for bad in ["", "zz", NOBODY] {
        assert_eq!(world.try_acquire("k", bad), Ok(false), "{bad:?}");
    }
    assert_eq!(world.index(), index, "and before an index is spent");
    world.pass(4);
    assert!(matches!(
        world.try_acquire("k", NOBODY),
        Err(Refusal::UnknownSession(_))
    ));
}

#[test]
fn the_lock_delay_is_at_most_a_minute() {
    let mut world = World::new();
    let (one, two) = (world.session_with_delay(500), world.session());
    assert!(world.acquire("k", one));
    world.destroy(one);
    world.pass(59);
    assert!(!world.acquire("k", two));
    world.pass(1);
    assert!(world.acquire("k", two));
}

#[test]
fn a_lock_delay_of_zero_or_less_is_none() {
    for delay in [0, -5] {
        let mut world = World::new();
        let (one, two) = (world.session_with_delay(delay), world.session());
        assert!(world.acquire("k", one));
        world.destroy(one);
        assert!(world.acquire("k", two), "{delay}");
    }
}

#[test]
fn only_keys_held_at_the_end_of_the_session_are_delayed() {
    let mut world = World::new();
    let (one, two) = (world.session_with_delay(15), world.session());
    for key in ["released", "deleted", "held"] {
        assert!(world.acquire(key, one));
    }
    assert!(world.release("released", one));
    world.delete("deleted");
    world.destroy(one);
    assert!(world.acquire("released", two));
    assert!(world.acquire("deleted", two));
    assert!(!world.acquire("held", two));
}

#[test]
fn plain_writes_are_not_delayed() {
    let mut world = World::new();
    let session = world.session_with_delay(15);
    assert!(world.acquire("k", session));
    world.destroy(session);
    world.put("k", "v");
    assert_eq!(world.get("k").unwrap().value, "v");
}

#[test]
fn lock_delays_are_forgotten_in_a_restart() {
    let mut world = World::new();
    let (one, two) = (world.session_with_delay(15), world.session());
    assert!(world.acquire("k", one));
    world.destroy(one);
    assert!(!world.acquire("k", two));
    world.restart();
    assert!(world.acquire("k", two));
}
