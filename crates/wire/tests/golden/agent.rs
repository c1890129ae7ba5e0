//! The agent noun: itself, members, services, checks, health, counters, the mesh.

use std::collections::BTreeMap;

use quorate_wire::consul::agent::{
    AgentService, Authorization, CaLeaf, CheckDefinition, CheckRegistration, HealthStatus,
    HostReport, HttpCheck, Member, Metrics, ServiceAddress, ServiceHealth, ServiceRegistration,
    Weights,
};
use quorate_wire::consul::{AgentSelf, CaRoots, HealthCheck, json};
use serde::Serialize;
use serde::de::DeserializeOwned;
use serde_json::Value;

use super::message::{Message, named};

/// Decodes and encodes every recorded object of these names again; returns how many there were.
fn survive<T: DeserializeOwned + Serialize>(prefixes: &[&str]) -> usize {
    let mut seen = 0;
    for name in prefixes.iter().flat_map(|prefix| named(prefix)) {
        let answer = Message::answer(&name);
        if answer.status() != 200 || answer.body.is_empty() {
            continue;
        }
        let value: T = serde_json::from_slice(&answer.body)
            .unwrap_or_else(|error| panic!("{name}: {error}: {}", answer.text()));
        let again = String::from_utf8(json::encode(&value).unwrap()).unwrap();
        assert_eq!(again, answer.text(), "{name}");
        seen += 1;
    }
    seen
}

fn one<T: DeserializeOwned>(name: &str) -> T {
    serde_json::from_slice(&Message::answer(name).body).unwrap()
}

/// The same but for the order of fields in maps that are kept as JSON.
fn survives_as_value<T: DeserializeOwned + Serialize>(name: &str) -> T {
    let value: T = one(name);
    let again = serde_json::to_value(&value).unwrap();
    assert_eq!(again, one::<Value>(name), "{name}");
    value
}

#[test]
fn members_are_read_and_written_as_consul_writes_them() {
    assert_eq!(survive::<Vec<Member>>(&["agent-members"]), 2);
    let member = one::<Vec<Member>>("agent-members").remove(0);
    assert!(member.is_alive() && member.is_server());
    assert_eq!(member.version(), Some("1.8.7"));
    assert_eq!(member.server_port(), Some(18300));
}

#[test]
fn services_are_read_and_written_as_consul_writes_them() {
    assert_eq!(
        survive::<BTreeMap<String, AgentService>>(&["agent-services"]),
        3
    );
    let seen = survive::<AgentService>(&["agent-service-"]);
    assert_eq!(seen, 5);
    let proxy: AgentService = one("agent-service-proxy");
    let settings = proxy.proxy.unwrap();
    assert_eq!(settings.upstreams[0].local_bind_port, 99);
    assert!(!proxy.content_hash.is_empty());
}

#[test]
fn checks_are_read_and_written_as_consul_writes_them() {
    assert_eq!(
        survive::<BTreeMap<String, HealthCheck>>(&["agent-checks"]),
        2
    );
}

#[test]
fn the_health_of_services_is_read_whatever_the_status() {
    for (name, status, health) in [
        ("agent-health-passing", 200, HealthStatus::Passing),
        ("agent-health-warning", 429, HealthStatus::Warning),
        ("agent-health-critical", 503, HealthStatus::Critical),
        ("agent-health-maintenance", 503, HealthStatus::Maintenance),
    ] {
        assert_eq!(Message::answer(name).status(), status);
        let found: ServiceHealth = one(name);
        assert_eq!(found.aggregated_status, health);
        assert_eq!(found.service.id, "web-1");
        assert!(!found.checks.is_empty());
    }
    assert_eq!(
        one::<Vec<ServiceHealth>>("agent-health-name-critical").len(),
        1
    );
}

#[test]
fn counters_are_read_and_written_as_consul_writes_them() {
    assert_eq!(survive::<Metrics>(&["agent-metrics"]), 1);
    let metrics: Metrics = one("agent-metrics");
    assert!(
        metrics.timestamp.ends_with("+0000 UTC"),
        "{}",
        metrics.timestamp
    );
}

#[test]
fn nothing_is_lost_of_what_an_agent_says_of_itself() {
    let agent: AgentSelf = survives_as_value("agent-self-whole");
    assert_eq!(agent.config.node_name, "node-1");
    assert_eq!(agent.stat("consul", "server"), Some("true"));
    assert_eq!(agent.member.name, "node-1");
    let host: HostReport = survives_as_value("agent-host");
    assert!(host.memory.unwrap().total > 0);
    assert!(!host.cpu.is_empty());
}

#[test]
fn the_mesh_is_read_and_written_as_consul_writes_it() {
    assert_eq!(survive::<CaRoots>(&["agent-ca-roots"]), 1);
    assert_eq!(survive::<CaLeaf>(&["agent-ca-leaf"]), 1);
    assert_eq!(survive::<Authorization>(&["agent-authorize"]), 1);
    let leaf: CaLeaf = one("agent-ca-leaf");
    assert!(
        leaf.private_key_pem
            .expose()
            .starts_with("-----BEGIN EC PRIVATE KEY-----")
    );
    assert!(!format!("{leaf:?}").contains("PRIVATE"));
}

#[test]
fn registrations_say_what_the_recorded_ones_say() {
    let recorded =
        |name: &str| -> Value { serde_json::from_slice(&Message::request(name).body).unwrap() };
    let minutes = |count: u64| std::time::Duration::from_secs(60 * count);
    let web = ServiceRegistration::new("web")
        .with_id("web-1")
        .with_tags(["a", "<b>"])
        .with_port(80)
        .with_address("127.0.0.2")
        .with_meta("k", "v")
        .with_weights(Weights::new(3, 2))
        .with_enable_tag_override()
        .with_tagged_address("lan", ServiceAddress::new("1.2.3.4", 8));
    let mut expected = recorded("agent-service-register");
    expected.as_object_mut().unwrap().remove("Check");
    assert_eq!(ours(&web), expected);
    let sidecar = ServiceRegistration::new("side")
        .with_port(90)
        .with_sidecar(ServiceRegistration::default());
    assert_eq!(ours(&sidecar), recorded("agent-service-register-sidecar"));
    let http = HttpCheck::new("http://127.0.0.1:9/", minutes(60))
        .with_method("POST")
        .with_header("A", "b")
        .with_body("x")
        .with_tls_skip_verify()
        .with_timeout(std::time::Duration::from_secs(1));
    let check = CheckDefinition::from(http)
        .with_success_before_passing(2)
        .with_failures_before_critical(3)
        .with_deregister_critical_service_after(minutes(120))
        .with_status(HealthStatus::Passing);
    let check = CheckRegistration::new("http", check).with_service_id("web-1");
    let mut expected = recorded("agent-check-register-http");
    expected["Interval"] = "1h0m0s".into();
    expected["DeregisterCriticalServiceAfter"] = "2h0m0s".into();
    assert_eq!(ours(&check), expected);
}

fn ours(value: &impl Serialize) -> Value {
    serde_json::to_value(value).unwrap()
}
