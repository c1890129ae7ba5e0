//! What every request needs: the engine behind the writer, and who the agent is.

use std::sync::Arc;
use std::sync::atomic::{AtomicU64, AtomicUsize};
use std::time::{Duration, Instant};

use arc_swap::Guard;
use quorate_wire::etcd2::{ErrorBody, ErrorCode, GoTime, Meta};

use super::auth::Passwords;
use super::identity::Identity;
use super::keys::LastShown;
use super::reply::{Refused, Reply};
use crate::engine::etcd2::{Command, KeyRefusal, Refusal, Reply as Outcome, State};
use crate::engine::{self, Snapshot};
use crate::listen::Bound;
use crate::serve::Stopping;
use crate::writer::Writer;

/// The version that the agent answers like. Clients choose by it how they speak of users.
pub(super) const SERVER_VERSION: &str = "3.4.23";
/// The version that the members of a cluster agree on.
pub(super) const CLUSTER_VERSION: &str = "3.4.0";
/// The term of a log that has had one leader.
const TERM: u64 = 2;

/// What a front is made of.
#[derive(Debug)]
pub(crate) struct Settings {
    pub(crate) writer: Writer,
    /// The member's name.
    pub(crate) name: String,
    /// The node's id, which the ids of cluster and member come from.
    pub(crate) node_id: String,
    /// Answers exactly as etcd where the agent is better by default.
    pub(crate) strict: bool,
    /// The shortest life of a lease of the v3 API.
    pub(crate) min_lease_ttl: Duration,
    /// Where the API is served.
    pub(crate) places: Vec<Bound>,
    /// How long a connection may do nothing.
    pub(crate) idle_timeout: Duration,
    pub(crate) stopping: Arc<Stopping>,
}

/// What every request needs.
#[derive(Debug)]
pub(crate) struct Front {
    pub(crate) writer: Writer,
    pub(crate) name: String,
    pub(crate) identity: Identity,
    pub(super) strict: bool,
    pub(crate) min_lease_ttl: Duration,
    pub(crate) places: Vec<Bound>,
    pub(crate) idle_timeout: Duration,
    pub(crate) stopping: Arc<Stopping>,
    /// Since when it serves, by the clock and by a clock that never jumps.
    pub(super) started: (GoTime, Instant),
    pub(super) counts: Counts,
    pub(crate) passwords: Passwords,
    pub(super) last_shown: LastShown,
}

/// What readers are counted by; writes are counted by the engine.
#[derive(Debug, Default)]
pub(super) struct Counts {
    pub(super) gets: AtomicU64,
    pub(super) failed_gets: AtomicU64,
    /// The watches that wait.
    pub(super) watchers: AtomicUsize,
}

impl Front {
    pub(crate) fn new(settings: Settings) -> Self {
        Self {
            identity: Identity::of(&settings.node_id),
            writer: settings.writer,
            name: settings.name,
            strict: settings.strict,
            min_lease_ttl: settings.min_lease_ttl,
            places: settings.places,
            idle_timeout: settings.idle_timeout,
            stopping: settings.stopping,
            started: (std::time::SystemTime::now().into(), Instant::now()),
            counts: Counts::default(),
            passwords: Passwords::default(),
            last_shown: LastShown::default(),
        }
    }

    /// The newest state. Hold it only for as long as one answer takes.
    pub(super) fn snapshot(&self) -> Guard<Arc<Snapshot>> {
        self.writer.snapshot()
    }

    /// The time of the clock by which keys expire, in nanoseconds since 1970.
    pub(super) fn clock(&self, state: &State) -> i64 {
        state.clock(self.writer.now())
    }

    /// Carries out a command.
    pub(super) async fn submit(&self, command: Command) -> Result<Outcome, Failure> {
        match self.writer.submit(engine::Command::Etcd2(command)).await {
            Ok(engine::Reply::Etcd2(Ok(outcome))) => Ok(outcome),
            Ok(engine::Reply::Etcd2(Err(refusal))) => Err(Failure::Refused(refusal)),
            Ok(_) => Err(Failure::Broken(
                "the engine answered another question".into(),
            )),
            Err(error) => Err(Failure::Broken(error.to_string())),
        }
    }

    /// The headers of an answer that has to do with the cluster.
    pub(super) fn meta(&self) -> Meta {
        Meta::default().with_cluster_id(self.identity.cluster)
    }

    /// The headers of a read or write at `index`.
    pub(super) fn meta_at(&self, index: u64) -> Meta {
        let meta = self.meta().with_index(index);
        // The log of the real server is ahead of its store.
        meta.with_raft(index.saturating_add(1), TERM)
    }

    /// What is wrong with a request for a key.
    pub(super) fn key_error(&self, body: &ErrorBody) -> Reply {
        let meta = self.meta().with_index(body.index);
        Reply::of_key_error(body).with_meta(meta)
    }

    /// What is wrong with a request that the store was not asked about.
    pub(super) fn refuse_key(&self, code: ErrorCode, cause: impl Into<String>) -> Refused {
        Box::new(self.key_error(&ErrorBody::new(code, cause, 0)))
    }

    /// What the store found wrong.
    pub(super) fn key_refusal(&self, refusal: KeyRefusal) -> Reply {
        let code = ErrorCode::from_code(refusal.problem.code());
        self.key_error(&ErrorBody::new(code, refusal.cause, refusal.index))
    }
}

/// Why a command was not carried out.
#[derive(Debug)]
pub(super) enum Failure {
    /// The rules forbid it.
    Refused(Refusal),
    /// The agent could not.
    Broken(String),
}
