//! Answers of the agent's cache.

use anyhow::{Context as _, ensure};
use quorate_consul::wire::CacheControl;
use quorate_consul::{CacheStatus, ErrorKind, ExecuteOptions, QueryOptions};
use serde_json::json;

use super::target::{ALONE, Consul};
use crate::cases;
use crate::protocol::equal;
use crate::trial::{Case, Subject};

pub(super) fn cases() -> Vec<Case<Consul>> {
    cases![Consul;
        a_cache_answers_the_second_time needs [ALONE],
        an_answer_is_new_where_the_request_wants_a_new_one needs [ALONE],
        a_cache_that_finds_no_query_fails,
    ]
    .into()
}

/// A server with a chain and a query, which nobody has asked anything.
async fn fresh(consul: &Subject<Consul>) -> anyhow::Result<Consul> {
    let fresh = consul.meshed().await?;
    let query = json!({"Name": "q", "Service": {"Service": "web"}});
    fresh.ask("POST", "/v1/query", query.to_string()).await?;
    Ok(fresh)
}

async fn a_cache_answers_the_second_time(consul: &Subject<Consul>) -> anyhow::Result<()> {
    let fresh = fresh(consul).await?;
    for path in [
        "catalog/datacenters",
        "catalog/services",
        "catalog/service/web",
        "catalog/connect/web",
        "health/service/web",
        "health/connect/web",
        // The real one answers it from the cache of `health/service`, if both have the same name.
        "health/ingress/gate",
        "discovery-chain/web",
        "query/q/execute",
    ] {
        let target = format!("/v1/{path}?cached");
        for (status, age) in [("MISS", false), ("HIT", true)] {
            let answer = fresh.send("GET", &target, "").await?;
            equal(path, answer.status, 200)?;
            equal(path, answer.header("X-Cache"), Some(status))?;
            equal(path, answer.header("Age").is_some(), age)?;
        }
        let plain = fresh.send("GET", &format!("/v1/{path}"), "").await?;
        equal(path, plain.header("X-Cache"), None)?;
    }
    for path in [
        "kv/?keys&cached",
        "session/list?cached",
        "catalog/nodes?cached",
        "catalog/node/x?cached",
        "catalog/gateway-services/x?cached",
        "health/node/x?cached",
        "health/checks/x?cached",
        "health/state/any?cached",
        "agent/services?cached",
        "query?cached",
        "config/service-defaults?cached",
        "connect/intentions?cached",
    ] {
        let answer = fresh.send("GET", &format!("/v1/{path}"), "").await?;
        equal(path, answer.status, 200)?;
        equal(path, answer.header("X-Cache"), None)?;
    }
    Ok(())
}

async fn an_answer_is_new_where_the_request_wants_a_new_one(
    consul: &Subject<Consul>,
) -> anyhow::Result<()> {
    let fresh = fresh(consul).await?;
    let status = async |path: &str, control: &str| -> anyhow::Result<Option<String>> {
        let target = format!("/v1/{path}?cached");
        let headers = [("Cache-Control", control)];
        let answer = fresh.send_with("GET", &target, &headers).await?;
        Ok(answer.header("X-Cache").map(str::to_owned))
    };
    let old = ["max-age=60", "stale-if-error=60", "no-cache"];
    let new = [
        "max-age=0",
        "must-revalidate",
        "stale-if-error=5, Must-Revalidate",
    ];
    for path in ["catalog/datacenters", "query/q/execute", "catalog/services"] {
        equal(path, status(path, "").await?.as_deref(), Some("MISS"))?;
        for control in old {
            equal(
                control,
                status(path, control).await?.as_deref(),
                Some("HIT"),
            )?;
        }
        // What is renewed in the background is always new.
        let renewed = path == "catalog/services";
        for control in new {
            let expected = if renewed { "HIT" } else { "MISS" };
            let found = status(path, control).await?;
            equal(
                &format!("{path} {control}"),
                found.as_deref(),
                Some(expected),
            )?;
        }
    }
    let bad = [("Cache-Control", "max-age=x")];
    let answer = fresh
        .send_with("GET", "/v1/catalog/services?cached", &bad)
        .await?;
    let told = (answer.status, answer.text());
    equal(
        "a bad age",
        told,
        (400, "Invalid Cache-Control header.".into()),
    )?;
    let options = QueryOptions::new().with_cache(CacheControl::default());
    let answer = fresh.client.catalog().services_with(&options).await?;
    equal("typed", answer.meta.cache, Some(CacheStatus::Hit))?;
    ensure!(answer.meta.age.is_some());
    Ok(())
}

async fn a_cache_that_finds_no_query_fails(consul: &Subject<Consul>) -> anyhow::Result<()> {
    let none = consul.key("none").replace('/', "-");
    let target = format!("/v1/query/{none}/execute");
    let text = "Query not found";
    consul.expect("GET", &target, "", (404, text)).await?;
    let target = format!("{target}?cached");
    let answer = consul.expect("GET", &target, "", (500, text)).await?;
    equal("index", answer.header("X-Consul-Index"), Some("1"))?;
    equal(
        "leader",
        answer.header("X-Consul-Knownleader"),
        Some("false"),
    )?;
    let query = QueryOptions::new().with_cache(CacheControl::default());
    let options = ExecuteOptions::new().with_query(query);
    let api = consul.client.prepared_query();
    let refused = api.execute_with(&none, &options).await.err();
    let kind = refused
        .context("a query that does not exist was run")?
        .kind();
    equal("typed", kind, ErrorKind::NotFound)
}
