//! Sessions: creation, renewal, and what ends them.

use std::time::Duration;

use quorate_agent::engine::consul::{Command, Refusal, Reply, SessionSpec, Table};
use quorate_agent::engine::{Time, Topic, Wake};

use crate::world::{RegisterExt, World, node};

fn refusal(change: impl FnOnce(&mut SessionSpec)) -> String {
    let mut world = World::new();
    world.register(node("n1").with_check("bad", "critical"));
    let mut spec = world.spec();
    change(&mut spec);
    let index = world.index();
    let refused = world.create(spec).unwrap_err().to_string();
    assert!(world.engine.snapshot().consul().sessions().value.is_empty());
    assert!(!world.changes.need_commit());
    assert!(world.index() <= index + 1);
    refused
}

#[test]
fn a_session_is_shown_as_it_was_created() {
    let mut world = World::new();
    let mut spec = world.spec();
    spec.name = "worker".into();
    spec.ttl = "0.5h".into();
    spec.lock_delay_nanos = -5;
    spec.behavior = "delete".into();
    spec.node_checks = Some(vec!["serfHealth".into()]);
    let id = world.create(spec).unwrap();
    let snapshot = world.engine.snapshot();
    let found = snapshot.consul().session(&id.to_string()).unwrap();
    let session = found.value.unwrap();
    assert_eq!(
        (session.name.as_str(), session.node.as_str()),
        ("worker", "n1")
    );
    assert_eq!(
        (session.ttl_text.as_str(), session.lock_delay_nanos),
        ("0.5h", -5)
    );
    assert_eq!(session.behavior.as_str(), "delete");
    assert_eq!(session.checks().collect::<Vec<_>>(), ["serfHealth"]);
    assert_eq!(
        (session.create_index, session.modify_index),
        (found.index, found.index)
    );
}

#[test]
fn a_session_that_can_not_be_is_refused_with_the_servers_words() {
    assert_eq!(refusal(|spec| spec.node.clear()), "Must provide Node");
    assert_eq!(
        refusal(|spec| spec.behavior = "x".into()),
        "Invalid Behavior setting 'x'"
    );
    assert_eq!(
        refusal(|spec| spec.behavior = "Release".into()),
        "Invalid Behavior setting 'Release'"
    );
    assert_eq!(
        refusal(|spec| spec.ttl = "abc".into()),
        "Session TTL 'abc' invalid: time: invalid duration \"abc\""
    );
    for (ttl, nanos) in [
        ("9s", "9000000000"),
        ("25h", "90000000000000"),
        ("-1s", "-1000000000"),
    ] {
        assert_eq!(
            refusal(|spec| spec.ttl = ttl.into()),
            format!("Invalid Session TTL '{nanos}', must be between [10s=24h0m0s]")
        );
    }
    assert_eq!(
        refusal(|spec| spec.node = "none".into()),
        "Missing node registration"
    );
    assert_eq!(
        refusal(|spec| spec.node_checks = Some(vec!["none".into()])),
        "Missing check 'none' registration"
    );
    assert_eq!(
        refusal(|spec| spec.node_checks = Some(vec!["serfHealth".into(), "bad".into()])),
        "Check 'bad' is in critical state"
    );
}

#[test]
fn the_first_thing_that_is_wrong_is_said() {
    let all = |spec: &mut SessionSpec| {
        spec.behavior = "x".into();
        spec.ttl = "9s".into();
        spec.node = "none".into();
    };
    assert_eq!(refusal(all), "Invalid Behavior setting 'x'");
    let both = |spec: &mut SessionSpec| {
        spec.ttl = "9s".into();
        spec.node = "none".into();
    };
    assert!(refusal(both).starts_with("Invalid Session TTL"));
}

#[test]
fn a_ttl_is_10_seconds_to_24_hours_or_none() {
    let mut world = World::new();
    for ttl in ["", "0", "0s", "10s", "24h", "0.5h"] {
        world.session_with_ttl(ttl);
    }
    assert_eq!(world.engine.snapshot().consul().sessions().value.len(), 6);
}

#[test]
fn an_id_that_is_taken_is_refused() {
    let mut world = World::new();
    let spec = world.spec();
    world.create(spec.clone()).unwrap();
    assert_eq!(
        world.create(spec.clone()),
        Err(Refusal::SessionExists(spec.id))
    );
}

#[test]
fn a_session_expires_after_twice_its_ttl() {
    let mut world = World::new();
    let session = world.session_with_ttl("10s");
    assert!(world.acquire("k", session));
    world.pass(19);
    assert!(world.lives(session));
    world.pass(1);
    assert!(!world.lives(session));
    assert_eq!(world.get("k").unwrap().session, None);
    assert!(!world.renew(session));
}

#[test]
fn a_renewal_starts_the_ttl_again_and_spends_no_index() {
    let mut world = World::new();
    let session = world.session_with_ttl("10s");
    let index = world.index();
    for _ in 0..5 {
        world.pass(15);
        assert!(world.renew(session));
        assert!(!world.changes.need_commit());
        assert!(world.changes.wakes.is_empty());
    }
    assert_eq!(world.index(), index);
    world.pass(19);
    assert!(world.lives(session));
    world.pass(1);
    assert!(!world.lives(session));
}

#[test]
fn a_session_without_ttl_can_be_renewed_and_never_expires() {
    let mut world = World::new();
    let session = world.session_with_ttl("0s");
    assert!(world.renew(session));
    world.pass(1_000_000);
    assert!(world.lives(session));
}

#[test]
fn the_engine_names_the_next_deadline() {
    let mut world = World::new();
    assert_eq!(world.engine.next_deadline(), None);
    world.session_with_ttl("30s");
    let session = world.session_with_ttl("10s");
    let at = |seconds| Some(Time::since_start(Duration::from_secs(seconds)));
    assert_eq!(world.engine.next_deadline(), at(20));
    world.destroy(session);
    assert_eq!(world.engine.next_deadline(), at(60));
}

#[test]
fn every_ttl_starts_again_in_a_restart() {
    let mut world = World::new();
    let session = world.session_with_ttl("10s");
    world.pass(19);
    world.restart();
    world.pass(19);
    assert!(world.lives(session));
    world.pass(1);
    assert!(!world.lives(session));
}

#[test]
fn a_session_that_ends_releases_its_keys_at_one_index() {
    let mut world = World::new();
    let session = world.session();
    assert!(world.acquire("a", session));
    assert!(world.acquire("b", session));
    world.put("free", "v");
    let index = world.index();
    world.destroy(session);
    for key in ["a", "b"] {
        let entry = world.get(key).unwrap();
        assert_eq!((entry.session, entry.modify_index), (None, index + 1));
        assert_eq!((entry.value, entry.lock_index), ("held".into(), 1));
        assert!(world.woke_key(key));
    }
    assert_eq!(world.get("free").unwrap().modify_index, index);
    assert_eq!(world.index(), index + 1);
}

#[test]
fn a_session_of_behavior_delete_deletes_its_keys_and_delays_them() {
    let mut world = World::new();
    let mut spec = world.spec();
    spec.behavior = "delete".into();
    spec.lock_delay_nanos = 5_000_000_000;
    let session = world.create(spec).unwrap();
    let other = world.session();
    assert!(world.acquire("k", session));
    world.destroy(session);
    assert_eq!(world.get("k"), None);
    assert_eq!(
        world.prefix_index("k"),
        world.index(),
        "there is a tombstone"
    );
    assert!(!world.acquire("k", other));
    world.pass(5);
    assert!(world.acquire("k", other));
}

#[test]
fn a_key_that_was_released_is_left_alone_when_the_session_ends() {
    let mut world = World::new();
    let mut spec = world.spec();
    spec.behavior = "delete".into();
    let session = world.create(spec).unwrap();
    assert!(world.acquire("k", session));
    assert!(world.release("k", session));
    let before = world.get("k");
    world.destroy(session);
    assert_eq!(world.get("k"), before);
}

#[test]
fn destroy_of_an_unknown_session_is_done_and_of_a_malformed_one_refused() {
    let mut world = World::new();
    world.destroy(quorate_agent::engine::consul::SessionId::from_bytes(
        [9; 16],
    ));
    assert!(!world.changes.need_commit());
    for command in [
        Command::DestroySession("zz".into()),
        Command::RenewSession("zz".into()),
    ] {
        let refused = world.apply(command).unwrap_err();
        assert_eq!(
            refused.to_string(),
            "failed session lookup: index error: UUID must be 36 characters"
        );
    }
    let odd = Command::RenewSession("1".repeat(36));
    assert_eq!(world.apply(odd), Ok(Reply::Renewed(None)));
}

#[test]
fn sessions_are_listed_by_id_and_by_node_in_any_case() {
    let mut world = World::new();
    world.register(node("N2"));
    let mut spec = world.spec();
    spec.node = "n2".into();
    let on_two = world.create(spec).unwrap();
    let on_one = world.session();
    let snapshot = world.engine.snapshot();
    let all = snapshot.consul().sessions();
    let ids: Vec<_> = all.value.iter().map(|session| session.id).collect();
    assert_eq!(ids, [on_two, on_one]);
    let found = snapshot.consul().node_sessions("N2");
    assert_eq!(found.value.len(), 1);
    assert_eq!(found.value[0].node, "n2", "as the client wrote it");
    assert!(snapshot.consul().node_sessions("none").value.is_empty());
    assert_eq!(snapshot.consul().node_sessions("none").index, world.index());
}

#[test]
fn creation_and_end_move_the_sessions_index_and_wake_its_readers() {
    let mut world = World::new();
    let session = world.session();
    let index = |world: &World| world.engine.snapshot().consul().sessions().index;
    let expected = [
        Wake::Topic(Topic::Session(session)),
        Wake::Topic(Topic::NodeSessions("n1".into())),
        Wake::Topic(Topic::Table(Table::Sessions)),
    ];
    assert_eq!(world.changes.wakes, expected);
    assert_eq!(index(&world), world.index());
    world.put("k", "v");
    assert_eq!(index(&world), world.index() - 1);
    world.destroy(session);
    assert_eq!(world.changes.wakes, expected);
    assert_eq!(index(&world), world.index());
}
