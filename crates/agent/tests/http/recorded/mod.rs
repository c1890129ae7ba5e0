//! The agent answers what Consul 1.8.7 answered: the same requests in the same order, compared
//! byte for byte but for ids, dates, framing, and the absolute value of indexes. Their order is
//! compared: what was newer there is newer here.

mod acl;
mod keys;
mod masked;
mod replay;
mod rest;
mod sessions;
mod txns;

use replay::Replay;

/// Recordings that the agent deliberately does not repeat, and why.
const DIFFERENT: [(&str, &str); 8] = [
    ("txn-node-get", "transactions are on keys alone"),
    (
        "agent-self",
        "DebugConfig and Stats are not those of Consul",
    ),
    (
        "catalog-node",
        "the node's own checks and services are not registered through an agent",
    ),
    (
        "catalog-node-unknown",
        "the index goes on, so that a watch of the node wakes",
    ),
    ("catalog-services-cached", "services are not served"),
    ("catalog-services-cached-hit", "services are not served"),
    (
        "health-node",
        "the checks are not registered through an agent",
    ),
    (
        "health-state-critical",
        "the checks are not registered through an agent",
    ),
];

/// Endpoints that the agent does not have.
const UNSERVED: [&str; 2] = ["health-checks", "health-service"];

#[tokio::test(flavor = "multi_thread")]
async fn the_agent_answers_what_consul_answered() {
    let mut replay = Replay::start().await;
    keys::replay(&mut replay).await;
    txns::replay(&mut replay).await;
    sessions::replay(&mut replay).await;
    rest::replay(&mut replay).await;
    let missing = replay.missing(|name| {
        // What servers with access rules, or without a leader, answered.
        name.starts_with("acl-")
            || name.starts_with("no-leader-")
            || UNSERVED.contains(&name)
            || DIFFERENT.iter().any(|(different, _)| *different == name)
    });
    assert!(
        missing.is_empty(),
        "recorded, and neither replayed nor excused: {missing:?}"
    );
    replay.shutdown().await;
}
