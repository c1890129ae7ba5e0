//! User events: what is kept of them, and for whom.

use bytes::Bytes;
use quorate_agent::engine::consul::{Command, EventSpec, Refusal, Reply};
use quorate_agent::engine::{Engine, Topic, Wake};

use crate::world::World;

fn event(number: u32) -> EventSpec {
    EventSpec {
        ltime: None,
        id: format!("00000000-0000-4000-8000-{number:012}"),
        name: format!("e{number}"),
        payload: Bytes::new(),
        node: "n1".into(),
        node_filter: None,
        service_filter: None,
        tag_filter: None,
        filters: Default::default(),
    }
}

fn fire(world: &mut World, spec: EventSpec) -> Result<Reply, Refusal> {
    world.apply(Command::FireEvent(Box::new(spec)))
}

fn names(world: &World) -> Vec<String> {
    let snapshot = world.engine.snapshot();
    let events = snapshot.consul().events().iter();
    events.map(|event| event.name.clone()).collect()
}

#[test]
fn the_newest_256_are_kept_and_their_times_count_all() {
    let mut world = World::new();
    for number in 1..=270 {
        fire(&mut world, event(number)).unwrap();
    }
    let names = names(&world);
    assert_eq!((names.len(), names[0].as_str()), (256, "e15"));
    let snapshot = world.engine.snapshot();
    let last = snapshot.consul().events().back().unwrap();
    assert_eq!((last.name.as_str(), last.ltime), ("e270", 271));
}

#[test]
fn an_event_is_seen_and_neither_stored_nor_counted_by_the_indexes() {
    let mut world = World::new();
    let index = world.index();
    fire(&mut world, event(1)).unwrap();
    assert!(!world.changes.need_commit());
    assert_eq!(world.changes.wakes, [Wake::Topic(Topic::Events)]);
    assert_eq!(world.index(), index);
    let snapshot = world.engine.snapshot();
    let rows = snapshot.consul().rows();
    let rows = rows
        .map(quorate_agent::engine::Row::Consul)
        .collect::<Vec<_>>();
    let restored = Engine::restore(rows, world.now);
    assert!(restored.snapshot().consul().events().is_empty());
}

#[test]
fn an_event_for_others_is_counted_and_wakes_nobody() {
    let mut world = World::new();
    let mut spec = event(1);
    spec.node_filter = Some(regex::Regex::new("^n2$").unwrap());
    fire(&mut world, spec).unwrap();
    assert!(world.changes.wakes.is_empty());
    let mut spec = event(2);
    spec.service_filter = Some(regex::Regex::new("consul").unwrap());
    fire(&mut world, spec).unwrap();
    fire(&mut world, event(3)).unwrap();
    assert_eq!(names(&world), ["e3"]);
    let snapshot = world.engine.snapshot();
    assert_eq!(snapshot.consul().events()[0].ltime, 4);
}

#[test]
fn the_largest_payload_shrinks_when_times_grow() {
    let mut world = World::new();
    let sized = |number: u32, bytes: usize| EventSpec {
        name: "a".into(),
        payload: vec![b'x'; bytes].into(),
        ..event(number)
    };
    fire(&mut world, sized(0, 414)).unwrap();
    let refused = fire(&mut world, sized(1, 415)).unwrap_err();
    assert_eq!(refused, Refusal::EventTooLarge { encoded: true });
    let refused = fire(&mut world, sized(2, 600)).unwrap_err();
    assert_eq!(refused, Refusal::EventTooLarge { encoded: false });
    // What is refused does not count.
    for number in 3..128 {
        fire(&mut world, event(number)).unwrap();
    }
    fire(&mut world, sized(200, 413)).unwrap();
    fire(&mut world, sized(201, 414)).unwrap_err();
}
