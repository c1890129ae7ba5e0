use std::time::Duration;

use futures_util::stream;
use quorate_agent::AgentConfig;
use quorate_etcd_proto::etcdserverpb as pb;
use quorate_etcd_proto::tonic::Code;

use super::{Channel, agent, get, put, start, told};

fn grant(id: i64, ttl: i64) -> pb::LeaseGrantRequest {
    pb::LeaseGrantRequest { id, ttl }
}

#[tokio::test]
async fn the_server_chooses_an_id_unless_there_is_one() {
    let agent = agent().await;
    let mut lease = Channel::of(&agent).await.lease();
    let chosen = lease.lease_grant(grant(0, 1)).await.unwrap().into_inner();
    assert!(chosen.id > 0 && chosen.ttl == 2, "{chosen:?}");
    let own = lease.lease_grant(grant(5, 100)).await.unwrap().into_inner();
    assert_eq!((own.id, own.ttl), (5, 100));
    let text = "etcdserver: lease already exists".to_owned();
    let again = lease.lease_grant(grant(5, 100)).await;
    assert_eq!(told(again), (Code::FailedPrecondition, text));
    // The first may be over by now.
    let another = lease.lease_grant(grant(0, 100)).await.unwrap().into_inner();
    let leases = lease.lease_leases(pb::LeaseLeasesRequest {}).await;
    let leases = leases.unwrap().into_inner().leases;
    let ids: Vec<_> = leases.iter().map(|it| it.id).collect();
    assert!(ids.contains(&5) && ids.contains(&another.id), "{ids:?}");
    assert!(ids.iter().all(|id| [5, another.id, chosen.id].contains(id)));
    agent.shutdown().await;
}

#[tokio::test]
async fn keys_end_with_their_lease() {
    let agent = agent().await;
    let channel = Channel::of(&agent).await;
    let mut lease = channel.lease();
    lease.lease_grant(grant(5, 100)).await.unwrap();
    let mut kv = channel.kv();
    for key in ["b", "a"] {
        let put = pb::PutRequest {
            lease: 5,
            ..put(key, "1")
        };
        kv.put(put).await.unwrap();
    }
    let ask = |keys| pb::LeaseTimeToLiveRequest { id: 5, keys };
    let left = lease
        .lease_time_to_live(ask(true))
        .await
        .unwrap()
        .into_inner();
    assert_eq!(
        (left.granted_ttl, left.keys),
        (100, vec!["a".into(), "b".into()])
    );
    assert!((50..=100).contains(&left.ttl));
    let silent = lease
        .lease_time_to_live(ask(false))
        .await
        .unwrap()
        .into_inner();
    assert!(silent.keys.is_empty());
    let revoke = pb::LeaseRevokeRequest { id: 5 };
    let header = lease
        .lease_revoke(revoke)
        .await
        .unwrap()
        .into_inner()
        .header;
    assert_eq!(header.unwrap().revision, 4);
    assert_eq!(kv.range(get("a")).await.unwrap().into_inner().count, 0);
    let gone = lease
        .lease_time_to_live(ask(true))
        .await
        .unwrap()
        .into_inner();
    assert_eq!((gone.ttl, gone.granted_ttl), (-1, 0));
    let text = "etcdserver: requested lease not found".to_owned();
    assert_eq!(
        told(lease.lease_revoke(revoke).await),
        (Code::NotFound, text)
    );
    agent.shutdown().await;
}

#[tokio::test]
async fn a_stream_keeps_any_number_of_leases_alive() {
    let agent = agent().await;
    let mut lease = Channel::of(&agent).await.lease();
    lease.lease_grant(grant(5, 100)).await.unwrap();
    let ask = |id| pb::LeaseKeepAliveRequest { id };
    let requests = stream::iter([ask(5), ask(55), ask(5)]);
    let mut answers = lease.lease_keep_alive(requests).await.unwrap().into_inner();
    let mut told = Vec::new();
    while let Some(answer) = answers.message().await.unwrap() {
        told.push((answer.id, answer.ttl));
    }
    assert_eq!(told, [(5, 100), (55, 0), (5, 100)], "of a dead one it is 0");
    agent.shutdown().await;
}

#[tokio::test]
async fn a_lease_that_nobody_keeps_alive_ends() {
    let agent = agent().await;
    let channel = Channel::of(&agent).await;
    channel.lease().lease_grant(grant(5, 10)).await.unwrap();
    let mut kv = channel.kv();
    let put = pb::PutRequest {
        lease: 5,
        ..put("a", "1")
    };
    kv.put(put).await.unwrap();
    let mut watcher = super::watch::Watcher::of(&channel).await;
    watcher.create_from("a", 2);
    assert!(watcher.next().await.created);
    let mut events = Vec::new();
    while events.len() < 2 {
        events.extend(watcher.next().await.events);
    }
    assert_eq!(events[0].kv.as_ref().unwrap().lease, 5);
    assert_eq!(events[1].r#type, 1);
    agent.shutdown().await;
}

#[tokio::test]
async fn the_shortest_life_of_a_lease_can_be_set() {
    let config = AgentConfig::memory().with_etcd_min_lease_ttl(Duration::from_millis(3_001));
    let agent = start(config).await;
    let mut lease = Channel::of(&agent).await.lease();
    for (asked, granted) in [(1, 4), (4, 4), (9, 9)] {
        let grant = pb::LeaseGrantRequest { id: 0, ttl: asked };
        let answer = lease.lease_grant(grant).await.unwrap().into_inner();
        assert_eq!(answer.ttl, granted);
    }
    agent.shutdown().await;
}
