//! Access rules, as requests meet them.

mod endpoints;
mod keys;
mod storage;
mod tokens;

use quorate_agent::{AclConfig, Agent, AgentConfig};
use serde_json::{Value, json};

use crate::client::{Answer, Client, start};

/// A token that may do everything.
const ROOT: &str = "root";

/// An agent with access rules.
struct Ruled {
    agent: Agent,
}

impl Ruled {
    /// Nothing is allowed without a rule.
    async fn start() -> Self {
        Self::with(AclConfig::default()).await
    }

    async fn with(acl: AclConfig) -> Self {
        let acl = acl.with_management_token(ROOT);
        Self::of(AgentConfig::memory().with_acl(acl)).await
    }

    async fn of(config: AgentConfig) -> Self {
        Self {
            agent: start(config).await,
        }
    }

    /// One request; an empty token is none.
    async fn ask(&self, token: &str, method: &str, target: &str, body: &str) -> Answer {
        let mut client = Client::connect(&self.agent).await;
        let header = format!("X-Consul-Token: {token}");
        let headers: &[&str] = if token.is_empty() { &[] } else { &[&header] };
        client
            .ask_with(method, &format!("/v1{target}"), headers, body.as_bytes())
            .await
    }

    async fn get(&self, token: &str, target: &str) -> Answer {
        self.ask(token, "GET", target, "").await
    }

    async fn put(&self, token: &str, target: &str, body: &str) -> Answer {
        self.ask(token, "PUT", target, body).await
    }

    /// Creates something with the token that may do everything.
    async fn create(&self, target: &str, body: &Value) -> Value {
        let answer = self.put(ROOT, target, &body.to_string()).await;
        assert_eq!(answer.status, 200, "{target} {body}: {}", answer.text());
        answer.json()
    }

    /// The secret of a new token with these rules.
    async fn token(&self, rules: &str) -> String {
        let name = format!("p{}", name_of(rules));
        let policy = json!({"Name": name, "Rules": rules});
        let policy = self.create("/acl/policy", &policy).await;
        let token = json!({"Policies": [{"ID": policy["ID"]}]});
        let token = self.create("/acl/token", &token).await;
        text(&token["SecretID"])
    }

    async fn end(self) {
        self.agent.shutdown().await;
    }
}

/// A name that differs for different rules.
fn name_of(rules: &str) -> String {
    let letters = rules.bytes().map(|byte| format!("{byte:x}"));
    letters.collect::<String>().chars().take(120).collect()
}

fn text(value: &Value) -> String {
    value.as_str().unwrap().to_owned()
}
