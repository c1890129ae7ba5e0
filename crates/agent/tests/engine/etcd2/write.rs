use quorate_agent::engine::etcd2::{Action, FIRST_INDEX, Op, Problem};

use super::{Tree, create, delete, dir, expecting, lasting, put, set, swap, told, update};

fn refused(problem: Problem, cause: &str) -> (Problem, String) {
    (problem, cause.to_owned())
}

#[test]
fn the_first_write_gets_the_index_that_a_fresh_server_gives() {
    let mut tree = Tree::new();
    assert_eq!(tree.index(), FIRST_INDEX);
    let event = tree.set("/a", "1");
    assert_eq!((event.index, event.is_creation()), (4, true));
    assert_eq!((event.node.created, event.node.modified), (4, 4));
}

#[test]
fn a_set_replaces_a_file_and_drops_its_time() {
    let mut tree = Tree::new();
    tree.write("/a", set(lasting("1", 60))).unwrap();
    let event = tree.set("/a", "2");
    assert!(!event.is_creation());
    assert_eq!(event.node.created, 5, "it is a new one");
    assert_eq!(event.node.expiration, None);
    let prev = event.prev.clone().unwrap();
    assert_eq!((prev.created, prev.ttl), (4, 60));
    assert_eq!(tree.engine.next_deadline(), None);
}

#[test]
fn a_set_with_dir_makes_a_directory_of_a_file_and_never_touches_a_directory() {
    let mut tree = Tree::new();
    tree.set("/a", "1");
    let event = tree.write("/a", set(dir())).unwrap();
    assert!(event.node.dir && event.prev.as_ref().unwrap().value.is_some());
    for op in [set(dir()), set(put("x"))] {
        assert_eq!(told(tree.write("/a", op)), refused(Problem::NotFile, "/a"));
    }
}

#[test]
fn an_update_keeps_the_index_of_creation_and_drops_value_and_time_that_are_not_given() {
    let mut tree = Tree::new();
    tree.write("/a", set(lasting("1", 60))).unwrap();
    let event = tree.write("/a", update(put(""))).unwrap();
    assert_eq!((event.node.created, event.node.modified), (4, 5));
    assert_eq!(event.node.expiration, None);
    assert_eq!(tree.get("/a").unwrap(), "");
}

#[test]
fn an_update_of_a_directory_changes_its_time_and_not_its_index() {
    let mut tree = Tree::new();
    tree.mkdir("/d");
    tree.set("/d/x", "1");
    let event = tree.write("/d", update(lasting("", 60))).unwrap();
    assert_eq!((event.node.modified, event.node.ttl), (6, 60));
    let snapshot = tree.engine.snapshot();
    assert_eq!(snapshot.etcd2().get("/d").unwrap().modified, 4);
    assert_eq!(tree.get("/d/x").unwrap(), "1", "what is in it stays");
    let problem = told(tree.write("/d", update(put("x"))));
    assert_eq!(problem, refused(Problem::NotFile, "/d"));
}

#[test]
fn a_refresh_keeps_the_value() {
    let mut tree = Tree::new();
    let refresh = |put| Op::Set { put, refresh: true };
    let missing = told(tree.write("/a", refresh(lasting("", 5))));
    assert_eq!(missing, refused(Problem::NotFound, "/a"));
    tree.set("/a", "1");
    let event = tree.write("/a", refresh(lasting("", 5))).unwrap();
    assert_eq!((event.action, event.node.created), (Action::Set, 5));
    let by_update = Op::Update {
        put: lasting("", 9),
        refresh: true,
    };
    let event = tree.write("/a", by_update.clone()).unwrap();
    assert_eq!((event.node.created, event.node.ttl), (5, 9));
    assert_eq!(tree.get("/a").unwrap(), "1");
    assert!(tree.changes.wakes.is_empty(), "nobody is told");
    tree.mkdir("/d");
    let on_dir = told(tree.write("/d", refresh(lasting("", 5))));
    assert_eq!(on_dir, refused(Problem::NotFile, "/d"));
    assert!(tree.write("/d", by_update).is_ok(), "an update may");
}

#[test]
fn a_creation_needs_that_nothing_is_there() {
    let mut tree = Tree::new();
    tree.set("/a", "1");
    tree.mkdir("/d");
    for key in ["/a", "/d"] {
        let problem = told(tree.write(key, create(put("x"))));
        assert_eq!(problem, refused(Problem::Exists, key));
    }
}

#[test]
fn names_in_order_are_the_index_in_twenty_digits() {
    let mut tree = Tree::new();
    let in_order = |put| Op::Create {
        put,
        in_order: true,
    };
    let first = tree.write("/q", in_order(put("x"))).unwrap();
    assert_eq!(&*first.key, "/q/00000000000000000004");
    let second = tree.write("/q", in_order(dir())).unwrap();
    assert_eq!(&*second.key, "/q/00000000000000000005");
    let root = tree.write("/", in_order(put("x"))).unwrap();
    assert_eq!(&*root.key, "/00000000000000000006");
    let in_a_file = told(tree.write(&first.key, in_order(put("x"))));
    assert_eq!(in_a_file, refused(Problem::NotDir, &first.key));
}

#[test]
fn a_condition_that_fails_names_both_sides() {
    let mut tree = Tree::new();
    tree.set("/a", "one");
    let mut compare =
        |value, index| told(tree.write("/a", swap(expecting(value, index), put("x"))));
    assert_eq!(compare("two", 0).1, "[two != one]");
    assert_eq!(compare("", 1).1, "[1 != 4]");
    assert_eq!(compare("two", 1).1, "[two != one] [1 != 4]");
    assert_eq!(compare("two", 4).1, "[two != one]");
    let event = tree
        .write("/a", swap(expecting("one", 4), put("x")))
        .unwrap();
    assert_eq!(event.action, Action::CompareAndSwap);
    assert_eq!((event.node.created, event.node.modified), (4, 5));
    let gone = tree
        .write("/a", Op::CompareAndDelete(expecting("x", 0)))
        .unwrap();
    assert_eq!(
        (gone.action, gone.node.value.clone()),
        (Action::CompareAndDelete, None)
    );
    assert_eq!(tree.get("/a"), None);
}

#[test]
fn a_directory_goes_only_when_told_and_empty_or_with_all_that_is_in_it() {
    let mut tree = Tree::new();
    let only_dir = Op::Delete {
        dir: true,
        recursive: false,
    };
    tree.set("/d/_hidden", "1");
    assert_eq!(
        told(tree.write("/d", delete(false))),
        refused(Problem::NotFile, "/d")
    );
    let hidden = told(tree.write("/d", only_dir.clone()));
    assert_eq!(hidden, refused(Problem::NotEmpty, "/d"), "the hidden count");
    let event = tree.delete("/d");
    assert_eq!((event.action, event.node.dir), (Action::Delete, true));
    assert_eq!(tree.get("/d/_hidden"), None);
    tree.set("/f", "1");
    assert!(tree.write("/f", only_dir).is_ok(), "a file goes too");
}

#[test]
fn errors_come_in_etcds_order() {
    let mut tree = Tree::new();
    tree.set("/f", "1");
    tree.mkdir("/d");
    let all = || {
        [
            ("set", set(put("x"))),
            ("create", create(put("x"))),
            ("update", update(put("x"))),
            ("swap", swap(expecting("z", 0), put("x"))),
            (
                "compare and delete",
                Op::CompareAndDelete(expecting("z", 0)),
            ),
            ("delete", delete(true)),
        ]
    };
    for (name, op) in all() {
        let expected = match name {
            "compare and delete" => refused(Problem::NotFile, ""),
            _ => refused(Problem::RootReadOnly, "/"),
        };
        assert_eq!(told(tree.write("/", op)), expected, "{name} at the root");
    }
    for (name, op) in all() {
        let problem = told(tree.write("/f/x/y", op));
        assert_eq!(
            problem,
            refused(Problem::NotDir, "/f"),
            "{name} below a file"
        );
    }
    for (name, op) in all().into_iter().skip(2) {
        let problem = told(tree.write("/none/x", op));
        assert_eq!(
            problem,
            refused(Problem::NotFound, "/none"),
            "{name} in a hole"
        );
    }
    for at in [3, 4] {
        let (name, op) = all()[at].clone();
        let problem = told(tree.write("/d", op));
        assert_eq!(
            problem,
            refused(Problem::NotFile, "/d"),
            "{name} on a directory"
        );
    }
}

#[test]
fn what_is_refused_takes_no_index_and_says_the_newest() {
    let mut tree = Tree::new();
    tree.set("/f", "1");
    let refusal = tree.write("/f/x", set(put("x"))).unwrap_err();
    assert_eq!((refusal.index, tree.index()), (4, 4));
    assert!(!tree.changes.need_commit());
}

#[test]
fn parents_are_made_with_the_index_of_the_write_and_stay_when_they_are_empty() {
    let mut tree = Tree::new();
    tree.write("/a/b/c", set(lasting("1", 5))).unwrap();
    let snapshot = tree.engine.snapshot();
    for key in ["/a", "/a/b"] {
        let node = snapshot.etcd2().get(key).unwrap();
        assert_eq!((node.created, node.modified, node.expiration), (4, 4, None));
    }
    tree.delete("/a/b/c");
    assert_eq!(tree.get("/a/b").unwrap(), "dir");
}

#[test]
fn writes_are_counted() {
    let mut tree = Tree::new();
    tree.set("/a", "1");
    let _ = tree.write("/a/b", set(put("1")));
    let _ = tree.write("/a", swap(expecting("2", 0), put("3")));
    tree.delete("/a");
    let snapshot = tree.engine.snapshot();
    let stats = snapshot.etcd2().stats();
    assert_eq!((stats.sets.success, stats.sets.fail), (1, 1));
    assert_eq!((stats.swaps.success, stats.swaps.fail), (0, 1));
    assert_eq!((stats.deletes.success, stats.deletes.fail), (1, 0));
}
