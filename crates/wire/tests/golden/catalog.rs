//! The catalog, health, and transactions on both.

use std::collections::BTreeMap;

use quorate_wire::consul::catalog::{CatalogNode, CatalogService, GatewayService, NodeServiceList};
use quorate_wire::consul::health::aggregated_status;
use quorate_wire::consul::registration::RegisterRequest;
use quorate_wire::consul::{
    HealthCheck, HealthStatus, Node, ServiceEntry, ServiceKind, TxnAnswer, TxnOp, json,
};
use serde::Serialize;
use serde::de::DeserializeOwned;

use crate::message::{Message, named};

/// Reads each of the answers and writes it again.
fn again<T: Serialize + DeserializeOwned>(names: &[&str]) -> Vec<T> {
    let mut values = Vec::new();
    for name in names {
        let answer = Message::answer(name);
        assert_eq!(answer.status(), 200, "{name}");
        let value: T = serde_json::from_slice(&answer.body).unwrap();
        let written = String::from_utf8(json::encode(&value).unwrap()).unwrap();
        assert_eq!(written, answer.text(), "{name}");
        values.push(value);
    }
    values
}

#[test]
fn instances_of_services_are_read_and_written_as_consul_writes_them() {
    let lists = again::<Vec<CatalogService>>(&[
        "catalog-service",
        "catalog-service-tag",
        "catalog-service-node-meta",
        "catalog-service-filter",
        "catalog-service-unknown",
        "catalog-service-proxy",
        "catalog-connect",
        "catalog-connect-native",
        "catalog-service-cached-hit",
    ]);
    let web = &lists[0][0];
    assert_eq!(web.effective_address(), "10.1.0.1");
    assert_eq!(web.service_tagged_addresses["wan"].port, 80);
    assert_eq!(lists[0][1].effective_address(), "10.0.0.2");
    let proxy = &lists[6][0];
    assert_eq!(proxy.service_kind, ServiceKind::ConnectProxy);
    assert_eq!(proxy.service_proxy.upstreams.len(), 2);
    assert!(lists[7][0].service_connect.native);
}

#[test]
fn nodes_and_their_services_are_read_and_written_as_consul_writes_them() {
    let nodes = again::<Option<CatalogNode>>(&[
        "catalog-node",
        "catalog-node-proxy",
        "catalog-node-by-id",
        "catalog-node-by-prefix",
        "catalog-node-kinds",
        "catalog-node-unknown",
    ]);
    let kinds = nodes[4].as_ref().unwrap().services.values();
    assert!(kinds.filter(|service| service.kind.is_gateway()).count() >= 3);
    assert_eq!(nodes[5], None);
    let lists =
        again::<NodeServiceList>(&["catalog-node-services", "catalog-node-services-unknown"]);
    assert_eq!(lists[1], NodeServiceList::default());
    again::<Option<Vec<GatewayService>>>(&["catalog-gateway-services-none"]);
    again::<BTreeMap<String, Vec<String>>>(&["catalog-services-node-meta"]);
    again::<Vec<Node>>(&["catalog-nodes"]);
}

#[test]
fn health_is_read_and_written_as_consul_writes_it() {
    let entries = again::<Vec<ServiceEntry>>(&[
        "health-service",
        "health-service-all",
        "health-service-passing",
        "health-service-tag",
        "health-service-unknown",
        "health-connect",
        "health-ingress",
    ]);
    let statuses = entries[1].iter().map(ServiceEntry::status);
    assert_eq!(
        statuses.collect::<Vec<_>>(),
        [
            HealthStatus::Passing,
            HealthStatus::Warning,
            HealthStatus::Critical
        ]
    );
    let checks = again::<Vec<HealthCheck>>(&[
        "health-checks",
        "health-checks-of-service",
        "health-node",
        "health-node-definition",
        "health-state-critical",
        "health-state-warning",
        "health-state-any",
    ]);
    assert_eq!(aggregated_status(&checks[1]), HealthStatus::Warning);
    let http = checks[3].iter().find(|check| check.check_id == "web-http");
    let definition = &http.unwrap().definition;
    assert_eq!(definition.interval().unwrap().as_secs(), 90);
    assert_eq!(definition.http_url(), Some("http://10.1.0.1:8080/health"));
}

#[test]
fn transactions_on_the_catalog_are_read_and_written_as_consul_writes_them() {
    for name in named("txn-catalog") {
        let answer = Message::answer(&name);
        let read: TxnAnswer = serde_json::from_slice(&answer.body).unwrap();
        let written = String::from_utf8(json::encode(&read).unwrap()).unwrap();
        assert_eq!(written, answer.text(), "{name}");
        let ops: Result<Vec<TxnOp>, _> = serde_json::from_slice(&Message::request(&name).body);
        match ops {
            Ok(ops) => assert!(ops.iter().all(|op| op.kv.is_none()), "{name}"),
            Err(_) => assert_eq!(name, "txn-catalog-unknown-verbs"),
        }
    }
}

#[test]
fn registrations_can_be_read() {
    for name in named("catalog-register-bad") {
        let request = Message::request(&name);
        let register: RegisterRequest = serde_json::from_slice(&request.body).unwrap();
        assert!(register.service.is_some(), "{name}");
    }
}
