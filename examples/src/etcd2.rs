use anyhow::Context as _;
use quorate_agent::{Agent, AgentConfig};

/// An etcd with the v2 API.
///
/// The one that `QUORATE_ETCD2_URL` names (`http://127.0.0.1:2379` or `etcd2://127.0.0.1:2379`), or
/// `QUORATE_URL` if that is an `etcd2://`; else an agent in this process, which ends with the value.
#[derive(Debug)]
pub struct Etcd2 {
    hosts: String,
    _agent: Option<Agent>,
}

impl Etcd2 {
    /// Finds the server, or starts the agent.
    ///
    /// # Errors
    /// The agent does not start.
    pub async fn start() -> anyhow::Result<Self> {
        if let Some(hosts) = named("QUORATE_ETCD2_URL", "etcd2") {
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

    /// The URL of the unified layer.
    #[must_use]
    pub fn url(&self) -> String {
        format!("etcd2://{}", self.hosts)
    }
}

/// The hosts that a variable of the examples' own names; else those of `QUORATE_URL`, if that is of
/// this scheme.
pub(crate) fn named(own: &str, scheme: &str) -> Option<String> {
    let own = std::env::var(own).ok();
    let any = std::env::var("QUORATE_URL").ok();
    let any = any.filter(|url| {
        url.split_once("://")
            .is_some_and(|(found, _)| found == scheme)
    });
    let url = own.or(any)?;
    let hosts = url.split_once("://").map_or(url.as_str(), |(_, rest)| rest);
    let hosts = hosts.split(['/', '?']).next().unwrap_or_default();
    (!hosts.is_empty()).then(|| hosts.to_owned())
}

/// An agent in this process that speaks etcd's APIs, and where.
pub(crate) async fn agent() -> anyhow::Result<(Agent, String)> {
    let config = AgentConfig::memory().with_etcd("127.0.0.1:0".parse()?);
    let agent = Agent::start(config).await?;
    let url = agent.etcd_url().context("no listener")?;
    Ok((agent, url.trim_start_matches("http://").to_owned()))
}
