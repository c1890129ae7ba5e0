//! Keys: plain writes, compare-and-set, deletion and listing.

use bytes::Bytes;
use quorate_agent::engine::consul::{Command, Delete, Put, PutMode, Refusal};

use crate::world::World;

#[test]
fn a_new_key_has_the_index_of_its_write() {
    let mut world = World::new();
    world.put("k", "v");
    let entry = world.get("k").unwrap();
    assert_eq!(entry.value, "v");
    assert_eq!(
        (entry.create_index, entry.modify_index),
        (world.index(), world.index())
    );
    assert_eq!((entry.flags, entry.lock_index, entry.session), (0, 0, None));
}

#[test]
fn a_later_write_keeps_the_create_index() {
    let mut world = World::new();
    world.put("k", "1");
    let created = world.index();
    world.put_with("k", "2", u64::MAX, PutMode::Set).unwrap();
    let entry = world.get("k").unwrap();
    assert_eq!(
        (entry.create_index, entry.modify_index),
        (created, created + 1)
    );
    assert_eq!(entry.flags, u64::MAX);
}

#[test]
fn an_identical_write_spends_an_index_and_changes_nothing() {
    let mut world = World::new();
    world.put("k", "v");
    let before = world.get("k");
    let index = world.index();
    world.put("k", "v");
    assert_eq!(world.get("k"), before);
    assert_eq!(world.index(), index + 1);
    assert!(world.changes.wakes.is_empty());
    assert!(!world.changes.need_commit());
    assert_eq!(world.key_index("absent"), index);
}

#[test]
fn other_flags_alone_are_a_change() {
    let mut world = World::new();
    world.put("k", "v");
    world.put_with("k", "v", 7, PutMode::Set).unwrap();
    assert!(world.woke_key("k"));
    assert_eq!(world.get("k").unwrap().modify_index, world.index());
}

#[test]
fn cas_0_creates_and_never_overwrites() {
    let mut world = World::new();
    assert!(world.cas("k", "1", 0));
    assert!(!world.cas("k", "2", 0));
    assert_eq!(world.get("k").unwrap().value, "1");
}

#[test]
fn cas_writes_at_the_exact_index_only() {
    let mut world = World::new();
    world.put("k", "1");
    let index = world.get("k").unwrap().modify_index;
    assert!(!world.cas("k", "2", index - 1));
    assert!(!world.cas("k", "2", index + 1));
    assert!(world.cas("k", "2", index));
    assert!(!world.cas("k", "3", index));
    assert!(!world.cas("absent", "1", 5));
    assert_eq!(world.get("absent"), None);
}

#[test]
fn a_refused_cas_spends_an_index_and_moves_none() {
    let mut world = World::new();
    world.put("k", "1");
    let index = world.index();
    assert!(!world.cas("k", "2", 1));
    assert_eq!(world.index(), index + 1);
    assert_eq!(world.key_index("absent"), index);
    assert!(!world.changes.need_commit());
}

#[test]
fn delete_of_a_missing_key_is_true_and_moves_no_index() {
    let mut world = World::new();
    world.put("k", "1");
    let index = world.key_index("absent");
    world.delete("absent");
    world.delete_tree("absent/");
    assert_eq!(world.key_index("absent"), index);
    assert!(!world.changes.need_commit());
}

#[test]
fn delete_cas_needs_the_exact_index_of_a_key_that_exists() {
    let mut world = World::new();
    assert!(world.delete_cas("absent", 5));
    world.put("k", "1");
    let index = world.index();
    assert!(!world.delete_cas("k", 0));
    assert!(!world.delete_cas("k", index + 1));
    assert!(world.delete_cas("k", index));
    assert_eq!(world.get("k"), None);
}

#[test]
fn a_prefix_is_a_prefix_of_bytes() {
    let mut world = World::new();
    for key in ["trail", "trail/1", "trailer", "tray"] {
        world.put(key, "v");
    }
    assert_eq!(world.keys("trail", ""), ["trail", "trail/1", "trailer"]);
    world.delete_tree("trail");
    assert_eq!(world.keys("", ""), ["tray"]);
}

#[test]
fn keys_are_listed_in_byte_order() {
    let mut world = World::new();
    for key in ["b", "a/", "a", "B", "ä", "a0"] {
        world.put(key, "v");
    }
    assert_eq!(world.keys("", ""), ["B", "a", "a/", "a0", "b", "ä"]);
}

/// As the real server answered.
#[test]
fn keys_are_cut_behind_the_first_separator_past_the_prefix() {
    let mut world = World::new();
    for key in ["x/", "x/a", "x/a/b", "x/a/c", "x/ab", "y"] {
        world.put(key, "1");
    }
    assert_eq!(world.keys("", "/"), ["x/", "y"]);
    assert_eq!(world.keys("x", "/"), ["x/"]);
    assert_eq!(world.keys("x/", "/"), ["x/", "x/a", "x/a/", "x/ab"]);
    assert_eq!(world.keys("x/a", "/"), ["x/a", "x/a/", "x/ab"]);
    assert_eq!(world.keys("x/", "a"), ["x/", "x/a"]);
    assert_eq!(
        world.keys("x/", "//"),
        ["x/", "x/a", "x/a/b", "x/a/c", "x/ab"]
    );
    assert!(world.keys("none", "/").is_empty());
}

#[test]
fn deleting_the_empty_prefix_wipes_everything() {
    let mut world = World::new();
    world.put("a", "1");
    world.put("b/c", "1");
    world.delete_tree("");
    assert!(world.keys("", "").is_empty());
}

#[test]
fn an_empty_key_is_refused_and_spends_no_index() {
    let mut world = World::new();
    let index = world.index();
    assert_eq!(
        world.put_with("", "v", 0, PutMode::Set),
        Err(Refusal::MissingKey)
    );
    let delete = Command::Delete(Delete::Key(Bytes::new()));
    assert_eq!(world.apply(delete), Err(Refusal::MissingKey));
    assert_eq!(Refusal::MissingKey.to_string(), "Must provide key");
    assert_eq!(world.index(), index);
}

#[test]
fn keys_and_values_are_any_bytes() {
    let mut world = World::new();
    let key = Bytes::from_static(b"\xff\0/\n");
    let put = Put {
        key: key.clone(),
        value: Bytes::from_static(b"\0\xfe"),
        flags: 0,
        mode: PutMode::Set,
    };
    world.apply(Command::Put(put)).unwrap();
    let snapshot = world.engine.snapshot();
    assert_eq!(
        snapshot.consul().kv_get(&key).value.unwrap().value,
        &b"\0\xfe"[..]
    );
    assert_eq!(snapshot.consul().kv_list(b"\xff").value.len(), 1);
}

#[test]
fn an_entry_does_not_keep_the_request_that_brought_it_in_memory() {
    let mut world = World::new();
    let request = Bytes::from(vec![b'x'; 64 * 1024]);
    let (key, value) = (request.slice(..3), request.slice(100..103));
    let put = Put {
        key,
        value,
        flags: 0,
        mode: PutMode::Set,
    };
    world.apply(Command::Put(put)).unwrap();
    world.changes = Default::default();
    assert!(
        request.is_unique(),
        "the whole request is still referred to"
    );
}

#[test]
fn a_snapshot_does_not_change() {
    let mut world = World::new();
    world.put("k", "1");
    let before = world.engine.snapshot();
    world.put("k", "2");
    world.delete("k");
    assert_eq!(before.consul().kv_get(b"k").value.unwrap().value, "1");
    assert_eq!(world.get("k"), None);
}
