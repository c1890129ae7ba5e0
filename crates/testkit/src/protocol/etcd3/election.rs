//! The service Election, and the queue that clients make of keys.

use anyhow::{Context as _, ensure};
use quorate_etcd_proto::v3electionpb as pb;
use tokio::time::timeout;

use super::line::World;
use super::target::{Etcd, MENDED, PATIENCE, REAL};
use super::waiting::Waiting;
use crate::cases;
use crate::protocol::equal;
use crate::trial::{Case, Subject};

pub(super) fn cases() -> Vec<Case<Etcd>> {
    cases![Etcd;
        a_leader_is_a_key_with_a_value,
        a_second_campaign_of_a_leader_proclaims,
        a_candidate_waits_for_the_leader,
        only_the_leader_proclaims_and_resigns,
        a_field_that_is_missing_is_named,
        what_is_observed_are_leaders_and_what_they_proclaim,
        a_candidate_whose_lease_ends_wins_what_nobody_has needs [REAL],
        a_candidate_whose_lease_ends_does_not_win needs [MENDED],
        the_typed_client_and_the_service_share_elections,
        the_typed_client_observes_that_nobody_leads,
    ]
    .into()
}

async fn a_leader_is_a_key_with_a_value(etcd: &Subject<Etcd>) -> anyhow::Result<()> {
    let mut world = World::new(etcd).await?;
    world
        .play(&[
            ("grant 7 600", "lease 7 ttl 600"),
            ("leader e", "Unknown: election: no leader"),
            ("campaign e 7 v", "e/#7 leads e @A lease 7"),
            ("leader e", "e/#7='v' @A lease 7"),
            ("get *", "[e/#7='v' @A lease 7]"),
            ("proclaim e e/#7 A 7 w", "proclaimed"),
            ("leader e", "e/#7='w' @B/A v2 lease 7"),
            ("resign e e/#7 A 7", "resigned"),
            ("leader e", "Unknown: election: no leader"),
            ("get *", "[]"),
        ])
        .await
}

async fn a_second_campaign_of_a_leader_proclaims(etcd: &Subject<Etcd>) -> anyhow::Result<()> {
    let mut world = World::new(etcd).await?;
    world
        .play(&[
            ("grant 7 600", "lease 7 ttl 600"),
            ("campaign e 7 v", "e/#7 leads e @A lease 7"),
            ("campaign e 7 w", "e/#7 leads e @A lease 7"),
            ("leader e", "e/#7='w' @B/A v2 lease 7"),
        ])
        .await
}

async fn a_candidate_waits_for_the_leader(etcd: &Subject<Etcd>) -> anyhow::Result<()> {
    let mut world = World::new(etcd).await?;
    world
        .play(&[
            ("grant 1 600", "lease 1 ttl 600"),
            ("grant 2 600", "lease 2 ttl 600"),
            ("campaign e 1 one", "e/#1 leads e @A lease 1"),
        ])
        .await?;
    let waiting = Waiting::begin(&world, "campaign e 2 two", "e/#2").await?;
    waiting.waits().await?;
    world
        .play(&[
            ("leader e", "e/#1='one' @A lease 1"),
            ("resign e e/#1 A 1", "resigned"),
        ])
        .await?;
    let told = waiting.told().await?;
    ensure!(
        told.starts_with("e/#2 leads e @") && told.ends_with(" lease 2"),
        "{told}"
    );
    let leader = world.ask("leader e").await?;
    ensure!(leader.starts_with("e/#2='two' @"), "{leader}");
    Ok(())
}

async fn only_the_leader_proclaims_and_resigns(etcd: &Subject<Etcd>) -> anyhow::Result<()> {
    let mut world = World::new(etcd).await?;
    world
        .play(&[
            ("grant 7 600", "lease 7 ttl 600"),
            ("campaign e 7 v", "e/#7 leads e @A lease 7"),
            // The key is the same, the creation is not.
            ("proclaim e e/#7 A-1 7 w", "Unknown: election: not leader"),
            ("resign e e/#7 A-1 7", "resigned"),
            ("leader e", "e/#7='v' @A lease 7"),
            ("resign e e/#7 A 7", "resigned"),
            ("resign e e/#7 A 7", "resigned"),
            ("proclaim e e/#7 A 7 w", "Unknown: election: not leader"),
        ])
        .await
}

async fn a_field_that_is_missing_is_named(etcd: &Subject<Etcd>) -> anyhow::Result<()> {
    let mut world = World::new(etcd).await?;
    let missing = "Unknown: \"leader\" field must be provided";
    world
        .play(&[("resign nothing", missing), ("proclaim nothing v", missing)])
        .await
}

async fn what_is_observed_are_leaders_and_what_they_proclaim(
    etcd: &Subject<Etcd>,
) -> anyhow::Result<()> {
    let mut world = World::new(etcd).await?;
    world
        .play(&[
            ("grant 1 600", "lease 1 ttl 600"),
            ("grant 2 600", "lease 2 ttl 600"),
            ("campaign e 1 one", "e/#1 leads e @A lease 1"),
        ])
        .await?;
    let name = world.names.key("e");
    let observed = world
        .channel
        .election()
        .observe(pb::LeaderRequest { name })
        .await?;
    let mut observed = observed.into_inner();
    let mut next = async || -> anyhow::Result<String> {
        let told = timeout(PATIENCE, observed.message())
            .await
            .context("nothing is told")??;
        let kv = told.and_then(|told| told.kv).context("no leader")?;
        Ok(kv.value.escape_ascii().to_string())
    };
    equal("first", next().await?, "one")?;
    world
        .play(&[("proclaim e e/#1 A 1 more", "proclaimed")])
        .await?;
    equal("proclaimed", next().await?, "more")?;
    let waiting = Waiting::begin(&world, "campaign e 2 two", "e/#2").await?;
    world.play(&[("resign e e/#1 A 1", "resigned")]).await?;
    equal("second", next().await?, "two")?;
    waiting.told().await.map(drop)
}

/// A candidate whose lease is revoked while it waits, and what it is told when the leader leaves.
async fn bereft(world: &mut World) -> anyhow::Result<String> {
    world
        .play(&[
            ("grant 1 600", "lease 1 ttl 600"),
            ("grant 2 600", "lease 2 ttl 600"),
            ("campaign e 1 one", "e/#1 leads e @A lease 1"),
        ])
        .await?;
    let waiting = Waiting::begin(world, "campaign e 2 two", "e/#2").await?;
    world
        .play(&[("revoke 2", "revoked"), ("resign e e/#1 A 1", "resigned")])
        .await?;
    waiting.told().await
}

async fn a_candidate_whose_lease_ends_wins_what_nobody_has(
    etcd: &Subject<Etcd>,
) -> anyhow::Result<()> {
    let mut world = World::new(etcd).await?;
    let told = bereft(&mut world).await?;
    ensure!(told.starts_with("e/#2 leads e @"), "{told}");
    world
        .play(&[
            ("leader e", "Unknown: election: no leader"),
            ("get *", "[]"),
        ])
        .await
}

async fn a_candidate_whose_lease_ends_does_not_win(etcd: &Subject<Etcd>) -> anyhow::Result<()> {
    let mut world = World::new(etcd).await?;
    let told = bereft(&mut world).await?;
    ensure!(told.starts_with("Unknown: "), "{told}");
    world
        .play(&[("leader e", "Unknown: election: no leader")])
        .await
}

async fn the_typed_client_and_the_service_share_elections(
    etcd: &Subject<Etcd>,
) -> anyhow::Result<()> {
    let mut world = World::new(etcd).await?;
    let election = etcd.client.election(&etcd.key("e"));
    let leads = timeout(PATIENCE, election.campaign("typed"))
        .await
        .context("it waits on")??;
    world.play(&[("grant 1 600", "lease 1 ttl 600")]).await?;
    let waiting = Waiting::begin(&world, "campaign e 1 line", "e/#1").await?;
    waiting.waits().await?;
    ensure!(leads.is_leader());
    let holder = election.leader().await?.context("nobody leads")?;
    equal("value", holder.value, "typed")?;
    equal("candidates", election.candidates().await?.len(), 2)?;
    leads.proclaim("again").await?;
    let told = world.ask("leader e").await?;
    ensure!(told.contains("='again' @"), "{told}");
    leads.resign().await?;
    let told = waiting.told().await?;
    ensure!(told.starts_with("e/#1 leads e @"), "{told}");
    let holder = election.leader().await?.context("nobody leads")?;
    equal("value", holder.value, "line")
}

async fn the_typed_client_observes_that_nobody_leads(etcd: &Subject<Etcd>) -> anyhow::Result<()> {
    let election = etcd.client.election(&etcd.key("e"));
    let mut observe = election.observe();
    let mut next = async || -> anyhow::Result<Option<String>> {
        let told = timeout(PATIENCE, observe.next())
            .await
            .context("nothing is told")??;
        Ok(told.map(|holder| holder.value.escape_ascii().to_string()))
    };
    equal("first", next().await?, None)?;
    let leads = timeout(PATIENCE, election.campaign("v"))
        .await
        .context("it waits on")??;
    equal("then", next().await?, Some("v".to_owned()))?;
    leads.resign().await?;
    equal("last", next().await?, None)
}
