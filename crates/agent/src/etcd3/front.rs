//! What every service needs: the engine behind the writer, and who the agent is and who asks.

use std::sync::{Arc, Mutex, MutexGuard, PoisonError};

use arc_swap::Guard;
use quorate_etcd_proto::etcdserverpb::ResponseHeader;
use quorate_etcd_proto::tonic::Status;
use quorate_etcd_proto::tonic::metadata::MetadataMap;
use quorate_net::task::Spawner;

use super::status::{broken, refused};
use crate::engine::etcd3::{Caller, Command, KeyRange, Op, Refusal, Reply, State, Tokens};
use crate::engine::{self, Snapshot};
use crate::etcd2;

/// The version that the agent answers like.
pub(super) const SERVER_VERSION: &str = "3.5.16";
/// The term of a log that has had one leader.
pub(super) const TERM: u64 = 2;
/// The largest request that is carried out.
const MAX_REQUEST_BYTES: usize = 1536 * 1024;

/// What every service needs.
#[derive(Debug)]
pub(crate) struct Front {
    /// What the v2 API on the same port knows of the agent.
    pub(super) agent: Arc<etcd2::Front>,
    pub(super) spawner: Spawner,
    tokens: Mutex<Tokens>,
}

impl Front {
    pub(crate) fn new(agent: Arc<etcd2::Front>, spawner: Spawner) -> Self {
        Self {
            agent,
            spawner,
            tokens: Mutex::default(),
        }
    }

    /// The newest state. Hold it only for as long as one answer takes.
    pub(super) fn snapshot(&self) -> Guard<Arc<Snapshot>> {
        self.agent.writer.snapshot()
    }

    /// Looks at the newest state.
    pub(super) fn with_state<T>(&self, look: impl FnOnce(&State) -> T) -> T {
        look(self.snapshot().etcd3())
    }

    /// What every answer begins with.
    pub(super) fn header(&self, revision: i64) -> ResponseHeader {
        let identity = self.agent.identity;
        ResponseHeader {
            cluster_id: identity.cluster,
            member_id: identity.member,
            revision,
            raft_term: TERM,
        }
    }

    /// The same with the newest revision.
    pub(super) fn header_now(&self) -> ResponseHeader {
        self.header(self.with_state(State::revision))
    }

    /// Who asks: the user of the token, if users count.
    pub(super) fn caller(&self, metadata: &MetadataMap) -> Result<Caller, Status> {
        self.known(metadata).map_err(refused)
    }

    pub(super) fn known(&self, metadata: &MetadataMap) -> Result<Caller, Refusal> {
        let snapshot = self.snapshot();
        let auth = snapshot.etcd3().auth();
        if !auth.is_enabled() {
            return Ok(Caller::Nobody);
        }
        let token = metadata
            .get("token")
            .or_else(|| metadata.get("authorization"));
        let Some(token) = token else {
            return Ok(Caller::Nobody);
        };
        let token = token.to_str().map_err(|_| Refusal::InvalidAuthToken)?;
        self.tokens().caller(token, auth, self.agent.writer.now())
    }

    pub(super) fn tokens(&self) -> MutexGuard<'_, Tokens> {
        self.tokens.lock().unwrap_or_else(PoisonError::into_inner)
    }

    /// Whether the caller may read all keys of `range`.
    pub(super) fn may_read(&self, caller: &Caller, range: &KeyRange) -> Result<(), Status> {
        let may = self.with_state(|state| state.auth().may_read(caller, range));
        may.map_err(refused)
    }

    /// Whether the caller may do what has to do with users and members.
    pub(super) fn may_manage(&self, caller: &Caller) -> Result<(), Refusal> {
        self.with_state(|state| state.auth().may_manage(caller))
    }

    /// Carries out a command.
    pub(super) async fn submit(&self, caller: Caller, op: Op) -> Result<Reply, Status> {
        self.try_submit(caller, op).await?.map_err(refused)
    }

    /// The same for who wants to know why it was refused.
    pub(super) async fn try_submit(
        &self,
        caller: Caller,
        op: Op,
    ) -> Result<Result<Reply, Refusal>, Status> {
        let command = Command { caller, op };
        match self.agent.writer.submit(command).await {
            Ok(engine::Reply::Etcd3(reply)) => Ok(reply),
            Ok(_) => Err(wrong_reply()),
            Err(error) => Err(broken(&error)),
        }
    }

    /// Whether the agent has begun to end.
    pub(super) fn is_stopping(&self) -> bool {
        self.agent.stopping.has_begun()
    }
}

/// What can't be: the engine answered another question.
pub(super) fn wrong_reply() -> Status {
    Status::internal("the engine answered another question")
}

/// Refuses what is larger than etcd takes.
pub(super) fn check_size(bytes: usize) -> Result<(), Status> {
    if bytes > MAX_REQUEST_BYTES {
        return Err(Status::invalid_argument("etcdserver: request is too large"));
    }
    Ok(())
}
