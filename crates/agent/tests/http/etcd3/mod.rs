//! The JSON gateway to etcd's v3 API.

mod calls;
mod refused;
mod streams;

use base64::Engine as _;
use base64::prelude::BASE64_STANDARD;
use quorate_agent::{Agent, AgentConfig};
use serde_json::{Value, json};

use super::client::{Answer, Client};

/// An agent in memory that serves etcd's API on a free port.
async fn agent() -> Agent {
    let config = AgentConfig::memory().with_etcd("127.0.0.1:0".parse().unwrap());
    Agent::start(config.with_node_name("node-1")).await.unwrap()
}

fn base64(text: &str) -> String {
    BASE64_STANDARD.encode(text)
}

impl Client {
    async fn call(&mut self, path: &str, body: &Value) -> Answer {
        let body = body.to_string();
        self.ask("POST", path, body.as_bytes()).await
    }

    /// A call that must succeed.
    async fn called(&mut self, path: &str, body: &Value) -> Value {
        let answer = self.call(path, body).await;
        assert_eq!(answer.status, 200, "{path}: {}", answer.text());
        answer.json()
    }

    async fn put_key(&mut self, key: &str, value: &str) {
        let body = json!({"key": base64(key), "value": base64(value)});
        self.called("/v3/kv/put", &body).await;
    }

    /// The next line of an answer that goes on.
    async fn line(&mut self) -> Value {
        let framed = self.until("}\n\r\n").await;
        let (_, line) = framed.split_once("\r\n").unwrap();
        serde_json::from_str(line.trim_end()).unwrap()
    }
}
