//! Network coordinates, and sorting by them.

use std::time::Duration;

use anyhow::{Context as _, ensure};
use quorate_consul::wire::service::Connect;
use quorate_consul::{
    Coordinate, ErrorKind, HealthCheck, HealthStatus, NodeCoordinate, NodeService, QueryOptions,
    RegisterRequest,
};
use serde_json::{Value, json};

use super::target::{ALONE, Consul, index_of};
use crate::cases;
use crate::eventually::eventually;
use crate::protocol::equal;
use crate::trial::{Case, Subject};

pub(super) fn cases() -> Vec<Case<Consul>> {
    cases![Consul;
        the_own_node_has_a_coordinate,
        datacenters_list_their_servers,
        an_update_is_seen_within_seconds,
        a_coordinate_of_other_dimensions_is_refused,
        a_coordinate_of_an_unknown_node_is_dropped,
        a_malformed_coordinate_is_refused_in_gos_words,
        a_node_without_a_coordinate_is_not_found,
        a_node_takes_its_coordinates_along,
        a_segment_has_coordinates_of_its_own,
        near_sorts_nodes_and_checks_by_distance needs [ALONE],
        near_sorts_instances_by_the_distance_of_their_nodes needs [ALONE],
        the_client_reads_updates_and_measures,
    ]
    .into()
}

pub(super) fn at(node: &str, x: f64) -> NodeCoordinate {
    let vec = [x, 0.0, 0.0, 0.0, 0.0, 0.0, 0.0, 0.0];
    NodeCoordinate::new(node, Coordinate::new().with_vec(vec))
}

/// Sets a coordinate, and waits until it is seen.
pub(super) async fn place(consul: &Consul, coordinate: &NodeCoordinate) -> anyhow::Result<()> {
    let coordinates = consul.client.coordinate();
    coordinates.update(coordinate).await?;
    let what = format!("the coordinate {coordinate:?}");
    let seen = eventually(Duration::from_secs(20), what, || async {
        let seen = coordinates.node(&coordinate.node).await.ok()?;
        seen.contains(coordinate).then_some(())
    });
    Ok(seen.await?)
}

/// The own node's coordinate, which the real server has a moment after its start.
pub(super) async fn own(consul: &Consul) -> anyhow::Result<NodeCoordinate> {
    let found = eventually(Duration::from_secs(30), "the own coordinate", || async {
        let found = consul.client.coordinate().node(consul.node()).await.ok()?;
        found.into_iter().next()
    });
    Ok(found.await?)
}

async fn the_own_node_has_a_coordinate(consul: &Subject<Consul>) -> anyhow::Result<()> {
    let own = own(consul).await?;
    equal("dimensions", own.coord.vec.len(), 8)?;
    ensure!(own.coord.height > 0.0 && own.coord.error > 0.0);
    let answer = consul.send("GET", "/v1/coordinate/nodes", "").await?;
    ensure!(index_of(&answer)? > 1);
    equal(
        "consistency",
        answer.header("X-Consul-Effective-Consistency"),
        None,
    )?;
    let mut nodes = answer
        .json()?
        .as_array()
        .cloned()
        .unwrap_or_default()
        .into_iter();
    ensure!(nodes.any(|node| node["Node"] == consul.node() && node["Segment"] == ""));
    Ok(())
}

async fn datacenters_list_their_servers(consul: &Subject<Consul>) -> anyhow::Result<()> {
    let answer = consul
        .send(
            "GET",
            "/v1/coordinate/datacenters?dc=elsewhere&stale&consistent",
            "",
        )
        .await?;
    equal("index", answer.header("X-Consul-Index"), None)?;
    let found: Value = answer.json()?;
    equal("datacenter", &found[0]["Datacenter"], &json!("dc1"))?;
    equal("area", &found[0]["AreaID"], &json!("wan"))?;
    let vec = &found[0]["Coordinates"][0]["Coord"]["Vec"];
    equal("dimensions", vec.as_array().map(Vec::len), Some(8))
}

async fn an_update_is_seen_within_seconds(consul: &Subject<Consul>) -> anyhow::Result<()> {
    consul.register("placed", &[]).await?;
    let body = json!({"Node": "placed", "Coord": {"Vec": [0.001, 0, 0, 0, 0, 0, 0, -1e-7], "Error": 0.5,
        "Adjustment": -0.25, "Height": 0.00002}});
    let answer = consul
        .send("PUT", "/v1/coordinate/update", body.to_string())
        .await?;
    equal("answer", (answer.status, answer.text().as_str()), (200, ""))?;
    let target = "/v1/coordinate/node/placed";
    let text = eventually(Duration::from_secs(20), "the coordinate", || async {
        consul.ask("GET", target, "").await.ok()
    });
    let expected = r#"[{"Node":"placed","Segment":"","Coord":{"Vec":[0.001,0,0,0,0,0,0,-1e-7],"Error":0.5,"Adjustment":-0.25,"Height":0.00002}}]"#;
    equal("shown", text.await?.as_str(), expected)?;
    // The name is shown as it was asked for.
    let other = consul.ask("GET", "/v1/coordinate/node/PLACED", "").await?;
    equal("case", other.as_str(), expected.replace("placed", "PLACED"))?;
    consul.deregister(&json!({"Node": "placed"})).await
}

async fn a_coordinate_of_other_dimensions_is_refused(
    consul: &Subject<Consul>,
) -> anyhow::Result<()> {
    for coordinate in [
        json!({"Vec": [1, 2]}),
        json!({"Vec": null}),
        json!({"Vec": []}),
        json!({}),
    ] {
        let body = json!({"Node": consul.node(), "Coord": coordinate}).to_string();
        let expected = (500, "incompatible coordinate");
        consul
            .expect("PUT", "/v1/coordinate/update", body, expected)
            .await?;
    }
    Ok(())
}

async fn a_coordinate_of_an_unknown_node_is_dropped(
    consul: &Subject<Consul>,
) -> anyhow::Result<()> {
    consul
        .client
        .coordinate()
        .update(&at("unplaced", 0.0))
        .await?;
    // One that is known, set later, shows when it would have been seen.
    consul.register("placed-later", &[]).await?;
    place(consul, &at("placed-later", 0.5)).await?;
    equal(
        "found",
        consul.client.coordinate().node("unplaced").await?.len(),
        0,
    )?;
    consul.deregister(&json!({"Node": "placed-later"})).await
}

async fn a_malformed_coordinate_is_refused_in_gos_words(
    consul: &Subject<Consul>,
) -> anyhow::Result<()> {
    for (body, problem) in [
        ("", "EOF"),
        (
            "[]",
            "json: cannot unmarshal array into Go value of type structs.CoordinateUpdateRequest",
        ),
        (
            r#"{"Node":5}"#,
            "json: cannot unmarshal number into Go struct field CoordinateUpdateRequest.Node of type string",
        ),
        (
            r#"{"Node":"a","Coord":{"Vec":"x"}}"#,
            "json: cannot unmarshal string into Go struct field Coordinate.Coord.Vec of type []float64",
        ),
        (
            r#"{"Node":"a","Coord":{"Vec":["x"]}}"#,
            "json: cannot unmarshal string into Go struct field Coordinate.Coord.Vec of type float64",
        ),
        (
            r#"{"Node":"a","Coord":{"Vec":[1e400]}}"#,
            "json: cannot unmarshal number 1e400 into Go struct field Coordinate.Coord.Vec of type float64",
        ),
    ] {
        let text = format!("Request decode failed: {problem}");
        let expected = (400, text.as_str());
        consul
            .expect("PUT", "/v1/coordinate/update", body, expected)
            .await?;
    }
    let body =
        json!({"Node": "a", "Datacenter": "elsewhere", "Coord": {"Vec": [0, 0, 0, 0, 0, 0, 0, 0]}});
    let expected = (500, "No path to datacenter");
    let body = body.to_string();
    consul
        .expect("PUT", "/v1/coordinate/update", body, expected)
        .await?;
    Ok(())
}

async fn a_node_without_a_coordinate_is_not_found(consul: &Subject<Consul>) -> anyhow::Result<()> {
    let answer = consul
        .send("GET", "/v1/coordinate/node/nowhere", "")
        .await?;
    equal("answer", (answer.status, answer.text().as_str()), (404, ""))?;
    equal("index", answer.header("X-Consul-Index"), None)?;
    equal(
        "nodes",
        consul.client.coordinate().node("nowhere").await?.len(),
        0,
    )?;
    let answer = consul
        .send("GET", "/v1/coordinate/nodes?dc=elsewhere", "")
        .await?;
    let text = answer.text();
    equal(
        "datacenter",
        (answer.status, text.as_str()),
        (500, "No path to datacenter"),
    )?;
    equal("index", index_of(&answer)?, 1)
}

async fn a_node_takes_its_coordinates_along(consul: &Subject<Consul>) -> anyhow::Result<()> {
    consul.register("leaves", &[]).await?;
    place(consul, &at("leaves", 0.1)).await?;
    let before = index_of(&consul.send("GET", "/v1/coordinate/nodes", "").await?)?;
    consul.deregister(&json!({"Node": "leaves"})).await?;
    equal(
        "left",
        consul.client.coordinate().node("leaves").await?.len(),
        0,
    )?;
    let after = index_of(&consul.send("GET", "/v1/coordinate/nodes", "").await?)?;
    ensure!(after > before, "{after} after {before}");
    Ok(())
}

async fn a_segment_has_coordinates_of_its_own(consul: &Subject<Consul>) -> anyhow::Result<()> {
    consul.register("segments", &[]).await?;
    place(consul, &at("segments", 0.1)).await?;
    place(consul, &at("segments", 0.2).with_segment("alpha")).await?;
    let shown = async |query: &str| {
        let target = format!("/v1/coordinate/node/segments{query}");
        let found: Value = serde_json::from_str(&consul.ask("GET", &target, "").await?)?;
        let found = found.as_array().cloned().unwrap_or_default().into_iter();
        let mut segments: Vec<_> = found.map(|one| one["Segment"].clone()).collect();
        // The real one lists them as its map has them.
        segments.sort_by_key(Value::to_string);
        anyhow::Ok(segments)
    };
    equal("all", shown("").await?, [json!(""), json!("alpha")])?;
    equal("one", shown("?segment=alpha").await?, [json!("alpha")])?;
    let none = consul
        .send("GET", "/v1/coordinate/node/segments?segment=x", "")
        .await?;
    equal("none", none.status, 404)?;
    consul.deregister(&json!({"Node": "segments"})).await
}

async fn near_sorts_nodes_and_checks_by_distance(consul: &Subject<Consul>) -> anyhow::Result<()> {
    let consul = consul.alone().await?;
    for (node, x) in [("n-a", 0.9), ("n-b", 0.1), ("n-c", 0.5), ("n-e", 0.1)] {
        consul.register(node, &[("app", "warning")]).await?;
        place(&consul, &at(node, x)).await?;
    }
    consul.register("n-d", &[("app", "warning")]).await?;
    let order = async |path: &str| {
        let found: Value = serde_json::from_str(&consul.ask("GET", path, "").await?)?;
        let found = found.as_array().cloned().unwrap_or_default();
        let names = found
            .iter()
            .filter_map(|one| one["Node"].as_str()?.strip_prefix("n-"));
        anyhow::Ok(names.collect::<String>())
    };
    for path in ["/v1/catalog/nodes?near=", "/v1/health/state/warning?near="] {
        for (near, expected) in [
            ("n-b", "becad"),
            ("N-A", "acbed"),
            // Nowhere, and unknown: nothing is sorted.
            ("n-d", "abcde"),
            ("nobody", "abcde"),
            ("", "abcde"),
        ] {
            let target = format!("{path}{near}");
            equal(&target, order(&target).await?.as_str(), expected)?;
        }
    }
    // An agent sets its own coordinate itself; alone, it stays where it began.
    own(&consul).await?;
    equal(
        "_agent",
        order("/v1/catalog/nodes?near=_agent").await?.as_str(),
        "becad",
    )
}

async fn near_sorts_instances_by_the_distance_of_their_nodes(
    consul: &Subject<Consul>,
) -> anyhow::Result<()> {
    let consul = consul.alone().await?;
    for (node, x) in [("n-a", 0.9), ("n-b", 0.1), ("n-c", 0.5)] {
        let check = HealthCheck::new("own", HealthStatus::Passing).with_service_id("web");
        let request = RegisterRequest::new(node, "10.0.0.1")
            .with_service(NodeService::new("web").with_connect(Connect::native()))
            .with_check(check);
        consul.client.catalog().register(&request).await?;
        place(&consul, &at(node, x)).await?;
    }
    for path in [
        "catalog/service",
        "catalog/connect",
        "health/service",
        "health/connect",
        "health/checks",
    ] {
        for (near, expected) in [("n-a", "acb"), ("n-b", "bca"), ("nobody", "abc")] {
            let target = format!("/v1/{path}/web?near={near}");
            let found = consul.send("GET", &target, "").await?.json()?;
            let name = |one: &Value| -> Option<String> {
                let node = one["Node"].as_str().or(one["Node"]["Node"].as_str());
                node?.strip_prefix("n-").map(str::to_owned)
            };
            let names: String = found
                .as_array()
                .into_iter()
                .flatten()
                .filter_map(name)
                .collect();
            equal(&target, names.as_str(), expected)?;
        }
    }
    let near = QueryOptions::new().with_near("n-b");
    let found = consul.client.health().service_with("web", &near).await?;
    let first = found.value.first().context("no instance")?;
    equal("typed", first.node.node.as_str(), "n-b")
}

async fn the_client_reads_updates_and_measures(consul: &Subject<Consul>) -> anyhow::Result<()> {
    let coordinates = consul.client.coordinate();
    consul.register("measured", &[]).await?;
    place(consul, &at("measured", 0.25)).await?;
    let nodes = coordinates.nodes().await?;
    let measured = nodes.iter().find(|node| node.node == "measured");
    let measured = measured.context("not listed")?;
    let distance = at("", 0.5).coord.distance_to(&measured.coord);
    equal("distance", distance, Some(Duration::from_micros(250_020)))?;
    equal(
        "datacenter",
        coordinates.datacenters().await?[0].datacenter.as_str(),
        "dc1",
    )?;
    let bad = NodeCoordinate::new("measured", Coordinate::new().with_vec([0.0]));
    let refused = coordinates.update(&bad).await;
    equal(
        "kind",
        refused.err().map(|error| error.kind()),
        Some(ErrorKind::InvalidArgument),
    )?;
    consul.deregister(&json!({"Node": "measured"})).await
}
