//! The agent itself, and the state of the cluster.

use quorate_consul::{ErrorKind, QueryOptions};

use crate::script::{Say, Server};

#[tokio::test]
async fn the_agent_tells_its_name() {
    let body = r#"{"Config":{"Datacenter":"dc1","NodeName":"vm","NodeID":"x","Version":"1.8.7","Server":true},"Stats":{}}"#;
    let server = Server::new([Say::ok(body), Say::ok(body), Say::ok(body)]);
    let agent = server.builder().datacenter("dc2").build().unwrap().agent();
    assert_eq!(agent.node_name().await.unwrap(), "vm");
    assert_eq!(agent.datacenter().await.unwrap(), "dc1");
    assert_eq!(agent.self_info().await.unwrap().config.version, "1.8.7");
    assert_eq!(
        server.last().line,
        "GET /v1/agent/self",
        "it has no other datacenter"
    );
}

#[tokio::test]
async fn no_leader_is_none() {
    let server = Server::new([Say::ok("\"\""), Say::ok("\"127.0.0.1:8300\"")]);
    let status = server.client().status();
    assert_eq!(status.leader().await.unwrap(), None);
    assert_eq!(
        status.leader().await.unwrap().as_deref(),
        Some("127.0.0.1:8300")
    );
    assert_eq!(server.last().line, "GET /v1/status/leader");
}

#[tokio::test]
async fn the_servers_of_another_datacenter_can_be_asked_for() {
    let server = Server::new([
        Say::ok(r#"["a:8300"]"#),
        Say::status(500, "No path to datacenter"),
    ]);
    let status = server.client().status();
    let options = QueryOptions::new().with_datacenter("dc2");
    assert_eq!(status.peers_with(&options).await.unwrap().value, ["a:8300"]);
    assert_eq!(server.last().line, "GET /v1/status/peers?dc=dc2");
    assert_eq!(
        status.peers().await.unwrap_err().kind(),
        ErrorKind::NotFound
    );
}
