//! Maintenance of nodes and services, and what an agent says of the health of its services.

use anyhow::ensure;
use serde_json::{Value, json};

use super::agent_service::{check, read, register};
use super::target::{ALONE, Consul};
use crate::cases;
use crate::protocol::equal;
use crate::trial::{Case, Subject};

pub(super) fn cases() -> Vec<Case<Consul>> {
    cases![Consul;
        c27_maintenance_is_a_critical_check_that_comes_and_goes needs [ALONE],
        the_health_of_a_service_is_told_by_the_status_code needs [ALONE],
        maintenance_is_refused_without_a_word_whether_it_begins,
    ]
    .into()
}

const NODE: &str = "_node_maintenance";

async fn c27_maintenance_is_a_critical_check_that_comes_and_goes(
    consul: &Subject<Consul>,
) -> anyhow::Result<()> {
    let alone = &consul.alone().await?;
    let set = async |parameters: &str| {
        let target = format!("/v1/agent/maintenance?{parameters}");
        alone.expect("PUT", &target, "", (200, "")).await
    };
    set("enable=true").await?;
    let expected = json!({"Node": alone.node(), "CheckID": NODE, "Name": "Node Maintenance Mode",
        "Status": "critical", "Output": "", "ServiceID": "", "ServiceName": "", "ServiceTags": [],
        "Notes": "Maintenance mode is enabled for this node, but no reason was provided. This is a default message.",
        "Type": "maintenance", "Definition": {}, "CreateIndex": 0, "ModifyIndex": 0});
    equal("check", check(alone, NODE).await?, expected)?;
    set("enable=true&reason=other").await?;
    let notes = check(alone, NODE).await?["Notes"].clone();
    ensure!(notes != "other", "enabling it again keeps the reason");
    set("enable=0").await?;
    ensure!(check(alone, NODE).await?.is_null());
    set("enable=1&reason=why").await?;
    equal("reason", &check(alone, NODE).await?["Notes"], &json!("why"))?;
    let checks = read(alone, &format!("/v1/health/node/{}", alone.node())).await?;
    let mut checks = checks.as_array().into_iter().flatten();
    ensure!(checks.any(|it| it["CheckID"] == NODE), "not in the catalog");
    set("enable=false").await?;
    register(alone, &json!({"Name": "web", "Tags": ["t"]})).await?;
    let of_service = "/v1/agent/service/maintenance";
    let target = format!("{of_service}/web?enable=true&reason=because");
    alone.expect("PUT", &target, "", (200, "")).await?;
    let own = check(alone, "_service_maintenance:web").await?;
    let shown = (&own["Name"], &own["Notes"], &own["ServiceTags"]);
    let expected = (
        &json!("Service Maintenance Mode"),
        &json!("because"),
        &json!(["t"]),
    );
    equal("check", shown, expected)?;
    let target = format!("{of_service}/web?enable=false");
    alone.expect("PUT", &target, "", (200, "")).await?;
    ensure!(check(alone, "_service_maintenance:web").await?.is_null());
    Ok(())
}

async fn maintenance_is_refused_without_a_word_whether_it_begins(
    consul: &Subject<Consul>,
) -> anyhow::Result<()> {
    for (target, status, text) in [
        ("maintenance", 400, "Missing value for enable"),
        ("maintenance?enable", 400, "Invalid value for enable: \"\""),
        (
            "maintenance?enable=x",
            400,
            "Invalid value for enable: \"x\"",
        ),
        (
            "service/maintenance/?enable=true",
            400,
            "Missing service ID",
        ),
        (
            "service/maintenance/nobody",
            400,
            "Missing value for enable",
        ),
        (
            "service/maintenance/nobody?enable=true",
            404,
            "No service registered with ID \"nobody\"",
        ),
    ] {
        let target = format!("/v1/agent/{target}");
        consul.expect("PUT", &target, "", (status, text)).await?;
    }
    Ok(())
}

async fn the_health_of_a_service_is_told_by_the_status_code(
    consul: &Subject<Consul>,
) -> anyhow::Result<()> {
    let alone = &consul.alone().await?;
    let service =
        |id: &str| json!({"ID": id, "Name": "web", "Check": {"TTL": "10m", "Status": "passing"}});
    register(alone, &service("web-1")).await?;
    register(alone, &service("web-2")).await?;
    let say = async |target: &str| alone.ask("PUT", &format!("/v1/agent/{target}"), "").await;
    is(alone, 200, 200, "passing").await?;
    say("check/warn/service:web-1").await?;
    is(alone, 429, 429, "warning").await?;
    say("check/fail/service:web-2").await?;
    is(alone, 429, 503, "critical").await?;
    say("check/fail/service:web-1").await?;
    is(alone, 503, 503, "critical").await?;
    // Of two that are equally bad a real one names either.
    say("check/pass/service:web-2").await?;
    say("service/maintenance/web-1?enable=true").await?;
    is(alone, 503, 503, "maintenance").await?;
    say("maintenance?enable=true").await?;
    is(alone, 503, 503, "maintenance").await?;
    let missing = alone
        .send("GET", "/v1/agent/health/service/id/nobody", "")
        .await?;
    let body = json!({"AggregatedStatus": "critical", "Service": null, "Checks": null});
    equal("unknown id", (missing.status, missing.json()?), (404, body))?;
    let reason = missing.header("X-Consul-Reason");
    equal("reason", reason, Some("ServiceId nobody not found"))?;
    let by_name = "/v1/agent/health/service/name";
    alone
        .expect("GET", &format!("{by_name}/nobody"), "", (404, "[]"))
        .await?;
    let text = (404, "ServiceName nobody Not Found");
    alone
        .expect("GET", &format!("{by_name}/nobody?format=text"), "", text)
        .await?;
    let text = (500, "Bad request: Missing service Name");
    alone
        .expect("GET", &format!("{by_name}/"), "", text)
        .await?;
    let text = (500, "Bad request: Missing serviceID");
    alone
        .expect("GET", "/v1/agent/health/service/id/", "", text)
        .await?;
    Ok(())
}

/// Asks about `web-1` by its id, and about both by their name, as JSON and as text; `word` is what
/// both come to.
async fn is(consul: &Consul, one: u16, both: u16, word: &str) -> anyhow::Result<()> {
    let by_id = consul
        .send("GET", "/v1/agent/health/service/id/web-1", "")
        .await?;
    equal("by id", by_id.status, one)?;
    let body = by_id.json()?;
    equal("service", &body["Service"]["ID"], &json!("web-1"))?;
    let aggregated = body["AggregatedStatus"].as_str();
    equal("reason", by_id.header("X-Consul-Reason"), aggregated)?;
    let by_name = consul
        .send("GET", "/v1/agent/health/service/name/web", "")
        .await?;
    let listed = by_name.json()?.as_array().map(Vec::len);
    equal("by name", (by_name.status, listed), (both, Some(2)))?;
    equal("reason", by_name.header("X-Consul-Reason"), Some(word))?;
    let target = "/v1/agent/health/service/name/web?format=text";
    let text = consul.expect("GET", target, "", (both, word)).await?;
    equal("type", text.header("Content-Type"), Some("text/plain"))?;
    let plain = [("Accept", "text/plain")];
    let target = "/v1/agent/health/service/id/web-1";
    let text = consul.send_with("GET", target, &plain).await?;
    equal("text", Some(text.text().as_str()), aggregated)?;
    let check = &body["Checks"][0];
    let of_client = (&check["Type"], &check["Definition"]["Interval"]);
    equal("form", of_client, (&json!(""), &json!("0s")))?;
    ensure!(check["ServiceTags"] == Value::Null, "{check}");
    Ok(())
}
