use quorate_agent::engine::etcd3::{EventKind, KeyRange, WatchCreate, WatchResponse, WatchStream};

use super::{Store, bytes, op_put, single};

fn of(key: &str) -> WatchCreate {
    WatchCreate {
        key: bytes(key),
        ..WatchCreate::default()
    }
}

fn since(key: &str, start_revision: i64) -> WatchCreate {
    WatchCreate {
        start_revision,
        ..of(key)
    }
}

fn with_id(key: &str, watch_id: i64) -> WatchCreate {
    WatchCreate {
        watch_id,
        ..of(key)
    }
}

fn create(stream: &mut WatchStream, store: &Store, create: WatchCreate) -> WatchResponse {
    store.with_state(|state| stream.create(create, state).0)
}

fn look(stream: &mut WatchStream, store: &Store, id: i64) -> Option<WatchResponse> {
    store.with_state(|state| stream.look(id, state))
}

fn response(watch_id: i64, revision: i64) -> WatchResponse {
    WatchResponse {
        watch_id,
        revision,
        ..WatchResponse::default()
    }
}

#[test]
fn a_watch_is_answered_at_once_with_its_id_and_the_revision() {
    let mut store = Store::new();
    store.put("a", "1");
    let mut stream = WatchStream::default();
    for id in [0, 1, 2] {
        let created = create(&mut stream, &store, of("a"));
        let expected = WatchResponse {
            created: true,
            ..response(id, 2)
        };
        assert_eq!(created, expected);
        assert_eq!(
            look(&mut stream, &store, id),
            None,
            "nothing has happened since"
        );
    }
}

#[test]
fn an_id_that_is_asked_for_has_to_be_free_and_is_left_out_later() {
    let store = Store::new();
    let mut stream = WatchStream::default();
    for id in [3, 1, -5, -1] {
        assert_eq!(create(&mut stream, &store, with_id("a", id)).watch_id, id);
    }
    let chosen = [(); 3].map(|()| create(&mut stream, &store, of("a")).watch_id);
    assert_eq!(chosen, [0, 2, 4]);
    let refused = create(&mut stream, &store, with_id("a", 3));
    let expected = WatchResponse {
        created: true,
        canceled: true,
        cancel_reason: "mvcc: duplicate watch ID provided on the WatchStream".into(),
        ..response(-1, 1)
    };
    assert_eq!(refused, expected);
}

#[test]
fn a_range_without_keys_is_refused_and_takes_no_id() {
    let store = Store::new();
    let mut stream = WatchStream::default();
    for end in ["a", "k"] {
        let empty = WatchCreate {
            range_end: bytes(end),
            watch_id: 20,
            ..of("k")
        };
        let refused = create(&mut stream, &store, empty);
        assert_eq!(refused.cancel_reason, "mvcc: watcher range is empty");
        assert!(refused.created && refused.canceled && refused.watch_id == -1);
    }
    assert_eq!(create(&mut stream, &store, with_id("k", 20)).watch_id, 20);
}

#[test]
fn without_a_key_it_is_the_first_key_of_all() {
    let mut store = Store::new();
    let mut stream = WatchStream::default();
    create(&mut stream, &store, of(""));
    let to_b = WatchCreate {
        range_end: bytes("b"),
        ..of("")
    };
    create(&mut stream, &store, to_b);
    store.put("a", "1");
    assert_eq!(look(&mut stream, &store, 0), None);
    assert_eq!(look(&mut stream, &store, 1).unwrap().events.len(), 1);
    store.put("\0", "1");
    assert_eq!(look(&mut stream, &store, 0).unwrap().events.len(), 1);
}

#[test]
fn the_revision_of_an_answer_is_that_of_the_store() {
    let mut store = Store::new();
    for key in ["a", "b", "c"] {
        store.put(key, "1");
    }
    let mut stream = WatchStream::default();
    create(&mut stream, &store, since("a", 2));
    let seen = look(&mut stream, &store, 0).unwrap();
    assert_eq!(
        (seen.revision, seen.events[0].event.kv.mod_revision),
        (4, 2)
    );
    assert_eq!(look(&mut stream, &store, 0), None);
}

#[test]
fn a_watch_that_is_too_late_is_created_and_then_told_so_once() {
    let mut store = Store::new();
    for _ in 0..5 {
        store.put("a", "1");
    }
    store.compact(4).unwrap();
    let mut stream = WatchStream::default();
    for (id, start) in [(0, 3), (1, 1), (2, -4)] {
        let created = create(&mut stream, &store, since("a", start));
        assert!(created.created && !created.canceled, "{start}");
        let expected = WatchResponse {
            canceled: true,
            compact_revision: 4,
            ..response(id, 0)
        };
        assert_eq!(look(&mut stream, &store, id), Some(expected));
        assert_eq!(look(&mut stream, &store, id), None);
    }
    create(&mut stream, &store, since("a", 4));
    assert_eq!(look(&mut stream, &store, 3).unwrap().events.len(), 3);
    let again = create(&mut stream, &store, with_id("a", 1));
    assert!(
        again.canceled,
        "the id is taken until the client gives it up"
    );
    let given_up = store.with_state(|state| stream.cancel(1, state));
    assert!(given_up.unwrap().canceled);
    assert!(!create(&mut stream, &store, with_id("a", 1)).canceled);
}

#[test]
fn ending_a_watch_is_answered_and_of_an_unknown_one_it_is_not() {
    let mut store = Store::new();
    let mut stream = WatchStream::default();
    create(&mut stream, &store, of("a"));
    let canceled = store.with_state(|state| stream.cancel(0, state));
    let expected = WatchResponse {
        canceled: true,
        ..response(0, 1)
    };
    assert_eq!(canceled, Some(expected));
    assert_eq!(store.with_state(|state| stream.cancel(0, state)), None);
    assert_eq!(store.with_state(|state| stream.cancel(999, state)), None);
    store.put("a", "1");
    assert_eq!(look(&mut stream, &store, 0), None);
    assert_eq!(
        create(&mut stream, &store, of("a")).watch_id,
        1,
        "ids are not used again"
    );
}

#[test]
fn progress_is_told_of_all_watches_together_and_only_if_there_is_one() {
    let mut store = Store::new();
    let mut stream = WatchStream::default();
    let progress =
        |stream: &WatchStream, store: &Store| store.with_state(|state| stream.progress(state));
    assert_eq!(progress(&stream, &store), None);
    create(&mut stream, &store, of("a"));
    store.put("b", "1");
    assert_eq!(progress(&stream, &store), Some(response(-1, 2)));
}

#[test]
fn progress_of_one_watch_is_told_when_it_is_wanted_and_nothing_else_was() {
    let mut store = Store::new();
    let mut stream = WatchStream::default();
    let wanted = WatchCreate {
        progress_notify: true,
        ..of("a")
    };
    create(&mut stream, &store, wanted);
    create(&mut stream, &store, of("a"));
    store.put("b", "1");
    let notify = |stream: &mut WatchStream, store: &Store, id| {
        store.with_state(|state| stream.notify(id, state))
    };
    assert_eq!(notify(&mut stream, &store, 0), None, "it has not looked");
    assert_eq!(look(&mut stream, &store, 0), None);
    assert_eq!(notify(&mut stream, &store, 0), Some(response(0, 2)));
    assert_eq!(look(&mut stream, &store, 1), None);
    assert_eq!(notify(&mut stream, &store, 1), None, "nobody wants it");
    store.put("a", "1");
    assert!(look(&mut stream, &store, 0).is_some());
    assert_eq!(
        notify(&mut stream, &store, 0),
        None,
        "it was told something"
    );
    assert_eq!(notify(&mut stream, &store, 0), Some(response(0, 3)));
}

#[test]
fn a_watch_need_not_look_where_nothing_happened_to_it() {
    let mut store = Store::new();
    let mut stream = WatchStream::default();
    create(&mut stream, &store, of("a"));
    store.put("b", "1");
    store.put("a", "1");
    stream.skip_to(0, 3);
    assert_eq!(look(&mut stream, &store, 0).unwrap().events.len(), 1);
    stream.skip_to(0, 2);
    assert_eq!(look(&mut stream, &store, 0), None, "it never goes back");
}

#[test]
fn filters_are_those_of_the_request() {
    let mut store = Store::new();
    let mut stream = WatchStream::default();
    let no_puts = WatchCreate {
        filters: vec![EventKind::Put],
        ..of("a")
    };
    create(&mut stream, &store, no_puts);
    store.put("a", "1");
    assert_eq!(look(&mut stream, &store, 0), None);
    store.delete_key("a");
    let seen = look(&mut stream, &store, 0).unwrap();
    assert_eq!(seen.events[0].event.kind, EventKind::Delete);
}

/// An answer with so many changes of one revision, each of about a kilobyte.
fn large(count: usize) -> WatchResponse {
    let mut store = Store::new();
    let value = "x".repeat(1000);
    let ops = (0..count).map(|at| {
        quorate_agent::engine::etcd3::TxnOp::Put(super::put(&format!("k{at:03}"), &value))
    });
    store.all(ops.collect()).unwrap();
    let mut stream = WatchStream::default();
    let all = WatchCreate {
        range_end: bytes("\0"),
        ..since("", 1)
    };
    create(&mut stream, &store, all);
    look(&mut stream, &store, 0).unwrap()
}

#[test]
fn a_large_answer_is_split_and_all_parts_but_the_last_say_so() {
    let whole = large(100);
    let parts = whole.clone().fragments(20_000);
    assert!(parts.len() > 4);
    let (last, before) = parts.split_last().unwrap();
    assert!(before.iter().all(|part| part.fragment) && !last.fragment);
    assert!(
        parts
            .iter()
            .all(|part| !part.events.is_empty() && part.revision == 2)
    );
    let events: Vec<_> = parts.into_iter().flat_map(|part| part.events).collect();
    assert_eq!(events, whole.events);
}

#[test]
fn what_is_small_or_can_not_be_split_stays_whole() {
    let whole = large(3);
    assert_eq!(
        whole.clone().fragments(1_000_000),
        std::slice::from_ref(&whole)
    );
    let parts = whole.fragments(1);
    assert_eq!(parts.len(), 3, "one change is never split");
    let nothing = response(0, 5);
    assert_eq!(nothing.clone().fragments(1), [nothing]);
}

#[test]
fn a_stream_knows_which_of_its_watches_may_be_split() {
    let store = Store::new();
    let mut stream = WatchStream::default();
    let may = WatchCreate {
        fragment: true,
        ..of("a")
    };
    create(&mut stream, &store, may);
    create(&mut stream, &store, of("b"));
    let fragments = [0, 1, 2].map(|id| stream.may_fragment(id));
    assert_eq!(fragments, [true, false, false]);
    assert_eq!(stream.ids().collect::<Vec<_>>(), [0, 1]);
}

#[test]
fn the_range_to_wait_for_comes_with_the_answer() {
    let mut store = Store::new();
    store.all(vec![op_put("a")]).unwrap();
    let mut stream = WatchStream::default();
    let range = store.with_state(|state| stream.create(of("a"), state).1);
    assert_eq!(range, Some(single("a")));
    let open = WatchCreate {
        range_end: bytes("\0"),
        ..of("")
    };
    let range = store.with_state(|state| stream.create(open, state).1);
    assert_eq!(range, Some(KeyRange::all()));
}
