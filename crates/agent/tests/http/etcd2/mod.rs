//! etcd's v2 API of the agent.

mod auth;
mod hostile;
mod keys;
mod members;
mod recorded;
mod restart;
mod watch;

use quorate_agent::{Agent, AgentConfig};

use crate::client::{Answer, Client, request};

const FORM: &str = "Content-Type: application/x-www-form-urlencoded";
const JSON: &str = "Content-Type: application/json";

/// An agent in memory that serves etcd's API on a free port.
async fn agent() -> Agent {
    start(AgentConfig::memory()).await
}

/// An agent that answers exactly like etcd 3.4.23.
async fn strict_agent() -> Agent {
    start(AgentConfig::memory().with_etcd_strict(true)).await
}

async fn start(config: AgentConfig) -> Agent {
    let config = config.with_etcd("127.0.0.1:0".parse().unwrap());
    Agent::start(config.with_node_name("node-1")).await.unwrap()
}

/// A client of etcd's API.
struct Etcd(Client);

impl Etcd {
    async fn of(agent: &Agent) -> Self {
        Self(Client::connect_etcd(agent).await)
    }

    async fn get(&mut self, target: &str) -> Answer {
        self.0.get(&format!("/v2/keys{target}")).await
    }

    async fn put(&mut self, target: &str, form: &str) -> Answer {
        self.write("PUT", target, form).await
    }

    async fn delete(&mut self, target: &str) -> Answer {
        self.write("DELETE", target, "").await
    }

    async fn write(&mut self, method: &str, target: &str, form: &str) -> Answer {
        let target = format!("/v2/keys{target}");
        let form = form.as_bytes();
        self.0.ask_with(method, &target, &[FORM], form).await
    }

    /// Begins a watch, and returns the head of its answer.
    async fn watch(&mut self, target: &str) -> Answer {
        let target = format!("/v2/keys{target}");
        self.0.send(&request("GET", &target, &[], b"")).await;
        self.0.receive_head().await.unwrap()
    }
}

fn index(answer: &Answer) -> u64 {
    answer.header("x-etcd-index").unwrap().parse().unwrap()
}
