//! Watch plans that follow everything of a kind, and what they do when a server restarts.

use std::time::Duration;

use anyhow::{Context as _, bail};
use futures_util::future::try_join_all;
use quorate_consul::{Client, DeregisterRequest, HealthStatus, Plan, PlanState, PlanStream};
use quorate_net::http::Upload;
use tokio::time::{sleep, timeout};

use super::plan::{SOON, instance, next, quiet};
use super::target::{ALONE, Consul};
use crate::cases;
use crate::eventually::eventually;
use crate::protocol::{PARKED, equal};
use crate::trial::{Case, Subject};

pub(super) fn cases() -> Vec<Case<Consul>> {
    cases![Consul;
        plans_of_everything_tell_what_comes_and_goes,
        plans_of_everything_are_quiet_while_nothing_changes needs [ALONE],
        plans_survive_a_restart_and_tell_nothing_twice needs [ALONE],
        plans_tell_what_a_restored_snapshot_brought_back needs [ALONE],
    ]
    .into()
}

/// For how long nothing changes on a server that has just found itself.
const SETTLED: Duration = Duration::from_secs(1);

/// Whether the state has anything of this name.
fn has(state: &PlanState, name: &str) -> bool {
    match state {
        PlanState::Services(services) => services.contains_key(name),
        PlanState::Nodes(nodes) => nodes.iter().any(|node| node.node == name),
        PlanState::Checks(checks) => checks.iter().any(|check| check.service_name == name),
        _ => false,
    }
}

/// Waits until the state has what has this name, or does not.
async fn until(plan: &mut PlanStream, name: &str, there: bool) -> anyhow::Result<()> {
    while has(&next(plan).await?, name) != there {}
    Ok(())
}

async fn plans_of_everything_tell_what_comes_and_goes(
    consul: &Subject<Consul>,
) -> anyhow::Result<()> {
    let client = &consul.client;
    let there = instance("all-node", "all-web", HealthStatus::Warning);
    for (plan, name) in [
        (Plan::services(), "all-web"),
        (Plan::nodes(), "all-node"),
        (Plan::checks(), "all-web"),
        (Plan::checks_in(HealthStatus::Warning), "all-web"),
    ] {
        let mut plan = client.watch(&plan);
        until(&mut plan, name, false).await?;
        for _ in 0..2 {
            client.catalog().register(&there).await?;
            until(&mut plan, name, true).await?;
            let gone = DeregisterRequest::node("all-node");
            client.catalog().deregister(&gone).await?;
            until(&mut plan, name, false).await?;
        }
    }
    Ok(())
}

/// Reads what is told until it is quiet: what it was at last.
async fn settle(plan: &mut PlanStream) -> anyhow::Result<PlanState> {
    let mut last = next(plan).await?;
    while let Ok(told) = timeout(SETTLED, plan.next()).await {
        last = told?.state;
    }
    Ok(last)
}

async fn plans_of_everything_are_quiet_while_nothing_changes(
    consul: &Subject<Consul>,
) -> anyhow::Result<()> {
    let consul = consul.alone().await?;
    let client = &consul.client;
    // A real server says all of itself a moment after its start.
    eventually(SOON, "all of the node", || async {
        let nodes = consul.ask("GET", "/v1/catalog/nodes", "").await.ok()?;
        nodes.contains("consul-network-segment").then_some(())
    })
    .await?;
    let there = instance("quiet-node", "quiet-web", HealthStatus::Warning);
    client.catalog().register(&there).await?;
    let plans = [
        Plan::services(),
        Plan::nodes(),
        Plan::checks(),
        Plan::checks_in(HealthStatus::Warning),
    ];
    let mut streams: Vec<_> = plans.iter().map(|plan| client.watch(plan)).collect();
    try_join_all(streams.iter_mut().map(settle)).await?;
    client.catalog().register(&there).await?;
    let what = "the same registration";
    try_join_all(streams.iter_mut().map(|plan| quiet(plan, what))).await?;
    client.kv().put("quiet/key", "x").await?;
    try_join_all(streams.iter_mut().map(|plan| quiet(plan, "a key"))).await?;
    Ok(())
}

/// The next change, whatever errors are told before it.
async fn next_good(plan: &mut PlanStream) -> anyhow::Result<PlanState> {
    let good = async {
        loop {
            if let Ok(change) = plan.next().await {
                return change.state;
            }
        }
    };
    timeout(SOON, good).await.context("nothing was told")
}

async fn plans_survive_a_restart_and_tell_nothing_twice(
    consul: &Subject<Consul>,
) -> anyhow::Result<()> {
    let mut consul = consul.lasting().await?;
    let client = consul.client.clone();
    client.kv().put("restart/k", "1").await?;
    let before = instance("restart-node", "restart-web", HealthStatus::Passing);
    client.catalog().register(&before).await?;
    let plans = [
        Plan::key("restart/k"),
        Plan::key_prefix("restart/"),
        Plan::service("restart-web"),
        Plan::services(),
    ];
    let mut streams: Vec<_> = plans.iter().map(|plan| client.watch(plan)).collect();
    try_join_all(streams.iter_mut().map(settle)).await?;
    consul = consul.restarted().await?;
    change_after_restart(&client).await?;
    for stream in &mut streams {
        let told = next_good(stream).await?;
        equal(&format!("{told:?}"), is_after_restart(&told), true)?;
    }
    drop(consul);
    Ok(())
}

async fn change_after_restart(client: &Client) -> anyhow::Result<()> {
    client.kv().put("restart/k", "2").await?;
    let after = instance("restart-node-2", "restart-web", HealthStatus::Passing);
    client.catalog().register(&after).await?;
    let other = instance("restart-node-2", "restart-other", HealthStatus::Passing);
    client.catalog().register(&other).await?;
    Ok(())
}

/// Whether it has what was written after the restart. A state from before would be told twice.
fn is_after_restart(state: &PlanState) -> bool {
    match state {
        PlanState::Key(entry) => entry.as_ref().is_some_and(|entry| entry.value == "2"),
        PlanState::KeyPrefix(entries) => entries.len() == 1 && entries[0].value == "2",
        PlanState::Service(entries) => entries.len() == 2,
        PlanState::Services(services) => services.contains_key("restart-other"),
        _ => false,
    }
}

async fn plans_tell_what_a_restored_snapshot_brought_back(
    consul: &Subject<Consul>,
) -> anyhow::Result<()> {
    let consul = consul.alone().await?;
    let client = &consul.client;
    client.kv().put("restored/k", "1").await?;
    let mut snapshot = client.snapshot().save().await?;
    let mut archive = Vec::new();
    while let Some(piece) = snapshot.next().await? {
        archive.extend_from_slice(&piece);
    }
    let mut key = client.watch(&Plan::key("restored/k"));
    let mut services = client.watch(&Plan::services());
    settle(&mut services).await?;
    next(&mut key).await?;
    for value in ["2", "3"] {
        client.kv().put("restored/k", value).await?;
        next(&mut key).await?;
    }
    let there = instance("restored-node", "restored-web", HealthStatus::Passing);
    client.catalog().register(&there).await?;
    until(&mut services, "restored-web", true).await?;
    // Who waits is woken; who asks later with an index from before waits for something newer.
    let restore = async {
        sleep(PARKED).await;
        client.snapshot().restore(upload(archive)).await
    };
    let told = tokio::join!(next_good(&mut key), next_good(&mut services), restore);
    told.2?;
    match told.0? {
        PlanState::Key(Some(entry)) => equal("value", entry.value, "1")?,
        other => bail!("{other:?}"),
    }
    match told.1? {
        PlanState::Services(services) => {
            equal("services", services.contains_key("restored-web"), false)
        }
        other => bail!("{other:?}"),
    }
}

fn upload(archive: Vec<u8>) -> Upload {
    let length = u64::try_from(archive.len()).unwrap_or(u64::MAX);
    Upload::from_reader(std::io::Cursor::new(archive)).with_length(length)
}
