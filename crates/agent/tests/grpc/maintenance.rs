use quorate_etcd_proto::etcdserverpb as pb;
use quorate_etcd_proto::tonic::Code;

use super::{Channel, agent, put, told};

#[tokio::test]
async fn an_alarm_stops_writes_until_it_is_turned_off() {
    let agent = agent().await;
    let channel = Channel::of(&agent).await;
    let mut maintenance = channel.maintenance();
    let ask = |action, alarm| pb::AlarmRequest {
        action,
        alarm,
        member_id: 7,
    };
    let on = maintenance
        .alarm(ask(1, 1))
        .await
        .unwrap()
        .into_inner()
        .alarms;
    assert_eq!((on.len(), on[0].member_id, on[0].alarm), (1, 7, 1));
    let text = "etcdserver: mvcc: database space exceeded".to_owned();
    let refused = channel.kv().put(put("a", "1")).await;
    assert_eq!(told(refused), (Code::ResourceExhausted, text));
    for (kind, count) in [(0, 1), (1, 1), (2, 0)] {
        let listed = maintenance.alarm(ask(0, kind)).await.unwrap().into_inner();
        assert_eq!(listed.alarms.len(), count);
    }
    let status = maintenance.status(pb::StatusRequest {}).await.unwrap();
    assert_eq!(status.into_inner().errors, ["memberID:7 alarm:NOSPACE "]);
    for count in [1, 0] {
        let off = maintenance.alarm(ask(2, 1)).await.unwrap().into_inner();
        assert_eq!(off.alarms.len(), count);
    }
    channel.kv().put(put("a", "1")).await.unwrap();
    assert_eq!(
        told(maintenance.alarm(ask(7, 1)).await).0,
        Code::InvalidArgument
    );
    agent.shutdown().await;
}

#[tokio::test]
async fn the_agent_is_a_cluster_of_one() {
    let agent = agent().await;
    let channel = Channel::of(&agent).await;
    let mut cluster = channel.cluster();
    let list = pb::MemberListRequest::default();
    let listed = cluster.member_list(list).await.unwrap().into_inner();
    assert_eq!(listed.header.unwrap().revision, 0);
    let member = &listed.members[0];
    assert_eq!((listed.members.len(), member.name.as_str()), (1, "node-1"));
    assert_eq!(member.client_ur_ls, [agent.etcd_url().unwrap()]);
    let status = channel.maintenance().status(pb::StatusRequest {}).await;
    let status = status.unwrap().into_inner();
    assert_eq!(
        (status.leader, status.version.as_str()),
        (member.id, "3.5.16")
    );
    let bad = pb::MemberAddRequest {
        peer_ur_ls: vec!["x".into()],
        is_learner: false,
    };
    let text = "etcdserver: given member URLs are invalid".to_owned();
    assert_eq!(
        told(cluster.member_add(bad).await),
        (Code::InvalidArgument, text)
    );
    let unknown = pb::MemberRemoveRequest { id: 4 };
    let text = "etcdserver: member not found".to_owned();
    assert_eq!(
        told(cluster.member_remove(unknown).await),
        (Code::NotFound, text)
    );
    let own = pb::MemberRemoveRequest { id: member.id };
    assert_eq!(
        told(cluster.member_remove(own).await).0,
        Code::FailedPrecondition
    );
    let update = pb::MemberUpdateRequest {
        id: member.id,
        peer_ur_ls: vec!["http://a:1".into()],
    };
    let updated = cluster.member_update(update).await.unwrap().into_inner();
    assert_eq!(updated.members[0].peer_ur_ls, ["http://a:1"]);
    agent.shutdown().await;
}

#[tokio::test]
async fn the_hash_changes_with_every_write_and_with_nothing_else() {
    let agent = agent().await;
    let channel = Channel::of(&agent).await;
    let mut maintenance = channel.maintenance();
    let mut hashes = Vec::new();
    for value in ["1", "2"] {
        channel.kv().put(put("a", value)).await.unwrap();
        for _ in 0..2 {
            let ask = pb::HashKvRequest { revision: 0 };
            let hash = maintenance.hash_kv(ask).await.unwrap().into_inner();
            assert_eq!(hash.compact_revision, -1);
            hashes.push(hash.hash);
        }
    }
    assert!(hashes[0] == hashes[1] && hashes[2] == hashes[3] && hashes[0] != hashes[2]);
    let older = pb::HashKvRequest { revision: 2 };
    let hash = maintenance.hash_kv(older).await.unwrap().into_inner();
    assert_eq!(hash.hash, hashes[0]);
    agent.shutdown().await;
}

#[tokio::test]
async fn what_a_single_member_can_not_do_is_told() {
    let agent = agent().await;
    let mut maintenance = Channel::of(&agent).await.maintenance();
    let leader = pb::MoveLeaderRequest { target_id: 4 };
    let text = "etcdserver: bad leader transferee".to_owned();
    let refused = maintenance.move_leader(leader).await;
    assert_eq!(told(refused), (Code::FailedPrecondition, text));
    let ask = |action, version: &str| pb::DowngradeRequest {
        action,
        version: version.into(),
    };
    let fine = maintenance
        .downgrade(ask(0, "3.4.0"))
        .await
        .unwrap()
        .into_inner();
    assert_eq!(fine.version, "3.5.0");
    let wrong = told(maintenance.downgrade(ask(0, "x")).await).1;
    assert_eq!(wrong, "etcdserver: wrong downgrade target version format");
    let invalid = told(maintenance.downgrade(ask(1, "3.3.0")).await).1;
    assert_eq!(invalid, "etcdserver: invalid downgrade target version");
    let none = told(maintenance.downgrade(ask(2, "")).await).1;
    assert_eq!(none, "etcdserver: no inflight downgrade job");
    agent.shutdown().await;
}

#[tokio::test]
async fn a_snapshot_comes_in_pieces_with_a_digest_at_the_end() {
    let agent = agent().await;
    let channel = Channel::of(&agent).await;
    for key in 0..40 {
        let value = "x".repeat(5000);
        channel
            .kv()
            .put(put(&format!("k{key}"), &value))
            .await
            .unwrap();
    }
    let ask = pb::SnapshotRequest {};
    let mut pieces = channel
        .maintenance()
        .snapshot(ask)
        .await
        .unwrap()
        .into_inner();
    let (mut file, mut left) = (Vec::new(), Vec::new());
    while let Some(piece) = pieces.message().await.unwrap() {
        file.extend_from_slice(&piece.blob);
        left.push(piece.remaining_bytes);
    }
    let digest = file.split_off(file.len() - 32);
    assert_eq!(file.len() % 4096, 0);
    assert!(file.len() > 40 * 5000 && left.len() > 6, "{left:?}");
    assert!(left.is_sorted_by(|a, b| a >= b) && left.last() == Some(&0));
    let sum = ring::digest::digest(&ring::digest::SHA256, &file);
    assert_eq!(sum.as_ref(), digest);
    agent.shutdown().await;
}
