//! Members: as one server alone knows them, and those that come to three and go again.

use std::io;
use std::sync::{Arc, Mutex, PoisonError};
use std::time::Duration;

use anyhow::{Context as _, ensure};
use quorate_etcd::v2::discovery::{BoxFuture, SrvLookup, SrvRecord};
use quorate_etcd::v3::{Client, ErrorKind, Member, Timeouts};

use super::channel::Channel;
use super::line::World;
use super::target::{ALONE, Etcd, MEMBERS, PATIENCE};
use crate::protocol::equal;
use crate::server::EtcdCluster;
use crate::trial::{Case, Subject};
use crate::{cases, eventually, eventually_ok};

pub(super) fn cases() -> Vec<Case<Etcd>> {
    cases![Etcd;
        the_only_member_is_listed_without_a_revision needs [ALONE],
        unknown_members_are_not_found needs [ALONE],
        addresses_that_are_none_are_refused needs [ALONE],
        the_typed_client_lists_members_and_takes_their_addresses needs [ALONE],
        a_learner_is_added_catches_up_and_is_promoted needs [MEMBERS],
        a_member_is_added_updated_and_removed needs [MEMBERS],
        servers_of_a_domain_are_looked_up_again needs [MEMBERS],
    ]
    .into()
}

async fn the_only_member_is_listed_without_a_revision(etcd: &Subject<Etcd>) -> anyhow::Result<()> {
    let mut world = etcd.exact().await?;
    world.ask("put member 1").await?;
    let told = world.ask("member list").await?;
    equal("members", told.as_str(), "[\"node-1\"] @0")
}

async fn unknown_members_are_not_found(etcd: &Subject<Etcd>) -> anyhow::Result<()> {
    let mut world = etcd.exact().await?;
    let unknown = "NotFound: etcdserver: member not found";
    world
        .play(&[
            ("member remove 77", unknown),
            ("member update 77 http://127.0.0.1:1", unknown),
            ("member update 77 nonsense", unknown),
            ("member promote 77", unknown),
        ])
        .await?;
    let refused = etcd
        .client
        .members()
        .remove(77)
        .await
        .map_err(|error| error.kind());
    equal("typed", refused.err(), Some(ErrorKind::NotFound))
}

async fn addresses_that_are_none_are_refused(etcd: &Subject<Etcd>) -> anyhow::Result<()> {
    let mut world = etcd.exact().await?;
    let refused = "InvalidArgument: etcdserver: given member URLs are invalid";
    world
        .play(&[
            ("member add nonsense", refused),
            ("member add", refused),
            ("member learn nonsense", refused),
        ])
        .await
}

async fn the_typed_client_lists_members_and_takes_their_addresses(
    etcd: &Subject<Etcd>,
) -> anyhow::Result<()> {
    let members = etcd.client.members().list().await?;
    equal("members", members.len(), 1)?;
    equal("name", members[0].name.as_str(), "node-1")?;
    equal("addresses", &members[0].client_urls, &[etcd.url()])?;
    equal("synced", etcd.client.sync().await?, [etcd.url()])?;
    let status = etcd.client.maintenance().status().await?;
    equal("id", members[0].id, status.header.member_id)
}

/// What a call comes to, as the kind of its refusal if it is one.
pub(super) fn refused<T>(result: Result<T, quorate_etcd::v3::Error>) -> Option<ErrorKind> {
    result.err().map(|error| error.kind())
}

/// Three members, and a client of all of them.
pub(super) async fn three(etcd: &Etcd) -> anyhow::Result<(EtcdCluster, Client)> {
    let cluster = EtcdCluster::start_without_v2(etcd.version_of_members()?).await?;
    let timeouts = Timeouts::default()
        .with_attempt(PATIENCE / 4)
        .with_overall(Some(PATIENCE));
    let builder = Client::builder().address(&cluster.urls_from(0));
    let client = builder.timeouts(timeouts).build()?;
    client.kv().put("a", "1").await?;
    Ok((cluster, client))
}

async fn member(client: &Client, id: u64) -> anyhow::Result<Member> {
    let members = client.members().list().await?;
    let member = members.into_iter().find(|member| member.id == id);
    member.context("it is no member")
}

async fn a_learner_is_added_catches_up_and_is_promoted(etcd: &Subject<Etcd>) -> anyhow::Result<()> {
    let (mut cluster, client) = three(etcd).await?;
    let members = client.members();
    let joiner = cluster.joiner()?;
    let peer = joiner.peer_url();
    // The members want to know each other for a while before they let anybody come.
    let add = || async { members.add_learner(&[&peer]).await };
    let learner = eventually_ok(PATIENCE, "a learner is added", add).await?;
    ensure!(learner.is_learner && learner.name.is_empty() && learner.client_urls.is_empty());
    equal(
        "where it is",
        &learner.peer_urls,
        std::slice::from_ref(&peer),
    )?;
    let again = refused(members.add(&[&peer]).await);
    equal("added twice", again, Some(ErrorKind::AlreadyExists))?;
    let early = refused(members.promote(learner.id).await);
    equal("promoted early", early, Some(ErrorKind::Conflict))?;
    joiner.restart().await?;
    let started = member(&client, learner.id).await?;
    ensure!(started.is_learner && started.name == joiner.name());
    equal("reached", started.client_urls, [joiner.url()])?;
    let mut world = World::exact(Channel::open(joiner.addr()).await?);
    let told = world.ask("put b 1").await?;
    let expected = ": etcdserver: rpc not supported for learner";
    ensure!(told.ends_with(expected), "{told}");
    let alone = Client::new(&joiner.url())?;
    ensure!(alone.maintenance().status().await?.is_learner);
    let promote = || async { members.promote(learner.id).await };
    let left = eventually_ok(PATIENCE, "it catches up", promote).await?;
    equal("members", left.len(), 4)?;
    ensure!(left.iter().all(|member| !member.is_learner));
    let again = refused(members.promote(learner.id).await);
    equal("promoted twice", again, Some(ErrorKind::Conflict))?;
    alone.kv().put("b", "1").await?;
    equal("synced", client.sync().await?.len(), 4)
}

async fn a_member_is_added_updated_and_removed(etcd: &Subject<Etcd>) -> anyhow::Result<()> {
    let (mut cluster, client) = three(etcd).await?;
    let members = client.members();
    let joiner = cluster.joiner()?;
    let peer = joiner.peer_url();
    let add = || async { members.add(&[&peer]).await };
    let added = eventually_ok(PATIENCE, "a member is added", add).await?;
    ensure!(!added.is_learner && added.name.is_empty());
    equal("members", members.list().await?.len(), 4)?;
    joiner.restart().await?;
    let other = cluster.server(0).peer_url();
    let taken = refused(members.update(added.id, &[&other]).await);
    equal("of another", taken, Some(ErrorKind::AlreadyExists))?;
    let further = "http://127.0.0.1:9";
    members.update(added.id, &[&peer, further]).await?;
    let updated = member(&client, added.id).await?;
    equal("updated", updated.peer_urls.len(), 2)?;
    // It counts as a member once it was heard of for a while.
    let remove = || async { members.remove(added.id).await };
    let left = eventually_ok(PATIENCE, "it is removed", remove).await?;
    equal("members", left.len(), 3)?;
    let again = refused(members.remove(added.id).await);
    equal("removed twice", again, Some(ErrorKind::NotFound))?;
    let ended = || async { joiner.has_ended().then_some(()) };
    eventually(PATIENCE, "a member that is removed ends", ended).await?;
    client.kv().put("a", "2").await?;
    Ok(())
}

/// Names of one server each, as a name server tells them.
#[derive(Debug)]
struct Zone(Mutex<u16>);

impl SrvLookup for Zone {
    fn lookup<'a>(&'a self, name: &'a str) -> BoxFuture<'a, io::Result<Vec<SrvRecord>>> {
        let port = *self.0.lock().unwrap_or_else(PoisonError::into_inner);
        let found = name == "_etcd-client._tcp.example.com.";
        let records = found.then(|| SrvRecord::new("127.0.0.1", port));
        Box::pin(async { Ok(records.into_iter().collect()) })
    }
}

async fn servers_of_a_domain_are_looked_up_again(etcd: &Subject<Etcd>) -> anyhow::Result<()> {
    let cluster = EtcdCluster::start_without_v2(etcd.version_of_members()?).await?;
    let zone = Arc::new(Zone(Mutex::new(cluster.server(0).addr().port())));
    // A call that finds nobody ends soon, and the next one looks again.
    let timeouts = Timeouts::default().with_overall(Some(Duration::from_secs(2)));
    let builder = Client::builder().discovery_srv("example.com");
    let client = builder
        .resolver(Arc::clone(&zone) as _)
        .discover_every(Duration::from_millis(50))
        .timeouts(timeouts)
        .build()?;
    let put = || async { client.kv().put("a", "1").await };
    eventually_ok(PATIENCE, "a write", put).await?;
    equal("first", client.addresses(), [cluster.server(0).url()])?;
    *zone.0.lock().unwrap_or_else(PoisonError::into_inner) = cluster.server(1).addr().port();
    cluster.server(0).kill()?;
    let read = || async { client.kv().get("a").await };
    let found = eventually_ok(PATIENCE, "another server is found", read).await?;
    ensure!(found.is_some_and(|kv| kv.value == "1"));
    equal("then", client.addresses(), [cluster.server(1).url()])
}
