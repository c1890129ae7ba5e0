//! Looking after a server: its status, alarms, hashes, snapshots.

use anyhow::ensure;
use quorate_etcd::v3::{Alarm, AlarmKind, Downgrade, Error, ErrorKind, Maintenance};
use quorate_etcd_proto::etcdserverpb as pb;

use super::line::World;
use super::member::{refused, three, write};
use super::target::{ALONE, Etcd, MEMBERS, PATIENCE, SINCE_3_5, V3_4, V3_5};
use crate::protocol::equal;
use crate::server::EtcdVersion;
use crate::trial::{Case, Subject};
use crate::{cases, eventually, eventually_ok};

pub(super) fn cases() -> Vec<Case<Etcd>> {
    cases![Etcd;
        a_server_tells_its_version_and_who_leads,
        an_alarm_of_space_stops_what_needs_some needs [ALONE],
        an_alarm_of_damage_stops_all_writes needs [ALONE],
        alarms_are_listed_and_disarmed_one_by_one needs [ALONE, SINCE_3_5],
        a_hash_is_that_of_a_revision needs [ALONE],
        equal_keys_have_equal_hashes needs [ALONE],
        a_snapshot_is_streamed_with_what_is_left_of_it,
        the_only_member_leads_on needs [ALONE],
        defragmenting_does_no_harm needs [ALONE],
        a_downgrade_is_checked_in_words needs [V3_5],
        there_is_no_downgrade needs [V3_4],
        a_downgrade_is_validated_begun_and_canceled needs [MEMBERS],
        the_leadership_is_handed_to_another_member needs [MEMBERS],
        the_typed_client_looks_after_a_server needs [ALONE],
    ]
    .into()
}

async fn a_server_tells_its_version_and_who_leads(etcd: &Subject<Etcd>) -> anyhow::Result<()> {
    World::new(etcd)
        .await?
        .play(&[("put a 1", "put @A")])
        .await?;
    let channel = etcd.channel().await?;
    let status = channel
        .maintenance()
        .status(pb::StatusRequest {})
        .await?
        .into_inner();
    equal("version", status.version.as_str(), etcd.number())?;
    ensure!(
        status.leader != 0 && status.raft_term > 0 && status.raft_index > 0,
        "{status:?}"
    );
    ensure!(
        status.db_size > 0 && status.errors.is_empty() && !status.is_learner,
        "{status:?}"
    );
    let header = status.header.unwrap_or_default();
    ensure!(
        header.cluster_id != 0 && header.member_id != 0 && header.revision > 0,
        "{header:?}"
    );
    equal("term", header.raft_term, status.raft_term)?;
    let typed = etcd.client.maintenance().status().await?;
    equal("typed", typed.version.as_str(), etcd.number())?;
    equal("cluster", typed.header.cluster_id, header.cluster_id)
}

const NO_SPACE: &str = "ResourceExhausted: etcdserver: mvcc: database space exceeded";
const DAMAGED: &str = "DataLoss: etcdserver: corrupt cluster";

async fn an_alarm_of_space_stops_what_needs_some(etcd: &Subject<Etcd>) -> anyhow::Result<()> {
    let etcd = etcd.alone().await?;
    let mut world = etcd.exact().await?;
    world.ask("alarm raise 5 1").await?;
    world
        .play(&[
            ("put a 1", NO_SPACE),
            ("txn ? put a 1", NO_SPACE),
            ("txn ? get a : put a 1", NO_SPACE),
            ("grant 7 60", NO_SPACE),
            ("get a", "[] @1"),
            ("txn ? get a", "yes @1 { [] @1 }"),
            ("del a", "deleted 0 @1"),
            ("txn ? del a", "yes @1 { deleted 0 @1 }"),
        ])
        .await?;
    let refused = etcd
        .client
        .kv()
        .put("a", "1")
        .await
        .map_err(|error| error.kind());
    equal("typed", refused.err(), Some(ErrorKind::NoSpace))?;
    world.ask("alarm disarm 5 1").await?;
    world.play(&[("put a 1", "put @2")]).await
}

async fn an_alarm_of_damage_stops_all_writes(etcd: &Subject<Etcd>) -> anyhow::Result<()> {
    let etcd = etcd.alone().await?;
    let mut world = etcd.exact().await?;
    world.play(&[("put a 1", "put @2")]).await?;
    world.ask("alarm raise 5 2").await?;
    world
        .play(&[
            ("put a 2", DAMAGED),
            ("del a", DAMAGED),
            ("txn ? put a 2", DAMAGED),
            ("grant 7 60", DAMAGED),
            ("compact 2", DAMAGED),
            ("get a", "[a='1' @2] @2"),
        ])
        .await?;
    let refused = etcd
        .client
        .kv()
        .put("a", "2")
        .await
        .map_err(|error| error.kind());
    equal("typed", refused.err(), Some(ErrorKind::Corrupt))?;
    world.ask("alarm disarm 5 2").await?;
    world.play(&[("put a 2", "put @3")]).await
}

async fn alarms_are_listed_and_disarmed_one_by_one(etcd: &Subject<Etcd>) -> anyhow::Result<()> {
    let etcd = etcd.alone().await?;
    let mut world = etcd.exact().await?;
    world
        .play(&[
            ("alarm list 0 0", "[] @1"),
            ("alarm raise 5 1", "[\"Nospace of 5\"] @1"),
            ("alarm raise 6 2", "[\"Corrupt of 6\"] @1"),
            ("alarm list 0 1", "[\"Nospace of 5\"] @1"),
            ("alarm list 0 2", "[\"Corrupt of 6\"] @1"),
            ("alarm disarm 0 1", "[] @1"),
            ("alarm list 0 1", "[\"Nospace of 5\"] @1"),
            ("alarm disarm 5 1", "[\"Nospace of 5\"] @1"),
            ("alarm list 0 1", "[] @1"),
            ("alarm disarm 5 1", "[] @1"),
            ("alarm disarm 6 2", "[\"Corrupt of 6\"] @1"),
        ])
        .await
}

async fn a_hash_is_that_of_a_revision(etcd: &Subject<Etcd>) -> anyhow::Result<()> {
    let etcd = etcd.alone().await?;
    let mut world = etcd.exact().await?;
    let future = "OutOfRange: etcdserver: mvcc: required revision is a future revision";
    let compacted = "OutOfRange: etcdserver: mvcc: required revision has been compacted";
    world
        .play(&[
            ("put a 1", "put @2"),
            ("put a 2", "put @3"),
            ("put a 3", "put @4"),
            ("hash 0", "hashed since -1 @4"),
            ("hash 3", "hashed since -1 @4"),
            ("hash 5", future),
            ("compact 3", "compacted @4"),
            ("hash 2", compacted),
            ("hash 4", "hashed since 3 @4"),
        ])
        .await
}

async fn equal_keys_have_equal_hashes(etcd: &Subject<Etcd>) -> anyhow::Result<()> {
    let etcd = etcd.alone().await?;
    let mut world = etcd.exact().await?;
    let maintenance = etcd.client.maintenance();
    world.play(&[("put a 1", "put @2")]).await?;
    let first = maintenance.hash_keys(Some(2)).await?.hash;
    world.play(&[("put a 2", "put @3")]).await?;
    equal(
        "of the same revision",
        maintenance.hash_keys(Some(2)).await?.hash,
        first,
    )?;
    ensure!(
        maintenance.hash_keys(None).await?.hash != first,
        "other keys, the same hash"
    );
    Ok(())
}

async fn a_snapshot_is_streamed_with_what_is_left_of_it(
    etcd: &Subject<Etcd>,
) -> anyhow::Result<()> {
    let channel = etcd.channel().await?;
    let answer = channel
        .maintenance()
        .snapshot(pb::SnapshotRequest {})
        .await?;
    let mut stream = answer.into_inner();
    let (mut bytes, mut left) = (0_u64, None);
    while let Some(part) = stream.message().await? {
        bytes += u64::try_from(part.blob.len())?;
        if let Some(left) = left {
            ensure!(part.remaining_bytes <= left, "more is left than before");
        }
        left = Some(part.remaining_bytes);
    }
    equal("left", left, Some(0))?;
    ensure!(bytes > 32, "{bytes} bytes");
    Ok(())
}

async fn the_only_member_leads_on(etcd: &Subject<Etcd>) -> anyhow::Result<()> {
    let mut world = etcd.exact().await?;
    let refused = "FailedPrecondition: etcdserver: bad leader transferee";
    world
        .play(&[("move 77", refused), ("move 0", refused)])
        .await
}

async fn defragmenting_does_no_harm(etcd: &Subject<Etcd>) -> anyhow::Result<()> {
    let etcd = etcd.alone().await?;
    let mut world = etcd.exact().await?;
    let lines = [
        ("put a 1", "put @2"),
        ("defrag", "done"),
        ("get a", "[a='1' @2] @2"),
    ];
    world.play(&lines).await
}

async fn a_downgrade_is_checked_in_words(etcd: &Subject<Etcd>) -> anyhow::Result<()> {
    let mut world = etcd.exact().await?;
    let invalid = "InvalidArgument: etcdserver: invalid downgrade target version";
    world
        .play(&[
            ("downgrade 0 3.5.0", invalid),
            ("downgrade 0 3.6.0", invalid),
            ("downgrade 0 3.3.0", invalid),
            (
                "downgrade 0 ''",
                "InvalidArgument: etcdserver: wrong downgrade target version format",
            ),
            (
                "downgrade 2 ''",
                "FailedPrecondition: etcdserver: no inflight downgrade job",
            ),
            ("downgrade 9 3.4.0", "Unknown: etcdserver: unknown method"),
        ])
        .await
}

async fn there_is_no_downgrade(etcd: &Subject<Etcd>) -> anyhow::Result<()> {
    let mut world = etcd.exact().await?;
    let unknown = "Unimplemented: unknown method Downgrade for service etcdserverpb.Maintenance";
    world.play(&[("downgrade 0 3.4.0", unknown)]).await
}

/// Begins or cancels one. etcd 3.5 does that and never answers.
async fn turn(
    maintenance: &Maintenance,
    what: Downgrade,
    version: EtcdVersion,
    older: &str,
) -> anyhow::Result<()> {
    let done = maintenance.downgrade(what, older).await;
    match version {
        EtcdVersion::V3_5 => equal("turned", refused(done), Some(ErrorKind::Indeterminate)),
        _ => Ok(done.map(drop)?),
    }
}

async fn a_downgrade_is_validated_begun_and_canceled(etcd: &Subject<Etcd>) -> anyhow::Result<()> {
    let version = etcd.version_of_members()?;
    let (_cluster, client) = three(etcd).await?;
    let maintenance = client.maintenance();
    let ask = |what, older| maintenance.downgrade(what, older);
    let (own, older) = match version {
        EtcdVersion::V3_4 => {
            let kind = refused(ask(Downgrade::Validate, "3.3.0").await);
            return equal("before 3.5", kind, Some(ErrorKind::Unsupported));
        }
        EtcdVersion::V3_5 => ("3.5", "3.4.0"),
        EtcdVersion::V3_7 => ("3.7", "3.6.0"),
    };
    let validate = || ask(Downgrade::Validate, older);
    let told = eventually_ok(PATIENCE, "the version of the cluster", validate).await?;
    ensure!(told.starts_with(own), "{told}");
    let kind = refused(ask(Downgrade::Enable, "3.3.0").await);
    equal("too old", kind, Some(ErrorKind::InvalidArgument))?;
    turn(&maintenance, Downgrade::Enable, version, older).await?;
    let kind = refused(ask(Downgrade::Enable, older).await);
    // 3.7 may have begun to speak as the older one already.
    let kinds = [ErrorKind::Conflict, ErrorKind::InvalidArgument].map(Some);
    ensure!(kinds.contains(&kind), "begun twice: {kind:?}");
    let target = || async { Ok::<_, Error>(maintenance.status().await?.downgrade_target) };
    if version == EtcdVersion::V3_7 {
        let told = || async { (target().await.ok()? == Some(older.to_owned())).then_some(()) };
        eventually(PATIENCE, "the status tells of it", told).await?;
    }
    write(&client, "2").await?;
    turn(&maintenance, Downgrade::Cancel, version, older).await?;
    let over = || async { target().await.ok()?.is_none().then_some(()) };
    eventually(PATIENCE, "the status tells no more of it", over).await?;
    // What is canceled can be begun again, or, asked of 3.5 without the wait, is none to be canceled.
    match version {
        EtcdVersion::V3_5 => {
            let kind = refused(ask(Downgrade::Cancel, "").await);
            equal("canceled twice", kind, Some(ErrorKind::Conflict))
        }
        _ => {
            let enable = || ask(Downgrade::Enable, older);
            eventually_ok(PATIENCE, "it is begun again", enable).await?;
            Ok(())
        }
    }
}

async fn the_leadership_is_handed_to_another_member(etcd: &Subject<Etcd>) -> anyhow::Result<()> {
    let (cluster, client) = three(etcd).await?;
    let of = |number| {
        client
            .maintenance()
            .of_server(&cluster.server(number).url())
    };
    for attempt in 1.. {
        let first = cluster.leader().await?;
        let second = (first + 1) % 3;
        let (leader, follower) = (of(first)?, of(second)?);
        let before = follower.status().await?;
        let heir = before.header.member_id;
        let asked = refused(follower.move_leader(heir).await);
        let moved = refused(leader.move_leader(heir).await);
        let (now, after) = (cluster.leader().await?, of(second)?.status().await?);
        // One election, and no other one that happened by itself in between.
        if after.raft_term == before.raft_term + 1 || attempt == 5 {
            equal("asked of a follower", asked, Some(ErrorKind::Conflict))?;
            equal("asked of the leader", moved, None)?;
            equal("leads", now, second)?;
            ensure!(after.is_leader());
            break;
        }
    }
    write(&client, "2").await
}

async fn the_typed_client_looks_after_a_server(etcd: &Subject<Etcd>) -> anyhow::Result<()> {
    let etcd = etcd.alone().await?;
    let maintenance = etcd.client.maintenance();
    ensure!(maintenance.alarms().await?.is_empty());
    let member = maintenance.status().await?.header.member_id;
    let alarm = Alarm::new(member, AlarmKind::NoSpace);
    maintenance.raise(alarm).await?;
    equal("alarms", maintenance.alarms().await?, [alarm])?;
    maintenance.disarm(alarm).await?;
    ensure!(maintenance.alarms().await?.is_empty());
    maintenance.of_server(&etcd.url())?.defragment().await?;
    let refused = maintenance
        .move_leader(77)
        .await
        .map_err(|error| error.kind());
    equal("moved", refused.err(), Some(ErrorKind::Conflict))
}
