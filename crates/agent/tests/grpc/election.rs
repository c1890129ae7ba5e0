use quorate_etcd_proto::etcdserverpb as pb;
use quorate_etcd_proto::tonic::{Code, Status};
use quorate_etcd_proto::v3electionpb::{
    CampaignRequest, LeaderKey, LeaderRequest, ProclaimRequest, ResignRequest,
};
use quorate_net::task::spawn;

use super::{Channel, agent, told};

fn campaign(lease: i64, value: &str) -> CampaignRequest {
    CampaignRequest {
        name: "E".into(),
        lease,
        value: value.to_owned().into(),
    }
}

async fn grant(channel: &Channel, ids: &[i64]) {
    for id in ids {
        let grant = pb::LeaseGrantRequest { id: *id, ttl: 100 };
        channel.lease().lease_grant(grant).await.unwrap();
    }
}

/// The value of the leader.
async fn leader(channel: &Channel) -> Result<String, Status> {
    let request = LeaderRequest { name: "E".into() };
    let answer = channel.election().leader(request).await?.into_inner();
    let value = answer.kv.unwrap().value.to_vec();
    Ok(String::from_utf8(value).unwrap())
}

#[tokio::test]
async fn a_leader_proclaims_until_it_resigns() {
    let agent = agent().await;
    let channel = Channel::of(&agent).await;
    grant(&channel, &[77]).await;
    let no_leader = (Code::Unknown, "election: no leader".to_owned());
    assert_eq!(told(leader(&channel).await), no_leader);
    let mut elections = channel.election();
    let won = elections
        .campaign(campaign(77, "me"))
        .await
        .unwrap()
        .into_inner();
    let key = won.leader.unwrap();
    let expected = LeaderKey {
        name: "E".into(),
        key: "E/4d".into(),
        rev: 2,
        lease: 77,
    };
    assert_eq!(key, expected);
    assert_eq!(leader(&channel).await.unwrap(), "me");
    let again = elections
        .campaign(campaign(77, "me2"))
        .await
        .unwrap()
        .into_inner();
    assert_eq!(again.leader.unwrap(), key);
    assert_eq!(leader(&channel).await.unwrap(), "me2");
    let proclaim = |key: &LeaderKey| ProclaimRequest {
        leader: Some(key.clone()),
        value: "new".into(),
    };
    elections.proclaim(proclaim(&key)).await.unwrap();
    assert_eq!(leader(&channel).await.unwrap(), "new");
    let other = LeaderKey {
        rev: 1,
        ..key.clone()
    };
    let not_leader = (Code::Unknown, "election: not leader".to_owned());
    assert_eq!(told(elections.proclaim(proclaim(&other)).await), not_leader);
    let resign = |key: &LeaderKey| ResignRequest {
        leader: Some(key.clone()),
    };
    elections.resign(resign(&other)).await.unwrap();
    assert_eq!(
        leader(&channel).await.unwrap(),
        "new",
        "it was another one's"
    );
    elections.resign(resign(&key)).await.unwrap();
    assert_eq!(told(leader(&channel).await), no_leader);
    elections.resign(resign(&key)).await.unwrap();
    let missing = (
        Code::Unknown,
        "\"leader\" field must be provided".to_owned(),
    );
    let nothing = ResignRequest { leader: None };
    assert_eq!(told(elections.resign(nothing).await), missing);
    agent.shutdown().await;
}

#[tokio::test]
async fn an_observer_hears_of_each_leader_and_of_what_it_proclaims() {
    let agent = agent().await;
    let channel = Channel::of(&agent).await;
    grant(&channel, &[1, 2]).await;
    let mut elections = channel.election();
    let request = LeaderRequest { name: "E".into() };
    let mut seen = elections.observe(request).await.unwrap().into_inner();
    let won = elections
        .campaign(campaign(1, "one"))
        .await
        .unwrap()
        .into_inner();
    let key = won.leader.unwrap();
    let mut next = async || {
        let answer = seen.message().await.unwrap().unwrap();
        answer.kv.unwrap().value
    };
    assert_eq!(next().await, "one");
    let proclaim = ProclaimRequest {
        leader: Some(key.clone()),
        value: "more".into(),
    };
    elections.proclaim(proclaim).await.unwrap();
    assert_eq!(next().await, "more");
    let mut second = channel.election();
    let second = spawn(async move { second.campaign(campaign(2, "two")).await });
    let resign = ResignRequest { leader: Some(key) };
    elections.resign(resign).await.unwrap();
    assert_eq!(next().await, "two");
    second.join().await.unwrap().unwrap();
    agent.shutdown().await;
}

#[tokio::test]
async fn nobody_wins_with_a_lease_that_has_ended() {
    let agent = agent().await;
    let channel = Channel::of(&agent).await;
    grant(&channel, &[1, 2]).await;
    channel
        .election()
        .campaign(campaign(1, "one"))
        .await
        .unwrap();
    let mut second = channel.election();
    let second = spawn(async move { second.campaign(campaign(2, "two")).await });
    let mut watcher = super::watch::Watcher::of(&channel).await;
    watcher.create_from("E/2", 1);
    assert!(watcher.next().await.created);
    watcher.next().await;
    let revoke = pb::LeaseRevokeRequest { id: 2 };
    channel.lease().lease_revoke(revoke).await.unwrap();
    assert_eq!(told(second.join().await.unwrap()).0, Code::Unknown);
    agent.shutdown().await;
}
