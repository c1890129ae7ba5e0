//! Watch plans that follow one thing: what they tell, and what they do not.

use std::time::Duration;

use anyhow::{Context as _, bail, ensure};
use quorate_consul::event::Delivery;
use quorate_consul::{
    DeregisterRequest, ErrorKind, HealthCheck, HealthStatus, NodeService, Plan, PlanState,
    PlanStream, RegisterRequest, RetryAdvice, ServiceQuery, ServiceRegistration,
};
use quorate_wire::consul::CaConfiguration;
use tokio::time::timeout;

use super::target::{ALONE, Consul};
use crate::cases;
use crate::protocol::equal;
use crate::trial::{Case, Subject};

pub(super) fn cases() -> Vec<Case<Consul>> {
    cases![Consul;
        a_key_plan_tells_each_change_and_nothing_else,
        a_keyprefix_plan_tells_each_change_beneath_it_and_nothing_else,
        a_service_plan_tells_who_came_and_went_and_nothing_else,
        a_service_plan_that_wants_tags_and_health_tells_of_those_instances_alone,
        a_checks_plan_of_a_service_tells_its_checks_alone,
        an_event_plan_begins_with_nothing_and_tells_each_event_once,
        an_event_plan_can_begin_with_what_was_before,
        an_agent_service_plan_tells_what_the_agent_has,
        a_plan_for_a_mesh_that_is_off_says_so_each_time,
        plans_of_the_mesh_tell_roots_and_certificates needs [ALONE],
        a_plan_for_what_cannot_be_asked_says_so,
    ]
    .into()
}

/// Longer than anything here takes unless it is broken.
pub(super) const SOON: Duration = Duration::from_secs(30);
/// Long enough for a change to arrive, had there been one.
const WHILE: Duration = Duration::from_millis(300);

/// The next change.
pub(super) async fn next(plan: &mut PlanStream) -> anyhow::Result<PlanState> {
    let change = timeout(SOON, plan.next()).await;
    Ok(change.context("nothing was told")??.state)
}

/// Nothing is told for a while.
pub(super) async fn quiet(plan: &mut PlanStream, after: &str) -> anyhow::Result<()> {
    match timeout(WHILE, plan.next()).await {
        Err(_) => Ok(()),
        Ok(told) => bail!("told after {after}: {told:?}"),
    }
}

/// The value of the key that is told.
async fn value(plan: &mut PlanStream) -> anyhow::Result<Option<String>> {
    match next(plan).await? {
        PlanState::Key(entry) => {
            Ok(entry.map(|entry| String::from_utf8_lossy(&entry.value).into_owned()))
        }
        other => bail!("{other:?}"),
    }
}

async fn a_key_plan_tells_each_change_and_nothing_else(
    consul: &Subject<Consul>,
) -> anyhow::Result<()> {
    let (kv, key) = (consul.client.kv(), consul.key("k"));
    let mut plan = consul.client.watch(&Plan::key(&key));
    equal("at first", value(&mut plan).await?, None)?;
    kv.put(&consul.key("k-beside"), "x").await?;
    quiet(&mut plan, "a write beside it").await?;
    kv.put(&key, "1").await?;
    equal("created", value(&mut plan).await?.as_deref(), Some("1"))?;
    kv.put(&key, "1").await?;
    quiet(&mut plan, "a write of the same").await?;
    kv.put(&key, "2").await?;
    equal("changed", value(&mut plan).await?.as_deref(), Some("2"))?;
    kv.delete(&key).await?;
    equal("removed", value(&mut plan).await?, None)?;
    kv.delete(&key).await?;
    quiet(&mut plan, "a deletion of nothing").await?;
    kv.put(&key, "2").await?;
    equal("back", value(&mut plan).await?.as_deref(), Some("2"))
}

async fn a_keyprefix_plan_tells_each_change_beneath_it_and_nothing_else(
    consul: &Subject<Consul>,
) -> anyhow::Result<()> {
    let (kv, prefix) = (consul.client.kv(), consul.key("dir/"));
    let mut plan = consul.client.watch(&Plan::key_prefix(&prefix));
    let told = async |plan: &mut PlanStream| match next(plan).await? {
        PlanState::KeyPrefix(entries) => {
            let names = entries.iter().map(|entry| entry.key.replace(&prefix, ""));
            Ok(names.collect::<Vec<_>>())
        }
        other => bail!("{other:?}"),
    };
    equal("at first", told(&mut plan).await?.len(), 0)?;
    kv.put(&consul.key("beside"), "x").await?;
    quiet(&mut plan, "a write beside it").await?;
    kv.put(&format!("{prefix}a"), "1").await?;
    equal("created", told(&mut plan).await?, ["a"])?;
    kv.put(&format!("{prefix}b/c"), "1").await?;
    equal("another", told(&mut plan).await?, ["a", "b/c"])?;
    kv.put(&format!("{prefix}a"), "1").await?;
    quiet(&mut plan, "a write of the same").await?;
    kv.delete(&format!("{prefix}a")).await?;
    equal("removed", told(&mut plan).await?, ["b/c"])?;
    kv.put(&format!("{prefix}a"), "1").await?;
    equal("back", told(&mut plan).await?, ["a", "b/c"])?;
    kv.delete_tree(&prefix).await?;
    equal("all removed", told(&mut plan).await?.len(), 0)
}

/// A node of its own with an instance of `service`, whose check is like this.
pub(super) fn instance(node: &str, service: &str, status: HealthStatus) -> RegisterRequest {
    let check_id = format!("{node}-{service}");
    let check = HealthCheck::new(check_id, status).with_service_id(service);
    RegisterRequest::new(node, "10.0.0.9")
        .with_service(NodeService::new(service).with_port(80).with_tags(["v2"]))
        .with_check(check)
}

async fn register(consul: &Consul, request: &RegisterRequest) -> anyhow::Result<()> {
    Ok(consul.client.catalog().register(request).await?)
}

async fn remove(consul: &Consul, node: &str) -> anyhow::Result<()> {
    let request = DeregisterRequest::node(node);
    Ok(consul.client.catalog().deregister(&request).await?)
}

/// The nodes of the instances that are told, each with its status.
async fn instances(plan: &mut PlanStream) -> anyhow::Result<Vec<(String, HealthStatus)>> {
    match next(plan).await? {
        PlanState::Service(entries) => {
            let shown = entries.iter().map(|it| (it.node.node.clone(), it.status()));
            Ok(shown.collect())
        }
        other => bail!("{other:?}"),
    }
}

async fn a_service_plan_tells_who_came_and_went_and_nothing_else(
    consul: &Subject<Consul>,
) -> anyhow::Result<()> {
    use HealthStatus::{Critical, Passing};
    let mut plan = consul.client.watch(&Plan::service("plan-web"));
    equal("at first", instances(&mut plan).await?.len(), 0)?;
    let a = instance("plan-a", "plan-web", Passing);
    register(consul, &a).await?;
    let one = [("plan-a".to_owned(), Passing)];
    equal("registered", instances(&mut plan).await?, one.clone())?;
    register(consul, &a).await?;
    quiet(&mut plan, "the same registration").await?;
    register(consul, &instance("plan-c", "plan-other", Passing)).await?;
    quiet(&mut plan, "another service").await?;
    register(consul, &instance("plan-a", "plan-web", Critical)).await?;
    let sick = [("plan-a".to_owned(), Critical)];
    equal("sick", instances(&mut plan).await?, sick)?;
    remove(consul, "plan-a").await?;
    equal("removed", instances(&mut plan).await?.len(), 0)?;
    register(consul, &a).await?;
    equal("back", instances(&mut plan).await?, one)?;
    remove(consul, "plan-a").await?;
    remove(consul, "plan-c").await
}

async fn a_service_plan_that_wants_tags_and_health_tells_of_those_instances_alone(
    consul: &Subject<Consul>,
) -> anyhow::Result<()> {
    use HealthStatus::{Critical, Passing};
    let query = ServiceQuery::new("plan-api")
        .with_tag("v2")
        .with_passing_only();
    let mut plan = consul.client.watch(&Plan::service(query));
    equal("at first", instances(&mut plan).await?.len(), 0)?;
    register(consul, &instance("plan-d", "plan-api", Critical)).await?;
    quiet(&mut plan, "an instance that is sick").await?;
    let untagged = RegisterRequest::new("plan-e", "10.0.0.9")
        .with_service(NodeService::new("plan-api").with_port(80));
    register(consul, &untagged).await?;
    quiet(&mut plan, "an instance without the tag").await?;
    register(consul, &instance("plan-d", "plan-api", Passing)).await?;
    let well = [("plan-d".to_owned(), Passing)];
    equal("well", instances(&mut plan).await?, well)?;
    register(consul, &instance("plan-d", "plan-api", Critical)).await?;
    equal("sick", instances(&mut plan).await?.len(), 0)?;
    remove(consul, "plan-d").await?;
    remove(consul, "plan-e").await
}

async fn a_checks_plan_of_a_service_tells_its_checks_alone(
    consul: &Subject<Consul>,
) -> anyhow::Result<()> {
    use HealthStatus::{Passing, Warning};
    let mut plan = consul.client.watch(&Plan::checks_of("plan-db"));
    let told = async |plan: &mut PlanStream| match next(plan).await? {
        PlanState::Checks(checks) => Ok(checks
            .into_iter()
            .map(|check| check.status)
            .collect::<Vec<_>>()),
        other => bail!("{other:?}"),
    };
    equal("at first", told(&mut plan).await?, [])?;
    let well = instance("plan-f", "plan-db", Passing);
    register(consul, &well).await?;
    equal("registered", told(&mut plan).await?, [Passing])?;
    register(consul, &well).await?;
    quiet(&mut plan, "the same registration").await?;
    register(consul, &instance("plan-g", "plan-beside", Passing)).await?;
    quiet(&mut plan, "checks of another service").await?;
    register(consul, &instance("plan-f", "plan-db", Warning)).await?;
    equal("warned", told(&mut plan).await?, [Warning])?;
    remove(consul, "plan-f").await?;
    equal("removed", told(&mut plan).await?, [])?;
    register(consul, &well).await?;
    equal("back", told(&mut plan).await?, [Passing])?;
    remove(consul, "plan-f").await?;
    remove(consul, "plan-g").await
}

/// What the events that are told say.
async fn payloads(plan: &mut PlanStream) -> anyhow::Result<Vec<String>> {
    let payload = |it: Delivery| String::from_utf8_lossy(&it.event.payload).into_owned();
    match next(plan).await? {
        PlanState::Events(events) => Ok(events.into_iter().map(payload).collect()),
        other => bail!("{other:?}"),
    }
}

async fn an_event_plan_begins_with_nothing_and_tells_each_event_once(
    consul: &Subject<Consul>,
) -> anyhow::Result<()> {
    let events = consul.client.event();
    // The real server hears of its own events a moment later.
    let mut all = consul
        .client
        .watch(&Plan::event("plan-event").with_replay());
    equal("at first", payloads(&mut all).await?.len(), 0)?;
    events.fire("plan-event", "before").await?;
    equal("heard", payloads(&mut all).await?, ["before"])?;
    let mut plan = consul.client.watch(&Plan::event("plan-event"));
    equal("from now on", payloads(&mut plan).await?.len(), 0)?;
    events.fire("plan-event-other", "x").await?;
    quiet(&mut plan, "another event").await?;
    for payload in ["one", "two"] {
        events.fire("plan-event", payload).await?;
        equal("fired", payloads(&mut plan).await?, [payload])?;
        quiet(&mut plan, "its event was told").await?;
    }
    Ok(())
}

async fn an_event_plan_can_begin_with_what_was_before(
    consul: &Subject<Consul>,
) -> anyhow::Result<()> {
    let plan = Plan::event("plan-replay").with_replay();
    let mut first = consul.client.watch(&plan);
    equal("at first", payloads(&mut first).await?.len(), 0)?;
    for payload in ["one", "two"] {
        consul.client.event().fire("plan-replay", payload).await?;
        equal("heard", payloads(&mut first).await?, [payload])?;
    }
    let mut second = consul.client.watch(&plan);
    equal("replayed", payloads(&mut second).await?, ["one", "two"])?;
    quiet(&mut second, "all was told").await
}

async fn an_agent_service_plan_tells_what_the_agent_has(
    consul: &Subject<Consul>,
) -> anyhow::Result<()> {
    let agent = consul.client.agent();
    let mut plan = consul.client.watch(&Plan::agent_service("plan-own"));
    let told = async |plan: &mut PlanStream| match next(plan).await? {
        PlanState::AgentService(service) => Ok(service.map(|service| service.port)),
        other => bail!("{other:?}"),
    };
    equal("at first", told(&mut plan).await?, None)?;
    for port in [1, 2] {
        let own = ServiceRegistration::new("plan-own").with_port(port);
        agent.register_service(&own).await?;
        equal("registered", told(&mut plan).await?, Some(port))?;
        agent.register_service(&own).await?;
        quiet(&mut plan, "the same registration").await?;
    }
    agent.deregister_service("plan-own").await?;
    equal("removed", told(&mut plan).await?, None)
}

async fn a_plan_for_a_mesh_that_is_off_says_so_each_time(
    consul: &Subject<Consul>,
) -> anyhow::Result<()> {
    for plan in [Plan::connect_roots(), Plan::connect_leaf("web")] {
        let mut plan = consul.client.watch(&plan);
        for _ in 0..2 {
            let told = timeout(SOON, plan.next()).await?;
            let error = told.err().context("there is a mesh")?;
            equal("kind", error.kind(), ErrorKind::Unsupported)?;
            equal("advice", error.advice(), RetryAdvice::Never)?;
        }
    }
    Ok(())
}

/// The key of an authority that is of no use anywhere else.
const AUTHORITY: &str = "-----BEGIN EC PRIVATE KEY-----\n\
    MHcCAQEEIMSWIzt914ZhXdzzfWL0uN/f20HNAc7jw40JDD9fDXGYoAoGCCqGSM49\n\
    AwEHoUQDQgAEoqDTT2OQdCaiFfxOv4pkmusepxgbfeGAEjR1LNsAGG/Zy8tbZ35Y\n\
    8s3C7ttGNESuyI5Wb2hsJMdQ4MqD+NuoVQ==\n\
    -----END EC PRIVATE KEY-----\n";

async fn plans_of_the_mesh_tell_roots_and_certificates(
    consul: &Subject<Consul>,
) -> anyhow::Result<()> {
    let consul = consul.meshed().await?;
    let mut roots = consul.client.watch(&Plan::connect_roots());
    let told = async |plan: &mut PlanStream| match next(plan).await? {
        PlanState::ConnectRoots(roots) => Ok(roots.roots.len()),
        other => bail!("{other:?}"),
    };
    match timeout(SOON, roots.next()).await? {
        // One of ours has no mesh.
        Err(error) => return equal("kind", error.kind(), ErrorKind::Unsupported),
        Ok(first) => {
            ensure!(matches!(&first.state, PlanState::ConnectRoots(it) if it.roots.len() == 1));
        }
    }
    let mut leaf = consul.client.watch(&Plan::connect_leaf("web"));
    let PlanState::ConnectLeaf(first) = next(&mut leaf).await? else {
        bail!("no certificate");
    };
    equal("service", first.service.as_str(), "web")?;
    // The index of the roots moves with the configuration; they do not.
    let changed = CaConfiguration::new("consul").with_leaf_cert_ttl(Duration::from_secs(71 * 3600));
    consul
        .client
        .connect_ca()
        .set_configuration(&changed)
        .await?;
    quiet(&mut roots, "another setting").await?;
    quiet(&mut leaf, "another setting").await?;
    let replaced = changed.with_config("PrivateKey", AUTHORITY);
    consul
        .client
        .connect_ca()
        .set_configuration(&replaced)
        .await?;
    equal("another authority", told(&mut roots).await?, 2)
}

async fn a_plan_for_what_cannot_be_asked_says_so(consul: &Subject<Consul>) -> anyhow::Result<()> {
    for plan in [
        Plan::key(""),
        Plan::key("a//b"),
        Plan::service(""),
        Plan::checks_of("a/../b"),
        Plan::connect_leaf(""),
        Plan::agent_service(""),
    ] {
        let mut stream = consul.client.watch(&plan);
        for _ in 0..2 {
            let told = timeout(SOON, stream.next()).await?;
            let error = told.err().with_context(|| format!("{plan:?} was taken"))?;
            equal("kind", error.kind(), ErrorKind::InvalidArgument)?;
        }
    }
    Ok(())
}
