use quorate_agent::engine::etcd2::{AuthCommand, Command, PutUser};
use quorate_agent::engine::{Changes, Engine, Row, Time};

use super::{Tree, create, dir, lasting, set};

/// What a start finds of what was stored.
fn restarted(tree: &Tree, reverse: bool) -> Tree {
    let mut rows: Vec<Row> = tree.engine.rows().collect();
    if reverse {
        rows.reverse();
    }
    let mut engine = Engine::restore(rows, Time::START);
    engine.set_started(std::time::UNIX_EPOCH + tree.now.elapsed());
    Tree {
        engine,
        now: Time::START,
        changes: Changes::default(),
    }
}

#[test]
fn everything_is_there_again_whatever_the_order_of_the_rows() {
    for reverse in [false, true] {
        let mut tree = Tree::new();
        tree.set("/a/b/c", "1");
        tree.write("/d", create(dir())).unwrap();
        tree.set("/d/x", "2");
        tree.delete("/a/b/c");
        let after = restarted(&tree, reverse);
        assert_eq!(after.index(), tree.index());
        for key in ["/a", "/a/b", "/a/b/c", "/d", "/d/x"] {
            let (before, after) = (tree.engine.snapshot(), after.engine.snapshot());
            let (before, after) = (before.etcd2().get(key), after.etcd2().get(key));
            assert_eq!(before, after, "{key}");
        }
    }
}

#[test]
fn history_goes_on_where_it_was() {
    let mut tree = Tree::new();
    for _ in 0..1500 {
        tree.set("/a", "1");
    }
    tree.set("/b", "2");
    let mut after = restarted(&tree, false);
    let last = tree.index();
    let mut watch = after.watch("/b", false, last - 500).unwrap();
    assert_eq!(after.seen(&mut watch), [last]);
    assert!(after.watch("/b", false, last - 999).is_ok());
    assert!(after.watch("/b", false, last - 1000).is_err());
    assert_eq!(after.set("/b", "3").index, last + 1);
}

#[test]
fn the_history_of_a_young_store_still_begins_with_the_first_index() {
    let mut tree = Tree::new();
    tree.set("/a", "1");
    let after = restarted(&tree, false);
    let mut watch = after.watch("/a", false, 1).unwrap();
    assert_eq!(after.seen(&mut watch), [4]);
}

#[test]
fn time_goes_on_while_nobody_is_there() {
    let mut tree = Tree::new();
    tree.write("/short", set(lasting("1", 10))).unwrap();
    tree.write("/long", set(lasting("1", 100))).unwrap();
    // The agent is gone, so that nothing ends what is due.
    tree.now = Time::since_start(std::time::Duration::from_secs(50));
    let mut after = restarted(&tree, false);
    assert_eq!(after.engine.next_deadline(), Some(Time::START));
    after.pass(0);
    assert_eq!(after.get("/short"), None);
    after.pass(49);
    assert_eq!(after.get("/long").unwrap(), "1");
    after.pass(1);
    assert_eq!(after.get("/long"), None);
}

#[test]
fn users_and_members_are_there_again() {
    let mut tree = Tree::new();
    let root = PutUser {
        name: "root".into(),
        password: Some("hash".into()),
        ..PutUser::default()
    };
    for command in [AuthCommand::PutUser(root), AuthCommand::Enable] {
        tree.apply(Command::Auth(Box::new(command))).unwrap();
    }
    tree.apply(Command::SetPeers(vec!["http://a:1".into()]))
        .unwrap();
    let after = restarted(&tree, true);
    let (before, after) = (tree.engine.snapshot(), after.engine.snapshot());
    let (before, after) = (before.etcd2(), after.etcd2());
    assert!(after.auth().is_enabled());
    assert_eq!(after.auth().user("root"), before.auth().user("root"));
    assert_eq!(after.auth().role("guest"), before.auth().role("guest"));
    assert_eq!(after.peers(), before.peers());
    assert_eq!(after.index(), before.index());
}
