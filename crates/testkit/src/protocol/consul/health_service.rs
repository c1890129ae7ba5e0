//! Health of services: which instances are shown, with which checks.

use anyhow::Context as _;
use quorate_consul::{
    ErrorKind, HealthCheck, HealthStatus, NodeService, QueryOptions, RegisterRequest, ServiceQuery,
};

use super::target::{Consul, name};
use crate::cases;
use crate::protocol::equal;
use crate::trial::{Case, Subject};

pub(super) fn cases() -> Vec<Case<Consul>> {
    cases![Consul;
        c28_only_instances_that_pass_everything_are_passing,
        passing_is_a_flag_or_a_word,
        an_instance_has_the_checks_of_its_node_before_its_own,
        instances_with_health_are_selected_as_those_of_the_catalog_are,
        checks_of_a_service_are_those_of_its_instances_alone,
        checks_are_found_by_status_and_filter,
        a_word_that_is_no_state_has_no_checks,
    ]
    .into()
}

/// The service `web` on three nodes: all passing, its own check warning, its node critical.
async fn three_instances(consul: &Subject<Consul>) -> anyhow::Result<String> {
    let web = name(consul, "web");
    for (node, own, of_node) in [
        ("n1", HealthStatus::Passing, HealthStatus::Passing),
        ("n2", HealthStatus::Warning, HealthStatus::Passing),
        ("n3", HealthStatus::Passing, HealthStatus::Critical),
    ] {
        let service = NodeService::new(&web)
            .with_id(node)
            .with_tags([node, "all"]);
        let register = RegisterRequest::new(name(consul, node), "10.0.0.1")
            .with_node_meta("place", node)
            .with_service(service)
            .with_check(HealthCheck::new("zz-node", of_node))
            .with_check(HealthCheck::new("aa-own", own).with_service_id(node));
        consul.client.catalog().register(&register).await?;
    }
    Ok(web)
}

async fn ids(consul: &Consul, query: ServiceQuery) -> anyhow::Result<Vec<String>> {
    let found = consul.client.health().service(query).await?;
    Ok(found.into_iter().map(|it| it.service.id).collect())
}

async fn c28_only_instances_that_pass_everything_are_passing(
    consul: &Subject<Consul>,
) -> anyhow::Result<()> {
    let web = three_instances(consul).await?;
    let all = consul.client.health().service(&*web).await?;
    let statuses: Vec<_> = all.iter().map(|it| it.status()).collect();
    let expected = [
        HealthStatus::Passing,
        HealthStatus::Warning,
        HealthStatus::Critical,
    ];
    equal("all", statuses, expected)?;
    let passing = ServiceQuery::new(&web).with_passing_only();
    equal("passing", ids(consul, passing).await?, ["n1"])
}

async fn passing_is_a_flag_or_a_word(consul: &Subject<Consul>) -> anyhow::Result<()> {
    let web = three_instances(consul).await?;
    for (parameter, count) in [
        ("passing", 1),
        ("passing=", 1),
        ("passing=1", 1),
        ("passing=True", 1),
        ("passing=t", 1),
        ("passing=false", 3),
        ("passing=0", 3),
        ("", 3),
    ] {
        let target = format!("/v1/health/service/{web}?{parameter}");
        let answer = consul.send("GET", &target, "").await?;
        let found = answer.json()?.as_array().map(Vec::len);
        equal(parameter, found, Some(count))?;
    }
    for word in ["xx", "yes", "tRUE", "2"] {
        let target = format!("/v1/health/service/{web}?passing={word}");
        let text = "Invalid value for ?passing";
        let answer = consul.expect("GET", &target, "", (400, text)).await?;
        equal("headers", answer.header("X-Consul-Index"), None)?;
    }
    Ok(())
}

async fn an_instance_has_the_checks_of_its_node_before_its_own(
    consul: &Subject<Consul>,
) -> anyhow::Result<()> {
    let web = three_instances(consul).await?;
    // A neighbour on the same node, whose check concerns nobody else.
    let neighbour = RegisterRequest::on(name(consul, "n1"))
        .with_service(NodeService::new(name(consul, "other")).with_id("other"))
        .with_check(HealthCheck::new("bb", HealthStatus::Critical).with_service_id("other"));
    consul.client.catalog().register(&neighbour).await?;
    let found = consul.client.health().service(&*web).await?;
    let first = found.first().context("no instance")?;
    let checks: Vec<_> = first.checks.iter().map(|it| it.check_id.as_str()).collect();
    equal("checks", checks, ["zz-node", "aa-own"])?;
    equal("node", &first.node.node, &name(consul, "n1"))?;
    equal("address", first.effective_address(), "10.0.0.1")
}

async fn instances_with_health_are_selected_as_those_of_the_catalog_are(
    consul: &Subject<Consul>,
) -> anyhow::Result<()> {
    let web = three_instances(consul).await?;
    let query = || ServiceQuery::new(&web);
    equal("tag", ids(consul, query().with_tag("N2")).await?, ["n2"])?;
    let both = query().with_tag("all").with_tag("n3");
    equal("tags", ids(consul, both).await?, ["n3"])?;
    let neither = query().with_tag("n1").with_tag("n3");
    equal("no such instance", ids(consul, neither).await?.len(), 0)?;
    let health = consul.client.health();
    let with = async |options: QueryOptions| -> anyhow::Result<Vec<String>> {
        let found = health.service_with(&*web, &options).await?.value;
        Ok(found.into_iter().map(|it| it.service.id).collect())
    };
    let options = QueryOptions::new;
    equal(
        "label",
        with(options().with_node_meta("place", "n2")).await?,
        ["n2"],
    )?;
    let filter = options().with_filter("Checks.Status == critical");
    equal("filter", with(filter).await?, ["n3"])?;
    let near = options().with_near("_agent");
    equal("without coordinates", with(near).await?, ["n1", "n2", "n3"])?;
    let bad = options().with_filter("Bogus == 1");
    let refused = health.service_with(&*web, &bad).await.err();
    let kind = refused.context("a bad selector was taken")?.kind();
    equal("bad filter", kind, ErrorKind::InvalidArgument)
}

async fn checks_of_a_service_are_those_of_its_instances_alone(
    consul: &Subject<Consul>,
) -> anyhow::Result<()> {
    let web = three_instances(consul).await?;
    let health = consul.client.health();
    let checks = health.checks(&web.to_uppercase()).await?;
    let shown: Vec<_> = checks
        .iter()
        .map(|it| (it.check_id.as_str(), it.node.clone(), it.status.as_str()))
        .collect();
    let expected = [("n1", "passing"), ("n2", "warning"), ("n3", "passing")];
    let expected = expected.map(|(node, status)| ("aa-own", name(consul, node), status));
    equal("checks", shown, expected)?;
    let labelled = QueryOptions::new().with_node_meta("place", "n2");
    let labelled = health.checks_with(&web, &labelled).await?.value;
    equal("labelled", labelled.len(), 1)?;
    let none = health.checks(&name(consul, "none")).await?;
    equal("of a service that does not exist", none, [])
}

async fn checks_are_found_by_status_and_filter(consul: &Subject<Consul>) -> anyhow::Result<()> {
    let web = three_instances(consul).await?;
    let health = consul.client.health();
    let own = |checks: Vec<HealthCheck>| -> usize {
        let nodes = ["n1", "n2", "n3"].map(|node| name(consul, node));
        checks
            .into_iter()
            .filter(|it| nodes.contains(&it.node))
            .count()
    };
    equal(
        "passing",
        own(health.state(&HealthStatus::Passing).await?),
        4,
    )?;
    equal(
        "warning",
        own(health.state(&HealthStatus::Warning).await?),
        1,
    )?;
    equal(
        "critical",
        own(health.state(&HealthStatus::Critical).await?),
        1,
    )?;
    equal("any", own(health.any().await?), 6)?;
    let filter = QueryOptions::new().with_filter(format!("ServiceName == \"{web}\""));
    let filtered = health.any_with(&filter).await?.value;
    equal("filtered", filtered.len(), 3)?;
    let filter = QueryOptions::new().with_filter("Status != passing");
    let sick = health.node_with(&name(consul, "n2"), &filter).await?.value;
    equal("of a node", sick.len(), 1)
}

async fn a_word_that_is_no_state_has_no_checks(consul: &Subject<Consul>) -> anyhow::Result<()> {
    for word in ["Passing", "maintenance", "nothing"] {
        let status = HealthStatus::from(word);
        let checks = consul.client.health().state(&status).await?;
        let own = checks.into_iter().filter(|it| it.status.as_str() != word);
        equal(word, own.count(), 0)?;
    }
    Ok(())
}
