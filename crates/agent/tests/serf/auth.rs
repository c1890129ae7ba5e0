//! Who may do what before he has shown the token.

use quorate_agent::{Agent, AgentConfig, AgentError};
use quorate_wire::serf::{Command, Join, Members, Stats, Stop};

use crate::{Client, start};

const TOKEN: &str = "b1gs33cr3t";

async fn agent() -> Agent {
    let config = AgentConfig::memory().with_node_name("alpha");
    start(config.with_serf_rpc_auth(TOKEN)).await
}

#[tokio::test]
async fn a_refused_body_is_not_taken_for_a_request() {
    let agent = agent().await;
    let mut client = Client::greeted(&agent).await;
    // A real agent answers each of them twice, because it takes the body for the next header.
    for _ in 0..3 {
        let refused = client.ask(Command::Stop, &Stop { seq: 1 }).await;
        assert_eq!(refused, "Authentication required");
    }
    assert_eq!(client.auth("wrong").await, "Invalid authentication token");
    assert_eq!(client.auth(TOKEN).await, "");
    let (error, stats) = client.fetch::<Stats>(Command::Stats, None).await;
    assert_eq!(
        (error.as_str(), stats.get("agent", "name")),
        ("", Some("alpha"))
    );
    agent.shutdown().await;
}

#[tokio::test]
async fn a_stranger_may_send_little_and_whoever_is_known_more() {
    let agent = agent().await;
    let large = Join {
        existing: vec!["x".repeat(5000)],
        replay: false,
    };
    let mut stranger = Client::greeted(&agent).await;
    stranger.request(Command::Join, Some(&large)).await;
    assert!(stranger.is_closed().await);
    let mut known = Client::greeted(&agent).await;
    assert_eq!(known.auth(TOKEN).await, "");
    let joined = known.fetch::<quorate_wire::serf::Joined>(Command::Join, Some(&large));
    assert!(joined.await.0.contains("Failed to resolve xxx"));
    assert_eq!(
        known
            .fetch::<Members>(Command::Members, None)
            .await
            .1
            .members
            .len(),
        1
    );
    agent.shutdown().await;
}

#[tokio::test]
async fn a_token_that_lets_everybody_in_is_refused() {
    let config = AgentConfig::memory().with_serf_rpc("127.0.0.1:0".parse().unwrap());
    let refused = Agent::start(config.with_serf_rpc_auth("")).await;
    assert!(matches!(refused, Err(AgentError::EmptyRpcToken)));
}
