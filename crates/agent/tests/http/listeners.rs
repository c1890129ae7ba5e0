//! Where an agent listens, and what it says when it can't.

use quorate_agent::{Agent, AgentConfig, AgentError};
use quorate_net::endpoint::Endpoint;
use quorate_net::transport::Dial;

use crate::client::{Client, start};

#[tokio::test]
async fn an_agent_listens_at_several_addresses_at_once() {
    let folder = tempfile::tempdir().unwrap();
    let socket = folder.path().join("agent.sock");
    let config = AgentConfig::memory()
        .with_consul_http("127.0.0.1:0".parse().unwrap())
        .with_consul_http(format!("unix://{}", socket.display()).parse().unwrap());
    let agent = Agent::start(config).await.unwrap();
    let [tcp, unix] = agent.consul_http() else {
        panic!("{:?}", agent.consul_http());
    };
    assert_eq!(agent.consul_url(), Some(tcp.url()));
    assert_eq!(unix.path(), Some(socket.as_path()));
    assert_eq!(unix.url(), format!("unix://{}", socket.display()));
    let mut over_tcp = Client::connect(&agent).await;
    over_tcp.done("/v1/kv/a", "1").await;
    let stream = tokio::net::UnixStream::connect(&socket).await.unwrap();
    assert_eq!(Client::over(stream).get("/v1/kv/a?raw").await.text(), "1");
    let stream = agent.dialer().dial(&Endpoint::memory()).await.unwrap();
    assert_eq!(Client::over(stream).get("/v1/kv/a?raw").await.text(), "1");
    agent.shutdown().await;
}

#[tokio::test]
async fn a_start_that_fails_says_why_and_leaves_nothing_behind() {
    let folder = tempfile::tempdir().unwrap();
    let taken = start(AgentConfig::memory()).await;
    let address = taken.consul_url().unwrap();
    let config = AgentConfig::directory(folder.path());
    let error = Agent::start(config.clone().with_consul_http(address.parse().unwrap())).await;
    match error.unwrap_err() {
        AgentError::AddressInUse { listen } => assert!(address.ends_with(&listen), "{listen}"),
        other => panic!("{other:?}"),
    }
    let agent = Agent::start(config.clone())
        .await
        .expect("the directory is free again");
    assert_eq!(agent.data_dir(), Some(folder.path()));
    match Agent::start(config).await.unwrap_err() {
        AgentError::DirectoryOwned { path, owner } => {
            assert_eq!(
                (path.as_path(), owner),
                (folder.path(), Some(std::process::id()))
            );
        }
        other => panic!("{other:?}"),
    }
    agent.shutdown().await;
    taken.shutdown().await;
}

#[tokio::test]
async fn an_address_that_others_can_reach_needs_to_be_allowed() {
    let config = AgentConfig::memory().with_consul_http("0.0.0.0:0".parse().unwrap());
    let error = Agent::start(config.clone()).await.unwrap_err();
    assert!(matches!(error, AgentError::NotLoopback { .. }), "{error}");
    let agent = Agent::start(config.with_allow_remote(true)).await.unwrap();
    agent.shutdown().await;
}

#[cfg(unix)]
#[tokio::test]
async fn the_directory_and_its_socket_are_private() {
    use std::os::unix::fs::PermissionsExt;
    let folder = tempfile::tempdir().unwrap();
    let path = folder.path().join("data");
    let agent = Agent::start(AgentConfig::directory(&path)).await.unwrap();
    let mode = |path: &std::path::Path| path.metadata().unwrap().permissions().mode() & 0o777;
    assert_eq!(mode(&path), 0o700);
    assert_eq!(mode(&path.join("agent.sock")), 0o600);
    agent.shutdown().await;
}
