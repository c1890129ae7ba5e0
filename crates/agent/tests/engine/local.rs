//! The agent's own services and checks, and what the catalog has of them.

use std::sync::Arc;
use std::time::Duration;

use quorate_agent::engine::consul::{
    Check, CheckKind, CheckPlan, Command, LocalChange, LocalCheck, LocalService, LocalWrite,
    NodeSpec, Refusal, Reply, Service, ServiceRegistration, ServiceSpec, SidecarSpec,
};
use quorate_agent::engine::{Topic, Wake};

use crate::world::{RegisterExt, World, node};

/// How long outputs wait in these tests.
const DEFER: Duration = Duration::from_secs(300);
/// The time since 1970 at the start of a history.
const EPOCH: Duration = Duration::from_secs(1_000_000);

impl World {
    fn local(&mut self, change: LocalChange) -> Result<Reply, Refusal> {
        self.local_at(EPOCH + self.now.elapsed(), change)
    }

    fn local_at(&mut self, clock: Duration, change: LocalChange) -> Result<Reply, Refusal> {
        let node = NodeSpec {
            name: "n1".into(),
            address: "127.0.0.1".into(),
            ..NodeSpec::default()
        };
        self.apply(Command::Local(Box::new(LocalWrite {
            node: Arc::new(node),
            clock,
            defer: DEFER,
            change,
        })))
    }

    fn register_web(&mut self, checks: Vec<LocalCheck>) {
        self.register_service(web(), checks);
    }

    fn register_service(&mut self, service: Service, checks: Vec<LocalCheck>) {
        let registration = ServiceRegistration {
            service: local(service),
            checks,
            ..ServiceRegistration::default()
        };
        self.local(LocalChange::RegisterService(Box::new(registration)))
            .unwrap();
    }

    fn report(&mut self, id: &str, status: &str, output: &str) {
        let (id, status, output) = (id.into(), status.into(), output.into());
        let report = LocalChange::Report { id, status, output };
        self.local(report).unwrap();
    }

    /// Status and output of a check: what the agent has, and what the catalog has.
    fn both(&self, id: &str) -> [Option<(String, String)>; 2] {
        let snapshot = self.engine.snapshot();
        let state = snapshot.consul();
        let shown = |check: &Check| (check.status.clone(), check.output.clone());
        let checks = state.node_checks("n1").value;
        let stored = checks.into_iter().find(|check| check.check_id == id);
        [
            state.local_check(id).map(|local| shown(&local.check)),
            stored.map(|check| shown(check)),
        ]
    }

    fn services(&self) -> Vec<String> {
        let snapshot = self.engine.snapshot();
        let services = snapshot.consul().node_services("n1").value;
        services.iter().map(|it| it.id.clone()).collect()
    }

    fn woke(&self, topic: Topic) -> bool {
        self.changes.wakes.contains(&Wake::Topic(topic))
    }
}

fn web() -> Service {
    Service {
        id: "web".into(),
        name: "web".into(),
        ..Service::default()
    }
}

fn local(service: Service) -> LocalService {
    LocalService {
        service,
        ..LocalService::default()
    }
}

fn ttl(id: &str, seconds: u64) -> LocalCheck {
    let ttl = Duration::from_secs(seconds);
    of_kind(id, CheckKind::Ttl { ttl })
}

fn of_kind(id: &str, kind: CheckKind) -> LocalCheck {
    LocalCheck {
        check: Check {
            check_id: id.into(),
            name: id.into(),
            service_id: "web".into(),
            ..Check::default()
        },
        plan: CheckPlan {
            kind,
            ..CheckPlan::default()
        },
        ..LocalCheck::default()
    }
}

fn said(status: &str, output: &str) -> Option<(String, String)> {
    Some((status.into(), output.into()))
}

#[test]
fn one_commit_writes_the_agent_and_the_catalog() {
    let mut world = World::new();
    let before = world.index();
    world.register_web(vec![ttl("c", 10)]);
    assert_eq!(world.index(), before + 1);
    assert_eq!(world.services(), ["web"]);
    assert_eq!(
        world.both("c"),
        [said("critical", ""), said("critical", "")]
    );
    assert!(world.woke(Topic::LocalService("web".into())) && world.woke(Topic::LocalPlans));
}

#[test]
fn a_ttl_expires_once_and_starts_again_with_a_report() {
    let mut world = World::new();
    world.register_web(vec![ttl("c", 10)]);
    world.report("c", "passing", "fine");
    world.pass(9);
    world.report("c", "passing", "fine");
    world.pass(9);
    assert_eq!(world.both("c")[0], said("passing", "fine"));
    world.pass(2);
    let text = "TTL expired (last output before timeout follows): fine";
    assert_eq!(
        world.both("c"),
        [said("critical", text), said("critical", text)]
    );
    let index = world.index();
    world.pass(100);
    assert_eq!(world.index(), index, "it expires once");
    world.report("c", "warning", "");
    assert_eq!(world.both("c"), [said("warning", ""), said("warning", "")]);
}

#[test]
fn an_output_alone_waits_and_a_status_does_not() {
    let mut world = World::new();
    world.register_web(vec![ttl("c", 10_000)]);
    world.report("c", "passing", "one");
    world.report("c", "passing", "two");
    assert_eq!(
        world.both("c"),
        [said("passing", "two"), said("passing", "one")]
    );
    world.pass(299);
    world.report("c", "passing", "three");
    assert_eq!(world.both("c")[1], said("passing", "one"));
    world.pass(2);
    assert_eq!(world.both("c")[1], said("passing", "three"));
    world.report("c", "passing", "four");
    world.report("c", "critical", "five");
    assert_eq!(world.both("c")[1], said("critical", "five"));
    // Nothing waits any more.
    world.report("c", "critical", "five");
    let index = world.index();
    world.pass(1000);
    assert_eq!(world.index(), index);
}

#[test]
fn a_sync_leaves_an_output_that_waits_and_rights_everything_else() {
    let mut world = World::new();
    world.register_web(vec![ttl("c", 10_000)]);
    world.report("c", "passing", "one");
    world.report("c", "passing", "two");
    world.local(LocalChange::Sync).unwrap();
    assert_eq!(world.both("c")[1], said("passing", "one"));
    // A check of the node is edited, one is removed, and others come.
    world.register(
        node("n1")
            .with_check("c", "critical")
            .with_check("other", "passing"),
    );
    let mut stranger = node("n1");
    stranger.service = Some(ServiceSpec {
        name: "stranger".into(),
        ..ServiceSpec::default()
    });
    world.register(stranger);
    world.local(LocalChange::Sync).unwrap();
    assert_eq!(world.both("c")[1], said("passing", "two"));
    assert_eq!(world.both("other"), [None, None]);
    assert_eq!(world.services(), ["web"]);
    assert_eq!(world.both("serfHealth")[1], said("passing", ""));
    let index = world
        .engine
        .snapshot()
        .consul()
        .table_index(quorate_agent::engine::consul::Table::Checks);
    world.local(LocalChange::Sync).unwrap();
    let snapshot = world.engine.snapshot();
    let table = quorate_agent::engine::consul::Table::Checks;
    assert_eq!(
        snapshot.consul().table_index(table),
        index,
        "it changed nothing"
    );
}

#[test]
fn a_sync_brings_back_the_node_with_all_it_had() {
    let mut world = World::new();
    world.register_web(vec![ttl("c", 10)]);
    world.deregister("n1", "", "");
    assert_eq!(world.services(), [""; 0]);
    world.local(LocalChange::Sync).unwrap();
    assert_eq!(world.services(), ["web"]);
    assert_eq!(world.both("c")[1], said("critical", ""));
}

#[test]
fn tags_that_others_may_change_are_taken_over() {
    let mut world = World::new();
    for (id, allowed, tags) in [("may", true, ["new"]), ("not", false, ["old"])] {
        let mut service = web();
        service.id = id.into();
        service.enable_tag_override = allowed;
        service.tags = vec!["old".into()];
        world.register_service(service, vec![]);
        let mut edit = node("n1");
        edit.service = Some(ServiceSpec {
            id: id.into(),
            name: "web".into(),
            tags: vec!["new".into()],
            enable_tag_override: allowed,
            ..ServiceSpec::default()
        });
        world.register(edit);
        world.local(LocalChange::Sync).unwrap();
        let snapshot = world.engine.snapshot();
        let local = snapshot.consul().local_service(id).unwrap();
        assert_eq!(local.service.tags, tags, "{id}");
        let services = snapshot.consul().node_services("n1").value;
        let stored = services.into_iter().find(|it| it.id == id).unwrap();
        assert_eq!(stored.tags, tags, "{id}");
    }
}

#[test]
fn what_is_critical_for_too_long_goes_with_its_service() {
    let mut world = World::new();
    let mut check = ttl("c", 10);
    check.plan.deregister_after = Some(Duration::from_secs(60));
    world.register_web(vec![check, ttl("other", 100_000)]);
    // It is critical from the start, but counts from when something says so.
    world.pass(69);
    world.local(LocalChange::Reap).unwrap();
    assert_eq!(world.services(), ["web"]);
    world.pass(2);
    world.local(LocalChange::Reap).unwrap();
    assert_eq!(world.services(), [""; 0]);
    assert_eq!(world.both("other"), [None, None]);
}

#[test]
fn what_recovers_in_between_stays() {
    let mut world = World::new();
    let mut check = ttl("c", 100_000);
    check.plan.deregister_after = Some(Duration::from_secs(60));
    world.register_web(vec![check]);
    world.report("c", "critical", "");
    world.pass(50);
    world.report("c", "warning", "");
    world.report("c", "critical", "");
    world.pass(50);
    world.local(LocalChange::Reap).unwrap();
    assert_eq!(world.services(), ["web"]);
}

#[test]
fn a_session_ends_when_a_check_of_its_own_expires() {
    let mut world = World::new();
    world.register_web(vec![ttl("c", 10)]);
    world.report("c", "passing", "");
    let mut spec = world.spec();
    spec.node_checks = Some(vec!["c".into()]);
    let session = world.create(spec).unwrap();
    world.pass(9);
    assert!(world.lives(session));
    world.pass(2);
    assert!(!world.lives(session));
}

#[test]
fn a_ttl_goes_on_after_a_restart_and_what_is_run_is_critical_until_it_ran() {
    let mut world = World::new();
    let tcp = CheckKind::Tcp {
        address: "a:1".into(),
    };
    world.register_web(vec![ttl("short", 10), ttl("long", 30), of_kind("tcp", tcp)]);
    world.report("short", "passing", "s");
    world.report("long", "passing", "l");
    let registration = |world: &World| {
        let snapshot = world.engine.snapshot();
        snapshot.consul().local_check("tcp").unwrap().registration
    };
    let ran = LocalChange::Ran {
        id: "tcp".into(),
        registration: registration(&world),
        status: "passing".into(),
        output: "ok".into(),
    };
    world.local(ran).unwrap();
    let maintenance = LocalChange::Maintenance {
        service_id: None,
        enable: true,
        reason: "why".into(),
    };
    world.local(maintenance).unwrap();
    world.restart();
    // Twenty seconds later the machine is up again.
    let later = EPOCH + Duration::from_secs(20);
    world.local_at(later, LocalChange::Start).unwrap();
    let text = "TTL expired (last output before timeout follows): s";
    assert_eq!(world.both("short")[0], said("critical", text));
    assert_eq!(
        world.both("long"),
        [said("passing", "l"), said("passing", "l")]
    );
    assert_eq!(
        world.both("tcp"),
        [said("critical", ""), said("critical", "")]
    );
    assert_eq!(world.both("_node_maintenance")[0], said("critical", ""));
    world.pass(9);
    assert_eq!(world.both("long")[0], said("passing", "l"));
    world.pass(2);
    assert_eq!(world.both("long")[0].as_ref().unwrap().0, "critical");
}

#[test]
fn what_an_earlier_registrations_runner_says_is_ignored() {
    let mut world = World::new();
    let tcp = CheckKind::Tcp {
        address: "a:1".into(),
    };
    world.register_web(vec![of_kind("tcp", tcp.clone())]);
    let old = {
        let snapshot = world.engine.snapshot();
        snapshot.consul().local_check("tcp").unwrap().registration
    };
    world.register_web(vec![of_kind("tcp", tcp)]);
    let ran = |registration| LocalChange::Ran {
        id: "tcp".into(),
        registration,
        status: "passing".into(),
        output: String::new(),
    };
    world.local(ran(old)).unwrap();
    assert_eq!(world.both("tcp")[0], said("critical", ""));
    let index = world.index();
    let new = {
        let snapshot = world.engine.snapshot();
        snapshot.consul().local_check("tcp").unwrap().registration
    };
    assert_ne!(new, old);
    world.local(ran(new)).unwrap();
    assert_eq!(world.both("tcp")[1], said("passing", ""));
    assert_eq!(world.index(), index + 1);
    world.local(ran(new)).unwrap();
    assert_eq!(world.index(), index + 1, "the same again costs nothing");
    assert!(!world.changes.need_commit());
}

#[test]
fn a_check_needs_its_service_and_a_report_a_ttl() {
    let mut world = World::new();
    let orphan = LocalChange::RegisterCheck(Box::new(ttl("c", 10)));
    let refused = world.local(orphan).unwrap_err();
    assert_eq!(refused.to_string(), "ServiceID \"web\" does not exist");
    assert_eq!(world.both("c"), [None, None]);
    let report = LocalChange::Report {
        id: "c".into(),
        status: "passing".into(),
        output: String::new(),
    };
    let refused = world.local(report).unwrap_err();
    assert_eq!(
        refused.to_string(),
        "CheckID \"c\" does not have associated TTL"
    );
}

#[test]
fn an_output_is_cut_between_characters() {
    let mut world = World::new();
    let mut check = ttl("c", 10);
    check.plan.output_max_bytes = 2;
    world.register_web(vec![check]);
    world.report("c", "passing", "aéé");
    assert_eq!(
        world.both("c")[0],
        said("passing", "a ... (captured 2 of 5 bytes)")
    );
}

#[test]
fn a_sidecar_gets_a_free_port_and_goes_with_its_service() {
    let mut world = World::new();
    let mut register = |id: &str| {
        let mut service = web();
        service.id = id.into();
        let registration = ServiceRegistration {
            service: local(service),
            sidecar: Some(SidecarSpec {
                service: local(Service {
                    name: "web-sidecar-proxy".into(),
                    ..Service::default()
                }),
                checks: None,
            }),
            ..ServiceRegistration::default()
        };
        world.local(LocalChange::RegisterService(Box::new(registration)))?;
        let snapshot = world.engine.snapshot();
        let sidecar = snapshot
            .consul()
            .local_service(&format!("{id}-sidecar-proxy"));
        Ok::<_, Refusal>(sidecar.unwrap().service.port)
    };
    assert_eq!(register("a"), Ok(21_000));
    assert_eq!(register("b"), Ok(21_001));
    assert_eq!(register("a"), Ok(21_000), "it keeps its port");
    for at in 2..256 {
        assert_eq!(register(&format!("x{at}")), Ok(21_000 + at));
    }
    let full = register("full").unwrap_err().to_string();
    assert!(
        full.contains("none left in the configured range [21000, 21255]"),
        "{full}"
    );
    let tcp = "service:a-sidecar-proxy:1";
    assert_eq!(
        world.both(tcp),
        [said("critical", ""), said("critical", "")]
    );
    world
        .local(LocalChange::DeregisterService("a".into()))
        .unwrap();
    assert!(!world.services().iter().any(|id| id.starts_with("a")));
    assert_eq!(world.both(tcp), [None, None]);
    assert!(
        !world.services().contains(&"full".to_owned()),
        "all or nothing"
    );
}
