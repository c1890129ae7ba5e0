//! Which index a read answers, and tombstones.

use quorate_agent::engine::Wake;
use quorate_agent::engine::consul::TOMBSTONE_LIFE;

use crate::world::{World, bytes};

#[test]
fn an_empty_store_answers_index_1() {
    let world = World::new();
    assert_eq!(world.key_index("none"), 1);
    assert_eq!(world.prefix_index(""), 1);
    assert_eq!(world.engine.snapshot().consul().sessions().index, 1);
}

#[test]
fn the_first_write_is_above_what_clients_take_for_no_index() {
    let mut world = World::new();
    world.put("k", "v");
    assert!(world.key_index("k") > 10);
}

#[test]
fn an_absent_key_answers_the_newest_change_of_any_key() {
    let mut world = World::new();
    world.put("other", "1");
    assert_eq!(world.key_index("absent"), world.index());
    world.session();
    assert_eq!(
        world.key_index("absent"),
        world.index() - 1,
        "sessions are no keys"
    );
}

#[test]
fn a_present_key_answers_its_own_change() {
    let mut world = World::new();
    world.put("k", "1");
    let index = world.index();
    world.put("other", "1");
    assert_eq!(world.key_index("k"), index);
}

/// As the real server answered.
#[test]
fn a_deletion_moves_the_prefixes_above_it_and_no_neighbour() {
    let mut world = World::new();
    for key in ["p/1", "p/2", "q/1"] {
        world.put(key, "1");
    }
    let (p1, q) = (world.key_index("p/1"), world.prefix_index("q/"));
    world.delete("p/2");
    let index = world.index();
    assert_eq!(world.prefix_index("p/"), index);
    assert_eq!(world.prefix_index("p"), index);
    assert_eq!(world.prefix_index(""), index);
    assert_eq!((world.key_index("p/1"), world.prefix_index("q/")), (p1, q));
}

#[test]
fn a_recursive_deletion_moves_everything_under_it_and_above_it() {
    let mut world = World::new();
    world.put("p/1", "1");
    world.put("q/1", "1");
    let q = world.prefix_index("q/");
    world.delete_tree("p/");
    let index = world.index();
    for prefix in ["p/", "p", "p/1", "p/1/deeper", ""] {
        assert_eq!(world.prefix_index(prefix), index, "{prefix:?}");
    }
    assert_eq!(world.prefix_index("q/"), q);
    assert_eq!(world.key_index("p/1"), index);
}

/// The real server answers the index of the older deletion here, which is lower than what it
/// answered before, so that a watch on `pa/x` misses that everything was deleted.
#[test]
fn an_older_tombstone_does_not_hide_a_newer_recursive_deletion() {
    for wiped in ["pa", ""] {
        let mut world = World::new();
        world.put("pa/x1", "1");
        world.put("pa/x2", "1");
        world.delete("pa/x1");
        world.put("pa/x2", "2");
        let before = world.prefix_index("pa/x");
        world.delete_tree(wiped);
        assert!(
            world.prefix_index("pa/x") > before,
            "after the deletion of {wiped:?}"
        );
    }
}

#[test]
fn the_root_leaves_no_tombstone() {
    let mut world = World::new();
    world.put("a/1", "1");
    world.delete_tree("");
    let wiped = world.index();
    assert_eq!(world.changes.wakes.first(), Some(&Wake::Tree(bytes(""))));
    assert_eq!(world.prefix_index("a/"), wiped);
    assert_eq!(
        world.engine.next_deadline(),
        None,
        "there is nothing to reap"
    );
    world.put("b", "1");
    assert_eq!(
        world.prefix_index("a/"),
        wiped + 1,
        "and so it is the whole table's index"
    );
}

#[test]
fn a_tombstone_lives_for_a_quarter_of_an_hour() {
    let mut world = World::new();
    world.put("p/1", "1");
    let written = world.index();
    world.put("p/2", "1");
    world.delete("p/2");
    let deleted = world.index();
    world.pass(TOMBSTONE_LIFE.as_secs() - 1);
    assert_eq!(world.prefix_index("p/"), deleted);
    world.pass(31);
    assert_eq!(world.prefix_index("p/"), written);
    assert_eq!(world.changes.rows.len(), 1, "it is gone from the store too");
    assert_eq!(world.engine.next_deadline(), None);
}

#[test]
fn a_tombstone_that_is_renewed_lives_on() {
    let mut world = World::new();
    world.put("p/1", "1");
    world.put("p/2", "1");
    world.delete("p/2");
    world.pass(600);
    world.put("p/2", "1");
    world.delete("p/2");
    let deleted = world.index();
    world.pass(600);
    assert_eq!(world.prefix_index("p/"), deleted);
}

#[test]
fn tombstones_outlive_a_restart_and_start_their_life_again() {
    let mut world = World::new();
    world.put("p/1", "1");
    world.put("p/2", "1");
    world.delete("p/2");
    let deleted = world.index();
    world.pass(600);
    world.restart();
    world.pass(600);
    assert_eq!(world.prefix_index("p/"), deleted);
    world.pass(400);
    assert!(world.prefix_index("p/") < deleted);
}

#[test]
fn indexes_go_on_after_a_restart() {
    let mut world = World::new();
    world.put("k", "1");
    world.delete_tree("");
    assert!(!world.cas("k", "1", 99));
    let (index, table) = (world.index(), world.key_index("absent"));
    world.restart();
    assert_eq!((world.index(), world.key_index("absent")), (index, table));
    world.put("k", "1");
    assert_eq!(world.key_index("k"), index + 1);
}

#[test]
fn the_stored_counter_claims_what_refused_writes_may_spend() {
    let mut world = World::new();
    world.put("k", "1");
    let row = world.engine.index_row(100);
    let rows = world.engine.snapshot().consul().rows().collect::<Vec<_>>();
    let rows = rows
        .into_iter()
        .map(quorate_agent::engine::Row::Consul)
        .chain([row]);
    let restored = quorate_agent::engine::Engine::restore(rows, world.now);
    assert_eq!(restored.last_index(), world.index() + 100);
    assert_eq!(
        restored.snapshot().consul().kv_get(b"absent").index,
        world.key_index("absent")
    );
}
