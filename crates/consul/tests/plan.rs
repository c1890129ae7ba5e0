//! Watch plans: what they do while their agent is away, and as streams.

#![allow(clippy::unwrap_used, reason = "tests fail by panicking")]

use std::time::Duration;

use futures_util::StreamExt;
use quorate_agent::{Agent, AgentConfig};
use quorate_consul::{Client, ErrorKind, Plan, PlanChange, PlanState, PlanStream, QueryOptions};
use tokio::time::timeout;

/// Longer than anything here takes unless it is broken.
const PATIENCE: Duration = Duration::from_secs(20);

async fn next(plan: &mut PlanStream) -> PlanChange {
    timeout(PATIENCE, plan.next()).await.unwrap().unwrap()
}

/// The next change, and the kinds of the errors that were told before it.
async fn next_after_errors(plan: &mut PlanStream) -> (PlanChange, Vec<ErrorKind>) {
    let mut errors = Vec::new();
    loop {
        match timeout(PATIENCE, plan.next()).await.unwrap() {
            Ok(change) => return (change, errors),
            Err(error) => errors.push(error.kind()),
        }
    }
}

fn value(change: &PlanChange) -> Option<&[u8]> {
    match &change.state {
        PlanState::Key(entry) => entry.as_ref().map(|entry| &entry.value[..]),
        other => panic!("{other:?}"),
    }
}

#[tokio::test]
async fn an_agent_that_lost_everything_is_followed_further() {
    let folder = tempfile::tempdir().unwrap();
    let socket = format!("unix://{}", folder.path().join("http.sock").display());
    let start = || async {
        let config = AgentConfig::memory().with_consul_http(socket.parse().unwrap());
        Agent::start(config).await.unwrap()
    };
    let agent = start().await;
    let client = Client::builder()
        .address(&socket)
        .timeouts(
            quorate_consul::Timeouts::default().with_overall(Some(Duration::from_millis(300))),
        )
        .build()
        .unwrap();
    for number in 0..20 {
        client.kv().put("a", number.to_string()).await.unwrap();
    }
    let mut plan = client.watch(&Plan::key("a"));
    assert_eq!(value(&next(&mut plan).await), Some(&b"19"[..]));
    agent.shutdown().await;

    let error = timeout(PATIENCE, async {
        // What was asked before is answered while the agent ends, and is no change.
        plan.next().await.unwrap_err()
    });
    assert_eq!(error.await.unwrap().kind(), ErrorKind::Unavailable);

    let agent = start().await;
    let (change, _) = next_after_errors(&mut plan).await;
    assert_eq!(value(&change), None, "the agent has nothing any more");
    assert!(change.restarted, "its indexes began anew");
    client.kv().put("a", "19").await.unwrap();
    assert_eq!(
        value(&next(&mut plan).await),
        Some(&b"19"[..]),
        "it is back"
    );
    agent.shutdown().await;
}

#[tokio::test]
async fn what_was_told_before_an_error_is_not_told_again() {
    let folder = tempfile::tempdir().unwrap();
    let data = folder.path().join("data");
    let socket = format!("unix://{}", folder.path().join("http.sock").display());
    let start = || async {
        let config = AgentConfig::directory(&data).with_consul_http(socket.parse().unwrap());
        Agent::start(config).await.unwrap()
    };
    let agent = start().await;
    let client = Client::new(&socket).unwrap();
    client.kv().put("a", "1").await.unwrap();
    let mut plan = client.watch(&Plan::key("a"));
    next(&mut plan).await;
    agent.shutdown().await;
    let agent = start().await;
    client.kv().put("a", "2").await.unwrap();
    let (change, _) = next_after_errors(&mut plan).await;
    assert_eq!(value(&change), Some(&b"2"[..]));
    assert!(!change.restarted);
    agent.shutdown().await;
}

#[tokio::test]
async fn a_plan_is_a_stream_that_can_go_to_another_thread() {
    fn crosses_threads<T: Send>(value: T) -> T {
        value
    }
    let agent = Agent::start(AgentConfig::memory()).await.unwrap();
    let client = Client::builder().dialer(agent.dialer()).build().unwrap();
    let plan = Plan::from_json(r#"{"type": "services", "stale": true}"#).unwrap();
    let changes = crosses_threads(client.watch(&plan)).take(1);
    let told: Vec<_> = changes.collect().await;
    let change = told.into_iter().next().unwrap().unwrap();
    assert!(matches!(change.state, PlanState::Services(names) if names.contains_key("consul")));
    assert!(change.index.is_some());
    agent.shutdown().await;
}

#[tokio::test]
async fn an_index_is_where_a_plan_starts() {
    let agent = Agent::start(AgentConfig::memory()).await.unwrap();
    let client = Client::builder().dialer(agent.dialer()).build().unwrap();
    client.kv().put("a", "1").await.unwrap();
    let index = client.kv().get("a").await.unwrap().unwrap().modify_index;
    let mut options = QueryOptions::new();
    options.query.index = Some(index);
    let mut plan = client.watch(&Plan::key("a").with_options(options));
    let quiet = timeout(Duration::from_millis(100), plan.next()).await;
    assert!(quiet.is_err(), "nothing is newer than the index");
    client.kv().put("a", "2").await.unwrap();
    assert_eq!(value(&next(&mut plan).await), Some(&b"2"[..]));
    agent.shutdown().await;
}

#[tokio::test]
async fn a_state_serializes_to_what_handlers_are_given() {
    let agent = Agent::start(AgentConfig::memory()).await.unwrap();
    let client = Client::builder().dialer(agent.dialer()).build().unwrap();
    client.kv().put("a", "1").await.unwrap();
    client.event().fire("deploy", "now").await.unwrap();
    let mut key = client.watch(&Plan::key("a"));
    let json = serde_json::to_value(next(&mut key).await.state).unwrap();
    assert_eq!(
        (&json["Key"], &json["Value"]),
        (&"a".into(), &"MQ==".into())
    );
    let mut events = client.watch(&Plan::any_event().with_replay());
    let json = serde_json::to_value(next(&mut events).await.state).unwrap();
    assert_eq!(
        (&json[0]["Name"], &json[0]["Payload"]),
        (&"deploy".into(), &"bm93".into())
    );
    agent.shutdown().await;
}
