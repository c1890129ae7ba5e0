//! Network coordinates.

use std::time::Duration;

use quorate_agent::engine::consul::{Command, Deregister, Located, Table};
use quorate_agent::engine::{Engine, Row};
use quorate_wire::consul::Coordinate;

use crate::world::{World, node};

fn place(world: &mut World, node: &str, segment: &str, x: f64) {
    let mut vec = vec![0.0; 8];
    vec[0] = x;
    let located = Located {
        node: node.into(),
        segment: segment.into(),
        coord: Coordinate::new().with_vec(vec),
    };
    world
        .apply(Command::UpdateCoordinate(Box::new(located)))
        .unwrap();
}

#[test]
fn a_coordinate_of_an_unknown_node_is_dropped_and_moves_nothing() {
    let mut world = World::new();
    let index = world.index();
    place(&mut world, "nobody", "", 1.0);
    assert!(
        world
            .engine
            .snapshot()
            .consul()
            .coordinates()
            .value
            .is_empty()
    );
    assert_eq!(world.index(), index);
    place(&mut world, "N1", "", 1.0);
    let snapshot = world.engine.snapshot();
    let found = snapshot.consul().node_coordinates("n1");
    assert_eq!(
        (found.value[0].node.as_str(), found.index),
        ("N1", index + 1)
    );
}

#[test]
fn coordinates_survive_a_restart_and_go_with_their_node() {
    let mut world = World::new();
    world.register(node("n2"));
    place(&mut world, "n2", "", 1.0);
    place(&mut world, "n2", "alpha", 2.0);
    place(&mut world, "n1", "", 3.0);
    let rows = |world: &World| {
        let snapshot = world.engine.snapshot();
        snapshot
            .consul()
            .rows()
            .map(Row::Consul)
            .collect::<Vec<_>>()
    };
    let restored = Engine::restore(rows(&world), world.now);
    assert_eq!(restored.snapshot().consul().coordinates().value.len(), 3);
    let deregister = Deregister {
        node: "n2".into(),
        ..Deregister::default()
    };
    world.apply(Command::Deregister(deregister)).unwrap();
    let snapshot = world.engine.snapshot();
    assert_eq!(snapshot.consul().coordinates().value.len(), 1);
    assert_eq!(
        snapshot.consul().table_index(Table::Coordinates),
        world.index()
    );
}

#[test]
fn a_distance_is_within_the_segment_that_both_are_in() {
    let mut world = World::new();
    for name in ["client", "server", "other"] {
        world.register(node(name));
    }
    place(&mut world, "client", "alpha", 0.1);
    place(&mut world, "server", "", 5.0);
    place(&mut world, "server", "alpha", 0.4);
    place(&mut world, "other", "beta", 0.0);
    let snapshot = world.engine.snapshot();
    let state = snapshot.consul();
    let near = |one: &str, other: &str| state.distance(one, other).map(|it| it.as_millis());
    assert_eq!(near("client", "server"), Some(300));
    assert_eq!(near("SERVER", "client"), Some(300));
    assert_eq!(near("server", "server"), Some(0));
    assert_eq!(near("client", "other"), None);
    assert_eq!(near("client", "n1"), None);
    assert_eq!(
        state.distance("client", "client"),
        Some(Duration::from_micros(20))
    );
}
