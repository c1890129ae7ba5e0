//! Which index a read of the catalog answers, and what wakes one that waits.

use std::time::Duration;

use anyhow::ensure;
use quorate_consul::wire::service::{Connect, Proxy};
use quorate_consul::{
    DeregisterRequest, HealthCheck, HealthStatus, NodeService, RegisterRequest, ServiceKind,
};
use tokio::time::{Instant, sleep};

use super::target::{ALONE, Consul, PROXIES, index_of};
use crate::cases;
use crate::protocol::{PARKED, equal};
use crate::trial::{Case, Subject};

pub(super) fn cases() -> Vec<Case<Consul>> {
    cases![Consul;
        c30_a_read_of_an_absent_service_sees_others_end_and_not_begin needs [ALONE],
        an_instance_wakes_the_readers_of_its_service_alone needs [ALONE],
        a_check_wakes_those_who_ask_for_health needs [ALONE],
        checks_wake_the_readers_of_their_node_their_service_and_their_state needs [ALONE],
        a_proxy_wakes_those_who_ask_for_the_health_of_what_it_stands_for needs [ALONE],
        a_watch_of_proxies_sees_every_one_that_comes_and_goes needs [ALONE, PROXIES],
        services_are_woken_by_services_and_nodes_by_nodes needs [ALONE],
        the_last_instance_that_goes_is_seen needs [ALONE],
        a_registration_that_changes_nothing_moves_the_checks_alone needs [ALONE],
        a_typed_watch_follows_a_service needs [ALONE],
    ]
    .into()
}

/// One server, and the catalog of a case in it.
struct World(Consul);

/// What a change does to a read that waits.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
enum Does {
    /// It comes back with a newer index.
    Wake,
    /// It sleeps on, and a read after it has the same index.
    Nothing,
    /// It sleeps on, although a read after it has a newer index.
    MoveOnly,
}

use Does::{MoveOnly, Nothing, Wake};

impl World {
    async fn new(consul: &Subject<Consul>) -> anyhow::Result<Self> {
        let world = Self(consul.alone().await?);
        let passing = |id: &str, service: &str| {
            HealthCheck::new(id, HealthStatus::Passing).with_service_id(service)
        };
        let all = RegisterRequest::new("n1", "10.0.0.1")
            .with_service(NodeService::new("web"))
            .with_check(passing("own", "web"))
            .with_check(passing("node", ""));
        world.register(all).await?;
        let other = RegisterRequest::on("n1")
            .with_service(NodeService::new("other"))
            .with_check(passing("others", "other"));
        world.register(other).await?;
        let far = RegisterRequest::new("n2", "10.0.0.2").with_service(NodeService::new("far"));
        world.register(far).await?;
        Ok(world)
    }

    async fn register(&self, request: RegisterRequest) -> anyhow::Result<()> {
        let catalog = self.0.client.catalog();
        Ok(Box::pin(catalog.register(&request)).await?)
    }

    async fn deregister(&self, request: DeregisterRequest) -> anyhow::Result<()> {
        let catalog = self.0.client.catalog();
        Ok(Box::pin(catalog.deregister(&request)).await?)
    }

    async fn service(&self, node: &str, service: NodeService) -> anyhow::Result<()> {
        self.register(RegisterRequest::on(node).with_service(service))
            .await
    }

    async fn check(&self, id: &str, service: &str, status: HealthStatus) -> anyhow::Result<()> {
        let check = HealthCheck::new(id, status).with_service_id(service);
        self.register(RegisterRequest::on("n1").with_check(check))
            .await
    }

    async fn label(&self, node: &str, value: &str) -> anyhow::Result<()> {
        let request = RegisterRequest::new(node, "10.0.0.1").with_node_meta("label", value);
        self.register(request).await
    }

    async fn index(&self, target: &str) -> anyhow::Result<u64> {
        let answer = self.0.send("GET", &format!("/v1/{target}"), "").await?;
        index_of(&answer)
    }

    /// Checks what `change` does to a blocked read of `target`.
    async fn expect(
        &self,
        target: &str,
        what: &str,
        does: Does,
        change: impl Future<Output = anyhow::Result<()>>,
    ) -> anyhow::Result<()> {
        let index = self.index(target).await?;
        let wait = if does == Wake { "30s" } else { "400ms" };
        let blocked = format!("/v1/{target}?index={index}&wait={wait}");
        let begun = Instant::now();
        let change = async {
            sleep(PARKED).await;
            change.await
        };
        let (answer, changed) = tokio::join!(self.0.send("GET", &blocked, ""), Box::pin(change));
        changed?;
        let (answered, took) = (index_of(&answer?)?, begun.elapsed());
        let after = self.index(target).await?;
        let woken = took < Duration::from_secs(20) && answered > index;
        match does {
            Wake => ensure!(
                woken,
                "{target}: {what} wakes nobody: {answered} after {took:?}"
            ),
            Nothing | MoveOnly => {
                ensure!(
                    took >= Duration::from_millis(400),
                    "{target}: {what} wakes it after {took:?}: {index} to {answered}"
                );
                let moved = after > index;
                equal(
                    &format!("{target}: {what} moves it"),
                    moved,
                    does == MoveOnly,
                )?;
            }
        }
        Ok(())
    }
}

async fn c30_a_read_of_an_absent_service_sees_others_end_and_not_begin(
    consul: &Subject<Consul>,
) -> anyhow::Result<()> {
    let world = World::new(consul).await?;
    // From the first end on, absent services have an index of their own.
    world.service("n2", NodeService::new("first")).await?;
    world
        .deregister(DeregisterRequest::service("n2", "first"))
        .await?;
    for target in ["health/service/absent", "catalog/service/absent"] {
        let begin = world.service("n2", NodeService::new("second"));
        world
            .expect(target, "another begins", Nothing, begin)
            .await?;
        let end = world.deregister(DeregisterRequest::service("n2", "second"));
        world.expect(target, "another ends", Wake, end).await?;
        let label = world.label("n2", target);
        world
            .expect(target, "a node changes", Nothing, label)
            .await?;
        let own = world.service("n2", NodeService::new("Absent"));
        world.expect(target, "it begins", Wake, own).await?;
        world
            .deregister(DeregisterRequest::service("n2", "absent"))
            .await?;
    }
    Ok(())
}

async fn an_instance_wakes_the_readers_of_its_service_alone(
    consul: &Subject<Consul>,
) -> anyhow::Result<()> {
    let world = World::new(consul).await?;
    for (at, target) in (1..).zip(["catalog/service/web", "health/service/WEB"]) {
        let web = || NodeService::new("web").with_port(at);
        world
            .expect(target, "itself", Wake, world.service("n1", web()))
            .await?;
        world
            .expect(
                target,
                "the same again",
                Nothing,
                world.service("n1", web()),
            )
            .await?;
        let other = NodeService::new("other").with_port(at);
        world
            .expect(target, "another", Nothing, world.service("n1", other))
            .await?;
        let label = world.label("n1", target);
        world.expect(target, "its node", Wake, label).await?;
        let label = world.label("n2", target);
        world.expect(target, "another node", Nothing, label).await?;
        let second = world.service("n2", NodeService::new("web").with_id("second"));
        world
            .expect(target, "a second instance", Wake, second)
            .await?;
        let gone = world.deregister(DeregisterRequest::service("n2", "second"));
        world.expect(target, "which goes", Wake, gone).await?;
    }
    Ok(())
}

async fn a_check_wakes_those_who_ask_for_health(consul: &Subject<Consul>) -> anyhow::Result<()> {
    let world = World::new(consul).await?;
    let (health, catalog) = ("health/service/web", "catalog/service/web");
    let own = |status| world.check("own", "web", status);
    let node = |status| world.check("node", "", status);
    let others = |status| world.check("others", "other", status);
    world
        .expect(health, "its own", Wake, own(HealthStatus::Critical))
        .await?;
    world
        .expect(
            health,
            "the same again",
            Nothing,
            own(HealthStatus::Critical),
        )
        .await?;
    world
        .expect(health, "its node's", Wake, node(HealthStatus::Warning))
        .await?;
    world
        .expect(health, "another's", Nothing, others(HealthStatus::Warning))
        .await?;
    world
        .expect(catalog, "its own", MoveOnly, own(HealthStatus::Passing))
        .await?;
    world
        .expect(catalog, "its node's", MoveOnly, node(HealthStatus::Passing))
        .await?;
    world
        .expect(catalog, "another's", Nothing, others(HealthStatus::Passing))
        .await?;
    let remove = |id: &str| world.deregister(DeregisterRequest::check("n1", id));
    world
        .expect(health, "another's goes", Nothing, remove("others"))
        .await?;
    world
        .expect(health, "its own goes", Wake, remove("own"))
        .await?;
    world
        .expect(health, "its node's goes", Wake, remove("node"))
        .await
}

async fn checks_wake_the_readers_of_their_node_their_service_and_their_state(
    consul: &Subject<Consul>,
) -> anyhow::Result<()> {
    let world = World::new(consul).await?;
    let own = |status| world.check("own", "web", status);
    let others = |status| world.check("others", "other", status);
    let (passing, warning) = (HealthStatus::Passing, HealthStatus::Warning);
    for target in ["health/node/n1", "health/state/any"] {
        world
            .expect(target, "a check", Wake, own(warning.clone()))
            .await?;
        world
            .expect(target, "the same again", Wake, own(warning.clone()))
            .await?;
    }
    let target = "health/checks/web";
    world
        .expect(target, "its own", Wake, own(passing.clone()))
        .await?;
    world
        .expect(target, "the same again", Wake, own(passing.clone()))
        .await?;
    world
        .expect(target, "another's", MoveOnly, others(warning.clone()))
        .await?;
    // `others` warns, so that somebody is in that state.
    let target = "health/state/warning";
    world
        .expect(target, "in another state", MoveOnly, own(passing))
        .await?;
    world
        .expect(target, "it comes into it", Wake, own(warning))
        .await
}

async fn a_proxy_wakes_those_who_ask_for_the_health_of_what_it_stands_for(
    consul: &Subject<Consul>,
) -> anyhow::Result<()> {
    let world = World::new(consul).await?;
    let target = "health/connect/web";
    let proxy = |port: u16| {
        NodeService::new("side")
            .with_kind(ServiceKind::ConnectProxy)
            .with_port(port)
            .with_proxy(Proxy::of("web"))
    };
    world
        .expect(target, "a proxy comes", Wake, world.service("n2", proxy(1)))
        .await?;
    world
        .expect(target, "it changes", Wake, world.service("n2", proxy(2)))
        .await?;
    let plain = NodeService::new("web").with_port(9);
    world
        .expect(
            target,
            "what it stands for",
            Nothing,
            world.service("n1", plain),
        )
        .await?;
    let check = HealthCheck::new("side", HealthStatus::Critical).with_service_id("side");
    let check = world.register(RegisterRequest::on("n2").with_check(check));
    world.expect(target, "its check", Wake, check).await?;
    let native = NodeService::new("web").with_connect(Connect::native());
    world
        .expect(target, "a native one", Wake, world.service("n1", native))
        .await
}

async fn a_watch_of_proxies_sees_every_one_that_comes_and_goes(
    consul: &Subject<Consul>,
) -> anyhow::Result<()> {
    let world = World::new(consul).await?;
    let proxy = |name: &str, port: u16| {
        let proxy = NodeService::new(name).with_kind(ServiceKind::ConnectProxy);
        let proxy = proxy.with_port(port).with_proxy(Proxy::of("web"));
        world.service("n2", proxy)
    };
    let remove = |name: &str| world.deregister(DeregisterRequest::service("n2", name));
    for target in ["catalog/connect/web", "health/connect/web"] {
        let first = proxy("side-1", 1);
        world.expect(target, "the first comes", Wake, first).await?;
        let second = proxy("side-2", 1);
        world.expect(target, "a second comes", Wake, second).await?;
        let changed = proxy("side-1", 2);
        world.expect(target, "it changes", Wake, changed).await?;
        let gone = remove("side-2");
        world.expect(target, "the second goes", Wake, gone).await?;
        let gone = remove("side-1");
        world.expect(target, "the last goes", Wake, gone).await?;
    }
    Ok(())
}

async fn services_are_woken_by_services_and_nodes_by_nodes(
    consul: &Subject<Consul>,
) -> anyhow::Result<()> {
    let world = World::new(consul).await?;
    let tagged = |tag: &str| world.service("n1", NodeService::new("web").with_tags([tag]));
    let check = |status| world.check("node", "", status);
    let target = "catalog/services";
    world.expect(target, "tags", Wake, tagged("a")).await?;
    let port = world.service("n1", NodeService::new("web").with_port(7));
    world.expect(target, "a port", Wake, port).await?;
    world
        .expect(target, "a check", Nothing, check(HealthStatus::Warning))
        .await?;
    world
        .expect(target, "a node", Nothing, world.label("n1", "1"))
        .await?;
    let target = "catalog/nodes";
    world
        .expect(target, "a node", Wake, world.label("n1", "2"))
        .await?;
    world
        .expect(target, "the same again", Nothing, world.label("n1", "2"))
        .await?;
    world
        .expect(target, "a service", Nothing, tagged("b"))
        .await?;
    world
        .expect(target, "a check", Nothing, check(HealthStatus::Passing))
        .await?;
    for (tag, target) in [("c", "catalog/node/n1"), ("d", "catalog/node-services/n1")] {
        world
            .expect(target, "its service", Wake, tagged(tag))
            .await?;
        world
            .expect(target, "itself", Wake, world.label("n1", tag))
            .await?;
        world
            .expect(target, "another", MoveOnly, world.label("n2", tag))
            .await?;
        let far = world.service("n2", NodeService::new("far").with_tags([tag]));
        world
            .expect(target, "another's service", MoveOnly, far)
            .await?;
        world
            .expect(target, "a check", Nothing, check(HealthStatus::Critical))
            .await?;
    }
    Ok(())
}

async fn the_last_instance_that_goes_is_seen(consul: &Subject<Consul>) -> anyhow::Result<()> {
    let world = World::new(consul).await?;
    for target in ["health/service/pair", "catalog/service/pair"] {
        for id in ["one", "two"] {
            let instance = NodeService::new("pair").with_id(id);
            world.service("n1", instance).await?;
        }
        let remove = |id: &str| world.deregister(DeregisterRequest::service("n1", id));
        world
            .expect(target, "one of two goes", Wake, remove("one"))
            .await?;
        world
            .expect(target, "the last goes", Wake, remove("two"))
            .await?;
        world.service("n1", NodeService::new("pair")).await?;
        let node = world.deregister(DeregisterRequest::node("n1"));
        world.expect(target, "its node goes", Wake, node).await?;
        world.label("n1", "again").await?;
    }
    Ok(())
}

async fn a_registration_that_changes_nothing_moves_the_checks_alone(
    consul: &Subject<Consul>,
) -> anyhow::Result<()> {
    let world = World::new(consul).await?;
    let targets = [
        "catalog/nodes",
        "catalog/services",
        "catalog/service/web",
        "health/service/web",
        "catalog/node/n1",
        "health/node/n1",
    ];
    let indexes = async || -> anyhow::Result<Vec<u64>> {
        let mut indexes = Vec::new();
        for target in targets {
            indexes.push(world.index(target).await?);
        }
        Ok(indexes)
    };
    let own = HealthCheck::new("own", HealthStatus::Passing).with_service_id("web");
    let same = RegisterRequest::new("n1", "10.0.0.1")
        .with_service(NodeService::new("web"))
        .with_check(own);
    let before = indexes().await?;
    world.register(same).await?;
    let after = indexes().await?;
    let moved: Vec<bool> = before.iter().zip(&after).map(|(a, b)| a != b).collect();
    equal("moved", moved, [false, false, false, false, false, true])
}

async fn a_typed_watch_follows_a_service(consul: &Subject<Consul>) -> anyhow::Result<()> {
    let world = World::new(consul).await?;
    let mut healthy = world.0.client.health().watch_service("web");
    let mut instances = world.0.client.catalog().watch_service("web");
    let mut nodes = world.0.client.catalog().watch_nodes();
    let mut checks = world.0.client.health().watch_checks("web");
    equal("healthy", healthy.next().await?.value.len(), 1)?;
    equal("instances", instances.next().await?.value.len(), 1)?;
    equal(
        "checks",
        checks.next().await?.value[0].status.as_str(),
        "passing",
    )?;
    let known = nodes.next().await?.value.len();
    let second = RegisterRequest::new("n3", "10.0.0.3").with_service(NodeService::new("web"));
    world.register(second).await?;
    equal("healthy", healthy.next().await?.value.len(), 2)?;
    equal("instances", instances.next().await?.value.len(), 2)?;
    equal("nodes", nodes.next().await?.value.len(), known + 1)?;
    world.check("own", "web", HealthStatus::Critical).await?;
    let statuses: Vec<_> = healthy.next().await?.value;
    let statuses: Vec<_> = statuses.iter().map(|it| it.status()).collect();
    equal(
        "statuses",
        statuses,
        [HealthStatus::Critical, HealthStatus::Passing],
    )?;
    equal(
        "checks",
        checks.next().await?.value[0].status.as_str(),
        "critical",
    )
}
