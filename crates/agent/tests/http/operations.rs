//! The agent itself: its log as a stream, its counters, joining and leaving.

use std::time::Duration;

use quorate_agent::{AgentConfig, AgentLog, LogLevel};
use tokio::time::timeout;

use crate::client::{Client, PATIENCE, agent, eventually, request, start, strict_agent};

async fn listening(client: &mut Client, target: &str) {
    client.send(&request("GET", target, &[], b"")).await;
    let head = client.receive_head().await.unwrap();
    assert_eq!(head.status, 200, "{target}");
    assert_eq!(head.header("transfer-encoding"), Some("chunked"));
    assert_eq!(head.header("content-type"), None);
}

#[tokio::test]
async fn the_log_is_streamed_line_by_line() {
    let log = AgentLog::new();
    let agent = start(AgentConfig::memory().with_log(log.clone())).await;
    let mut listener = Client::connect(&agent).await;
    // The head comes before there is any line.
    listening(&mut listener, "/v1/agent/monitor?loglevel=DEBUG").await;
    let mut other = Client::connect(&agent).await;
    other.get("/v1/kv/a?token=hunter2&recurse").await;
    let line = listener.until("latency=").await;
    assert!(
        line.contains(
            "[DEBUG] agent.http: Request finished: method=GET url=/v1/kv/a?token=<hidden>&recurse"
        ),
        "{line}"
    );
    log.record(LogLevel::Warn, "backup", "late", &[("hours", &3)]);
    listener.until("[WARN]  backup: late: hours=3\n").await;
    drop(listener);
    eventually("nobody listens", async || {
        log.record(LogLevel::Debug, "x", "y", &[]);
        !log.is_wanted(LogLevel::Error)
    })
    .await;
}

#[tokio::test]
async fn the_log_is_told_as_json_to_those_who_ask_for_it() {
    let agent = agent().await;
    let mut listener = Client::connect(&agent).await;
    listening(&mut listener, "/v1/agent/monitor?loglevel=debug&logjson").await;
    let mut other = Client::connect(&agent).await;
    other.get("/v1/catalog/nodes?dc=nowhere").await;
    let line = listener.until("\"error\":\"No path to datacenter\"").await;
    assert!(line.contains("{\"@level\":\"error\",\"@message\":\"Request error\",\"@module\":\"agent.http\",\"@timestamp\":\""), "{line}");
}

#[tokio::test]
async fn a_quiet_stream_lasts_and_ends_with_the_agent() {
    let agent = agent().await;
    let mut listener = Client::connect(&agent).await;
    listening(&mut listener, "/v1/agent/monitor?loglevel=err").await;
    let shutdown = timeout(Duration::from_secs(4), agent.shutdown());
    assert!(shutdown.await.is_ok(), "it was waited for");
    listener.until("0\r\n\r\n").await;
    assert!(listener.is_closed().await);
}

#[tokio::test]
async fn a_compressed_log_can_be_read_as_it_comes() {
    let log = AgentLog::new();
    let agent = start(AgentConfig::memory().with_log(log.clone())).await;
    let mut listener = Client::connect(&agent).await;
    let gzip = request("GET", "/v1/agent/monitor", &["Accept-Encoding: gzip"], b"");
    listener.send(&gzip).await;
    let head = listener.receive_head().await.unwrap();
    assert_eq!(head.header("content-encoding"), Some("gzip"));
    log.record(LogLevel::Info, "a", "line", &[]);
    // A gzip stream begins with these bytes.
    listener.until_bytes(&[0x1f, 0x8b]).await;
}

#[tokio::test]
async fn an_unknown_level_is_refused() {
    let agent = agent().await;
    let mut client = Client::connect(&agent).await;
    let answer = client.get("/v1/agent/monitor?loglevel=off").await;
    let text = "Bad request: Unknown log level: off";
    assert_eq!((answer.status, answer.text()), (400, text));
}

#[tokio::test]
async fn whoever_makes_the_agent_leave_is_answered_first() {
    let agent = agent().await;
    let mut client = Client::connect(&agent).await;
    let index = client.put("/v1/kv/a", "1").await;
    assert_eq!(index.status, 200);
    let index = client.get("/v1/kv/a").await.index();
    let mut blocked = Client::connect(&agent).await;
    let target = format!("/v1/kv/a?index={index}&wait=10m");
    blocked.send(&request("GET", &target, &[], b"")).await;
    let answer = client.put("/v1/agent/leave", "").await;
    assert_eq!((answer.status, answer.text()), (200, ""));
    let left = timeout(PATIENCE, agent.left());
    assert!(left.await.is_ok());
    assert!(client.is_closed().await);
    assert_eq!(
        blocked.receive().await.map(|answer| answer.status),
        Some(200)
    );
    agent.shutdown().await;
}

#[tokio::test]
async fn reloading_keeps_everything() {
    let agent = agent().await;
    let mut client = Client::connect(&agent).await;
    client.done("/v1/kv/a", "1").await;
    let answer = client.put("/v1/agent/reload", "").await;
    assert_eq!((answer.status, answer.text()), (200, ""));
    assert_eq!(client.get("/v1/kv/a?raw").await.text(), "1");
}

#[tokio::test]
async fn what_was_asked_is_counted() {
    let agent = agent().await;
    let mut client = Client::connect(&agent).await;
    client.done("/v1/kv/a", "1").await;
    let metrics = client.get("/v1/agent/metrics").await.json();
    let counters = metrics["Counters"].as_array().unwrap();
    let requests = counters
        .iter()
        .find(|it| it["Name"] == "consul.rpc.request");
    assert_eq!(requests.unwrap()["Count"], 2, "this one too");
    let text = client.get("/v1/agent/metrics?format=prometheus").await;
    let kind = text.header("content-type");
    assert_eq!(kind, Some("text/plain; version=0.0.4; charset=utf-8"));
    assert!(
        text.text()
            .contains("# TYPE consul_rpc_request counter\nconsul_rpc_request 3\n")
    );
    let strict = strict_agent().await;
    let mut client = Client::connect(&strict).await;
    let answer = client.get("/v1/agent/metrics?format=prometheus").await;
    assert_eq!(answer.status, 415);
}

#[tokio::test]
async fn clients_of_old_find_their_fields() {
    let agent = agent().await;
    let mut client = Client::connect(&agent).await;
    let config = client.get("/v1/agent/self").await.json()["Config"].take();
    let port = agent.consul_http()[0].addr().unwrap().port();
    assert_eq!(config["Ports"]["HTTP"], port);
    assert_eq!(config["AdvertiseAddr"], "127.0.0.1");
    let strict = strict_agent().await;
    let mut client = Client::connect(&strict).await;
    let config = client.get("/v1/agent/self").await.json()["Config"].take();
    assert_eq!(config.as_object().unwrap().len(), 6);
}
