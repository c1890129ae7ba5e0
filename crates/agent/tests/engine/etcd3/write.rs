use quorate_agent::engine::Wake;
use quorate_agent::engine::etcd3::{DeleteRange, KeyRange, Op, Put, Refusal};

use super::{Store, between, bytes, put, single};

#[test]
fn an_empty_store_is_at_revision_1_and_its_first_write_makes_2() {
    let mut store = Store::new();
    assert_eq!(store.revision(), 1);
    assert_eq!(store.put("a", "1"), 2);
    assert_eq!(store.put("b", "1"), 3);
}

#[test]
fn a_key_counts_its_writes_and_starts_anew_when_it_was_removed() {
    let mut store = Store::new();
    let seen = |store: &Store| {
        store.with_state(|state| {
            let kv = state.get(b"a").unwrap();
            (kv.create_revision, kv.mod_revision, kv.version)
        })
    };
    store.put("a", "1");
    assert_eq!(seen(&store), (2, 2, 1));
    store.put("a", "1");
    assert_eq!(seen(&store), (2, 3, 2));
    store.delete_key("a");
    store.put("a", "1");
    assert_eq!(seen(&store), (5, 5, 1));
}

#[test]
fn a_removal_of_many_keys_is_one_revision_and_of_none_is_none() {
    let mut store = Store::new();
    for key in ["a", "b", "c"] {
        store.put(key, key);
    }
    let deleted = store.delete(between("b", "d"));
    assert_eq!((deleted.revision, deleted.deleted), (5, 2));
    let prev: Vec<_> = deleted.prev.iter().map(|kv| kv.value.clone()).collect();
    assert_eq!(prev, ["b", "c"]);
    for range in [single("b"), between("d", "b"), between("a", "a")] {
        let deleted = store.delete(range);
        assert_eq!((deleted.revision, deleted.deleted), (5, 0));
    }
    assert_eq!(store.get("a").unwrap(), "a");
}

#[test]
fn a_write_tells_what_was_before_if_asked() {
    let mut store = Store::new();
    let asking = Put {
        prev_kv: true,
        ..put("a", "2")
    };
    assert_eq!(store.try_put(asking.clone()).unwrap().prev, None);
    let prev = store.try_put(asking.clone()).unwrap().prev.unwrap();
    assert_eq!((&prev.value[..], prev.mod_revision), (&b"2"[..], 2));
    let silent = store.try_put(put("a", "3")).unwrap();
    assert_eq!(silent.prev, None);
}

#[test]
fn what_is_to_be_kept_has_to_be_there_and_not_to_be_given() {
    let mut store = Store::new();
    store.put("a", "1");
    store.grant(5, 100).unwrap();
    let keep_value = |key, value, lease| Put {
        ignore_value: true,
        lease,
        ..put(key, value)
    };
    let keep_lease = |key, value, lease| Put {
        ignore_lease: true,
        lease,
        ..put(key, value)
    };
    let refused = [
        (keep_value("a", "x", 0), Refusal::ValueProvided),
        (keep_lease("a", "x", 5), Refusal::LeaseProvided),
        (keep_value("nope", "", 0), Refusal::KeyNotFound),
        (keep_lease("nope", "x", 0), Refusal::KeyNotFound),
        (keep_value("nope", "", 77), Refusal::LeaseNotFound),
        (put("", "x"), Refusal::EmptyKey),
    ];
    for (put, refusal) in refused {
        assert_eq!(store.try_put(put), Err(refusal));
    }
    assert_eq!(store.revision(), 2, "nothing was changed");
    store.try_put(keep_value("a", "", 5)).unwrap();
    store.try_put(keep_lease("a", "2", 0)).unwrap();
    let kv = store.with_state(|state| state.get(b"a").cloned()).unwrap();
    assert_eq!((&kv.value[..], kv.lease, kv.version), (&b"2"[..], 5, 3));
    store.try_put(keep_value("a", "", 0)).unwrap();
    let kv = store.with_state(|state| state.get(b"a").cloned()).unwrap();
    assert_eq!((&kv.value[..], kv.lease), (&b"2"[..], 0));
}

#[test]
fn nothing_can_be_removed_without_a_key() {
    let delete = DeleteRange {
        range: single(""),
        prev_kv: false,
    };
    let refused = Store::new().apply(Op::Delete(delete));
    assert_eq!(refused, Err(Refusal::EmptyKey));
}

#[test]
fn keys_and_values_are_any_bytes() {
    let mut store = Store::new();
    let key = b"\xff\0\xfe";
    let put = Put {
        key: key.to_vec().into(),
        value: vec![0xc3, 0].into(),
        ..Put::default()
    };
    store.try_put(put).unwrap();
    let value = store.with_state(|state| state.get(key).map(|kv| kv.value.clone()));
    assert_eq!(value.unwrap(), &[0xc3, 0][..]);
    assert_eq!(store.delete(KeyRange::prefix(&b"\xff"[..])).deleted, 1);
}

#[test]
fn every_changed_key_wakes_its_watchers() {
    let mut store = Store::new();
    store.put("a", "1");
    store.put("b", "1");
    store.delete(KeyRange::all());
    let woken = |key| Wake::Etcd3 {
        key: bytes(key),
        revision: 4,
    };
    assert_eq!(store.changes.wakes, [woken("a"), woken("b")]);
    store.delete(KeyRange::all());
    assert!(store.changes.wakes.is_empty() && !store.changes.need_commit());
}

#[test]
fn a_prefix_is_what_begins_with_it() {
    let prefix = |bytes: &[u8]| KeyRange::prefix(bytes.to_vec());
    assert!(prefix(b"a/").contains(b"a/") && prefix(b"a/").contains(b"a/\xff\xff"));
    assert!(!prefix(b"a/").contains(b"a0") && !prefix(b"a/").contains(b"a"));
    assert_eq!(
        prefix(b"a\xff"),
        KeyRange::new(b"a\xff".to_vec().into(), "b".into())
    );
    assert_eq!(prefix(b"\xff\xff").into_parts().1, &[0][..]);
    assert_eq!(prefix(b""), KeyRange::all());
}
