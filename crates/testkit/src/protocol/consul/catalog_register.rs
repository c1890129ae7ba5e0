//! What can be written into the catalog from outside, and what is refused in which words.

use anyhow::{Context as _, ensure};
use quorate_consul::{
    DeregisterRequest, Error, ErrorKind, HealthCheck, HealthStatus, NodeService, RegisterRequest,
};
use serde_json::{Value, json};

use super::target::{ALONE, Consul, name};
use crate::cases;
use crate::protocol::equal;
use crate::trial::{Case, Subject};

pub(super) fn cases() -> Vec<Case<Consul>> {
    cases![Consul;
        what_the_catalog_can_not_mean_is_refused,
        unknown_fields_of_the_catalog_are_refused_by_the_strict needs [ALONE],
        what_is_not_there_is_deregistered_all_the_same,
        the_name_of_a_live_node_is_reserved,
        a_node_is_renamed_by_its_id,
        a_node_is_made_and_never_changed_where_its_update_is_skipped,
        checks_have_the_defaults_of_the_catalog,
        datacenters_are_listed_without_an_index,
        nodes_are_selected_by_their_labels,
    ]
    .into()
}

const REGISTER: &str = "/v1/catalog/register";
const DEREGISTER: &str = "/v1/catalog/deregister";

fn kind<T>(result: Result<T, Error>) -> Option<ErrorKind> {
    result.err().map(|error| error.kind())
}

async fn what_the_catalog_can_not_mean_is_refused(consul: &Subject<Consul>) -> anyhow::Result<()> {
    let node = name(consul, "node");
    let with = |fields: Value| {
        let mut body = json!({"Node": node, "Address": "10.0.0.1"});
        if let (Some(body), Value::Object(fields)) = (body.as_object_mut(), fields) {
            body.extend(fields);
        }
        body.to_string()
    };
    let stranger = format!("check node \"b\" does not match node \"{node}\"");
    let missing =
        format!("failed inserting check: Missing service registration on node \"{node}\"");
    for (fields, text) in [
        (json!({"Node": ""}), "Must provide node"),
        (
            json!({"Address": ""}),
            "Must provide address if SkipNodeUpdate is not set",
        ),
        (
            json!({"ID": "zz"}),
            "Bad node ID: uuid string is wrong length",
        ),
        (json!({"Datacenter": "mars"}), "No path to datacenter"),
        (json!({"Check": {"Node": "b", "CheckID": "c"}}), &stranger),
        (
            json!({"Check": {"CheckID": "c", "ServiceID": "none"}}),
            &missing,
        ),
    ] {
        let body = with(fields);
        consul.expect("PUT", REGISTER, body, (500, text)).await?;
    }
    let catalog = consul.client.catalog();
    equal("nothing was written", catalog.node(&node).await?, None)?;
    let request = || RegisterRequest::new(&node, "10.0.0.1");
    let bad = kind(catalog.register(&request().with_id("zz")).await);
    equal("id", bad, Some(ErrorKind::InvalidArgument))?;
    let check = HealthCheck::new("c", HealthStatus::Passing).with_service_id("none");
    let bad = kind(catalog.register(&request().with_check(check)).await);
    equal("service", bad, Some(ErrorKind::NotFound))?;
    for (body, text) in [
        (json!({}), "Must provide node"),
        (
            json!({"Node": node, "Datacenter": "mars"}),
            "No path to datacenter",
        ),
    ] {
        let body = body.to_string();
        consul.expect("PUT", DEREGISTER, body, (500, text)).await?;
    }
    let elsewhere = DeregisterRequest::node(&node).with_datacenter("mars");
    let kind = kind(catalog.deregister(&elsewhere).await);
    equal("datacenter", kind, Some(ErrorKind::NotFound))
}

async fn unknown_fields_of_the_catalog_are_refused_by_the_strict(
    consul: &Subject<Consul>,
) -> anyhow::Result<()> {
    let strict = consul.alone().await?;
    for (target, body) in [
        (REGISTER, json!({"Node": "n", "Address": "a", "Bogus": 1})),
        (
            REGISTER,
            json!({"Node": "n", "Address": "a", "Check": {"Name": "c", "Bogus": 1}}),
        ),
        (DEREGISTER, json!({"Node": "n", "Bogus": 1})),
    ] {
        let text = "Request decode failed: json: unknown field \"Bogus\"";
        let body = body.to_string();
        strict.expect("PUT", target, body, (400, text)).await?;
    }
    // The clients of long ago send it.
    let body = json!({"Node": "n", "Address": "a"}).to_string();
    strict
        .expect("PUT", DEREGISTER, body, (200, "true"))
        .await?;
    Ok(())
}

async fn what_is_not_there_is_deregistered_all_the_same(
    consul: &Subject<Consul>,
) -> anyhow::Result<()> {
    let (nobody, node) = (name(consul, "nobody"), name(consul, "node"));
    let catalog = consul.client.catalog();
    catalog
        .register(&RegisterRequest::new(&node, "10.0.0.1"))
        .await?;
    for request in [
        DeregisterRequest::node(&nobody),
        DeregisterRequest::service(&nobody, "s"),
        DeregisterRequest::check(&nobody, "c"),
        DeregisterRequest::service(&node, "s"),
        DeregisterRequest::check(&node, "c"),
    ] {
        catalog.deregister(&request).await?;
    }
    let left = catalog.node(&node).await?;
    ensure!(left.is_some(), "the node went instead of a part of it");
    // Of both, it is the service.
    let both = json!({"Node": node, "ServiceID": "s", "CheckID": "c"}).to_string();
    consul
        .expect("PUT", DEREGISTER, both, (200, "true"))
        .await?;
    ensure!(catalog.node(&node).await?.is_some());
    Ok(())
}

/// Ids of nodes that no other trial has: the number of the run is in every name.
fn id(consul: &Subject<Consul>, last: u8) -> String {
    let run = name(consul, "n");
    let run: String = run
        .chars()
        .filter(char::is_ascii_hexdigit)
        .take(8)
        .collect();
    format!("{run:f<8}-cccc-4ccc-8ccc-cccccccccc{last:02x}")
}

async fn the_name_of_a_live_node_is_reserved(consul: &Subject<Consul>) -> anyhow::Result<()> {
    let node = name(consul, "live");
    let (one, other) = (id(consul, 1), id(consul, 2));
    let catalog = consul.client.catalog();
    let request = |id: &str| RegisterRequest::new(&node, "10.0.0.1").with_id(id);
    let alive = HealthCheck::new("serfHealth", HealthStatus::Passing);
    catalog.register(&request(&one).with_check(alive)).await?;
    for name in [node.clone(), node.to_uppercase()] {
        let body = json!({"Node": name, "Address": "10.0.0.1", "ID": other});
        let text = format!(
            "failed inserting node: Error while renaming Node ID: \"{other}\": Node name {name} is reserved by node {one} with name {node} (10.0.0.1)"
        );
        let body = body.to_string();
        consul.expect("PUT", REGISTER, body, (500, &text)).await?;
    }
    let refused = kind(catalog.register(&request(&other)).await);
    equal("typed", refused, Some(ErrorKind::Conflict))?;
    // A node that failed leaves its name to the next.
    let failed = HealthCheck::new("serfHealth", HealthStatus::Critical);
    catalog.register(&request(&one).with_check(failed)).await?;
    catalog.register(&request(&other)).await?;
    let found = catalog.node(&node).await?.context("no node")?;
    equal("taken over", found.node.id, other)
}

async fn a_node_is_renamed_by_its_id(consul: &Subject<Consul>) -> anyhow::Result<()> {
    let (before, after) = (name(consul, "before"), name(consul, "after"));
    let id = id(consul, 3);
    let catalog = consul.client.catalog();
    let request = |node: &str| RegisterRequest::new(node, "10.0.0.1").with_id(&id);
    catalog.register(&request(&before)).await?;
    let first = catalog.node(&before).await?.context("no node")?.node;
    catalog.register(&request(&after)).await?;
    equal("the old name", catalog.node(&before).await?, None)?;
    let second = catalog.node(&after).await?.context("no node")?.node;
    equal("id", &second.id, &id)?;
    equal("it is the same", second.create_index, first.create_index)?;
    ensure!(second.modify_index > first.modify_index);
    Ok(())
}

async fn a_node_is_made_and_never_changed_where_its_update_is_skipped(
    consul: &Subject<Consul>,
) -> anyhow::Result<()> {
    let (node, web) = (name(consul, "node"), name(consul, "web"));
    let catalog = consul.client.catalog();
    let request = RegisterRequest::on(&node).with_service(NodeService::new(&web));
    catalog.register(&request).await?;
    let made = catalog.node(&node).await?.context("it was not made")?;
    equal("address", made.node.address.as_str(), "")?;
    ensure!(made.services.contains_key(&web));
    let body = json!({"Node": node, "Address": "10.9.9.9", "SkipNodeUpdate": true,
        "NodeMeta": {"a": "b"}});
    let body = body.to_string();
    consul.expect("PUT", REGISTER, body, (200, "true")).await?;
    let same = catalog.node(&node).await?.context("no node")?;
    equal("unchanged", same, made)
}

async fn checks_have_the_defaults_of_the_catalog(consul: &Subject<Consul>) -> anyhow::Result<()> {
    let (node, web) = (name(consul, "node"), name(consul, "web"));
    let body = json!({"Node": node, "Address": "10.0.0.1",
        "Service": {"Service": web, "ID": "w", "Tags": ["a"]},
        "Checks": [{"Name": "named"}, {"Name": "n", "CheckID": "own", "ServiceID": "w",
            "Status": "weird", "Type": "kept"}]});
    let body = body.to_string();
    consul.expect("PUT", REGISTER, body, (200, "true")).await?;
    let target = format!("/v1/health/node/{node}");
    let mut found = consul.send("GET", &target, "").await?.json()?;
    for check in found.as_array_mut().into_iter().flatten() {
        let fields = check.as_object_mut().context("no check")?;
        let index = fields.remove("CreateIndex");
        equal("indexes", fields.remove("ModifyIndex"), index)?;
    }
    let check = |id: &str, name: &str, status: &str| {
        json!({"Node": node, "CheckID": id, "Name": name, "Status": status, "Notes": "",
            "Output": "", "ServiceID": "", "ServiceName": "", "ServiceTags": [], "Type": "",
            "Definition": {}})
    };
    let mut own = check("own", "n", "weird");
    own["ServiceID"] = json!("w");
    own["ServiceName"] = json!(web);
    own["ServiceTags"] = json!(["a"]);
    own["Type"] = json!("kept");
    equal(
        "checks",
        found,
        json!([check("named", "named", "critical"), own]),
    )
}

async fn datacenters_are_listed_without_an_index(consul: &Subject<Consul>) -> anyhow::Result<()> {
    let target = "/v1/catalog/datacenters";
    let answer = consul.expect("GET", target, "", (200, "[\"dc1\"]")).await?;
    for header in ["X-Consul-Index", "X-Consul-Knownleader", "X-Cache"] {
        equal(header, answer.header(header), None)?;
    }
    equal(
        "typed",
        consul.client.catalog().datacenters().await?,
        ["dc1"],
    )?;
    let waits = "/v1/catalog/datacenters?index=1&wait=30s&dc=mars";
    consul.expect("GET", waits, "", (200, "[\"dc1\"]")).await?;
    Ok(())
}

async fn nodes_are_selected_by_their_labels(consul: &Subject<Consul>) -> anyhow::Result<()> {
    let run = name(consul, "run");
    for (node, rack) in [("n2", "a"), ("n1", "a"), ("n3", "b")] {
        let node = RegisterRequest::new(name(consul, node), "10.0.0.1")
            .with_node_meta("run", &run)
            .with_node_meta("rack", rack);
        consul.client.catalog().register(&node).await?;
    }
    let found = async |labels: &str| -> anyhow::Result<Vec<String>> {
        let target = format!("/v1/catalog/nodes?node-meta=run:{run}{labels}");
        let nodes = consul.send("GET", &target, "").await?.json()?;
        let nodes = nodes.as_array().into_iter().flatten();
        let names = nodes.filter_map(|it| it["Node"].as_str().map(str::to_owned));
        Ok(names.collect())
    };
    let own = |names: &[&str]| -> Vec<String> { names.iter().map(|it| name(consul, it)).collect() };
    equal("by name", found("").await?, own(&["n1", "n2", "n3"]))?;
    equal(
        "both labels",
        found("&node-meta=rack:a").await?,
        own(&["n1", "n2"]),
    )?;
    equal("none", found("&node-meta=rack:c").await?, own(&[]))?;
    let options = quorate_consul::QueryOptions::new()
        .with_node_meta("run", &run)
        .with_node_meta("rack", "b");
    let typed = consul.client.catalog().nodes_with(&options).await?.value;
    let typed: Vec<_> = typed.into_iter().map(|it| it.node).collect();
    equal("typed", typed, own(&["n3"]))
}
