//! Services of the catalog: registered from outside, listed in every way.

use std::collections::BTreeMap;

use anyhow::{Context as _, ensure};
use quorate_consul::wire::catalog::NodeServiceList;
use quorate_consul::wire::service::{Proxy, Upstream};
use quorate_consul::{
    DeregisterRequest, ErrorKind, HealthCheck, HealthStatus, NodeService, QueryOptions,
    RegisterRequest, ServiceAddress, ServiceKind, Weights,
};
use serde_json::{Value, json};

use super::target::{ALONE, Consul, name};
use crate::cases;
use crate::protocol::equal;
use crate::trial::{Case, Subject};

pub(super) fn cases() -> Vec<Case<Consul>> {
    cases![Consul;
        what_is_registered_is_read_back_whole,
        a_service_is_listed_with_the_tags_of_all_its_instances,
        instances_are_selected_by_all_tags_in_any_case,
        instances_are_selected_by_the_labels_of_their_nodes_and_by_filters,
        names_of_services_and_nodes_match_in_any_case,
        a_node_is_found_by_its_id_and_by_the_start_of_it,
        an_unknown_node_has_neither_node_nor_services,
        proxies_and_native_instances_speak_connect_for_a_service,
        services_behind_a_gateway_are_listed,
        a_service_that_makes_no_sense_is_refused,
        what_is_deregistered_takes_along_what_it_has,
        a_listing_without_a_name_is_refused,
        an_unknown_datacenter_is_refused_with_the_headers_of_a_read,
        a_first_cached_answer_misses_and_the_next_hits,
        the_effective_consistency_is_told,
        fields_of_services_are_named_where_they_are_wrong needs [ALONE],
    ]
    .into()
}

async fn a_service_of_all_fields(
    consul: &Subject<Consul>,
) -> anyhow::Result<(String, NodeService)> {
    let node = name(consul, "node");
    let check = HealthCheck::new("alive", HealthStatus::Passing)
        .with_service_id("web-1")
        .with_notes("<notes>")
        .with_output("well");
    let service = NodeService::new(name(consul, "web"))
        .with_id("web-1")
        .with_tags(["v1", "Primary"])
        .with_address("10.1.0.1")
        .with_port(8080)
        .with_meta("version", "1")
        .with_weights(Weights::new(3, 1))
        .with_enable_tag_override()
        .with_kind(ServiceKind::ConnectProxy)
        .with_tagged_address("wan", ServiceAddress::new("1.2.3.4", 80))
        .with_proxy(
            Proxy::of("db")
                .with_instance("db-1", 5432)
                .with_upstream(Upstream::service("cache", 9192))
                .with_config("protocol", "http"),
        );
    let register = RegisterRequest::new(&node, "10.0.0.1")
        .with_tagged_address("lan", "10.0.0.1")
        .with_node_meta("rack", "a")
        .with_service(service.clone())
        .with_check(check);
    consul.client.catalog().register(&register).await?;
    Ok((node, service))
}

async fn what_is_registered_is_read_back_whole(consul: &Subject<Consul>) -> anyhow::Result<()> {
    let (node, sent) = a_service_of_all_fields(consul).await?;
    let catalog = consul.client.catalog();
    let whole = catalog.node(&node).await?.context("no node")?;
    let mut read = whole.services.get("web-1").context("no service")?.clone();
    ensure!(read.create_index > 0 && read.modify_index >= read.create_index);
    let (created, modified) = (read.create_index, read.modify_index);
    (read.create_index, read.modify_index) = (0, 0);
    equal("service", &read, &sent)?;
    equal(
        "rack",
        whole.node.meta.context("no labels")?.get("rack").cloned(),
        Some("a".into()),
    )?;

    let flat = catalog.service(&sent.service).await?;
    equal("instances", flat.len(), 1)?;
    let flat = &flat[0];
    equal("address", flat.effective_address(), "10.1.0.1")?;
    equal(
        "indexes",
        (flat.create_index, flat.modify_index),
        (created, modified),
    )?;
    equal("proxy", &flat.service_proxy, &sent.proxy)?;
    equal("weights", flat.service_weights, sent.weights)?;
    equal(
        "addresses",
        &flat.service_tagged_addresses,
        &sent.tagged_addresses,
    )?;

    let checks = consul.client.health().checks(&sent.service).await?;
    let check = checks.first().context("no check")?;
    equal("check's service", &check.service_name, &sent.service)?;
    equal("check's tags", &check.service_tags, &sent.tags)?;
    equal("notes", check.notes.as_str(), "<notes>")?;

    let register = RegisterRequest::on(&node).with_service(sent.clone());
    catalog.register(&register).await?;
    let again = catalog.service(&sent.service).await?;
    equal(
        "the same again moves nothing",
        again[0].modify_index,
        modified,
    )
}

/// An instance of `service` on a node of its own.
pub(super) async fn instance(
    consul: &Subject<Consul>,
    node: &str,
    service: NodeService,
) -> anyhow::Result<String> {
    let node = name(consul, node);
    let register = RegisterRequest::new(&node, "10.0.0.1").with_service(service);
    consul.client.catalog().register(&register).await?;
    Ok(node)
}

async fn a_service_is_listed_with_the_tags_of_all_its_instances(
    consul: &Subject<Consul>,
) -> anyhow::Result<()> {
    let (web, bare) = (name(consul, "web"), name(consul, "bare"));
    instance(consul, "n1", NodeService::new(&web).with_tags(["a", "b"])).await?;
    instance(consul, "n2", NodeService::new(&web).with_tags(["b", "c"])).await?;
    instance(consul, "n2", NodeService::new(&bare)).await?;
    let services = consul.client.catalog().services().await?;
    let expected: Vec<String> = ["a", "b", "c"].map(str::to_owned).into();
    equal("tags", services.get(&web), Some(&expected))?;
    equal("none", services.get(&bare), Some(&Vec::new()))
}

async fn instances_are_selected_by_all_tags_in_any_case(
    consul: &Subject<Consul>,
) -> anyhow::Result<()> {
    let web = name(consul, "web");
    instance(
        consul,
        "n1",
        NodeService::new(&web).with_tags(["V1", "primary"]),
    )
    .await?;
    instance(consul, "n2", NodeService::new(&web).with_tags(["v1"])).await?;
    let count = async |tags: &[&str]| -> anyhow::Result<usize> {
        Ok(consul
            .client
            .catalog()
            .service_tagged(&web, tags)
            .await?
            .len())
    };
    equal("one tag", count(&["v1"]).await?, 2)?;
    equal("both", count(&["v1", "PRIMARY"]).await?, 1)?;
    equal("one that nobody has", count(&["v1", "none"]).await?, 0)?;
    equal("an empty one", count(&["", "v1"]).await?, 0)
}

async fn instances_are_selected_by_the_labels_of_their_nodes_and_by_filters(
    consul: &Subject<Consul>,
) -> anyhow::Result<()> {
    let (web, rack) = (name(consul, "web"), name(consul, "rack"));
    for (node, rack, port) in [("n1", "a", 1), ("n2", "b", 2)] {
        let node = RegisterRequest::new(name(consul, node), "10.0.0.1")
            .with_node_meta("rack", rack)
            .with_node_meta("run", &web)
            .with_service(NodeService::new(&web).with_port(port));
        consul.client.catalog().register(&node).await?;
    }
    let catalog = consul.client.catalog();
    let ports = async |options: QueryOptions| -> anyhow::Result<Vec<i64>> {
        let found = catalog.service_with(&web, &[], &options).await?.value;
        Ok(found.into_iter().map(|it| it.service_port).collect())
    };
    let options = QueryOptions::new;
    equal(
        "label",
        ports(options().with_node_meta("rack", "b")).await?,
        [2],
    )?;
    let both = options()
        .with_node_meta("rack", "b")
        .with_node_meta("run", "x");
    equal("labels", ports(both).await?.len(), 0)?;
    let filter = options().with_filter("ServicePort == 1 and NodeMeta.rack == a");
    equal("filter", ports(filter).await?, [1])?;
    let bad = options().with_filter(format!("{rack} =="));
    let refused = catalog.service_with(&web, &[], &bad).await.err();
    let kind = refused.context("a bad filter was taken")?.kind();
    equal("bad filter", kind, ErrorKind::InvalidArgument)?;
    let only = options().with_node_meta("run", &web);
    let services = catalog.services_with(&only).await?.value;
    equal(
        "services of labelled nodes",
        services.into_keys().collect::<Vec<_>>(),
        [web.clone()],
    )
}

async fn names_of_services_and_nodes_match_in_any_case(
    consul: &Subject<Consul>,
) -> anyhow::Result<()> {
    let web = name(consul, "Web");
    let node = instance(consul, "Node", NodeService::new(&web)).await?;
    let catalog = consul.client.catalog();
    let (upper, lower) = (web.to_uppercase(), node.to_lowercase());
    equal("service", catalog.service(&upper).await?.len(), 1)?;
    equal(
        "health",
        consul.client.health().service(&*upper).await?.len(),
        1,
    )?;
    let found = catalog.node(&lower).await?.context("no node")?;
    equal("node", &found.node.node, &node)?;
    let services = catalog.services().await?;
    ensure!(services.contains_key(&web) && !services.contains_key(&upper));
    catalog
        .deregister(&DeregisterRequest::service(&lower, &upper))
        .await?;
    equal("gone", catalog.service(&web).await?.len(), 0)
}

async fn a_node_is_found_by_its_id_and_by_the_start_of_it(
    consul: &Subject<Consul>,
) -> anyhow::Result<()> {
    let (one, other) = (name(consul, "one"), name(consul, "other"));
    // Each run has ids of its own: the number of the run is in every name.
    let run: String = one.chars().filter(char::is_ascii_hexdigit).collect();
    let run = &run[..8.min(run.len())];
    let catalog = consul.client.catalog();
    let ids = [
        format!("{run:f<8}-aaaa-4aaa-8aaa-aaaaaaaaaaaa"),
        format!("{run:f<8}-aaaa-4aaa-8aaa-bbbbbbbbbbbb"),
    ];
    for (node, id) in [&one, &other].into_iter().zip(&ids) {
        let register = RegisterRequest::new(node, "10.0.0.1").with_id(id);
        catalog.register(&register).await?;
    }
    let found = async |id: &str| -> anyhow::Result<Option<String>> {
        Ok(catalog.node(id).await?.map(|it| it.node.node))
    };
    equal("whole id", found(&ids[0]).await?, Some(one.clone()))?;
    equal(
        "in capitals",
        found(&ids[1].to_uppercase()).await?,
        Some(other.clone()),
    )?;
    equal(
        "its start",
        found(&ids[1][..26]).await?,
        Some(other.clone()),
    )?;
    equal(
        "an odd last digit",
        found(&ids[1][..27]).await?,
        Some(other),
    )?;
    equal("both begin like that", found(&ids[0][..23]).await?, None)?;
    let checks = consul.client.health().node(&ids[0]).await?;
    equal("health knows names alone", checks, [])
}

async fn an_unknown_node_has_neither_node_nor_services(
    consul: &Subject<Consul>,
) -> anyhow::Result<()> {
    let nobody = name(consul, "nobody");
    let target = format!("/v1/catalog/node-services/{nobody}");
    let text = consul.ask("GET", &target, "").await?;
    equal("bytes", text.as_str(), r#"{"Node":null,"Services":null}"#)?;
    let list = consul.client.catalog().node_services(&nobody).await?;
    equal("typed", list, NodeServiceList::default())?;
    let node = instance(consul, "somebody", NodeService::new("b")).await?;
    instance(consul, "somebody", NodeService::new("a")).await?;
    let list = consul.client.catalog().node_services(&node).await?;
    let ids = list.services.into_iter().flatten().map(|it| it.id);
    equal("by id", ids.collect::<Vec<_>>(), ["a", "b"])
}

async fn proxies_and_native_instances_speak_connect_for_a_service(
    consul: &Subject<Consul>,
) -> anyhow::Result<()> {
    let (web, sidecar) = (name(consul, "web"), name(consul, "sidecar"));
    let native = NodeService::new(&web)
        .with_id("native")
        .with_connect(quorate_consul::wire::service::Connect::native());
    let proxy = NodeService::new(&sidecar)
        .with_kind(ServiceKind::ConnectProxy)
        .with_port(21_000)
        .with_proxy(Proxy::of(web.to_uppercase()));
    instance(consul, "n1", NodeService::new(&web)).await?;
    instance(consul, "n2", native).await?;
    instance(consul, "n3", proxy).await?;
    let catalog = consul.client.catalog();
    let ids = |found: Vec<quorate_consul::CatalogService>| -> Vec<String> {
        found.into_iter().map(|it| it.service_id).collect()
    };
    let expected = ["native".to_owned(), sidecar.clone()];
    equal("both", ids(catalog.connect(&web).await?), expected.clone())?;
    let target = format!("/v1/catalog/connect/{web}?tag=none");
    let tagged = consul.send("GET", &target, "").await?.json()?;
    equal(
        "tags do not matter",
        tagged.as_array().map(Vec::len),
        Some(2),
    )?;
    equal("of a proxy", ids(catalog.connect(&sidecar).await?).len(), 0)?;
    let health = consul.client.health().connect(&*web).await?;
    let health: Vec<_> = health.into_iter().map(|it| it.service.id).collect();
    equal("health", health, expected)
}

async fn services_behind_a_gateway_are_listed(consul: &Subject<Consul>) -> anyhow::Result<()> {
    let (gateway, web) = (name(consul, "ingress"), name(consul, "web"));
    let catalog = consul.client.catalog();
    let target = format!("/v1/catalog/gateway-services/{gateway}");
    equal(
        "none",
        consul.ask("GET", &target, "").await?.as_str(),
        "null",
    )?;
    let listeners = json!([{"Port": 8080, "Protocol": "tcp", "Services": [{"Name": web}]}]);
    let entry = json!({"Kind": "ingress-gateway", "Name": gateway, "Listeners": listeners});
    consul.ask("PUT", "/v1/config", entry.to_string()).await?;
    let behind = catalog.gateway_services(&gateway).await?;
    equal("count", behind.len(), 1)?;
    equal("service", &behind[0].service.name, &web)?;
    equal(
        "kind",
        &behind[0].gateway_kind,
        &ServiceKind::IngressGateway,
    )?;
    equal("port", behind[0].port, 8080)?;
    let health = consul.client.health();
    equal("no instance", health.ingress(&*web).await?, [])?;
    let itself = NodeService::new(&gateway).with_kind(ServiceKind::IngressGateway);
    instance(consul, "n1", itself).await?;
    equal("an instance", health.ingress(&*web).await?.len(), 1)?;
    let target = format!("/v1/config/ingress-gateway/{gateway}");
    consul.ask("DELETE", &target, "").await?;
    equal("gone", catalog.gateway_services(&gateway).await?, [])?;
    equal("leads nowhere", health.ingress(&*web).await?, [])
}

async fn a_service_that_makes_no_sense_is_refused(consul: &Subject<Consul>) -> anyhow::Result<()> {
    let node = name(consul, "node");
    for (service, text) in [
        (
            json!({"Service": "p", "Kind": "connect-proxy", "Connect": {"Native": true}}),
            "3 errors occurred:\n\t* Proxy.DestinationServiceName must be non-empty for Connect proxy services\n\t* Port must be set for a Connect proxy\n\t* A Proxy cannot also be Connect Native, only typical services\n\n",
        ),
        (
            json!({"Service": "p", "Kind": "connect-proxy", "Port": 1, "Proxy": {"DestinationServiceName": "w", "Upstreams": [{"DestinationName": "a", "LocalBindPort": 1}, {"DestinationName": "b", "LocalBindPort": 1}]}}),
            "1 error occurred:\n\t* upstreams cannot contain duplicates by local bind address and port; \"127.0.0.1:1\" is specified twice\n\n",
        ),
        (
            json!({"Service": "p", "Kind": "mesh-gateway", "Proxy": {"DestinationServiceName": "w"}}),
            "2 errors occurred:\n\t* Port must be non-zero for a mesh-gateway\n\t* The Proxy.DestinationServiceName configuration is invalid for a mesh-gateway\n\n",
        ),
        (
            json!({"Service": "p", "Address": "0.0.0.0"}),
            "Invalid service address",
        ),
        (json!({"ID": "p"}), "Must provide service name with ID"),
        (
            json!({}),
            "failed inserting service: failed inserting service: object missing primary index",
        ),
    ] {
        let body = json!({"Node": node, "Address": "10.0.0.1", "Service": service});
        let target = "/v1/catalog/register";
        consul
            .expect("PUT", target, body.to_string(), (500, text))
            .await?;
    }
    let catalog = consul.client.catalog();
    equal("nothing was written", catalog.node(&node).await?, None)?;
    let odd = NodeService::new("odd").with_kind(ServiceKind::Other("odd".into()));
    instance(consul, "node", odd).await?;
    let node = catalog.node(&node).await?.context("no node")?;
    let kind = &node.services.get("odd").context("no service")?.kind;
    equal("a kind that nobody knows", kind.as_str(), "odd")
}

async fn what_is_deregistered_takes_along_what_it_has(
    consul: &Subject<Consul>,
) -> anyhow::Result<()> {
    let web = name(consul, "web");
    let check = |id: &str, service: &str| {
        HealthCheck::new(id, HealthStatus::Passing).with_service_id(service)
    };
    let node = name(consul, "node");
    let all = RegisterRequest::new(&node, "10.0.0.1")
        .with_service(NodeService::new(&web).with_id("1"))
        .with_check(check("own", "1"))
        .with_check(check("second", "1"))
        .with_check(check("node", ""));
    let (catalog, health) = (consul.client.catalog(), consul.client.health());
    catalog.register(&all).await?;
    let ids = async || -> anyhow::Result<Vec<String>> {
        let checks = health.node(&node).await?;
        Ok(checks.into_iter().map(|it| it.check_id).collect())
    };
    equal("all", ids().await?, ["node", "own", "second"])?;
    let removal = DeregisterRequest::check(&node, "second");
    catalog.deregister(&removal).await?;
    equal("a check", ids().await?, ["node", "own"])?;
    let removal = DeregisterRequest::service(&node, "1");
    catalog.deregister(&removal).await?;
    equal("a service", ids().await?, ["node"])?;
    equal("no instance", catalog.service(&web).await?, [])?;
    catalog.register(&all).await?;
    let session = consul.session(json!({"Node": node})).await?;
    catalog.deregister(&DeregisterRequest::node(&node)).await?;
    equal("a node", catalog.node(&node).await?, None)?;
    equal("its services", catalog.service(&web).await?, [])?;
    equal("its session", consul.session_info(&session).await?, None)?;
    catalog.deregister(&DeregisterRequest::node(&node)).await?;
    Ok(())
}

async fn a_listing_without_a_name_is_refused(consul: &Subject<Consul>) -> anyhow::Result<()> {
    for (target, text) in [
        ("catalog/service/", "Missing service name"),
        ("catalog/connect/", "Missing service name"),
        ("catalog/node/", "Missing node name"),
        ("catalog/node-services/", "Missing node name"),
        ("catalog/gateway-services/", "Missing gateway name"),
        ("health/service/", "Missing service name"),
        ("health/connect/", "Missing service name"),
        ("health/ingress/", "Missing service name"),
        ("health/checks/", "Missing service name"),
        ("health/node/", "Missing node name"),
        ("health/state/", "Missing check state"),
    ] {
        let target = format!("/v1/{target}");
        consul.expect("GET", &target, "", (400, text)).await?;
    }
    let empty = consul.client.catalog().service("").await.err();
    let kind = empty.context("an empty name was taken")?.kind();
    equal("typed", kind, ErrorKind::InvalidArgument)
}

async fn an_unknown_datacenter_is_refused_with_the_headers_of_a_read(
    consul: &Subject<Consul>,
) -> anyhow::Result<()> {
    for target in ["catalog/services", "catalog/service/x", "health/service/x"] {
        let target = format!("/v1/{target}?dc=mars");
        let text = "No path to datacenter";
        let answer = consul.expect("GET", &target, "", (500, text)).await?;
        equal("index", answer.header("X-Consul-Index"), Some("1"))?;
        equal(
            "leader",
            answer.header("X-Consul-Knownleader"),
            Some("false"),
        )?;
    }
    let register = RegisterRequest::new("x", "10.0.0.1").with_datacenter("mars");
    let refused = consul.client.catalog().register(&register).await.err();
    let kind = refused.context("another datacenter was written")?.kind();
    equal("typed", kind, ErrorKind::NotFound)
}

async fn a_first_cached_answer_misses_and_the_next_hits(
    consul: &Subject<Consul>,
) -> anyhow::Result<()> {
    let web = name(consul, "web");
    for endpoint in [
        "catalog/service",
        "catalog/connect",
        "health/service",
        "health/connect",
    ] {
        let target = format!("/v1/{endpoint}/{web}?cached");
        let first = consul.send("GET", &target, "").await?;
        equal("first", first.header("X-Cache"), Some("MISS"))?;
        equal("its age", first.header("Age"), None)?;
        let second = consul.send("GET", &target, "").await?;
        equal("second", second.header("X-Cache"), Some("HIT"))?;
        ensure!(second.header("Age").is_some(), "{target} has no age");
    }
    for endpoint in ["catalog/nodes", "health/state/passing"] {
        let target = format!("/v1/{endpoint}?cached");
        let answer = consul.send("GET", &target, "").await?;
        equal("no cache", answer.header("X-Cache"), None)?;
    }
    Ok(())
}

async fn the_effective_consistency_is_told(consul: &Subject<Consul>) -> anyhow::Result<()> {
    for target in [
        "catalog/nodes",
        "catalog/services",
        "catalog/service/x",
        "catalog/connect/x",
        "catalog/node/x",
        "catalog/node-services/x",
        "catalog/gateway-services/x",
        "health/node/x",
        "health/checks/x",
        "health/service/x",
        "health/connect/x",
        "health/ingress/x",
        "health/state/any",
    ] {
        for (parameter, consistency) in [
            ("", "leader"),
            ("?stale", "stale"),
            ("?consistent", "consistent"),
        ] {
            let target = format!("/v1/{target}{parameter}");
            let answer = consul.send("GET", &target, "").await?;
            let told = answer.header("X-Consul-Effective-Consistency");
            equal(&target, told, Some(consistency))?;
        }
    }
    Ok(())
}

async fn fields_of_services_are_named_where_they_are_wrong(
    consul: &Subject<Consul>,
) -> anyhow::Result<()> {
    let strict = consul.alone().await?;
    let cannot = |what: &str| format!("Request decode failed: json: cannot unmarshal {what}");
    let unknown = || "Request decode failed: json: unknown field \"Bogus\"".to_owned();
    let proxy = "Go struct field NodeService.Service.Proxy of type";
    let cases: BTreeMap<&str, String> = [
        (
            r#"{"Kind":5}"#,
            cannot("number into Go struct field NodeService.Service.Kind of type structs.ServiceKind"),
        ),
        (
            r#"{"TaggedAddresses":5}"#,
            cannot("number into Go struct field NodeService.Service.TaggedAddresses of type map[string]structs.ServiceAddress"),
        ),
        (
            r#"{"TaggedAddresses":{"a":{"Port":"x"}}}"#,
            cannot("string into Go struct field ServiceAddress.Service.TaggedAddresses.Port of type int"),
        ),
        (r#"{"TaggedAddresses":{"a":{"Bogus":"x"}}}"#, unknown()),
        (r#"{"Proxy":{"Bogus":1}}"#, unknown()),
        (
            r#"{"Proxy":{"LocalServicePort":"1"}}"#,
            cannot(&format!("string into {proxy} int")),
        ),
        (
            r#"{"Proxy":{"Upstreams":[{"Config":"5"}]}}"#,
            cannot(&format!("string into {proxy} map[string]interface {{}}")),
        ),
        (
            r#"{"Port":"x","Proxy":{"DestinationServiceName":5}}"#,
            cannot(&format!("number into {proxy} string")),
        ),
        (
            r#"{"Connect":{"Native":5}}"#,
            cannot("number into Go struct field NodeService.Service.Connect of type bool"),
        ),
    ]
    .into();
    for (service, text) in cases {
        let service: Value = serde_json::from_str(service)?;
        let body = json!({"Node": "n", "Address": "a", "Service": service});
        let target = "/v1/catalog/register";
        let body = body.to_string();
        strict.expect("PUT", target, body, (400, &text)).await?;
    }
    Ok(())
}
