//! Nodes, services and checks, and what they do to sessions.

use quorate_agent::engine::Topic;
use quorate_agent::engine::Wake;
use quorate_agent::engine::consul::{
    CheckSpec, Refusal, Register, ServiceSpec, SessionId, SessionSpec, Table,
};

use crate::world::{RegisterExt, World, node};

const ID: &str = "11111111-1111-1111-1111-111111111111";
const OTHER_ID: &str = "22222222-2222-2222-2222-222222222222";

/// A registration of something on a node that is left as it is.
fn on(name: &str) -> Register {
    Register {
        skip_node_update: true,
        ..node(name)
    }
}

fn service(id: &str, name: &str) -> Option<ServiceSpec> {
    Some(ServiceSpec {
        id: id.into(),
        name: name.into(),
        ..ServiceSpec::default()
    })
}

fn service_check(id: &str, service_id: &str, status: &str) -> CheckSpec {
    CheckSpec {
        id: id.into(),
        service_id: service_id.into(),
        status: status.into(),
        ..CheckSpec::default()
    }
}

fn tables(world: &World) -> (u64, u64, u64, u64) {
    let snapshot = world.engine.snapshot();
    let table = |table| snapshot.consul().table_index(table);
    (
        table(Table::Nodes),
        table(Table::Services),
        table(Table::Checks),
        table(Table::Sessions),
    )
}

fn bound(world: &mut World, change: impl FnOnce(&mut SessionSpec)) -> SessionId {
    let mut spec = world.spec();
    change(&mut spec);
    world.create(spec).unwrap()
}

#[test]
fn a_registration_lacks_something_or_is_refused_with_the_servers_words() {
    let mut world = World::new();
    let before = world.index();
    let mut refusal = |register| world.try_register(register).unwrap_err().to_string();
    assert_eq!(refusal(Register::default()), "Must provide node");
    let mut register = node("x");
    register.node.address.clear();
    assert_eq!(
        refusal(register),
        "Must provide address if SkipNodeUpdate is not set"
    );
    for (id, problem) in [
        ("zz", "uuid string is wrong length"),
        (
            "11111111x1111-1111-1111-111111111111",
            "uuid is improperly formatted",
        ),
        (
            "11111111-1111-1111-1111-11111111111g",
            "encoding/hex: invalid byte: U+0067 'g'",
        ),
    ] {
        let mut register = node("x");
        register.node.id = id.into();
        assert_eq!(refusal(register), format!("Bad node ID: {problem}"));
    }
    let register = Register {
        service: service("id", ""),
        ..node("x")
    };
    assert_eq!(refusal(register), "Must provide service name with ID");
    assert_eq!(world.index(), before);
}

#[test]
fn a_check_that_does_not_fit_undoes_the_whole_registration() {
    let mut world = World::new();
    let before = tables(&world);
    let mut stray = node("x").with_check("c", "passing");
    stray.checks[0].node = "zz".into();
    let refused = world.try_register(stray).unwrap_err();
    assert_eq!(
        refused.to_string(),
        "check node \"zz\" does not match node \"x\""
    );
    let orphan = Register {
        checks: vec![service_check("c", "nope", "passing")],
        ..node("x")
    };
    let refused = world.try_register(orphan).unwrap_err();
    assert_eq!(
        refused.to_string(),
        "failed inserting check: Missing service registration on node \"x\""
    );
    let refused = world
        .try_register(node("x").with_check("", "passing"))
        .unwrap_err();
    assert_eq!(refused, Refusal::MissingCheckId("x".into()));
    assert!(world.engine.snapshot().consul().node("x").value.is_none());
    assert_eq!(tables(&world), before);
    assert!(!world.changes.need_commit());
}

#[test]
fn registering_the_same_again_moves_only_the_checks_index() {
    let mut world = World::new();
    let all = || {
        Register {
            service: service("", "web"),
            ..node("x")
        }
        .with_check("c", "passing")
    };
    world.register(all());
    let (nodes, services, checks, _) = tables(&world);
    world.register(all());
    let index = world.index();
    assert_eq!(tables(&world), (nodes, services, index, 1));
    let snapshot = world.engine.snapshot();
    let check = snapshot.consul().node_checks("x").value[0].clone();
    assert_eq!((check.modify_index, check.create_index), (checks, checks));
}

#[test]
fn a_node_is_replaced_field_by_field_unless_it_is_skipped() {
    let mut world = World::new();
    let mut register = node("x");
    register.node.id = ID.into();
    world.register(register);
    let created = world.index();
    world.register(on("X"));
    let mut register = node("x");
    register.node.address = "10.0.0.1".into();
    world.register(register);
    let snapshot = world.engine.snapshot();
    let found = snapshot.consul().node("X").value.unwrap();
    assert_eq!(
        (found.node.as_str(), found.address.as_str()),
        ("x", "10.0.0.1")
    );
    assert_eq!(
        found.id, "",
        "as on the real server, an id that is left out is gone"
    );
    assert_eq!(
        (found.create_index, found.modify_index),
        (created, created + 2)
    );
}

#[test]
fn skipping_the_update_of_an_unknown_node_creates_it() {
    let mut world = World::new();
    let mut register = on("new");
    register.node.address.clear();
    world.register(register);
    assert!(world.engine.snapshot().consul().node("new").value.is_some());
}

#[test]
fn a_live_node_keeps_its_name_from_another_id() {
    let mut world = World::new();
    let mut own = node("n1");
    own.node.id = ID.into();
    world.register(own);
    let mut thief = node("n1");
    thief.node.id = OTHER_ID.into();
    let refused = world.try_register(thief.clone()).unwrap_err().to_string();
    assert_eq!(
        refused,
        "failed inserting node: Error while renaming Node ID: \
         \"22222222-2222-2222-2222-222222222222\": Node name n1 is reserved by node \
         11111111-1111-1111-1111-111111111111 with name n1 (127.0.0.1)"
    );
    world.register(on("n1").with_check("serfHealth", "critical"));
    world.register(thief);
    assert_eq!(
        world
            .engine
            .snapshot()
            .consul()
            .node("n1")
            .value
            .unwrap()
            .id,
        OTHER_ID
    );
}

#[test]
fn a_known_id_under_another_name_renames_the_node_and_drops_what_it_had() {
    let mut world = World::new();
    let mut old = Register {
        service: service("", "web"),
        ..node("old")
    };
    old.node.id = ID.into();
    world.register(old);
    let created = world.index();
    let session = bound(&mut world, |spec| spec.node = "old".into());
    let mut new = node("new");
    new.node.id = ID.into();
    world.register(new);
    let snapshot = world.engine.snapshot();
    assert!(snapshot.consul().node("old").value.is_none());
    assert_eq!(
        snapshot.consul().node("new").value.unwrap().create_index,
        created
    );
    assert!(snapshot.consul().node_services("new").value.is_empty());
    assert!(!world.lives(session));
}

#[test]
fn a_check_without_id_or_status_gets_its_name_and_critical() {
    let mut world = World::new();
    let mut register = on("n1").with_check("", "");
    register.checks[0].name = "disk".into();
    world.register(register);
    let snapshot = world.engine.snapshot();
    let checks = snapshot.consul().node_checks("n1").value;
    let check = checks
        .iter()
        .find(|check| check.check_id == "disk")
        .unwrap();
    assert_eq!(check.status, "critical");
}

#[test]
fn a_service_check_carries_the_name_and_tags_of_its_service() {
    let mut world = World::new();
    let mut register = Register {
        service: service("w1", "web"),
        ..on("n1")
    };
    register.service.as_mut().unwrap().tags = vec!["a".into()];
    register.checks.push(service_check("c", "w1", "passing"));
    world.register(register);
    let snapshot = world.engine.snapshot();
    let check = snapshot.consul().node_checks("N1").value[0].clone();
    assert_eq!(check.service_name, "web");
    assert_eq!(check.service_tags, ["a"]);
}

#[test]
fn a_session_lives_through_a_warning_and_ends_with_a_critical_check() {
    for checks in [&["c"][..], &["serfHealth", "C"][..]] {
        let mut world = World::new();
        world.register(on("n1").with_check("c", "passing"));
        let session = bound(&mut world, |spec| {
            spec.node_checks = Some(checks.iter().map(|id| (*id).to_owned()).collect());
        });
        let unbound = world.session();
        assert!(world.acquire("k", session));
        world.register(on("n1").with_check("c", "warning"));
        assert!(world.lives(session));
        world.register(on("n1").with_check("c", "critical"));
        assert!(!world.lives(session));
        assert!(world.lives(unbound));
        assert_eq!(world.get("k").unwrap().session, None);
        assert_eq!(
            world.get("k").unwrap().modify_index,
            world.index(),
            "one index for all"
        );
        assert!(
            world
                .changes
                .wakes
                .contains(&Wake::Topic(Topic::Session(session)))
        );
    }
}

#[test]
fn a_session_ends_when_a_check_of_it_is_removed() {
    let mut world = World::new();
    world.register(Register {
        service: service("w1", "web"),
        ..on("n1")
    });
    world.register(Register {
        checks: vec![service_check("sc", "w1", "passing")],
        ..on("n1")
    });
    let by_service_check = |spec: &mut SessionSpec| {
        let check = serde_json::from_str(r#"{"ID":"sc"}"#).unwrap();
        spec.service_checks = Some(vec![check]);
    };
    let session = bound(&mut world, by_service_check);
    world.deregister("N1", "", "nothing");
    assert!(world.lives(session));
    world.deregister("N1", "", "SC");
    assert!(!world.lives(session));
    world.register(Register {
        checks: vec![service_check("sc", "w1", "passing")],
        ..on("n1")
    });
    let session = bound(&mut world, by_service_check);
    world.deregister("n1", "w1", "");
    assert!(!world.lives(session), "the service took its check along");
}

#[test]
fn a_node_takes_everything_of_it_along() {
    let mut world = World::new();
    let all = Register {
        service: service("", "web"),
        ..node("x")
    };
    world.register(all.with_check("c", "passing"));
    let session = bound(&mut world, |spec| spec.node = "X".into());
    assert!(world.acquire("k", session));
    world.deregister("X", "", "");
    let index = world.index();
    assert!(!world.lives(session));
    assert_eq!(world.get("k").unwrap().session, None);
    assert_eq!(tables(&world), (index, index, index, index));
    let snapshot = world.engine.snapshot();
    assert!(snapshot.consul().node_checks("x").value.is_empty());
    assert!(snapshot.consul().node_services("x").value.is_empty());
    let found = snapshot.consul().node("x");
    assert_eq!(
        (found.value, found.index),
        (None, index),
        "a watch on the node is woken"
    );
}

#[test]
fn deregistration_of_nothing_is_done_and_moves_nothing() {
    let mut world = World::new();
    let before = tables(&world);
    world.deregister("none", "", "");
    world.deregister("n1", "none", "");
    world.deregister("n1", "", "none");
    assert_eq!(tables(&world), before);
    let what = quorate_agent::engine::consul::Deregister::default();
    let refused = world.apply(quorate_agent::engine::consul::Command::Deregister(what));
    assert_eq!(refused.unwrap_err().to_string(), "Must provide node");
}

/// As the real server answered, table by table.
#[test]
fn each_change_moves_the_tables_that_it_concerns() {
    let mut world = World::new();
    let (_, services, checks, sessions) = tables(&world);
    world.register(node("x"));
    let nodes = world.index();
    assert_eq!(tables(&world), (nodes, services, checks, sessions));
    world.register(Register {
        service: service("", "web"),
        ..on("x")
    });
    let services = world.index();
    assert_eq!(tables(&world), (nodes, services, checks, sessions));
    world.register(on("x").with_check("c", "passing"));
    assert_eq!(tables(&world), (nodes, services, world.index(), sessions));
    world.deregister("x", "", "c");
    assert_eq!(
        tables(&world),
        (nodes, world.index(), world.index(), sessions)
    );
    world.deregister("x", "web", "");
    let index = world.index();
    assert_eq!(tables(&world), (nodes, index, index, sessions));
    world.deregister("x", "", "");
    assert_eq!(tables(&world), (world.index(), index, index, sessions));
}

#[test]
fn nodes_are_listed_by_name_and_one_is_not_mistaken_for_its_prefix() {
    let mut world = World::new();
    world.register(node("n10").with_check("c", "passing"));
    world.register(node("a"));
    let snapshot = world.engine.snapshot();
    let nodes = snapshot.consul().nodes().value;
    let names: Vec<_> = nodes.iter().map(|node| node.node.as_str()).collect();
    assert_eq!(names, ["a", "n1", "n10"]);
    assert_eq!(snapshot.consul().node_checks("n1").value.len(), 1);
}
