//! Nodes: who is there, how they are, and what runs on them.

use std::time::Duration;

use anyhow::{Context as _, ensure};
use quorate::consul::{DeregisterRequest, RegisterRequest};
use quorate::{Feed, HealthStatus, NodeSet, Service, ServiceCheck};
use tokio::time::timeout;

use super::service::named;
use super::target::{CONSUL, Unified};
use crate::protocol::equal;
use crate::trial::{Case, Subject};
use crate::{cases, eventually_ok};

const SOON: Duration = Duration::from_secs(30);

pub(super) fn cases() -> Vec<Case<Unified>> {
    cases![Unified;
        the_node_that_answers_is_listed_and_passes needs [CONSUL],
        a_node_is_shown_with_its_services_and_checks needs [CONSUL],
        a_watch_of_nodes_tells_who_comes_and_goes needs [CONSUL],
    ]
    .into()
}

async fn the_node_that_answers_is_listed_and_passes(it: &Subject<Unified>) -> anyhow::Result<()> {
    let own = it.native()?.agent().self_info().await?;
    let name = own.config.node_name;
    let nodes = it.coordinator.nodes();
    let listed = nodes.list().await?;
    let node = listed.iter().find(|node| node.name == name);
    let node = node.context("it is not listed")?;
    equal("status", node.status, HealthStatus::Passing)?;
    ensure!(node.id.is_some() && !node.address.is_empty(), "{node:?}");
    let names: Vec<_> = listed.iter().map(|node| &node.name).collect();
    ensure!(names.is_sorted(), "{names:?}");
    let details = nodes.get(&name).await?.context("it does not exist")?;
    equal("the same node", &details.node, node)?;
    equal("another", nodes.get("no-such-node").await?, None)
}

async fn a_node_is_shown_with_its_services_and_checks(it: &Subject<Unified>) -> anyhow::Result<()> {
    let (name, services) = (named(it, "web"), it.coordinator.services());
    let check = ServiceCheck::tcp("127.0.0.1:1", Duration::from_secs(3600));
    let service = Service::new(&name).with_port(80).with_check(check);
    services.add(service).await?;
    let own = it.native()?.agent().self_info().await?;
    let shown = || async {
        let details = it.coordinator.nodes().get(&own.config.node_name).await?;
        let details = details.context("it does not exist")?;
        let found = details.services.iter().find(|it| it.name == name);
        let instance = &found.context("it has no such service")?.instance;
        let shown = (instance.port, instance.status);
        equal("service", shown, (80, HealthStatus::Critical))?;
        let of = |check: &&quorate::CheckResult| check.instance.as_ref() == Some(&name);
        equal("checks", details.checks.iter().filter(of).count(), 1)?;
        equal(
            "the node itself",
            details.node.status,
            HealthStatus::Passing,
        )
    };
    eventually_ok(SOON, "the node has the service", shown).await?;
    Ok(services.deregister(&name).await?)
}

/// Reads sets until one has, or has not, the node `name`.
async fn until(
    sets: &mut Feed<NodeSet>,
    name: &str,
    wanted: impl Fn(&NodeSet) -> bool,
) -> anyhow::Result<NodeSet> {
    let waiting = async {
        loop {
            let set = sets.next().await.context("the feed ended")??;
            if wanted(&set) {
                return anyhow::Ok(set);
            }
        }
    };
    timeout(SOON, waiting)
        .await
        .with_context(|| name.to_owned())?
}

async fn a_watch_of_nodes_tells_who_comes_and_goes(it: &Subject<Unified>) -> anyhow::Result<()> {
    let (name, catalog) = (named(it, "node"), it.native()?.catalog());
    let mut sets = it.another().await?.nodes().watch()?;
    let first = until(&mut sets, "the first set", |_| true).await?;
    equal("at first all are new", &first.added, &first.nodes)?;
    catalog
        .register(&RegisterRequest::new(&name, "10.0.0.7"))
        .await?;
    let has = |set: &NodeSet| set.added.iter().any(|node| node.name == name);
    let set = until(&mut sets, "the node did not come", has).await?;
    let node = set.nodes.iter().find(|node| node.name == name);
    equal(
        "address",
        &node.context("it is not there")?.address,
        "10.0.0.7",
    )?;
    catalog.deregister(&DeregisterRequest::node(&name)).await?;
    let gone = |set: &NodeSet| set.removed.iter().any(|node| node.name == name);
    let set = until(&mut sets, "the node did not go", gone).await?;
    ensure!(!set.nodes.iter().any(|node| node.name == name));
    Ok(())
}
