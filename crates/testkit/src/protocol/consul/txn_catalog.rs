//! Transactions on nodes, services and checks.

use anyhow::{Context as _, ensure};
use quorate_consul::{
    CatalogVerb, CheckOp, HealthCheck, HealthStatus, Node, NodeOp, NodeService, ServiceOp, TxnOp,
    TxnOutcome, TxnResult,
};
use serde_json::{Value, json};

use super::target::{ALONE, Consul, name, rolled_back};
use crate::cases;
use crate::protocol::equal;
use crate::trial::{Case, Subject};

pub(super) fn cases() -> Vec<Case<Consul>> {
    cases![Consul;
        set_answers_what_it_wrote,
        get_reads_and_makes_a_transaction_of_reads,
        cas_0_creates_and_cas_needs_the_index_of_the_thing,
        deletes_answer_nothing_and_delete_cas_needs_the_index_of_the_thing,
        what_is_missing_is_told_in_the_servers_words,
        verbs_that_nobody_knows_fail,
        what_can_not_be_right_is_told_before_anything_runs,
        keys_and_the_catalog_change_together_or_not_at_all,
        a_node_is_read_by_its_id,
        a_part_of_a_service_and_of_a_definition_is_left_out,
        a_critical_check_in_a_transaction_ends_sessions,
        fields_of_the_catalog_are_named_where_they_are_wrong needs [ALONE],
    ]
    .into()
}

async fn commit(
    consul: &Consul,
    ops: impl IntoIterator<Item = TxnOp>,
) -> anyhow::Result<Vec<TxnResult>> {
    match consul.client.txn().ops(ops).commit().await? {
        TxnOutcome::Committed(answer) => Ok(answer.value),
        TxnOutcome::RolledBack(errors) => anyhow::bail!("rolled back: {errors:?}"),
    }
}

async fn failures(
    consul: &Consul,
    ops: impl IntoIterator<Item = TxnOp>,
) -> anyhow::Result<Vec<String>> {
    let outcome = consul.client.txn().ops(ops).commit().await?;
    Ok(rolled_back(outcome)?
        .into_iter()
        .map(|(_, what)| what)
        .collect())
}

fn on_node(verb: CatalogVerb, node: &str, index: u64) -> TxnOp {
    NodeOp::new(verb, Node::new(node, "10.0.0.9"))
        .with_index(index)
        .into()
}

fn on_service(verb: CatalogVerb, node: &str, index: u64) -> TxnOp {
    let service = NodeService::new("svc")
        .with_id("s")
        .with_tags(["x"])
        .with_port(1);
    ServiceOp::new(verb, node, service).with_index(index).into()
}

fn on_check(verb: CatalogVerb, node: &str, index: u64) -> TxnOp {
    let check = HealthCheck::new("c", HealthStatus::Passing)
        .with_node(node)
        .with_service_id("s");
    CheckOp::new(verb, check).with_index(index).into()
}

/// The same verb on a node, a service and a check of it.
fn on_all(verb: CatalogVerb, node: &str, index: u64) -> [TxnOp; 3] {
    [
        on_node(verb, node, index),
        on_service(verb, node, index),
        on_check(verb, node, index),
    ]
}

fn parts(rows: &[TxnResult]) -> anyhow::Result<(&Node, &NodeService, &HealthCheck)> {
    equal("rows", rows.len(), 3)?;
    let node = rows[0].node.as_ref().context("no node")?;
    let service = rows[1].service.as_ref().context("no service")?;
    let check = rows[2].check.as_ref().context("no check")?;
    Ok((node, service, check))
}

async fn set_answers_what_it_wrote(consul: &Subject<Consul>) -> anyhow::Result<()> {
    let node = name(consul, "n");
    let rows = commit(consul, on_all(CatalogVerb::Set, &node, 0)).await?;
    let (written, service, check) = parts(&rows)?;
    equal(
        "node",
        (written.node.as_str(), written.address.as_str()),
        (node.as_str(), "10.0.0.9"),
    )?;
    equal("datacenter", written.datacenter.as_str(), "dc1")?;
    equal("service", (service.id.as_str(), service.port), ("s", 1))?;
    equal("check's service", check.service_name.as_str(), "svc")?;
    let index = written.modify_index;
    equal(
        "one index",
        (service.modify_index, check.modify_index),
        (index, index),
    )?;
    let whole = consul
        .client
        .catalog()
        .node(&node)
        .await?
        .context("no node")?;
    equal("in the catalog", whole.services.get("s"), Some(service))
}

async fn get_reads_and_makes_a_transaction_of_reads(
    consul: &Subject<Consul>,
) -> anyhow::Result<()> {
    let node = name(consul, "n");
    commit(consul, on_all(CatalogVerb::Set, &node, 0)).await?;
    let rows = commit(consul, on_all(CatalogVerb::Get, &node.to_uppercase(), 0)).await?;
    let (read, service, check) = parts(&rows)?;
    equal("node", &read.node, &node)?;
    equal("service", service.service.as_str(), "svc")?;
    equal("check", check.check_id.as_str(), "c")?;
    let ops = json!([{"Node": {"Verb": "get", "Node": {"Node": node}}}]).to_string();
    let answer = consul.send("PUT", "/v1/txn", ops).await?;
    ensure!(answer.header("X-Consul-Knownleader").is_some());
    ensure!(
        answer
            .text()
            .ends_with(r#""KnownLeader":true,"ConsistencyLevel":""}"#)
    );
    Ok(())
}

async fn cas_0_creates_and_cas_needs_the_index_of_the_thing(
    consul: &Subject<Consul>,
) -> anyhow::Result<()> {
    let node = name(consul, "n");
    let rows = commit(consul, on_all(CatalogVerb::Cas, &node, 0)).await?;
    let index = parts(&rows)?.0.modify_index;
    let stale = [
        format!("failed to set node \"{node}\", index is stale"),
        format!("failed to set service \"s\" on node \"{node}\", index is stale"),
        format!("failed to set check \"c\" on node \"{node}\", index is stale"),
    ];
    let again = failures(consul, on_all(CatalogVerb::Cas, &node, 0)).await?;
    equal("they exist", again, stale.clone())?;
    let wrong = failures(consul, on_all(CatalogVerb::Cas, &node, index + 1)).await?;
    equal("another index", wrong, stale)?;
    let rows = commit(consul, on_all(CatalogVerb::Cas, &node, index)).await?;
    equal("their index", parts(&rows)?.0.create_index, index)
}

async fn deletes_answer_nothing_and_delete_cas_needs_the_index_of_the_thing(
    consul: &Subject<Consul>,
) -> anyhow::Result<()> {
    let node = name(consul, "n");
    let rows = commit(consul, on_all(CatalogVerb::Set, &node, 0)).await?;
    let index = parts(&rows)?.0.modify_index;
    let stale = [
        format!("failed to delete node \"{node}\", index is stale"),
        format!("failed to delete service \"s\" on node \"{node}\", index is stale"),
        format!("failed to delete check \"c\" on node \"{node}\", index is stale"),
    ];
    let wrong = failures(consul, on_all(CatalogVerb::DeleteCas, &node, index + 1)).await?;
    equal("another index", wrong, stale.clone())?;
    let backwards = |verb| {
        let mut ops = on_all(verb, &node, index);
        ops.reverse();
        ops
    };
    equal(
        "rows",
        commit(consul, backwards(CatalogVerb::DeleteCas)).await?,
        [],
    )?;
    equal("gone", consul.client.catalog().node(&node).await?, None)?;
    let missing = failures(consul, on_all(CatalogVerb::DeleteCas, &node, 0)).await?;
    equal("they do not exist", missing, stale)?;
    equal(
        "no matter",
        commit(consul, backwards(CatalogVerb::Delete)).await?,
        [],
    )
}

async fn what_is_missing_is_told_in_the_servers_words(
    consul: &Subject<Consul>,
) -> anyhow::Result<()> {
    let node = name(consul, "n");
    let expected = [
        format!("node \"{node}\" doesn't exist"),
        format!("service \"s\" on node \"{node}\" doesn't exist"),
        format!("check \"c\" on node \"{node}\" doesn't exist"),
    ];
    equal(
        "get",
        failures(consul, on_all(CatalogVerb::Get, &node, 0)).await?,
        expected,
    )?;
    let parts = [
        on_service(CatalogVerb::Set, &node, 0),
        on_check(CatalogVerb::Set, &node, 0),
    ];
    let missing = "Missing node registration";
    equal("set", failures(consul, parts).await?, [missing, missing])?;
    let check = [
        on_node(CatalogVerb::Set, &node, 0),
        on_check(CatalogVerb::Set, &node, 0),
    ];
    equal(
        "service",
        failures(consul, check).await?,
        ["Missing service registration"],
    )?;
    equal(
        "rolled back",
        consul.client.catalog().node(&node).await?,
        None,
    )
}

async fn verbs_that_nobody_knows_fail(consul: &Subject<Consul>) -> anyhow::Result<()> {
    let node = name(consul, "n");
    let ops = json!([
        {"Node": {"Verb": "bogus", "Node": {"Node": node}}},
        {"Service": {"Verb": "get-tree", "Node": node, "Service": {"Service": "s"}}},
        {"Check": {"Verb": "", "Check": {"Node": node}}},
    ]);
    let expected = [
        "unknown Node verb \"bogus\"",
        "unknown Service verb \"get-tree\"",
        "unknown Check verb \"\"",
    ];
    told(consul, &ops, &expected).await
}

/// The texts of the failures of a transaction.
async fn told(consul: &Consul, ops: &Value, expected: &[&str]) -> anyhow::Result<()> {
    let answer = consul.send("PUT", "/v1/txn", ops.to_string()).await?;
    equal("status", answer.status, 409)?;
    let answer = answer.json()?;
    let errors = answer["Errors"].as_array().into_iter().flatten();
    let whats: Vec<_> = errors.filter_map(|it| it["What"].as_str()).collect();
    equal("failures", whats, expected.to_vec())
}

async fn what_can_not_be_right_is_told_before_anything_runs(
    consul: &Subject<Consul>,
) -> anyhow::Result<()> {
    let node = name(consul, "n");
    let ops = json!([
        {"Node": {"Verb": "set", "Node": {"Node": node}}},
        {"Node": {"Verb": "delete", "Node": {}}},
        {"Node": {"Verb": "set", "Node": {"Node": node, "ID": "zz"}}},
        {"Service": {"Verb": "delete", "Node": node, "Service": {"ID": "s"}}},
        {"Service": {"Verb": "set", "Node": node, "Service": {"Service": "s", "Address": "::"}}},
        {"Service": {"Verb": "get", "Node": node}},
        {"Check": {"Verb": "get", "Check": {"Node": node}}},
    ]);
    let expected = [
        "Must provide node",
        "Bad node ID: uuid string is wrong length",
        "Must provide service name with ID",
        "Invalid service address",
    ];
    told(consul, &ops, &expected).await?;
    let ops = json!([
        {"Node": {"Verb": "set", "Node": {"Node": node}}},
        {"Service": {"Verb": "set", "Node": node}},
        {"Check": {"Verb": "set", "Check": {"Node": node}}},
        {"Node": {"Verb": "get", "Node": {"ID": "short"}}},
    ]);
    let expected = [
        "failed inserting service: object missing primary index",
        "failed inserting check: object missing primary index",
        "node lookup by ID failed, wrong UUID: uuid string is wrong length for 'short'",
    ];
    told(consul, &ops, &expected).await
}

async fn keys_and_the_catalog_change_together_or_not_at_all(
    consul: &Subject<Consul>,
) -> anyhow::Result<()> {
    let (node, key) = (name(consul, "n"), consul.key("k"));
    let txn = consul.client.txn().set(&key, "v");
    let txn = txn.op(on_node(CatalogVerb::Set, &node, 0));
    let failing = txn.clone().op(on_service(CatalogVerb::Get, &node, 0));
    equal("failures", rolled_back(failing.commit().await?)?.len(), 1)?;
    equal("no key", consul.client.kv().get(&key).await?, None)?;
    equal("no node", consul.client.catalog().node(&node).await?, None)?;
    ensure!(txn.commit().await?.is_committed());
    let written = consul
        .client
        .catalog()
        .node(&node)
        .await?
        .context("no node")?;
    let index = consul.entry(&key).await?.modify_index;
    equal("one index", written.node.modify_index, index)
}

async fn a_node_is_read_by_its_id(consul: &Subject<Consul>) -> anyhow::Result<()> {
    let nodes = consul.client.catalog().nodes().await?;
    let own = nodes.into_iter().find(|it| it.node == consul.node());
    let own = own.context("the own node is missing")?;
    let mut wanted = Node::default();
    wanted.id.clone_from(&own.id);
    let get = NodeOp::new(CatalogVerb::Get, wanted.clone());
    let rows = commit(consul, [get.into()]).await?;
    equal(
        "node",
        rows[0].node.as_ref().map(|it| &it.node),
        Some(&own.node),
    )?;
    let last = if wanted.id.ends_with('0') { "1" } else { "0" };
    wanted.id.replace_range(35.., last);
    let get = NodeOp::new(CatalogVerb::Get, wanted);
    let missing = failures(consul, [get.into()]).await?;
    equal("another", missing, ["node \"\" doesn't exist"])
}

async fn a_part_of_a_service_and_of_a_definition_is_left_out(
    consul: &Subject<Consul>,
) -> anyhow::Result<()> {
    let node = name(consul, "n");
    let service = json!({
        "Service": "s", "Kind": "mesh-gateway", "Weights": {"Passing": 3}, "ContentHash": "x",
        "Proxy": {"DestinationServiceName": "d"}, "Connect": {"Native": true},
        "TaggedAddresses": {"lan": {"Address": "a", "Port": 1}},
    });
    let definition = json!({
        "HTTP": "http://x", "TTL": "5s", "GRPC": "g", "Interval": "5s", "IntervalDuration": "90s",
    });
    let check = json!({"Node": node, "Name": "c", "Type": "http", "Definition": definition});
    let ops = json!([
        {"Node": {"Verb": "set", "Node": {"Node": node}}},
        {"Service": {"Verb": "set", "Node": node, "Service": service}},
        {"Check": {"Verb": "set", "Check": check}},
    ]);
    let answer = consul.ask("PUT", "/v1/txn", ops.to_string()).await?;
    let answer: Value = serde_json::from_str(&answer)?;
    let service = &answer["Results"][1]["Service"];
    equal("kind", service.get("Kind"), None)?;
    equal(
        "proxy",
        &service["Proxy"],
        &json!({"MeshGateway": {}, "Expose": {}}),
    )?;
    equal("connect", &service["Connect"], &json!({}))?;
    equal(
        "weights",
        &service["Weights"],
        &json!({"Passing": 3, "Warning": 0}),
    )?;
    equal("tags", &service["Tags"], &Value::Null)?;
    let check = &answer["Results"][2]["Check"];
    equal("id", &check["CheckID"], &json!("c"))?;
    equal("status", &check["Status"], &json!("critical"))?;
    equal("type", &check["Type"], &json!(""))?;
    let expected = json!({"Interval": "1m30s", "HTTP": "http://x"});
    equal("definition", &check["Definition"], &expected)
}

async fn a_critical_check_in_a_transaction_ends_sessions(
    consul: &Subject<Consul>,
) -> anyhow::Result<()> {
    let node = name(consul, "n");
    commit(consul, on_all(CatalogVerb::Set, &node, 0)).await?;
    let fields = json!({"Node": node, "ServiceChecks": [{"ID": "c"}]});
    let session = consul.session(fields).await?;
    let critical = HealthCheck::new("c", HealthStatus::Critical)
        .with_node(&node)
        .with_service_id("s");
    let set = CheckOp::new(CatalogVerb::Set, critical);
    commit(consul, [set.into()]).await?;
    equal("session", consul.session_info(&session).await?, None)
}

async fn fields_of_the_catalog_are_named_where_they_are_wrong(
    consul: &Subject<Consul>,
) -> anyhow::Result<()> {
    let strict = consul.alone().await?;
    let cannot = |what: &str| format!("Failed to parse body: json: cannot unmarshal {what}");
    for (op, text) in [
        (
            r#"{"Node":5}"#,
            cannot("number into Go struct field TxnOp.Node of type api.NodeTxnOp"),
        ),
        (
            r#"{"Node":{"Node":{"ID":5}}}"#,
            cannot("number into Go struct field Node.Node.Node.ID of type string"),
        ),
        (
            r#"{"Service":{"Service":{"Weights":{"Passing":"1"}}}}"#,
            cannot(
                "string into Go struct field AgentWeights.Service.Service.Weights.Passing of type int",
            ),
        ),
        (
            r#"{"Service":{"Service":{"Proxy":5}}}"#,
            cannot(
                "number into Go struct field AgentService.Service.Service.Proxy of type api.AgentServiceConnectProxyConfig",
            ),
        ),
        (
            r#"{"Check":{"Check":{"Definition":{"HTTP":5}}}}"#,
            cannot("number into Go struct field HealthCheck.Check.Check.Definition of type string"),
        ),
        (
            r#"{"Check":{"Check":{"Bogus":5}}}"#,
            "Failed to parse body: json: unknown field \"Bogus\"".into(),
        ),
        (
            r#"{"Check":{"Check":{"Definition":{"Interval":"x"}}}}"#,
            "Failed to parse body: time: invalid duration \"x\"".into(),
        ),
    ] {
        let body = format!("[{op}]");
        strict.expect("PUT", "/v1/txn", body, (400, &text)).await?;
    }
    Ok(())
}
