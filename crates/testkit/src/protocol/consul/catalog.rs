//! As much of the catalog and of health as sessions need.

use anyhow::{Context as _, ensure};
use serde_json::{Value, json};

use super::target::{Consul, index_of};
use crate::cases;
use crate::protocol::equal;
use crate::trial::{Case, Subject};

pub(super) fn cases() -> Vec<Case<Consul>> {
    cases![Consul;
        the_own_node_is_in_the_catalog_with_a_passing_serf_health,
        a_registered_node_is_listed_until_it_is_removed,
        c29_an_unknown_node_is_null_and_has_no_checks,
        checks_are_listed_by_state,
        a_registration_without_node_or_address_is_refused,
    ]
    .into()
}

async fn json(consul: &Consul, target: &str) -> anyhow::Result<Value> {
    Ok(serde_json::from_str(&consul.ask("GET", target, "").await?)?)
}

async fn the_own_node_is_in_the_catalog_with_a_passing_serf_health(
    consul: &Subject<Consul>,
) -> anyhow::Result<()> {
    let nodes = json(consul, "/v1/catalog/nodes").await?;
    let mut nodes = nodes.as_array().into_iter().flatten();
    let own = nodes
        .find(|node| node["Node"] == consul.node())
        .context("not listed")?;
    equal("datacenter", own["Datacenter"].as_str(), Some("dc1"))?;
    equal("id", own["ID"].as_str().map(str::len), Some(36))?;
    let checks = json(consul, &format!("/v1/health/node/{}", consul.node())).await?;
    let mut checks = checks.as_array().into_iter().flatten();
    let serf = checks
        .find(|check| check["CheckID"] == "serfHealth")
        .context("no serfHealth")?;
    let shown = (&serf["Name"], &serf["Status"], &serf["Output"]);
    let expected = (
        &json!("Serf Health Status"),
        &json!("passing"),
        &json!("Agent alive and reachable"),
    );
    equal("check", shown, expected)
}

async fn a_registered_node_is_listed_until_it_is_removed(
    consul: &Subject<Consul>,
) -> anyhow::Result<()> {
    let listed = || async {
        let nodes = json(consul, "/v1/catalog/nodes").await?;
        let mut nodes = nodes.as_array().into_iter().flatten();
        anyhow::Ok(nodes.any(|node| node["Node"] == "listed"))
    };
    ensure!(!listed().await?);
    consul.register("listed", &[("app", "passing")]).await?;
    ensure!(listed().await?);
    let node = json(consul, "/v1/catalog/node/listed").await?;
    equal(
        "address",
        node["Node"]["Address"].as_str(),
        Some("127.0.0.9"),
    )?;
    equal("services", &node["Services"], &json!({}))?;
    consul.deregister(&json!({"Node": "listed"})).await?;
    ensure!(!listed().await?);
    equal(
        "checks",
        json(consul, "/v1/health/node/listed").await?,
        json!([]),
    )
}

async fn c29_an_unknown_node_is_null_and_has_no_checks(
    consul: &Subject<Consul>,
) -> anyhow::Result<()> {
    equal(
        "node",
        json(consul, "/v1/catalog/node/nobody").await?,
        Value::Null,
    )?;
    equal(
        "checks",
        json(consul, "/v1/health/node/nobody").await?,
        json!([]),
    )
}

async fn checks_are_listed_by_state(consul: &Subject<Consul>) -> anyhow::Result<()> {
    let checks = [
        ("state-p", "passing"),
        ("state-w", "warning"),
        ("state-c", "critical"),
    ];
    consul.register("states", &checks).await?;
    let of = async |state: &str| {
        let target = format!("/v1/health/state/{state}");
        let answer = consul.send("GET", &target, "").await?;
        ensure!(index_of(&answer)? > 1);
        let checks = answer.json()?;
        let checks = checks.as_array().into_iter().flatten();
        let ids = checks.filter_map(|check| check["CheckID"].as_str().map(str::to_owned));
        anyhow::Ok(
            ids.filter(|id| id.starts_with("state-"))
                .collect::<Vec<_>>(),
        )
    };
    equal("passing", of("passing").await?, ["state-p"])?;
    equal("warning", of("warning").await?, ["state-w"])?;
    equal("critical", of("critical").await?, ["state-c"])?;
    equal("any", of("any").await?.len(), 3)?;
    consul.deregister(&json!({"Node": "states"})).await
}

async fn a_registration_without_node_or_address_is_refused(
    consul: &Subject<Consul>,
) -> anyhow::Result<()> {
    for (target, body, status, text) in [
        (
            "register",
            json!({"Address": "127.0.0.9"}),
            500,
            "Must provide node",
        ),
        (
            "register",
            json!({"Node": "addressless"}),
            500,
            "Must provide address if SkipNodeUpdate is not set",
        ),
        ("deregister", json!({}), 500, "Must provide node"),
    ] {
        let target = format!("/v1/catalog/{target}");
        consul
            .expect("PUT", &target, body.to_string(), (status, text))
            .await?;
    }
    Ok(())
}
