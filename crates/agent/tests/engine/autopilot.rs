//! The settings of autopilot.

use quorate_agent::engine::Row;
use quorate_agent::engine::consul::{Command, Reply, Row as ConsulRow, SetAutopilot};
use quorate_wire::consul::operator::AutopilotConfig;

use crate::world::World;

fn set(world: &mut World, min_quorum: u64, cas: Option<u64>) -> bool {
    let mut config = AutopilotConfig::default();
    config.min_quorum = min_quorum;
    config.modify_index = 999;
    let set = SetAutopilot { config, cas };
    match world.apply(Command::SetAutopilot(Box::new(set))) {
        Ok(Reply::Applied(applied)) => applied,
        other => panic!("{other:?}"),
    }
}

#[test]
fn settings_keep_the_index_of_their_creation() {
    let mut world = World::new();
    let first = world.engine.snapshot().consul().autopilot();
    assert!(set(&mut world, 3, None));
    let second = world.engine.snapshot().consul().autopilot();
    assert_eq!(second.create_index, first.create_index);
    assert_eq!(second.modify_index, world.index());
    assert_eq!(second.min_quorum, 3);
}

#[test]
fn a_check_and_set_needs_the_newest_index() {
    let mut world = World::new();
    let first = world.engine.snapshot().consul().autopilot().modify_index;
    assert!(!set(&mut world, 1, Some(0)));
    assert!(!set(&mut world, 1, Some(first + 1)));
    assert!(world.changes.rows.is_empty(), "nothing to store");
    assert!(set(&mut world, 1, Some(first)));
    assert!(!set(&mut world, 2, Some(first)));
    assert_eq!(world.engine.snapshot().consul().autopilot().min_quorum, 1);
}

#[test]
fn settings_are_one_row() {
    let mut world = World::new();
    assert!(set(&mut world, 1, None));
    assert!(set(&mut world, 2, None));
    let snapshot = world.engine.snapshot();
    let rows: Vec<_> = snapshot
        .consul()
        .rows()
        .filter(|row| matches!(row, ConsulRow::Autopilot(_)))
        .collect();
    assert_eq!(rows.len(), 1);
    assert_eq!(world.changes.rows, [Row::Consul(rows[0].clone())]);
}
