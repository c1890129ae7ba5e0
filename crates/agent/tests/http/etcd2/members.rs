use quorate_agent::{Agent, AgentConfig};

use super::{Etcd, JSON, agent};
use crate::client::Client;

#[tokio::test]
async fn clients_are_told_addresses_that_they_can_reach() {
    let agent = agent().await;
    let mut etcd = Etcd::of(&agent).await;
    let url = agent.etcd_url().unwrap();
    assert_eq!(etcd.0.get("/v2/machines").await.text(), url);
    let member = etcd.0.get("/v2/members").await.json()["members"][0].clone();
    assert_eq!(member["clientURLs"][0], url.as_str());
    assert_eq!(member["name"], "node-1");
    agent.shutdown().await;
}

#[tokio::test]
async fn on_all_addresses_the_one_that_was_used_is_told() {
    let config = AgentConfig::memory().with_etcd("0.0.0.0:0".parse().unwrap());
    let agent = Agent::start(config.with_allow_remote(true)).await.unwrap();
    let port = agent.etcd()[0].addr().unwrap().port();
    let stream = tokio::net::TcpStream::connect(("127.0.0.1", port)).await;
    let mut client = Client::over(stream.unwrap());
    let bytes = b"GET /v2/machines HTTP/1.1\r\nHost: db.example:4001\r\n\r\n";
    client.send(bytes).await;
    let answer = client.receive().await.unwrap();
    assert_eq!(answer.text(), "http://db.example:4001");
    agent.shutdown().await;
}

#[tokio::test]
async fn another_member_is_refused_where_etcd_would_lose_its_quorum() {
    let agent = agent().await;
    let mut etcd = Etcd::of(&agent).await;
    let add = br#"{"peerURLs":["http://a:1"]}"#;
    let answer = etcd.0.ask_with("POST", "/v2/members", &[JSON], add).await;
    assert_eq!(answer.status, 500);
    assert_eq!(
        etcd.put("/a", "value=1").await.status,
        201,
        "it still works"
    );
    agent.shutdown().await;
}

#[tokio::test]
async fn a_cluster_has_an_id_of_its_own() {
    let mut ids = Vec::new();
    for _ in 0..2 {
        let agent = agent().await;
        let answer = Etcd::of(&agent).await.get("/").await;
        ids.push(answer.header("x-etcd-cluster-id").unwrap().to_owned());
        agent.shutdown().await;
    }
    assert_ne!(ids[0], ids[1]);
}
