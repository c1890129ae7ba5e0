//! Discovery chains. On the real server the mesh has to be on for them, which is not its default.

use std::time::Duration;

use anyhow::Context as _;
use quorate_consul::wire::config_entry::{MeshGatewayMode, ResolverRedirect, ServiceResolver};
use quorate_consul::{DiscoveryChainOverrides, QueryOptions};
use serde_json::{Value, json};

use super::target::{ALONE, Consul};
use crate::cases;
use crate::protocol::equal;
use crate::trial::{Case, Subject};

pub(super) fn cases() -> Vec<Case<Consul>> {
    cases![Consul;
        a_service_of_which_nothing_is_said_has_a_chain_to_itself needs [ALONE],
        routes_splits_redirects_and_failovers_make_one_chain needs [ALONE],
        a_proxy_may_decide_some_of_it_for_itself needs [ALONE],
        what_is_wrong_with_a_question_is_told needs [ALONE],
        the_client_reads_a_chain needs [ALONE],
    ]
    .into()
}

/// The chain, with the domain of the cluster taken out of the names.
async fn chain(consul: &Consul, method: &str, path: &str, body: &str) -> anyhow::Result<Value> {
    let text = consul
        .ask(method, &format!("/v1/discovery-chain/{path}"), body)
        .await?;
    let mut answer: Value = serde_json::from_str(&text)?;
    let targets = answer["Chain"]["Targets"].as_object_mut();
    for target in targets.context("targets")?.values_mut() {
        for field in ["SNI", "Name"] {
            let name = target[field].as_str().unwrap_or_default();
            let name = name.split_once(".internal.").map_or(name, |(name, _)| name);
            target[field] = json!(name);
        }
    }
    Ok(answer["Chain"].take())
}

fn target(id: &str, service: &str, datacenter: &str) -> Value {
    json!({"ID": id, "Service": service, "Namespace": "default", "Datacenter": datacenter,
        "MeshGateway": {}, "Subset": {}, "SNI": id, "Name": id})
}

async fn a_service_of_which_nothing_is_said_has_a_chain_to_itself(
    consul: &Subject<Consul>,
) -> anyhow::Result<()> {
    let consul = consul.meshed().await?;
    let id = "none.default.dc1";
    let want = json!({
        "ServiceName": "none", "Namespace": "default", "Datacenter": "dc1", "Protocol": "tcp",
        "StartNode": format!("resolver:{id}"),
        "Nodes": {format!("resolver:{id}"): {"Type": "resolver", "Name": id,
            "Resolver": {"ConnectTimeout": "5s", "Default": true, "Target": id}}},
        "Targets": {id: target(id, "none", "dc1")},
    });
    equal("chain", chain(&consul, "GET", "none", "").await?, want)?;
    let elsewhere = chain(&consul, "GET", "none?compile-dc=dc9", "").await?;
    equal(
        "elsewhere",
        &elsewhere["StartNode"],
        &json!("resolver:none.default.dc9"),
    )
}

/// A service `main` with everything that a chain can have.
async fn configure(consul: &Consul) -> anyhow::Result<()> {
    for entry in [
        json!({"Kind": "proxy-defaults", "Config": {"protocol": "http"}, "MeshGateway": {"Mode": "remote"}}),
        json!({"Kind": "service-defaults", "Name": "main", "Protocol": "http", "MeshGateway": {"Mode": "local"}}),
        json!({"Kind": "service-resolver", "Name": "main", "DefaultSubset": "v1", "ConnectTimeout": "15s",
            "Subsets": {"v1": {"Filter": "Service.Meta.v == 1", "OnlyPassing": true}, "v2": {}},
            "Failover": {"*": {"Datacenters": ["dc2", "dc3"]}, "v2": {"Service": "other", "Datacenters": ["dc1"]}}}),
        json!({"Kind": "service-resolver", "Name": "moved",
            "Redirect": {"Service": "main", "ServiceSubset": "v2", "Datacenter": "dc4"}}),
        json!({"Kind": "service-splitter", "Name": "inner", "Splits": [
            {"Weight": 25, "Service": "main", "ServiceSubset": "v2"}, {"Weight": 75}]}),
        json!({"Kind": "service-splitter", "Name": "main", "Splits": [
            {"Weight": 60, "ServiceSubset": "v1"}, {"Weight": 30, "Service": "moved"},
            {"Weight": 10, "Service": "inner"}]}),
        json!({"Kind": "service-router", "Name": "main", "Routes": [
            {"Match": {"HTTP": {"PathPrefix": "/admin"}}, "Destination": {"Service": "admin", "PrefixRewrite": "/"}},
            {"Match": {"HTTP": {"PathExact": "/two"}}, "Destination": {"ServiceSubset": "v2"}}]}),
    ] {
        consul.ask("PUT", "/v1/config", entry.to_string()).await?;
    }
    Ok(())
}

async fn routes_splits_redirects_and_failovers_make_one_chain(
    consul: &Subject<Consul>,
) -> anyhow::Result<()> {
    let consul = consul.meshed().await?;
    configure(&consul).await?;
    let found = chain(&consul, "GET", "main", "").await?;
    equal("start", &found["StartNode"], &json!("router:main.default"))?;
    let resolver = |id: &str, fields: Value| {
        let mut node = json!({"Type": "resolver", "Name": id, "Resolver": {"Target": id}});
        if let (Some(resolver), Value::Object(fields)) = (node["Resolver"].as_object_mut(), fields)
        {
            resolver.extend(fields);
        }
        node
    };
    let plain = json!({"ConnectTimeout": "5s", "Default": true});
    let to_other = json!({"ConnectTimeout": "15s", "Failover": {"Targets": ["other.default.dc1"]}});
    let nodes = json!({
        "router:main.default": {"Type": "router", "Name": "main.default", "Routes": [
            {"Definition": {"Match": {"HTTP": {"PathPrefix": "/admin"}},
                "Destination": {"Service": "admin", "PrefixRewrite": "/"}},
             "NextNode": "resolver:admin.default.dc1"},
            {"Definition": {"Match": {"HTTP": {"PathExact": "/two"}},
                "Destination": {"ServiceSubset": "v2"}},
             "NextNode": "resolver:v2.main.default.dc1"},
            {"Definition": {"Match": {"HTTP": {"PathPrefix": "/"}},
                "Destination": {"Service": "main", "Namespace": "default"}},
             "NextNode": "splitter:main.default"}]},
        "splitter:main.default": {"Type": "splitter", "Name": "main.default", "Splits": [
            {"Weight": 60, "NextNode": "resolver:v1.main.default.dc1"},
            {"Weight": 30, "NextNode": "resolver:v2.main.default.dc4"},
            {"Weight": 2.5, "NextNode": "resolver:v2.main.default.dc1"},
            {"Weight": 7.5, "NextNode": "resolver:inner.default.dc1"}]},
        "resolver:admin.default.dc1": resolver("admin.default.dc1", plain.clone()),
        "resolver:inner.default.dc1": resolver("inner.default.dc1", plain),
        "resolver:v1.main.default.dc1": resolver("v1.main.default.dc1", json!({"ConnectTimeout": "15s",
            "Failover": {"Targets": ["v1.main.default.dc2", "v1.main.default.dc3"]}})),
        "resolver:v2.main.default.dc1": resolver("v2.main.default.dc1", to_other.clone()),
        "resolver:v2.main.default.dc4": resolver("v2.main.default.dc4", to_other),
    });
    equal("nodes", &found["Nodes"], &nodes)?;
    let there = json!({"ID": "v1.main.default.dc2", "Service": "main", "ServiceSubset": "v1",
        "Namespace": "default", "Datacenter": "dc2", "MeshGateway": {"Mode": "local"},
        "Subset": {"Filter": "Service.Meta.v == 1", "OnlyPassing": true},
        "SNI": "v1.main.default.dc2", "Name": "v1.main.default.dc2"});
    equal("target", &found["Targets"]["v1.main.default.dc2"], &there)?;
    let own = &found["Targets"]["v2.main.default.dc1"];
    equal("no gateway at home", &own["MeshGateway"], &json!({}))
}

async fn a_proxy_may_decide_some_of_it_for_itself(consul: &Subject<Consul>) -> anyhow::Result<()> {
    let consul = consul.meshed().await?;
    configure(&consul).await?;
    let all = json!({"OverrideProtocol": "grpc", "OverrideConnectTimeout": "7s",
        "OverrideMeshGateway": {"Mode": "none"}});
    let found = chain(&consul, "POST", "main", &all.to_string()).await?;
    equal("hash", &found["CustomizationHash"], &json!("98948a6c"))?;
    equal("protocol", &found["Protocol"], &json!("grpc"))?;
    let gateway = &found["Targets"]["v1.main.default.dc2"]["MeshGateway"];
    equal("gateway", gateway, &json!({"Mode": "none"}))?;
    let tcp = chain(&consul, "POST", "main", r#"{"OverrideProtocol":"tcp"}"#).await?;
    equal(
        "no routes",
        &tcp["StartNode"],
        &json!("resolver:v1.main.default.dc1"),
    )?;
    equal("hash", &tcp["CustomizationHash"], &json!("96f2c150"))?;
    let same = chain(&consul, "POST", "main", r#"{"OverrideProtocol":"http"}"#).await?;
    equal("nothing new", &same["CustomizationHash"], &Value::Null)
}

async fn what_is_wrong_with_a_question_is_told(consul: &Subject<Consul>) -> anyhow::Result<()> {
    let consul = consul.meshed().await?;
    let decoding = "Bad request: Request decoding failed:";
    for (method, path, body, text) in [
        ("GET", "", "", "Bad request: Missing chain name".to_owned()),
        ("POST", "x", "", format!("{decoding} EOF")),
        (
            "POST",
            "x",
            "[]",
            format!(
                "{decoding} json: cannot unmarshal array into Go value of type map[string]interface {{}}"
            ),
        ),
        (
            "POST",
            "x",
            r#"{"OverrideConnectTimeout":"y"}"#,
            format!(
                "{decoding} 1 error(s) decoding:\n\n* error decoding 'OverrideConnectTimeout': time: invalid duration \"y\""
            ),
        ),
        (
            "POST",
            "x",
            r#"{"OverrideMeshGateway":{"Mode":"zz"}}"#,
            "Invalid OverrideMeshGateway.Mode parameter".to_owned(),
        ),
    ] {
        let target = format!("/v1/discovery-chain/{path}");
        consul.expect(method, &target, body, (400, &text)).await?;
    }
    Ok(())
}

async fn the_client_reads_a_chain(consul: &Subject<Consul>) -> anyhow::Result<()> {
    let consul = consul.meshed().await?;
    let chains = consul.client.discovery_chain();
    let moved = ServiceResolver::new("old").with_redirect(ResolverRedirect::service("new"));
    consul.client.config_entries().set(&moved.into()).await?;
    let found = chains.get("old").await?;
    equal(
        "start",
        found.start_node.as_str(),
        "resolver:new.default.dc1",
    )?;
    let node = &found.nodes[&found.start_node];
    let resolver = node.resolver.as_ref().context("a resolver")?;
    equal(
        "timeout",
        resolver.connect_timeout,
        Some(Duration::from_secs(5)),
    )?;
    let overrides = DiscoveryChainOverrides::new()
        .with_connect_timeout(Duration::from_secs(3))
        .with_mesh_gateway(MeshGatewayMode::Local);
    let options = QueryOptions::new();
    let found = chains.get_overridden("old", &overrides, &options).await?;
    equal("hash", found.value.customization_hash.as_str(), "db31938f")?;
    let from = chains.get_from("old", "dc2", &options).await?.value;
    equal("from", from.start_node.as_str(), "resolver:new.default.dc2")
}
