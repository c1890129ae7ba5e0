//! Services while a server is gone: they are registered, read and watched at the same time.

use std::sync::atomic::{AtomicBool, Ordering};
use std::time::Duration;

use anyhow::{Context as _, ensure};
use quorate_consul::{
    Client, Consistency, HealthCheck, HealthStatus, NodeService, QueryOptions, RegisterRequest,
    ServiceQuery,
};
use quorate_testkit::cases;
use quorate_testkit::trial::{Case, Subject};
use tokio::time::timeout;

use crate::trio::{Nothing, SOON, Trio};

pub(crate) fn cases() -> Vec<Case<Nothing>> {
    cases![Nothing;
        services_are_registered_read_and_watched_while_the_leader_is_killed,
        services_are_registered_read_and_watched_while_their_server_is_killed,
        services_are_registered_read_and_watched_while_their_server_stands_still,
    ]
    .into()
}

/// How many instances are registered before the server goes, while it is away, and afterwards.
const INSTANCES: usize = 20;

/// What becomes of the server that all clients began at.
#[derive(Clone, Copy)]
enum Fault {
    Killed,
    Still,
}

fn clients(trio: &Trio, victim: usize, fault: Fault) -> anyhow::Result<Client> {
    match fault {
        Fault::Killed => trio.client(victim),
        Fault::Still => trio.hasty_client(victim),
    }
}

/// Registers the instances of one part, each with a check; each again until it is known to be there.
async fn register(client: &Client, part: usize) -> anyhow::Result<()> {
    for number in 0..INSTANCES {
        let check = HealthCheck::new("alive", HealthStatus::Passing).with_service_id("web");
        let request = RegisterRequest::new(format!("node-{part}-{number:02}"), "10.0.0.1")
            .with_service(NodeService::new("web"))
            .with_check(check);
        let registered = async {
            while client.catalog().register(&request).await.is_err() {
                tokio::time::sleep(Duration::from_millis(100)).await;
            }
        };
        timeout(SOON, registered)
            .await
            .context("it is not registered")?;
    }
    Ok(())
}

/// Reads in every consistency mode until it is told to stop; none may fail, and none but a stale one
/// may go backwards.
async fn read(client: &Client, stop: &AtomicBool) -> anyhow::Result<()> {
    let modes = [
        Consistency::Default,
        Consistency::Consistent,
        Consistency::Stale,
    ];
    let mut seen = 0;
    for mode in modes.into_iter().cycle() {
        let options = QueryOptions::new().with_consistency(mode);
        let (health, catalog) = (client.health(), client.catalog());
        let healthy = health.service_with("web", &options).await;
        let healthy = healthy.with_context(|| format!("health, {mode:?}"))?.value;
        let flat = catalog.service_with("web", &[], &options).await;
        let flat = flat.with_context(|| format!("catalog, {mode:?}"))?.value;
        let nodes = catalog.nodes_with(&options).await;
        ensure!(
            !nodes
                .with_context(|| format!("nodes, {mode:?}"))?
                .value
                .is_empty()
        );
        if mode == Consistency::Consistent {
            ensure!(healthy.len() >= seen, "{} after {seen}", healthy.len());
            ensure!(
                flat.len() >= healthy.len(),
                "{} after {}",
                flat.len(),
                healthy.len()
            );
            seen = flat.len();
        }
        if stop.load(Ordering::Relaxed) {
            break;
        }
    }
    Ok(())
}

async fn all_go_on(trio: &Trio, victim: usize, fault: Fault) -> anyhow::Result<()> {
    let (writer, reader) = (clients(trio, victim, fault)?, clients(trio, victim, fault)?);
    // A server that stands still is noticed when the wait is over.
    let options = QueryOptions::new().with_wait(Duration::from_secs(3));
    let passing = ServiceQuery::new("web").with_passing_only();
    let watcher = clients(trio, victim, fault)?.health();
    let mut watch = watcher.watch_service_with(passing, options);
    let mut seen = 0;
    for part in 0..3 {
        let stop = AtomicBool::new(false);
        let steer = async {
            match (part, fault) {
                (1, Fault::Killed) => trio.server(victim).kill()?,
                (1, Fault::Still) => trio.server(victim).pause().await?,
                (2, Fault::Killed) => trio.server(victim).restart().await?,
                (2, Fault::Still) => trio.server(victim).resume()?,
                _ => {}
            }
            register(&writer, part).await
        };
        let see = async {
            while seen < (part + 1) * INSTANCES {
                // An error is told and is not the end.
                let Ok(change) = watch.next().await else {
                    continue;
                };
                let forwards = change.restarted || change.value.len() >= seen;
                ensure!(forwards, "it went backwards and does not say so");
                seen = change.value.len();
            }
            Ok(())
        };
        let see = async { timeout(SOON, see).await.context("the watch sleeps")? };
        let both = async {
            tokio::try_join!(steer, see)?;
            stop.store(true, Ordering::Relaxed);
            Ok(())
        };
        tokio::try_join!(both, read(&reader, &stop))?;
    }
    let options = QueryOptions::new().with_consistency(Consistency::Consistent);
    let all = reader.health().service_with("web", &options).await?.value;
    ensure!(all.len() == 3 * INSTANCES, "{} are registered", all.len());
    ensure!(all.iter().all(|it| it.status() == HealthStatus::Passing));
    Ok(())
}

async fn services_are_registered_read_and_watched_while_the_leader_is_killed(
    _: &Subject<Nothing>,
) -> anyhow::Result<()> {
    let trio = Trio::start().await?;
    let leader = trio.leader().await?;
    Box::pin(all_go_on(&trio, leader, Fault::Killed)).await
}

async fn services_are_registered_read_and_watched_while_their_server_is_killed(
    _: &Subject<Nothing>,
) -> anyhow::Result<()> {
    let trio = Trio::start().await?;
    let follower = trio.follower().await?;
    Box::pin(all_go_on(&trio, follower, Fault::Killed)).await
}

async fn services_are_registered_read_and_watched_while_their_server_stands_still(
    _: &Subject<Nothing>,
) -> anyhow::Result<()> {
    let trio = Trio::start().await?;
    let leader = trio.leader().await?;
    Box::pin(all_go_on(&trio, leader, Fault::Still)).await
}
