//! etcd's v3 API of the agent, over real sockets, by the clients that its own `.proto` files make.

#![allow(
    clippy::unwrap_used,
    clippy::expect_used,
    reason = "tests fail by panicking"
)]

mod auth;
mod channel;
mod connection;
mod election;
mod kv;
mod lease;
mod lock;
mod maintenance;
mod watch;

use channel::Channel;
use quorate_agent::{Agent, AgentConfig};
use quorate_etcd_proto::etcdserverpb as pb;
use quorate_etcd_proto::tonic::{Code, Request, Status};

/// An agent in memory that serves etcd's API on a free port.
async fn agent() -> Agent {
    start(AgentConfig::memory()).await
}

async fn start(config: AgentConfig) -> Agent {
    let config = config.with_etcd("127.0.0.1:0".parse().unwrap());
    Agent::start(config.with_node_name("node-1")).await.unwrap()
}

/// What was refused, in short.
fn told<T: std::fmt::Debug>(result: Result<T, Status>) -> (Code, String) {
    let status = result.unwrap_err();
    (status.code(), status.message().to_owned())
}

fn put(key: &str, value: &str) -> pb::PutRequest {
    pb::PutRequest {
        key: key.to_owned().into(),
        value: value.to_owned().into(),
        ..pb::PutRequest::default()
    }
}

fn get(key: &str) -> pb::RangeRequest {
    pb::RangeRequest {
        key: key.to_owned().into(),
        ..pb::RangeRequest::default()
    }
}

/// A request that shows a token.
fn with_token<T>(message: T, token: &str) -> Request<T> {
    let mut request = Request::new(message);
    let token = token.parse().unwrap();
    request.metadata_mut().insert("token", token);
    request
}
