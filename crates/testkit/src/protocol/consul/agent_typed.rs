//! The typed client of the agent's services, checks, maintenance and health.

use std::time::Duration;

use anyhow::{Context as _, ensure};
use quorate_consul::wire::agent::{ServiceAddress, Weights};
use quorate_consul::{
    CheckDefinition, CheckRegistration, ErrorKind, HealthStatus, QueryOptions, RegisterOptions,
    ServiceRegistration,
};
use tokio::time::timeout;

use super::target::{ALONE, Consul};
use crate::cases;
use crate::protocol::equal;
use crate::trial::{Case, Subject};

/// A TTL that does not run out.
const LONG: Duration = Duration::from_secs(600);
/// Longer than anything here takes unless it is broken.
const PATIENCE: Duration = Duration::from_secs(30);

pub(super) fn cases() -> Vec<Case<Consul>> {
    cases![Consul;
        a_service_has_what_it_was_registered_with,
        a_service_that_is_registered_again_keeps_or_replaces_its_checks,
        services_are_filtered_by_the_agent,
        a_service_is_followed,
        a_check_says_what_its_program_says,
        checks_that_nobody_registered_are_no_ttl_checks,
        checks_of_every_kind_are_registered,
        the_health_of_a_service_is_the_worst_of_its_checks needs [ALONE],
        a_service_is_taken_out_of_service_and_back,
        the_node_is_taken_out_of_service_and_back needs [ALONE],
    ]
    .into()
}

/// A name of this trial.
fn name(consul: &Subject<Consul>, name: &str) -> String {
    consul.key(name).replace('/', "-")
}

async fn a_service_has_what_it_was_registered_with(consul: &Subject<Consul>) -> anyhow::Result<()> {
    let (agent, web) = (consul.client.agent(), name(consul, "web"));
    let id = format!("{web}-1");
    let service = ServiceRegistration::new(&web)
        .with_id(&id)
        .with_tags(["a", "b"])
        .with_port(8080)
        .with_address("127.0.0.5")
        .with_meta("rack", "7")
        .with_weights(Weights::new(3, 2))
        .with_enable_tag_override()
        .with_tagged_address("wan", ServiceAddress::new("1.2.3.4", 80));
    agent.register_service(&service).await?;
    let found = agent.service(&id).await?.context("no service")?;
    equal("name", &found.service, &web)?;
    equal("tags", found.tags.join(","), "a,b".to_owned())?;
    equal("port", found.port, 8080)?;
    equal("address", found.address.as_str(), "127.0.0.5")?;
    equal(
        "meta",
        found.meta.get("rack").map(String::as_str),
        Some("7"),
    )?;
    equal("weights", found.weights, Weights::new(3, 2))?;
    ensure!(found.enable_tag_override && !found.content_hash.is_empty());
    let tagged = &found.tagged_addresses;
    let wan = ServiceAddress::new("1.2.3.4", 80);
    equal("wan", tagged.get("wan"), Some(&wan))?;
    let lan = ServiceAddress::new("127.0.0.5", 8080);
    equal("lan", tagged.get("lan_ipv4"), Some(&lan))?;
    let mut listed = agent.services().await?;
    let mut listed = listed.remove(&id).context("it is not listed")?;
    ensure!(
        listed.content_hash.is_empty(),
        "only one alone has a digest"
    );
    listed.content_hash.clone_from(&found.content_hash);
    equal("listed", &listed, &found)?;
    agent.deregister_service(&id).await?;
    equal("gone", agent.service(&id).await?, None)?;
    agent.deregister_service(&id).await?;
    Ok(())
}

async fn a_service_that_is_registered_again_keeps_or_replaces_its_checks(
    consul: &Subject<Consul>,
) -> anyhow::Result<()> {
    let (agent, web) = (consul.client.agent(), name(consul, "web"));
    let check = |id: &str| CheckDefinition::ttl(LONG).with_id(format!("{web}-{id}"));
    let with = |id| ServiceRegistration::new(&web).with_check(check(id));
    agent.register_service(&with("a")).await?;
    agent.pass_ttl(&format!("{web}-a"), "fine").await?;
    agent.register_service(&with("b")).await?;
    let own = async || -> anyhow::Result<Vec<(String, String)>> {
        let checks = agent.checks().await?.into_values();
        let own = checks.filter(|check| check.service_id == web);
        Ok(own
            .map(|check| (check.check_id, check.status.to_string()))
            .collect())
    };
    let pair = |id: &str, status: &str| (format!("{web}-{id}"), status.to_owned());
    let both = [pair("a", "passing"), pair("b", "critical")];
    equal("both", own().await?, both.to_vec())?;
    let options = RegisterOptions::new().with_replace_existing_checks();
    agent.register_service_with(&with("a"), &options).await?;
    equal("one", own().await?, vec![pair("a", "passing")])?;
    agent.deregister_service(&web).await?;
    equal("none", own().await?, vec![])
}

async fn services_are_filtered_by_the_agent(consul: &Subject<Consul>) -> anyhow::Result<()> {
    let (agent, web) = (consul.client.agent(), name(consul, "web"));
    for port in [1, 2] {
        let service = ServiceRegistration::new(&web)
            .with_id(format!("{web}-{port}"))
            .with_port(port);
        agent.register_service(&service).await?;
    }
    let options = QueryOptions::new().with_filter(format!("Service == \"{web}\" and Port == 2"));
    let found = agent.services_with(&options).await?.value;
    equal(
        "found",
        found.into_keys().collect::<Vec<_>>(),
        vec![format!("{web}-2")],
    )?;
    let options = QueryOptions::new().with_filter("Nothing == 1");
    let error = agent.services_with(&options).await.err();
    equal(
        "kind",
        error.context("it is a filter")?.kind(),
        ErrorKind::InvalidArgument,
    )?;
    for port in [1, 2] {
        agent.deregister_service(&format!("{web}-{port}")).await?;
    }
    Ok(())
}

async fn a_service_is_followed(consul: &Subject<Consul>) -> anyhow::Result<()> {
    let (agent, web) = (consul.client.agent(), name(consul, "web"));
    let service = |port| ServiceRegistration::new(&web).with_port(port);
    let mut changes = agent.watch_service(&web);
    ensure!(timeout(PATIENCE, changes.next()).await??.is_none());
    agent.register_service(&service(1)).await?;
    let found = timeout(PATIENCE, changes.next()).await??;
    equal("first", found.map(|service| service.port), Some(1))?;
    // The same again is no change.
    agent.register_service(&service(1)).await?;
    ensure!(
        timeout(Duration::from_millis(500), changes.next())
            .await
            .is_err()
    );
    agent.register_service(&service(2)).await?;
    let found = timeout(PATIENCE, changes.next()).await??;
    equal("second", found.map(|service| service.port), Some(2))?;
    agent.deregister_service(&web).await?;
    let gone = timeout(PATIENCE, changes.next()).await??;
    ensure!(gone.is_none());
    Ok(())
}

async fn a_check_says_what_its_program_says(consul: &Subject<Consul>) -> anyhow::Result<()> {
    let (agent, id) = (consul.client.agent(), name(consul, "beat"));
    let check = CheckDefinition::ttl(LONG).with_notes("remarks");
    agent
        .register_check(&CheckRegistration::new(&id, check))
        .await?;
    let told = async || -> anyhow::Result<(String, String, String)> {
        let mut checks = agent.checks().await?;
        let check = checks.remove(&id).context("no check")?;
        Ok((check.status.to_string(), check.output, check.notes))
    };
    let want = |status: &str, output: &str| {
        let texts = [status, output, "remarks"].map(str::to_owned);
        let [status, output, notes] = texts;
        (status, output, notes)
    };
    equal("first", told().await?, want("critical", ""))?;
    agent.pass_ttl(&id, "well").await?;
    equal("pass", told().await?, want("passing", "well"))?;
    agent.warn_ttl(&id, "so so").await?;
    equal("warn", told().await?, want("warning", "so so"))?;
    agent.fail_ttl(&id, "").await?;
    equal("fail", told().await?, want("critical", ""))?;
    agent
        .update_ttl(&id, &HealthStatus::from_alias("pass"), "x")
        .await?;
    equal("update", told().await?, want("passing", "x"))?;
    agent.deregister_check(&id).await?;
    ensure!(!agent.checks().await?.contains_key(&id));
    Ok(())
}

async fn checks_that_nobody_registered_are_no_ttl_checks(
    consul: &Subject<Consul>,
) -> anyhow::Result<()> {
    let (agent, id) = (consul.client.agent(), name(consul, "nothing"));
    let refused = agent
        .pass_ttl(&id, "")
        .await
        .err()
        .context("there is a check")?;
    equal("kind", refused.kind(), ErrorKind::InvalidArgument)?;
    let check = CheckRegistration::new(&id, CheckDefinition::ttl(LONG)).with_service_id(&id);
    let refused = agent.register_check(&check).await.err();
    equal(
        "service",
        refused.context("there is a service")?.kind(),
        ErrorKind::NotFound,
    )?;
    agent.deregister_check(&id).await?;
    Ok(())
}

async fn checks_of_every_kind_are_registered(consul: &Subject<Consul>) -> anyhow::Result<()> {
    let (agent, web) = (consul.client.agent(), name(consul, "web"));
    agent
        .register_service(&ServiceRegistration::new(&web))
        .await?;
    let checks = [
        ("ttl", CheckDefinition::ttl(LONG)),
        ("http", CheckDefinition::http("http://127.0.0.1:9/", LONG)),
        ("tcp", CheckDefinition::tcp("127.0.0.1:9", LONG)),
        ("grpc", CheckDefinition::grpc("127.0.0.1:9/s", LONG)),
        (
            "alias",
            CheckDefinition::alias_service(format!("{web}-other")),
        ),
    ];
    for (kind, check) in checks {
        let id = format!("{web}-{kind}");
        let check = CheckRegistration::new(&id, check.with_status(HealthStatus::Passing));
        agent.register_check(&check.with_service_id(&web)).await?;
        let found = agent.checks().await?.remove(&id).context("no check")?;
        equal("kind", found.r#type.as_str(), kind)?;
        equal("service", &found.service_id, &web)?;
    }
    let script = CheckDefinition::script(["true"], LONG);
    let script = CheckRegistration::new(format!("{web}-script"), script);
    let refused = agent.register_check(&script).await.err();
    equal(
        "script",
        refused.context("scripts are enabled")?.kind(),
        ErrorKind::Unsupported,
    )?;
    agent.deregister_service(&web).await?;
    let left = agent.checks().await?.into_values();
    ensure!(left.filter(|check| check.service_id == web).count() == 0);
    Ok(())
}

async fn the_health_of_a_service_is_the_worst_of_its_checks(
    consul: &Subject<Consul>,
) -> anyhow::Result<()> {
    let consul = consul.alone().await?;
    let agent = consul.client.agent();
    let web = ServiceRegistration::new("web")
        .with_port(80)
        .with_check(CheckDefinition::ttl(LONG).with_id("a"))
        .with_check(CheckDefinition::ttl(LONG).with_id("b"));
    agent.register_service(&web).await?;
    agent.pass_ttl("a", "").await?;
    for (status, health) in [
        (HealthStatus::Passing, HealthStatus::Passing),
        (HealthStatus::Warning, HealthStatus::Warning),
        (HealthStatus::Critical, HealthStatus::Critical),
    ] {
        agent.update_ttl("b", &status, "").await?;
        let found = agent.service_health("web").await?.context("no service")?;
        equal("by id", &found.aggregated_status, &health)?;
        equal("checks", found.checks.len(), 2)?;
        equal("port", found.service.port, 80)?;
        let named = agent.service_health_by_name("web").await?;
        let named: Vec<_> = named.into_iter().map(|it| it.aggregated_status).collect();
        equal("by name", named, vec![health])?;
    }
    equal("nothing", agent.service_health("nothing").await?, None)?;
    equal(
        "no name",
        agent.service_health_by_name("nothing").await?,
        vec![],
    )
}

async fn a_service_is_taken_out_of_service_and_back(
    consul: &Subject<Consul>,
) -> anyhow::Result<()> {
    let (agent, web) = (consul.client.agent(), name(consul, "web"));
    agent
        .register_service(&ServiceRegistration::new(&web))
        .await?;
    let check = format!("_service_maintenance:{web}");
    for reason in ["because", "for another reason"] {
        agent.enable_service_maintenance(&web, reason).await?;
        let found = agent
            .checks()
            .await?
            .remove(&check)
            .context("no maintenance")?;
        equal("reason", found.notes.as_str(), "because")?;
    }
    let health = agent.service_health(&web).await?.context("no service")?;
    equal(
        "health",
        health.aggregated_status,
        HealthStatus::Maintenance,
    )?;
    agent.disable_service_maintenance(&web).await?;
    ensure!(!agent.checks().await?.contains_key(&check));
    agent.deregister_service(&web).await?;
    let unknown = agent.enable_service_maintenance(&web, "").await.err();
    equal(
        "unknown",
        unknown.context("it is gone")?.kind(),
        ErrorKind::NotFound,
    )
}

async fn the_node_is_taken_out_of_service_and_back(consul: &Subject<Consul>) -> anyhow::Result<()> {
    let consul = consul.alone().await?;
    let agent = consul.client.agent();
    agent.enable_maintenance("moving <house>").await?;
    let found = agent.checks().await?.remove("_node_maintenance");
    let found = found.context("no maintenance")?;
    equal("reason", found.notes.as_str(), "moving <house>")?;
    agent.disable_maintenance().await?;
    ensure!(!agent.checks().await?.contains_key("_node_maintenance"));
    agent.disable_maintenance().await?;
    Ok(())
}
