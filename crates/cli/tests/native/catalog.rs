use anyhow::ensure;
use quorate_testkit::cases;
use quorate_testkit::trial::{Case, Subject};
use serde_json::json;

use crate::program::{NODE, Server, text};

pub(crate) fn cases() -> Vec<Case<Server>> {
    cases![Server;
        catalog_a_node_from_outside_comes_and_goes,
        catalog_nodes_are_listed_as_people_and_programs_want_them,
        catalog_services_are_listed_by_name_node_and_tag,
        catalog_gateways_and_proxies_are_found,
        health_instances_and_checks_are_listed,
    ]
    .into()
}

/// Registers a node with one service.
async fn register(server: &Server, node: &str, service: &str, tag: &str) -> anyhow::Result<()> {
    let body = json!({
        "Node": node, "Address": "10.0.0.7", "NodeMeta": {"rack": node},
        "Service": {"ID": format!("{service}-1"), "Service": service, "Port": 80, "Tags": [tag]},
        "Checks": [
            {"Node": node, "CheckID": format!("{service}-up"), "Name": "up", "Status": "passing",
             "ServiceID": format!("{service}-1")},
            {"Node": node, "CheckID": format!("{node}-disk"), "Name": "disk", "Status": "warning"},
        ],
    });
    let args = "catalog register";
    let shown = server.ok_with(args, &body.to_string()).await?;
    ensure!(shown.is_empty(), "{shown}");
    Ok(())
}

async fn catalog_a_node_from_outside_comes_and_goes(
    server: &Subject<Server>,
) -> anyhow::Result<()> {
    register(server, "out-1", "out-web", "a").await?;
    let node = server.json("catalog node out-1").await?;
    ensure!(text(&node["Node"], "Address") == "10.0.0.7", "{node}");
    ensure!(node["Services"]["out-web-1"]["Port"] == 80, "{node}");
    let shown = server.ok("catalog node out-1").await?;
    ensure!(shown.contains("Services.out-web-1.Port"), "{shown}");
    let deregister = "catalog deregister --node out-1";
    server
        .ok(format!("{deregister} --service-id out-web-1"))
        .await?;
    let left = server.json("catalog service out-web").await?;
    ensure!(left == json!([]), "{left}");
    server.write("node.json", r#"{"Node":"out-1"}"#)?;
    server.ok("catalog deregister node.json").await?;
    server.fails("catalog node out-1", 3).await?;
    // What the server does not take it says itself.
    server.write("bad.json", r#"{"Address":"10.0.0.1"}"#)?;
    server.fails("catalog register bad.json", 2).await?;
    server.write("bad.json", "[1]")?;
    server.fails("catalog register bad.json", 2).await?;
    Ok(())
}

async fn catalog_nodes_are_listed_as_people_and_programs_want_them(
    server: &Subject<Server>,
) -> anyhow::Result<()> {
    ensure!(server.ok("catalog datacenters").await? == "dc1\n");
    register(server, "list-1", "list-web", "a").await?;
    let nodes = server.json("catalog nodes").await?;
    let names: Vec<_> = nodes.as_array().into_iter().flatten().collect();
    ensure!(
        names.iter().any(|node| text(node, "Node") == NODE),
        "{nodes}"
    );
    let shown = server.ok("catalog nodes --node-meta rack=list-1").await?;
    ensure!(
        shown.starts_with("NODE") && shown.lines().count() == 2 && shown.contains("10.0.0.7"),
        "{shown}"
    );
    let detailed = "catalog nodes --detailed --filter 'Node == \"list-1\"'";
    let detailed = server.ok(detailed).await?;
    ensure!(detailed.contains("rack=list-1"), "{detailed}");
    let with_service = "catalog nodes --service list-web --near _agent";
    let with_service = server.json(with_service).await?;
    ensure!(
        text(&with_service[0], "Node") == "list-1"
            && text(&with_service[0]["Meta"], "rack") == "list-1",
        "{with_service}"
    );
    server.fails("catalog nodes --filter 'x ==='", 2).await?;
    server.ok("catalog deregister --node list-1").await?;
    Ok(())
}

async fn catalog_services_are_listed_by_name_node_and_tag(
    server: &Subject<Server>,
) -> anyhow::Result<()> {
    register(server, "tags-1", "tags-web", "a").await?;
    register(server, "tags-2", "tags-web", "b").await?;
    let names = server.ok("catalog services").await?;
    ensure!(names.lines().any(|line| line == "tags-web"), "{names}");
    let tags = server.ok("catalog services --tags").await?;
    ensure!(
        tags.lines()
            .any(|line| line.starts_with("tags-web ") && line.ends_with(" a,b")),
        "{tags}"
    );
    let of_node = server.json("catalog services --node tags-1").await?;
    ensure!(
        of_node == json!([{"Service": "tags-web", "Tags": ["a"]}]),
        "{of_node}"
    );
    server.fails("catalog services --node nobody", 3).await?;
    let meta = "catalog services --node-meta rack=tags-2";
    ensure!(server.ok(meta).await? == "tags-web\n");
    let tagged = "catalog service tags-web --tag b";
    let instances = server.json(tagged).await?;
    ensure!(
        instances.as_array().map(Vec::len) == Some(1) && text(&instances[0], "Node") == "tags-2",
        "{instances}"
    );
    let shown = server.ok(tagged).await?;
    ensure!(shown.contains("10.0.0.7  80"), "{shown}");
    for node in ["tags-1", "tags-2"] {
        server
            .ok(format!("catalog deregister --node {node}"))
            .await?;
    }
    Ok(())
}

async fn catalog_gateways_and_proxies_are_found(server: &Subject<Server>) -> anyhow::Result<()> {
    let gateway = json!({
        "Kind": "ingress-gateway", "Name": "gate",
        "Listeners": [{"Port": 8080, "Protocol": "tcp", "Services": [{"Name": "behind"}]}],
    })
    .to_string();
    server
        .ok(format!("raw PUT /v1/config --data '{gateway}'"))
        .await?;
    let found = server.ok("catalog gateway-services gate").await?;
    ensure!(
        found.contains("behind") && found.contains("8080"),
        "{found}"
    );
    let proxy = json!({
        "Node": "mesh-1", "Address": "10.0.0.8",
        "Service": {"ID": "px", "Service": "px", "Kind": "connect-proxy", "Port": 1,
            "Proxy": {"DestinationServiceName": "mesh-web"}},
    });
    server
        .ok_with("catalog register -", &proxy.to_string())
        .await?;
    let found = server.json("catalog connect mesh-web").await?;
    ensure!(text(&found[0], "ServiceID") == "px", "{found}");
    let found = server.json("health connect mesh-web").await?;
    ensure!(text(&found[0]["Service"], "ID") == "px", "{found}");
    ensure!(server.json("health ingress behind").await? == json!([]));
    server.ok("catalog deregister --node mesh-1").await?;
    Ok(())
}

async fn health_instances_and_checks_are_listed(server: &Subject<Server>) -> anyhow::Result<()> {
    register(server, "well-1", "well-web", "a").await?;
    let shown = server.ok("health service well-web").await?;
    let row = shown.lines().nth(1).unwrap_or_default();
    // The worst of the checks of the service and of its node.
    ensure!(
        row.contains("10.0.0.7") && row.contains("warning"),
        "{shown}"
    );
    let passing = server.json("health service well-web --passing").await?;
    ensure!(passing == json!([]), "{passing}");
    let tagged = server.json("health service well-web --tag b").await?;
    ensure!(tagged == json!([]), "{tagged}");
    let checks = server.json("health checks well-web").await?;
    ensure!(text(&checks[0], "CheckID") == "well-web-up", "{checks}");
    let of_node = server.json("health node well-1").await?;
    ensure!(of_node.as_array().map(Vec::len) == Some(2), "{of_node}");
    let warning = "health state warning --node-meta rack=well-1";
    let warning = server.json(warning).await?;
    ensure!(
        warning.as_array().map(Vec::len) == Some(1)
            && text(&warning[0], "CheckID") == "well-1-disk",
        "{warning}"
    );
    let any = server.ok("health state any").await?;
    ensure!(
        any.contains("serfHealth") && any.contains("well-web-up"),
        "{any}"
    );
    server.fails("health state bad", 2).await?;
    server.ok("catalog deregister --node well-1").await?;
    Ok(())
}
