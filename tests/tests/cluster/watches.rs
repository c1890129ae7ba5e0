//! Watches while a server is gone: they resume, go forwards only, and miss nothing.

use std::time::Duration;

use anyhow::{Context as _, ensure};
use quorate::Replica;
use quorate_consul::{
    Client, NodeService, Plan, PlanState, QueryOptions, RegisterRequest, SessionRequest,
};
use quorate_testkit::trial::{Case, Subject};
use quorate_testkit::{cases, eventually_ok};
use tokio::time::timeout;

use crate::trio::{Nothing, SOON, Trio, write};

pub(crate) fn cases() -> Vec<Case<Nothing>> {
    cases![Nothing;
        a_watch_goes_on_when_the_leader_is_killed,
        a_watch_goes_on_when_its_server_is_killed,
        a_watch_goes_on_when_its_server_stands_still,
        a_unified_watch_goes_on_when_its_server_is_killed,
        plans_go_on_when_their_server_is_killed,
        a_watch_of_a_session_sees_its_end_through_a_change_of_leader,
    ]
    .into()
}

/// How many keys are written in each part.
const KEYS: usize = 20;

/// Writes the keys of one part.
async fn write_part(client: &Client, part: usize) -> anyhow::Result<()> {
    for number in 0..KEYS {
        write(client, &format!("w/{part}/{number:03}")).await?;
    }
    Ok(())
}

/// What becomes of the server that a watch is answered by.
enum Fault {
    Killed,
    Still,
}

async fn a_watch_goes_on(trio: &Trio, victim: usize, fault: Fault) -> anyhow::Result<()> {
    let watcher = match fault {
        Fault::Killed => trio.client(victim)?,
        Fault::Still => trio.hasty_client(victim)?,
    };
    let writer = trio.client((victim + 1) % 3)?;
    // A server that stands still is noticed when the wait is over.
    let options = QueryOptions::new().with_wait(Duration::from_secs(3));
    let mut watch = watcher.kv().watch_prefix_with("w/", options);
    let mut seen = 0;
    for part in 0..3 {
        let steer = async {
            match (part, &fault) {
                (1, Fault::Killed) => trio.server(victim).kill()?,
                (1, Fault::Still) => trio.server(victim).pause().await?,
                (2, Fault::Killed) => trio.server(victim).restart().await?,
                (2, Fault::Still) => trio.server(victim).resume()?,
                _ => {}
            }
            write_part(&writer, part).await
        };
        let see = async {
            while seen < (part + 1) * KEYS {
                // An error is told and is not the end.
                let Ok(change) = watch.next().await else {
                    continue;
                };
                // A new leader may be behind for a moment, which the change says.
                let forwards = change.restarted || change.value.len() >= seen;
                ensure!(forwards, "it went backwards and does not say so");
                seen = change.value.len();
            }
            Ok(())
        };
        let see = async { timeout(SOON, see).await.context("the watch sleeps")? };
        tokio::try_join!(steer, see)?;
    }
    Ok(())
}

async fn a_watch_goes_on_when_the_leader_is_killed(_: &Subject<Nothing>) -> anyhow::Result<()> {
    let trio = Trio::start().await?;
    let leader = trio.leader().await?;
    a_watch_goes_on(&trio, leader, Fault::Killed).await
}

async fn a_watch_goes_on_when_its_server_is_killed(_: &Subject<Nothing>) -> anyhow::Result<()> {
    let trio = Trio::start().await?;
    let follower = trio.follower().await?;
    a_watch_goes_on(&trio, follower, Fault::Killed).await
}

async fn a_watch_goes_on_when_its_server_stands_still(_: &Subject<Nothing>) -> anyhow::Result<()> {
    let trio = Trio::start().await?;
    let leader = trio.leader().await?;
    a_watch_goes_on(&trio, leader, Fault::Still).await
}

/// Writes a key and registers an instance; again until it is known to be there.
async fn change(client: &Client, part: usize) -> anyhow::Result<()> {
    let request = |service: &str| {
        RegisterRequest::new(format!("plan-{part}"), "10.0.0.9")
            .with_service(NodeService::new(service))
    };
    let (web, own) = (request("plan-web"), request(&format!("plan-{part}")));
    let changed = async {
        let (kv, catalog) = (client.kv(), client.catalog());
        while kv.put(&format!("plan/{part}"), "v").await.is_err()
            || catalog.register(&web).await.is_err()
            || catalog.register(&own).await.is_err()
        {
            tokio::time::sleep(Duration::from_millis(100)).await;
        }
    };
    timeout(SOON, changed).await.context("it is not written")
}

/// Whether the state has all parts up to this one.
fn has(state: &PlanState, part: usize) -> bool {
    match state {
        PlanState::KeyPrefix(entries) => entries.len() == part + 1,
        PlanState::Service(entries) => entries.len() == part + 1,
        PlanState::Services(services) => services.contains_key(&format!("plan-{part}")),
        _ => false,
    }
}

async fn plans_go_on_when_their_server_is_killed(_: &Subject<Nothing>) -> anyhow::Result<()> {
    let trio = Trio::start().await?;
    let leader = trio.leader().await?;
    let (watcher, writer) = (trio.client(leader)?, trio.client((leader + 1) % 3)?);
    let plans = [
        Plan::key_prefix("plan/"),
        Plan::service("plan-web"),
        Plan::services(),
    ];
    let mut streams = plans.map(|plan| watcher.watch(&plan));
    for part in 0..3 {
        match part {
            1 => trio.server(leader).kill()?,
            2 => trio.server(leader).restart().await?,
            _ => {}
        }
        change(&writer, part).await?;
        for stream in &mut streams {
            let see = async {
                loop {
                    // An error is told and is not the end.
                    if let Ok(told) = stream.next().await
                        && has(&told.state, part)
                    {
                        break;
                    }
                }
            };
            timeout(SOON, see).await.context("the plan sleeps")?;
        }
    }
    Ok(())
}

async fn a_unified_watch_goes_on_when_its_server_is_killed(
    _: &Subject<Nothing>,
) -> anyhow::Result<()> {
    let trio = Trio::start().await?;
    let leader = trio.leader().await?;
    let coordinator = trio.coordinator(leader).await?;
    let writer = trio.client((leader + 1) % 3)?;
    let mut watch = coordinator.watch_prefix("w")?;
    let mut replica = Replica::new();
    for part in 0..3 {
        match part {
            1 => trio.server(leader).kill()?,
            2 => trio.server(leader).restart().await?,
            _ => {}
        }
        let see = async {
            while replica.entries().len() < (part + 1) * KEYS {
                let event = watch.next().await.context("the watch ended")?;
                if let Ok(event) = event {
                    replica.apply(event);
                }
            }
            anyhow::Ok(())
        };
        let see = async { timeout(SOON, see).await.context("the watch sleeps")? };
        tokio::try_join!(write_part(&writer, part), see)?;
    }
    Ok(())
}

async fn a_watch_of_a_session_sees_its_end_through_a_change_of_leader(
    _: &Subject<Nothing>,
) -> anyhow::Result<()> {
    let trio = Trio::start().await?;
    let leader = trio.leader().await?;
    let client = trio.client(leader)?;
    let request = SessionRequest::new().without_checks();
    let id = client.session().create(&request).await?;
    let mut watch = client.session().watch(&id);
    ensure!(watch.next().await?.value.is_some());
    trio.server(leader).kill()?;
    let next = trio.leader().await?;
    let destroyer = trio.client(next)?;
    let end = async {
        let destroyed = || async { destroyer.session().destroy(&id).await };
        eventually_ok(SOON, "it is destroyed", destroyed).await?;
        anyhow::Ok(())
    };
    let see = async {
        loop {
            if let Ok(change) = watch.next().await
                && change.value.is_none()
            {
                return anyhow::Ok(());
            }
        }
    };
    let see = async { timeout(SOON, see).await.context("the watch sleeps")? };
    tokio::try_join!(end, see).map(drop)
}
