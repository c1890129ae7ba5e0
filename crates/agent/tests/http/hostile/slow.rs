//! Clients that are slow, silent or deaf.

use std::time::Duration;

use quorate_agent::{Agent, AgentConfig, DEFAULT_IDLE_TIMEOUT};
use quorate_net::endpoint::Endpoint;
use quorate_net::transport::{Dial, Stream};

use crate::client::{Client, request};

/// Longer than any limit of the agent's on a request.
const LONG: Duration = Duration::from_secs(61);

/// An agent and a connection to it within the process, where the clock can be stopped.
async fn in_process() -> (Agent, Client<Stream>) {
    in_process_of(AgentConfig::memory()).await
}

async fn in_process_of(config: AgentConfig) -> (Agent, Client<Stream>) {
    let agent = Agent::start(config).await.unwrap();
    let stream = agent.dialer().dial(&Endpoint::memory()).await.unwrap();
    (agent, Client::over(stream))
}

#[tokio::test]
async fn a_request_that_never_ends_is_cut() {
    for begun in [
        "GET /v1/kv/a HT",
        "GET /v1/kv/a HTTP/1.1\r\nHost: x\r\n",
        "PUT /v1/kv/a HTTP/1.1\r\nHost: x\r\nContent-Length: 5\r\n\r\nab",
    ] {
        let (agent, mut client) = in_process().await;
        client.send(begun.as_bytes()).await;
        // The agent has seen what was sent before its clock begins to run.
        tokio::time::sleep(Duration::from_millis(20)).await;
        tokio::time::pause();
        tokio::time::advance(LONG).await;
        tokio::time::resume();
        assert!(client.is_closed().await, "{begun}");
        agent.shutdown().await;
    }
}

/// Lets `time` pass at once, after the agent has seen what was sent.
async fn pass(time: Duration) {
    tokio::time::sleep(Duration::from_millis(20)).await;
    tokio::time::pause();
    tokio::time::advance(time).await;
    tokio::time::resume();
}

#[tokio::test]
async fn an_idle_connection_stays_for_minutes_and_not_for_ever() {
    let (agent, mut client) = in_process().await;
    for _ in 0..3 {
        assert_eq!(client.get("/v1/kv/a").await.status, 404);
        pass(DEFAULT_IDLE_TIMEOUT - Duration::from_secs(1)).await;
    }
    assert_eq!(client.get("/v1/kv/a").await.status, 404);
    pass(DEFAULT_IDLE_TIMEOUT).await;
    pass(DEFAULT_IDLE_TIMEOUT).await;
    assert!(client.is_closed().await);
    agent.shutdown().await;
}

#[tokio::test]
async fn a_connection_on_which_nothing_ever_came_is_closed_after_a_minute() {
    let (agent, mut client) = in_process().await;
    pass(LONG).await;
    assert!(client.is_closed().await);
    agent.shutdown().await;
}

#[tokio::test]
async fn without_a_limit_an_idle_connection_stays_for_as_long_as_it_likes() {
    let (agent, mut client) =
        in_process_of(AgentConfig::memory().with_idle_timeout(Duration::ZERO)).await;
    pass(Duration::from_secs(3600)).await;
    assert_eq!(client.get("/v1/kv/a").await.status, 404);
    pass(Duration::from_secs(3600)).await;
    assert_eq!(client.get("/v1/kv/a").await.status, 404);
    agent.shutdown().await;
}

#[tokio::test]
async fn a_blocked_read_is_no_idle_connection() {
    let config = AgentConfig::memory().with_idle_timeout(Duration::from_secs(60));
    let (agent, mut waiting) = in_process_of(config).await;
    let index = waiting.get("/v1/kv/a").await.index();
    let target = format!("/v1/kv/a?index={index}&wait=600s");
    waiting.send(&request("GET", &target, &[], b"")).await;
    for _ in 0..5 {
        pass(Duration::from_secs(100)).await;
    }
    let mut writer = Client::over(agent.dialer().dial(&Endpoint::memory()).await.unwrap());
    writer.done("/v1/kv/a", "x").await;
    assert_eq!(waiting.receive().await.unwrap().status, 200);
    agent.shutdown().await;
}

#[tokio::test]
async fn one_byte_a_second_does_not_buy_time() {
    for begun in [
        &b"GET /v1/kv/a HTTP/1.1\r\nHost: x\r\nX: "[..],
        b"PUT /v1/kv/a HTTP/1.1\r\nHost: x\r\nContent-Length: 500\r\n\r\n",
        b"PUT /v1/kv/a HTTP/1.1\r\nHost: x\r\nTransfer-Encoding: chunked\r\n\r\n1f4\r\n",
        // The name in a gzip header, which may be as long as it likes.
        b"PUT /v1/snapshot HTTP/1.1\r\nHost: x\r\nContent-Length: 500\r\n\r\n\x1f\x8b\x08\x08\0\0\0\0\0\xff",
    ] {
        let (agent, mut slow) = in_process().await;
        let mut other = Client::over(agent.dialer().dial(&Endpoint::memory()).await.unwrap());
        let shown = String::from_utf8_lossy(begun);
        slow.send(begun).await;
        tokio::time::sleep(Duration::from_millis(20)).await;
        tokio::time::pause();
        for second in 0..70 {
            slow.send(b"x").await;
            tokio::time::advance(Duration::from_secs(1)).await;
            if second % 20 == 0 {
                assert_eq!(other.get("/v1/status/leader").await.status, 200);
            }
        }
        tokio::time::resume();
        assert!(slow.is_closed().await, "{shown}");
        assert_eq!(other.get("/v1/kv/a").await.status, 404, "{shown}");
        agent.shutdown().await;
    }
}

#[tokio::test]
async fn a_client_that_does_not_read_its_answer_is_cut() {
    let (agent, mut client) = in_process().await;
    client.done("/v1/kv/large", vec![b'x'; 512 * 1024]).await;
    let metrics = tokio::runtime::Handle::current().metrics();
    let before = metrics.num_alive_tasks();
    client.send(&request("GET", "/v1/kv/large", &[], b"")).await;
    tokio::time::sleep(Duration::from_millis(50)).await;
    tokio::time::pause();
    tokio::time::advance(LONG).await;
    tokio::time::resume();
    let ended = async || metrics.num_alive_tasks() < before;
    crate::client::eventually("the connection's end", ended).await;
    agent.shutdown().await;
}
