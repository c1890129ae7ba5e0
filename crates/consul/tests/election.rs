//! Elections: one leads, and everybody can know who.

#![allow(clippy::unwrap_used, reason = "tests fail by panicking")]

use std::time::Duration;

use quorate_agent::{Agent, AgentConfig};
use quorate_consul::election::Election;
use quorate_consul::{Client, LockOptions, LostReason};
use tokio::time::timeout;

/// Longer than anything here takes unless it is broken.
const PATIENCE: Duration = Duration::from_secs(20);

async fn agent() -> (Agent, Client) {
    let agent = Agent::start(AgentConfig::memory()).await.unwrap();
    let client = Client::builder().dialer(agent.dialer()).build().unwrap();
    (agent, client)
}

fn election(client: &Client) -> Election {
    let options = LockOptions::new().with_lock_delay(Duration::ZERO);
    client.election("service/app/leader").with_options(options)
}

#[tokio::test]
async fn the_next_candidate_leads_when_the_leader_resigns() {
    let (agent, client) = agent().await;
    let election = election(&client);
    let first = election.campaign("a").await.unwrap();
    let none = election.campaign_within("b", Duration::ZERO).await.unwrap();
    assert_eq!(none.holder().unwrap().value, "a");
    let waiting = election.campaign("b");
    let (resigned, second) = tokio::join!(
        async {
            let first_token = first.fencing_token();
            first.resign().await.map(|()| first_token)
        },
        timeout(PATIENCE, waiting)
    );
    let second = second.unwrap().unwrap();
    assert!(second.fencing_token() > resigned.unwrap());
    assert!(second.is_leader());
    assert_eq!(election.leader().await.unwrap().unwrap().value, "b");
    agent.shutdown().await;
}

#[tokio::test]
async fn observers_see_leaders_proclamations_and_vacancies_and_nothing_twice() {
    let (agent, client) = agent().await;
    let election = election(&client);
    let mut leaders = election.observe();
    assert_eq!(leaders.next().await.unwrap(), None);
    let leadership = election.campaign("a").await.unwrap();
    let seen = leaders.next().await.unwrap().unwrap();
    assert_eq!(
        (&*seen.value, &*seen.session),
        (&b"a"[..], leadership.session_id())
    );
    assert_eq!(seen.modify_index, leadership.fencing_token());
    leadership.proclaim("a, ready").await.unwrap();
    assert_eq!(leaders.next().await.unwrap().unwrap().value, "a, ready");
    leadership.resign().await.unwrap();
    assert_eq!(leaders.next().await.unwrap(), None);
    // Writes that change nothing about the leader are not told.
    client
        .kv()
        .put("service/app/leader", "nobody")
        .await
        .unwrap();
    let quiet = timeout(Duration::from_millis(100), leaders.next()).await;
    assert!(quiet.is_err(), "{quiet:?}");
    agent.shutdown().await;
}

#[tokio::test]
async fn a_leader_whose_session_is_ended_learns_it_and_another_is_elected() {
    let (agent, client) = agent().await;
    let election = election(&client);
    let leadership = election.campaign("a").await.unwrap();
    let lost = leadership.lost();
    client
        .session()
        .destroy(leadership.session_id())
        .await
        .unwrap();
    let reason = timeout(PATIENCE, lost).await.unwrap();
    assert!(
        matches!(reason, LostReason::SessionGone | LostReason::NotHolder),
        "{reason:?}"
    );
    assert!(!leadership.is_leader());
    assert!(leadership.proclaim("still me").await.is_err());
    let next = timeout(PATIENCE, election.campaign("b"))
        .await
        .unwrap()
        .unwrap();
    assert!(next.fencing_token() > leadership.fencing_token());
    agent.shutdown().await;
}
