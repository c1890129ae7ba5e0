//! Consul's HTTP API of agents that are in a gossip pool together.

use std::time::Duration;

use quorate_agent::{Agent, AgentConfig};
use tokio::io::{AsyncReadExt, AsyncWriteExt};
use tokio::net::TcpStream;

use crate::gossip;

async fn member(name: &str) -> Agent {
    let config = AgentConfig::memory()
        .with_node_name(name)
        .with_consul_http("127.0.0.1:0".parse().unwrap());
    let gossip = gossip().with_consul_client(true);
    Agent::start(config.with_gossip(gossip)).await.unwrap()
}

/// Status and body of an answer.
async fn ask(agent: &Agent, method: &str, path: &str, body: &str) -> (u16, String) {
    let address = agent.consul_http()[0].addr().unwrap();
    let mut stream = TcpStream::connect(address).await.unwrap();
    let length = body.len();
    let request = format!(
        "{method} /v1/{path} HTTP/1.1\r\nHost: a\r\nConnection: close\r\nContent-Length: {length}\r\n\r\n{body}"
    );
    stream.write_all(request.as_bytes()).await.unwrap();
    let mut answer = String::new();
    stream.read_to_string(&mut answer).await.unwrap();
    let status = answer[9..12].parse().unwrap();
    let body = answer.split_once("\r\n\r\n").unwrap().1.to_owned();
    (status, body)
}

async fn get(agent: &Agent, path: &str) -> String {
    let (status, body) = ask(agent, "GET", path, "").await;
    assert_eq!(status, 200, "{path}: {body}");
    body
}

async fn until(agent: &Agent, path: &str, fits: impl Fn(&str) -> bool) -> String {
    loop {
        let (_, body) = ask(agent, "GET", path, "").await;
        if fits(&body) {
            return body;
        }
        tokio::time::sleep(Duration::from_millis(20)).await;
    }
}

#[tokio::test]
async fn agents_list_each_other_as_consul_does() {
    let (alpha, beta) = (member("alpha").await, member("beta").await);
    let alone = get(&alpha, "agent/members").await;
    assert!(alone.contains("\"Name\":\"alpha\"") && !alone.contains("beta"));
    let at = beta.gossip_address().unwrap();
    let (status, body) = ask(&alpha, "PUT", &format!("agent/join/{at}"), "").await;
    assert_eq!((status, body.as_str()), (200, ""));
    let members = until(&beta, "agent/members", |body| body.contains("alpha")).await;
    for part in [
        format!("\"Port\":{}", at.port()),
        format!("\"id\":\"{}\"", alpha.node_id()),
        "\"role\":\"node\"".into(),
        "\"build\":\"1.8.7:\"".into(),
        "\"Status\":1".into(),
    ] {
        assert!(members.contains(&part), "{part}: {members}");
    }
    let (status, body) = ask(&alpha, "PUT", "agent/join/127.0.0.1:1", "").await;
    let refused = "1 error occurred:\n\t* Failed to join 127.0.0.1:1: dial tcp 127.0.0.1:1: connect: connection refused\n\n";
    assert_eq!((status, body.as_str()), (500, refused));
    let (status, body) = ask(&alpha, "PUT", "agent/force-leave/nobody", "").await;
    assert_eq!(
        (status, body.as_str()),
        (500, "agent: No node found with name 'nobody'")
    );
    let (status, _) = ask(&beta, "PUT", "agent/leave", "").await;
    assert_eq!(status, 200);
    beta.left().await;
    beta.shutdown().await;
    until(&alpha, "agent/members", |body| {
        body.contains("\"Status\":3")
    })
    .await;
    let (status, _) = ask(&alpha, "PUT", "agent/force-leave/beta?prune", "").await;
    assert_eq!(status, 200);
    until(&alpha, "agent/members", |body| !body.contains("beta")).await;
    alpha.shutdown().await;
}

#[tokio::test]
async fn an_event_reaches_the_agents_that_it_is_for() {
    let (alpha, beta) = (member("alpha").await, member("beta").await);
    let at = beta.gossip_address().unwrap();
    let (status, joined) = ask(&alpha, "PUT", &format!("agent/join/{at}"), "").await;
    assert_eq!(status, 200, "{joined}");
    let (status, only) = ask(&alpha, "PUT", "event/fire/only?node=%5Ebeta$", "x").await;
    assert_eq!(status, 200, "{only}");
    let (status, all) = ask(&alpha, "PUT", "event/fire/all", "payload").await;
    assert_eq!(status, 200, "{all}");
    let heard = |body: &str| body.contains("\"Name\":\"all\"");
    let here = until(&alpha, "event/list", heard).await;
    assert!(!here.contains("\"Name\":\"only\""), "{here}");
    let there = until(&beta, "event/list", |body| {
        heard(body) && body.contains("\"Name\":\"only\"")
    })
    .await;
    let id = all.split('"').nth(3).unwrap();
    for list in [&here, &there] {
        assert!(
            list.contains(id) && list.contains("\"Payload\":\"cGF5bG9hZA==\""),
            "{list}"
        );
    }
    let (status, body) = ask(&alpha, "PUT", "event/fire/large", &"x".repeat(600)).await;
    assert_eq!(status, 500);
    assert!(
        body.contains("exceeds configured limit of 512 bytes"),
        "{body}"
    );
    until(&alpha, "coordinate/node/alpha", |body| {
        body.contains("\"Vec\"")
    })
    .await;
    alpha.shutdown().await;
    beta.shutdown().await;
}
