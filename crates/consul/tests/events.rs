//! User events, each told once.

#![allow(clippy::unwrap_used, reason = "tests fail by panicking")]

use std::time::Duration;

use quorate_agent::{Agent, AgentConfig};
use quorate_consul::Client;
use quorate_consul::event::{EventWatch, EventWatchOptions};
use tokio::time::timeout;

/// Longer than anything here takes unless it is broken.
const PATIENCE: Duration = Duration::from_secs(20);

async fn agent() -> (Agent, Client) {
    let agent = Agent::start(AgentConfig::memory()).await.unwrap();
    let client = Client::builder().dialer(agent.dialer()).build().unwrap();
    (agent, client)
}

async fn fire(client: &Client, name: &str, payloads: std::ops::Range<u32>) {
    for payload in payloads {
        client
            .event()
            .fire(name, payload.to_string())
            .await
            .unwrap();
    }
}

/// The payload of the next event, and whether some may be missing before it.
async fn next(events: &mut EventWatch) -> (u32, bool) {
    let delivery = timeout(PATIENCE, events.next()).await.unwrap().unwrap();
    let payload = std::str::from_utf8(&delivery.event.payload).unwrap();
    (payload.parse().unwrap(), delivery.gap)
}

async fn is_quiet(events: &mut EventWatch) -> bool {
    timeout(Duration::from_millis(100), events.next())
        .await
        .is_err()
}

#[tokio::test]
async fn events_from_now_on_are_told_once_in_their_order() {
    let (agent, client) = agent().await;
    fire(&client, "deploy", 0..3).await;
    let mut events = client.event().watch(Some("deploy"));
    events.begin().await.unwrap();
    assert!(is_quiet(&mut events).await, "these were before");
    fire(&client, "other", 0..3).await;
    fire(&client, "deploy", 3..6).await;
    for expected in 3..6 {
        assert_eq!(next(&mut events).await, (expected, false));
    }
    assert!(is_quiet(&mut events).await, "and nothing twice");
    agent.shutdown().await;
}

#[tokio::test]
async fn a_replay_begins_with_what_the_agent_has_kept() {
    let (agent, client) = agent().await;
    fire(&client, "deploy", 0..3).await;
    let options = EventWatchOptions::new().with_replay();
    let mut events = client.event().watch_with(None, options);
    for expected in 0..3 {
        assert_eq!(next(&mut events).await, (expected, false));
    }
    agent.shutdown().await;
}

#[tokio::test]
async fn more_events_than_the_agent_keeps_are_told_with_a_gap_and_without_doubles() {
    let (agent, client) = agent().await;
    let mut events = client.event().watch(Some("e"));
    events.begin().await.unwrap();
    fire(&client, "e", 0..1).await;
    assert_eq!(next(&mut events).await, (0, false));
    fire(&client, "e", 1..271).await;
    let (first, gap) = next(&mut events).await;
    assert!(gap && first == 15, "{first} {gap}");
    for expected in 16..271 {
        assert_eq!(next(&mut events).await, (expected, false));
    }
    assert!(is_quiet(&mut events).await);
    agent.shutdown().await;
}

#[tokio::test]
async fn an_agent_that_was_restarted_is_followed_further() {
    let folder = tempfile::tempdir().unwrap();
    let socket = format!("unix://{}", folder.path().join("http.sock").display());
    let start = || async {
        let config = AgentConfig::memory().with_consul_http(socket.parse().unwrap());
        Agent::start(config).await.unwrap()
    };
    let agent = start().await;
    let client = Client::new(&socket).unwrap();
    let mut events = client.event().watch(Some("e"));
    events.begin().await.unwrap();
    fire(&client, "e", 0..2).await;
    assert_eq!(next(&mut events).await, (0, false));
    agent.shutdown().await;
    let agent = start().await;
    fire(&client, "e", 5..6).await;
    let mut told = Vec::new();
    while told.last() != Some(&5) {
        if let Ok(delivery) = timeout(PATIENCE, events.next()).await.unwrap() {
            told.push(
                std::str::from_utf8(&delivery.event.payload)
                    .unwrap()
                    .parse()
                    .unwrap(),
            );
        }
    }
    assert_eq!(told, [1, 5]);
    agent.shutdown().await;
}
