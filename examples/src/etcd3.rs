use quorate_agent::Agent;

use crate::etcd2::{agent, named};

/// An etcd with the v3 API.
///
/// The one that `QUORATE_ETCD3_URL` names (`http://127.0.0.1:2379` or `etcd://127.0.0.1:2379`), or
/// `QUORATE_URL` if that is an `etcd://`; else an agent in this process, which ends with the value.
#[derive(Debug)]
pub struct Etcd3 {
    hosts: String,
    _agent: Option<Agent>,
}

impl Etcd3 {
    /// Finds the server, or starts the agent.
    ///
    /// # Errors
    /// The agent does not start.
    pub async fn start() -> anyhow::Result<Self> {
        if let Some(hosts) = named("QUORATE_ETCD3_URL", "etcd") {
            return Ok(Self {
                hosts,
                _agent: None,
            });
        }
        let (agent, hosts) = agent().await?;
        Ok(Self {
            hosts,
            _agent: Some(agent),
        })
    }

    /// `host:port`, or several separated by commas.
    #[must_use]
    pub fn hosts(&self) -> &str {
        &self.hosts
    }
}
