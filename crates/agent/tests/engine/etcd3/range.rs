use quorate_agent::engine::etcd3::{KeyRange, Order, Range, Refusal, SortBy};

use super::{Store, between, put, shown, single};

/// `a` was written twice, `b` to `e` once.
fn filled() -> Store {
    let mut store = Store::new();
    store.put("a", "1");
    store.put("a", "2");
    for key in ["b", "c", "d", "e"] {
        store.put(key, key);
    }
    store
}

#[test]
fn ranges_end_where_they_say() {
    let mut store = filled();
    store.put("\0", "0");
    let keys = |range: KeyRange| {
        let listed = store.list(range, 0);
        let keys = listed.iter().filter_map(|it| it.split_once('='));
        keys.map(|(key, _)| key.to_owned()).collect::<String>()
    };
    assert_eq!(keys(single("b")), "b");
    assert_eq!(keys(between("b", "d")), "bc");
    assert_eq!(keys(between("d", "\0")), "de", "a zero byte is no end");
    assert_eq!(keys(between("\0", "\0")), "\0abcde", "all keys");
    assert_eq!(keys(between("d", "b")), "", "nothing, and no error");
    assert_eq!(keys(between("b", "b")), "");
}

#[test]
fn the_count_is_of_the_whole_range_whatever_is_answered() {
    let store = filled();
    let all = Range::new(between("a", "z"));
    let limited = Range {
        limit: 2,
        ..all.clone()
    };
    let ranged = store.range(&limited).unwrap();
    assert_eq!((ranged.kvs.len(), ranged.count, ranged.more), (2, 5, true));
    let filtered = Range {
        min_mod_revision: 5,
        ..limited.clone()
    };
    let ranged = store.range(&filtered).unwrap();
    assert_eq!(shown(&ranged), ["c=c", "d=d"]);
    assert_eq!((ranged.count, ranged.more), (5, true));
    let counted = Range {
        count_only: true,
        ..limited
    };
    let ranged = store.range(&counted).unwrap();
    assert_eq!((ranged.kvs.len(), ranged.count, ranged.more), (0, 5, false));
    for limit in [0, -1, 5, 6] {
        let ranged = store.range(&Range {
            limit,
            ..all.clone()
        });
        let ranged = ranged.unwrap();
        assert_eq!((ranged.kvs.len(), ranged.more), (5, false), "{limit}");
    }
}

#[test]
fn conditions_on_revisions_hold_at_their_limits_too() {
    let store = filled();
    let all = Range::new(KeyRange::all());
    let keys = |range: Range| shown(&store.range(&range).unwrap()).len();
    for (min, max, expected) in [(3, 0, 5), (4, 0, 4), (0, 3, 1), (0, 2, 0), (4, 5, 2)] {
        let range = Range {
            min_mod_revision: min,
            max_mod_revision: max,
            ..all.clone()
        };
        assert_eq!(keys(range), expected, "written in {min} to {max}");
    }
    for (min, max, expected) in [(2, 0, 5), (3, 0, 4), (0, 2, 1), (4, 5, 2)] {
        let range = Range {
            min_create_revision: min,
            max_create_revision: max,
            ..all.clone()
        };
        assert_eq!(keys(range), expected, "made in {min} to {max}");
    }
}

#[test]
fn keys_are_sorted_by_whatever_is_asked_for() {
    let mut store = Store::new();
    for (key, value) in [("b", "3"), ("a", "2"), ("c", "1"), ("a", "9"), ("a", "2")] {
        store.put(key, value);
    }
    let sorted = |order, sort_by| {
        let range = Range {
            order,
            sort_by,
            ..Range::new(KeyRange::all())
        };
        let ranged = store.range(&range).unwrap();
        ranged
            .kvs
            .iter()
            .map(|kv| char::from(kv.key[0]))
            .collect::<String>()
    };
    assert_eq!(sorted(Order::None, SortBy::Key), "abc");
    assert_eq!(sorted(Order::Descending, SortBy::Key), "cba");
    assert_eq!(
        sorted(Order::None, SortBy::Create),
        "bac",
        "ascending unless told"
    );
    assert_eq!(sorted(Order::Ascending, SortBy::Mod), "bca");
    assert_eq!(sorted(Order::Descending, SortBy::Mod), "acb");
    assert_eq!(sorted(Order::Ascending, SortBy::Value), "cab");
    assert_eq!(
        sorted(Order::Descending, SortBy::Version),
        "abc",
        "equal ones stay"
    );
    assert_eq!(sorted(Order::Unknown, SortBy::Value), "abc", "as etcd does");
    let first = |order, sort_by, limit| {
        let range = Range {
            order,
            sort_by,
            limit,
            ..Range::new(KeyRange::all())
        };
        store.range(&range).map(|ranged| shown(&ranged))
    };
    let found = first(Order::Descending, SortBy::Key, 1).unwrap();
    assert_eq!(found, ["c=1"]);
    let found = first(Order::Ascending, SortBy::Value, 1).unwrap();
    assert_eq!(found, ["c=1"]);
    // As in etcd, whose limit counts first if there is no order: it looks at one more than that.
    let found = first(Order::None, SortBy::Value, 1).unwrap();
    assert_eq!(found, ["a=2"]);
    let unknown = first(Order::None, SortBy::Unknown, 0);
    assert_eq!(unknown, Err(Refusal::InvalidSort));
}

#[test]
fn a_part_of_a_range_has_as_much_as_is_asked_for() {
    let store = filled();
    let part = |limit, revision, bytes| {
        let range = Range {
            limit,
            revision,
            ..Range::new(between("a", "e"))
        };
        let snapshot = store.engine.snapshot();
        let part = snapshot.etcd3().range_part(&range, bytes).unwrap();
        (shown(&part).join(" "), part.more)
    };
    let told = |text: &str, more| (text.to_owned(), more);
    assert_eq!(part(0, 0, 1000), told("a=2 b=b c=c d=d", false));
    assert_eq!(part(0, 0, 3), told("a=2 b=b", true), "up to a whole key");
    assert_eq!(part(0, 0, 0), told("", true));
    assert_eq!(part(3, 0, 1000), told("a=2 b=b c=c", true));
    assert_eq!(part(4, 0, 1000), told("a=2 b=b c=c d=d", false));
    assert_eq!(part(0, 2, 1000), told("a=1", false), "as it was");
}

#[test]
fn the_past_can_be_read_and_the_answer_says_what_is_now() {
    let mut store = filled();
    store.delete_key("a");
    let at = |revision| store.list(between("a", "c"), revision);
    assert_eq!(at(2), ["a=1"]);
    assert_eq!(at(3), ["a=2"]);
    assert_eq!(at(4), ["a=2", "b=b"]);
    assert_eq!(at(8), ["b=b"]);
    for now in [0, -3] {
        assert_eq!(at(now), ["b=b"]);
    }
    let past = Range {
        revision: 2,
        ..Range::new(KeyRange::all())
    };
    let ranged = store.range(&past).unwrap();
    assert_eq!((ranged.revision, ranged.count), (8, 1));
    let one = Range {
        revision: 2,
        ..Range::new(single("a"))
    };
    assert_eq!(shown(&store.range(&one).unwrap()), ["a=1"]);
}

#[test]
fn the_future_can_not_be_read() {
    let store = filled();
    let future = Range {
        revision: 8,
        ..Range::new(single("a"))
    };
    assert_eq!(store.range(&future), Err(Refusal::Future));
    assert_eq!(store.range(&Range::new(single(""))), Err(Refusal::EmptyKey));
}

#[test]
fn a_reader_of_a_snapshot_sees_nothing_of_what_comes_later() {
    let mut store = filled();
    let snapshot = store.engine.snapshot();
    store.try_put(put("a", "3")).unwrap();
    store.delete_key("b");
    let ranged = snapshot
        .etcd3()
        .range(&Range::new(between("a", "c")))
        .unwrap();
    assert_eq!(shown(&ranged), ["a=2", "b=b"]);
    assert_eq!(ranged.revision, 7);
}
