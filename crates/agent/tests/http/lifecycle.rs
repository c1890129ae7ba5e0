//! Starting and ending: what is left is counted.

use std::time::Duration;

use quorate_agent::{Agent, AgentConfig, AgentError};
use quorate_net::endpoint::Endpoint;
use quorate_net::transport::Dial;
use tokio::time::{Instant, timeout};

use crate::client::{Client, eventually, request, start};

/// Longer than anything here may take that waits for nothing.
const GRACE: Duration = Duration::from_secs(80);
/// How long a busy machine may take until the agent has read what was sent.
const READ: Duration = Duration::from_secs(1);

fn tasks() -> usize {
    tokio::runtime::Handle::current()
        .metrics()
        .num_alive_tasks()
}

/// The threads of this process that an agent started. Tests run beside each other, so that only
/// those of a process of their own can be counted exactly; here their names are looked for.
#[cfg(target_os = "linux")]
fn threads_named(prefix: &str) -> usize {
    let threads = std::fs::read_dir("/proc/self/task").unwrap();
    let name = |thread: std::io::Result<std::fs::DirEntry>| {
        std::fs::read_to_string(thread.unwrap().path().join("comm")).unwrap_or_default()
    };
    threads
        .map(name)
        .filter(|name| name.starts_with(prefix))
        .count()
}

#[tokio::test]
async fn nothing_is_left_after_a_shutdown() {
    let folder = tempfile::tempdir().unwrap();
    let socket = format!("unix://{}/extra.sock", folder.path().display());
    let before = tasks();
    let agent = start(
        AgentConfig::directory(folder.path().join("data"))
            .with_consul_http(socket.parse().unwrap())
            .with_shutdown_grace(GRACE),
    )
    .await;
    let mut client = Client::connect(&agent).await;
    client.done("/v1/kv/a", "1").await;
    let mut idle = Client::connect(&agent).await;
    idle.get("/v1/kv/a").await;
    let _untouched = Client::connect(&agent).await;
    let _in_process = agent.dialer().dial(&Endpoint::memory()).await.unwrap();
    eventually("all connections", async || tasks() >= before + 4 + 4).await;
    let begun = Instant::now();
    agent.shutdown().await;
    assert_eq!(tasks(), before, "tasks are left");
    assert!(
        begun.elapsed() < GRACE / 2,
        "idle connections were waited for"
    );
    assert!(idle.is_closed().await);
    assert!(agent.dialer().dial(&Endpoint::memory()).await.is_err());
    assert!(!folder.path().join("data/agent.sock").exists());
    assert!(!folder.path().join("extra.sock").exists());
    agent.shutdown().await;
}

#[tokio::test]
async fn a_shutdown_answers_blocked_reads_and_finishes_requests() {
    let agent = start(AgentConfig::memory().with_shutdown_grace(GRACE)).await;
    let mut client = Client::connect(&agent).await;
    client.done("/v1/kv/a", "1").await;
    let index = client.get("/v1/kv/a").await.index();
    let mut blocked = Client::connect(&agent).await;
    let target = format!("/v1/kv/a?index={index}&wait=10m");
    blocked.send(&request("GET", &target, &[], b"")).await;
    // A request that is half way in.
    let whole = request("PUT", "/v1/kv/late", &[], b"value");
    let mut late = Client::connect(&agent).await;
    late.send(&whole[..whole.len() - 2]).await;
    eventually("the reader to wait", async || {
        // A request that was read is no longer idle; give the agent the time to read it.
        tokio::time::sleep(READ).await;
        true
    })
    .await;
    let ending = {
        let agent = agent.clone();
        quorate_net::task::spawn(async move { agent.shutdown().await })
    };
    let answer = blocked.receive().await.unwrap();
    assert_eq!(
        (answer.status, answer.index()),
        (200, index),
        "with what there is"
    );
    late.send(&whole[whole.len() - 2..]).await;
    assert_eq!(
        late.receive().await.unwrap().text(),
        "true",
        "it had begun before the end"
    );
    timeout(GRACE / 2, ending).await.unwrap().unwrap();
}

#[tokio::test]
async fn a_request_that_does_not_end_is_cut_after_the_grace_period() {
    let grace = Duration::from_millis(200);
    let agent = start(AgentConfig::memory().with_shutdown_grace(grace)).await;
    let mut client = Client::connect(&agent).await;
    client
        .send(b"PUT /v1/kv/a HTTP/1.1\r\nHost: x\r\nContent-Length: 5\r\n\r\nab")
        .await;
    tokio::time::sleep(READ).await;
    let (before, begun) = (tasks(), Instant::now());
    agent.shutdown().await;
    assert!(begun.elapsed() >= grace && begun.elapsed() < GRACE / 2);
    assert!(tasks() < before);
    assert!(client.is_closed().await);
}

#[tokio::test]
async fn dropping_the_last_handle_ends_everything() {
    let folder = tempfile::tempdir().unwrap();
    let before = tasks();
    let agent = start(AgentConfig::directory(folder.path())).await;
    let mut client = Client::connect(&agent).await;
    client.done("/v1/kv/a", "1").await;
    let other = agent.clone();
    drop(agent);
    assert_eq!(client.get("/v1/kv/a").await.status, 200, "a handle is left");
    drop(other);
    assert!(client.is_closed().await);
    eventually("no task", async || tasks() == before).await;
    // The directory is free as soon as the store is closed.
    eventually("the directory", async || {
        match Agent::start(AgentConfig::directory(folder.path())).await {
            Ok(agent) => {
                agent.shutdown().await;
                true
            }
            Err(AgentError::DirectoryOwned { .. }) => false,
            Err(error) => panic!("{error}"),
        }
    })
    .await;
}

#[cfg(target_os = "linux")]
#[tokio::test]
async fn an_agent_has_one_thread_of_its_own_and_none_while_it_starts() {
    let agent = start(AgentConfig::memory()).await;
    assert!(threads_named("quorate-writer") >= 1);
    let upkeep = 3;
    assert_eq!(tasks(), 2 + upkeep, "one task for each listener");
    agent.shutdown().await;
}

#[tokio::test]
async fn what_was_written_is_there_after_a_restart() {
    let folder = tempfile::tempdir().unwrap();
    let config = AgentConfig::directory(folder.path());
    let agent = start(config.clone()).await;
    let node_id = agent.node_id().to_owned();
    let mut client = Client::connect(&agent).await;
    client.done("/v1/kv/a?flags=7", "1").await;
    let id = client.session(r#"{"TTL":"30s","Name":"me"}"#).await;
    client
        .done(&format!("/v1/kv/lock?acquire={id}"), "held")
        .await;
    let kept = [
        "/v1/kv/?recurse",
        "/v1/session/list",
        "/v1/catalog/nodes",
        "/v1/health/state/any",
    ];
    let mut before = Vec::new();
    for target in kept {
        before.push(client.get(target).await);
    }
    agent.shutdown().await;

    let agent = start(config).await;
    assert_eq!(agent.node_id(), node_id, "the node is the same");
    let mut client = Client::connect(&agent).await;
    for (target, before) in kept.iter().zip(before) {
        let after = client.get(target).await;
        assert_eq!(
            (after.text(), after.index()),
            (before.text(), before.index()),
            "{target}"
        );
    }
    let renewed = client.put(&format!("/v1/session/renew/{id}"), "").await;
    assert_eq!(renewed.status, 200);
    agent.shutdown().await;
}

#[tokio::test]
async fn the_indexes_of_an_agent_in_memory_go_on_where_the_one_before_could_not_be() {
    let agent = start(AgentConfig::memory()).await;
    let mut client = Client::connect(&agent).await;
    client.done("/v1/kv/a", "1").await;
    let before = client.get("/v1/kv/a").await.index();
    agent.shutdown().await;
    let agent = start(AgentConfig::memory()).await;
    let mut client = Client::connect(&agent).await;
    client.done("/v1/kv/a", "1").await;
    assert!(
        client.get("/v1/kv/a").await.index() > before,
        "a watcher would sleep for ever"
    );
    agent.shutdown().await;
}

#[tokio::test]
async fn the_node_and_datacenter_have_the_names_of_the_configuration() {
    let config = AgentConfig::memory().with_datacenter("east");
    let agent = start(config).await;
    assert_eq!((agent.node_name(), agent.datacenter()), ("node-1", "east"));
    let mut client = Client::connect(&agent).await;
    let itself = client.get("/v1/agent/self").await.json();
    assert_eq!(itself["Config"]["NodeName"], "node-1");
    assert_eq!(itself["Config"]["Datacenter"], "east");
    assert_eq!(itself["Config"]["NodeID"], agent.node_id());
    assert_eq!(itself["Member"]["Tags"]["dc"], "east");
    assert_eq!(
        client.get("/v1/catalog/datacenters").await.text(),
        "[\"east\"]"
    );
    assert_eq!(client.get("/v1/kv/a?dc=east").await.status, 404);
    let members = client.get("/v1/agent/members").await.json();
    assert_eq!(members[0]["Status"], 1);
    agent.shutdown().await;
}
