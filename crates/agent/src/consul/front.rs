//! What every request needs: the engine behind the writer, and who the agent is.

use std::error::Error;
use std::fmt::Write;
use std::path::PathBuf;
use std::sync::Arc;
use std::time::{Duration, SystemTime};

use arc_swap::Guard;
use http::StatusCode;
use quorate_gossip::Gossip;
use quorate_net::task::Spawner;
use tokio_util::sync::CancellationToken;

use super::agent::metrics::Counts;
use super::cached::Cached;
use super::reply::{Refused, Reply};
use super::resolver::Resolver;
use crate::config::Compat;
use crate::engine::consul::{AclRefusal, Command, LocalChange, Refusal, Reply as Outcome};
use crate::engine::{self, Snapshot};
use crate::listen::Bound;
use crate::local;
use crate::log::AgentLog;
use crate::serve::Stopping;
use crate::writer::Writer;

/// The port that Consul's servers talk to each other on. Nobody listens on it here; it is part of
/// how the agent names itself as leader.
pub(crate) const SERVER_PORT: u16 = 8300;
/// The port of Consul's gossip, likewise.
pub(crate) const GOSSIP_PORT: u16 = 8301;
/// The version of Consul that the agent answers like.
pub(crate) const CONSUL_VERSION: &str = "1.8.7";

/// The agent's own node, as it stands in the catalog.
#[derive(Clone, Debug)]
pub(crate) struct Node {
    pub(crate) id: String,
    pub(crate) name: String,
    pub(crate) address: String,
}

/// What every request needs.
#[derive(Debug)]
pub(crate) struct Front {
    pub(crate) writer: Writer,
    pub(crate) node: Node,
    pub(crate) datacenter: String,
    pub(crate) strict: bool,
    pub(crate) compat: Compat,
    /// How the agent treats its own services and checks.
    pub(crate) local: local::Settings,
    pub(crate) session_ttl_min: Duration,
    /// How long a connection may do nothing; zero is for ever.
    pub(crate) idle_timeout: Duration,
    /// The access rules, if they are on.
    pub(crate) acl: Option<Resolver>,
    /// Which questions its cache was asked before.
    pub(crate) cached: Cached,
    pub(crate) stopping: Arc<Stopping>,
    /// Since when it serves.
    pub(crate) started: SystemTime,
    /// What is said of the work.
    pub(crate) log: AgentLog,
    /// What is counted.
    pub(crate) counts: Counts,
    /// Where the API is served.
    pub(crate) places: Vec<Bound>,
    /// Where the data is kept, if not in memory.
    pub(crate) data_dir: Option<PathBuf>,
    /// Cancelled when a client makes the agent leave.
    pub(crate) leaving: CancellationToken,
    /// The gossip pool, if the agent is in one with others.
    pub(crate) pool: Option<Gossip>,
    /// Starts the agent's tasks, and asks them to end.
    pub(crate) spawner: Spawner,
}

impl Front {
    /// Answers what is asked at the moment, and serves nothing more.
    pub(crate) fn leave(&self) {
        self.leaving.cancel();
        self.stopping.begin();
        self.writer.waiters().wake_all();
        self.spawner.cancel();
    }

    /// The newest state. Hold it only for as long as one answer takes.
    pub(crate) fn snapshot(&self) -> Guard<Arc<Snapshot>> {
        self.writer.snapshot()
    }

    /// Changes the agent's own services and checks.
    pub(crate) async fn submit_local(&self, change: LocalChange) -> Result<Outcome, Refused> {
        self.submit(self.local.command(change)).await
    }

    /// Carries out a write, or answers in Consul's words why not.
    pub(crate) async fn submit(&self, command: Command) -> Result<Outcome, Refused> {
        let command = engine::Command::Consul(command);
        match self.writer.submit(command).await {
            Ok(engine::Reply::Consul(Ok(outcome))) => Ok(outcome),
            Ok(engine::Reply::Consul(Err(refusal))) => {
                let status = status_of(&refusal);
                Err(Reply::text(status, refusal.to_string()).into())
            }
            Ok(_) => Err(unexpected().into()),
            Err(error) => Err(Reply::server_error(with_causes(&error)).into()),
        }
    }
}

/// Consul's servers answer nearly everything with 500; its agents know better.
fn status_of(refusal: &Refusal) -> StatusCode {
    match refusal {
        Refusal::UnknownServiceInMaintenance(_) => StatusCode::NOT_FOUND,
        Refusal::NoSidecarPort { .. } => StatusCode::BAD_REQUEST,
        Refusal::Acl(AclRefusal::Denied(_) | AclRefusal::NotFound) => StatusCode::FORBIDDEN,
        _ => StatusCode::INTERNAL_SERVER_ERROR,
    }
}

/// What an outcome of another command than the submitted one would be answered with.
pub(crate) fn unexpected() -> Reply {
    Reply::server_error("the engine answered another question")
}

fn with_causes(error: &dyn Error) -> String {
    let mut text = error.to_string();
    let mut cause = error.source();
    while let Some(error) = cause {
        let _ = write!(text, ": {error}");
        cause = error.source();
    }
    text
}
