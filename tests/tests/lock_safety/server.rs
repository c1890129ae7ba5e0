//! The servers, which can be killed and started again on what they kept.

use std::net::SocketAddr;
use std::time::Duration;

use anyhow::Context as _;
use quorate_conformance::random::Random;
use quorate_testkit::server::{ConsulOptions, ConsulServer, EtcdCluster, EtcdServer, EtcdVersion};
use tempfile::TempDir;
use tokio::time::sleep;

use crate::killable::KillableAgent;

/// How long a member stands still at most, in milliseconds: longer than leases live.
const STANDSTILL: u64 = 4000;

/// Which server.
#[derive(Clone, Copy, Debug)]
#[allow(
    dead_code,
    reason = "not every test that includes this has all of them"
)]
pub(crate) enum Kind {
    Embedded,
    Consul,
    /// Our agent, through an API of etcd.
    AgentEtcd,
    /// A real etcd.
    Etcd(EtcdVersion),
    /// Three of them that are one cluster.
    EtcdTrio(EtcdVersion),
}

/// A server that runs.
pub(crate) enum Server {
    Agent {
        agent: Option<KillableAgent>,
        directory: TempDir,
        /// Whether its API of etcd is meant.
        etcd: bool,
    },
    Consul(Box<ConsulServer>),
    Etcd(Box<EtcdServer>),
    EtcdTrio(Box<EtcdCluster>),
}

impl Server {
    pub(crate) async fn start(kind: Kind) -> anyhow::Result<Self> {
        Ok(match kind {
            Kind::Embedded => Self::agent(false)?,
            Kind::AgentEtcd => Self::agent(true)?,
            Kind::Consul => {
                let options = ConsulOptions::new().with_session_ttl_min(Duration::from_millis(100));
                Self::Consul(Box::new(ConsulServer::start(options).await?))
            }
            Kind::Etcd(version) => Self::Etcd(Box::new(EtcdServer::start(version).await?)),
            Kind::EtcdTrio(version) => Self::EtcdTrio(Box::new(EtcdCluster::start(version).await?)),
        })
    }

    fn agent(etcd: bool) -> anyhow::Result<Self> {
        let directory = tempfile::tempdir()?;
        let agent = Some(KillableAgent::start(directory.path()));
        Ok(Self::Agent {
            agent,
            directory,
            etcd,
        })
    }

    /// Where its members are.
    pub(crate) fn addrs(&self) -> anyhow::Result<Vec<SocketAddr>> {
        Ok(match self {
            Self::Agent { agent, etcd, .. } => {
                let agent = agent.as_ref().context("not running")?;
                let url = if *etcd { agent.etcd_url() } else { agent.url() };
                vec![url.trim_start_matches("http://").parse()?]
            }
            Self::Consul(server) => vec![server.addr()],
            Self::Etcd(server) => vec![server.addr()],
            Self::EtcdTrio(cluster) => cluster.servers().iter().map(EtcdServer::addr).collect(),
        })
    }

    /// SIGKILL, and a new start on the same data; of one member, if there are several.
    pub(crate) async fn restart(&mut self, random: &mut Random) -> anyhow::Result<()> {
        match self {
            Self::Agent {
                agent, directory, ..
            } => {
                drop(agent.take());
                *agent = Some(KillableAgent::start(directory.path()));
            }
            Self::Consul(server) => {
                server.kill()?;
                server.restart().await?;
            }
            Self::Etcd(server) => server.restart().await?,
            Self::EtcdTrio(cluster) => random.pick(cluster.servers()).restart().await?,
        }
        Ok(())
    }

    /// SIGSTOP for a while of one of several members. Tells whether there are several.
    #[allow(dead_code, reason = "not every test that includes this stops members")]
    pub(crate) async fn stand_still(&mut self, random: &mut Random) -> anyhow::Result<bool> {
        let Self::EtcdTrio(cluster) = self else {
            return Ok(false);
        };
        let member = random.pick(cluster.servers());
        member.pause().await?;
        sleep(Duration::from_millis(200 + random.below(STANDSTILL))).await;
        member.resume()?;
        Ok(true)
    }
}
