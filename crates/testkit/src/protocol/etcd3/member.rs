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
    write(&client, "1").await?;
    Ok((cluster, client))
}

/// A write; one that an election made uncertain is made again.
pub(super) async fn write(client: &Client, value: &str) -> anyhow::Result<()> {
    let put = || async { client.kv().put("a", value.to_owned()).await };
    eventually_ok(PATIENCE, "a write", put).await?;
    Ok(())
}

/// What a call is refused with, once the members agree on a leader and know each other.
async fn refusal<T, F>(call: impl Fn() -> F) -> anyhow::Result<ErrorKind>
where
    F: Future<Output = Result<T, quorate_etcd::v3::Error>>,
{
    use ErrorKind::{Indeterminate, Timeout, Unavailable};
    let told = || async {
        match call().await {
            Ok(_) => Ok(None),
            Err(error) => match error.kind() {
                Unavailable | Timeout | Indeterminate => Err(error),
                kind => Ok(Some(kind)),
            },
        }
    };
    let told = eventually_ok(PATIENCE, "an answer", told).await?;
    told.context("it is not refused")
}

/// The member of this peer address, added by now; that the answer to an earlier try was lost is no
/// harm.
async fn added<F>(client: &Client, peer: &str, add: impl Fn() -> F) -> anyhow::Result<Member>
where
    F: Future<Output = Result<Member, quorate_etcd::v3::Error>>,
{
    let added = || async {
        match add().await {
            Err(error) if error.kind() == ErrorKind::AlreadyExists => {
                let members = client.members().list().await?;
                let own = members.into_iter().find(|it| it.peer_urls == [peer]);
                own.ok_or(error)
            }
            added => added,
        }
    };
    // The members want to know each other for a while before they let anybody come.
    Ok(eventually_ok(PATIENCE, "a member is added", added).await?)
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
    let peers = [peer.as_str()];
    let learner = added(&client, &peer, || members.add_learner(&peers)).await?;
    ensure!(learner.is_learner && learner.name.is_empty() && learner.client_urls.is_empty());
    equal(
        "where it is",
        &learner.peer_urls,
        std::slice::from_ref(&peer),
    )?;
    let again = refusal(|| members.add(&peers)).await?;
    equal("added twice", again, ErrorKind::AlreadyExists)?;
    let early = refusal(|| members.promote(learner.id)).await?;
    equal("promoted early", early, ErrorKind::Conflict)?;
    joiner.restart().await?;
    // The member that is asked may hear of it a moment later.
    let started = || async {
        let found = member(&client, learner.id).await.ok()?;
        (!found.name.is_empty()).then_some(found)
    };
    let started = eventually(PATIENCE, "it tells who it is", started).await?;
    ensure!(started.is_learner && started.name == joiner.name());
    equal("reached", started.client_urls, [joiner.url()])?;
    let mut world = World::exact(Channel::open(joiner.addr()).await?);
    let told = world.ask("put b 1").await?;
    let expected = ": etcdserver: rpc not supported for learner";
    ensure!(told.ends_with(expected), "{told}");
    let alone = Client::new(&joiner.url())?;
    ensure!(alone.maintenance().status().await?.is_learner);
    // Until it catches up that is refused; once it has happened, too, if the answer was lost.
    let promoted = || async {
        let refused = refused(members.promote(learner.id).await);
        match member(&client, learner.id).await {
            Ok(now) if !now.is_learner => Ok(()),
            _ => Err(format!("{refused:?}")),
        }
    };
    eventually_ok(PATIENCE, "it catches up", promoted).await?;
    let left = members.list().await?;
    equal("members", left.len(), 4)?;
    ensure!(left.iter().all(|member| !member.is_learner));
    let again = refusal(|| members.promote(learner.id)).await?;
    equal("promoted twice", again, ErrorKind::Conflict)?;
    // It may hear of it a moment later than the others.
    write(&alone, "b").await?;
    let synced = || async { (client.sync().await.ok()?.len() == 4).then_some(()) };
    Ok(eventually(PATIENCE, "all four are known", synced).await?)
}

async fn a_member_is_added_updated_and_removed(etcd: &Subject<Etcd>) -> anyhow::Result<()> {
    let (mut cluster, client) = three(etcd).await?;
    let members = client.members();
    let joiner = cluster.joiner()?;
    let peer = joiner.peer_url();
    let peers = [peer.as_str()];
    let added = added(&client, &peer, || members.add(&peers)).await?;
    ensure!(!added.is_learner && added.name.is_empty());
    // The member that is asked may hear of each change a moment later.
    let count = async |count: usize| {
        let listed = || async { (members.list().await.ok()?.len() == count).then_some(()) };
        eventually(PATIENCE, format!("{count} members"), listed).await
    };
    count(4).await?;
    joiner.restart().await?;
    let other = cluster.server(0).peer_url();
    let others = [other.as_str()];
    let taken = refusal(|| members.update(added.id, &others)).await?;
    equal("of another", taken, ErrorKind::AlreadyExists)?;
    let further = "http://127.0.0.1:9";
    let both = [peer.as_str(), further];
    let update = || members.update(added.id, &both);
    eventually_ok(PATIENCE, "it is updated", update).await?;
    let updated = || async {
        let updated = member(&client, added.id).await.ok()?;
        (updated.peer_urls.len() == 2).then_some(())
    };
    eventually(PATIENCE, "it has two addresses", updated).await?;
    // It counts as a member once it was heard of for a while. That the answer to an earlier try was
    // lost is no harm.
    let remove = || async {
        match members.remove(added.id).await {
            Err(error) if error.kind() != ErrorKind::NotFound => Err(error),
            _ => Ok(()),
        }
    };
    eventually_ok(PATIENCE, "it is removed", remove).await?;
    count(3).await?;
    let again = refusal(|| members.remove(added.id)).await?;
    equal("removed twice", again, ErrorKind::NotFound)?;
    let ended = || async { joiner.has_ended().then_some(()) };
    eventually(PATIENCE, "a member that is removed ends", ended).await?;
    write(&client, "2").await
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
