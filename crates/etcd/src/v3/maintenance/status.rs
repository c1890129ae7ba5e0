//! How a server is.

use quorate_etcd_proto::etcdserverpb as pb;

use crate::v3::header::Header;

/// How a server is.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
#[non_exhaustive]
pub struct Status {
    /// Who answered.
    pub header: Header,
    /// The version of the server.
    pub version: String,
    /// The bytes of the file of the database.
    pub db_size: u64,
    /// The bytes of it that are in use.
    pub db_size_in_use: u64,
    /// The bytes that it may have; servers before 3.6 do not say.
    pub db_size_quota: Option<u64>,
    /// The member that leads; `None` if the server knows none.
    pub leader: Option<u64>,
    /// The index that raft has committed.
    pub raft_index: u64,
    /// The index that was applied.
    pub raft_applied_index: u64,
    /// The term of raft.
    pub raft_term: u64,
    /// What is wrong, alarms among it.
    pub errors: Vec<String>,
    /// Whether the member has no vote yet.
    pub is_learner: bool,
    /// The version of the database's format; servers before 3.6 do not say.
    pub storage_version: Option<String>,
    /// The version to which the cluster is being downgraded.
    pub downgrade_target: Option<String>,
}

impl Status {
    /// Whether the server that answered leads.
    #[must_use]
    pub fn is_leader(&self) -> bool {
        self.leader == Some(self.header.member_id)
    }
}

impl From<pb::StatusResponse> for Status {
    fn from(response: pb::StatusResponse) -> Self {
        let quota = size(response.db_size_quota);
        let storage = response.storage_version;
        let downgrade = response.downgrade_info.filter(|info| info.enabled);
        Self {
            header: response.header.into(),
            version: response.version,
            db_size: size(response.db_size),
            db_size_in_use: size(response.db_size_in_use),
            db_size_quota: (quota > 0).then_some(quota),
            leader: (response.leader > 0).then_some(response.leader),
            raft_index: response.raft_index,
            raft_applied_index: response.raft_applied_index,
            raft_term: response.raft_term,
            errors: response.errors,
            is_learner: response.is_learner,
            storage_version: (!storage.is_empty()).then_some(storage),
            downgrade_target: downgrade.map(|info| info.target_version),
        }
    }
}

fn size(bytes: i64) -> u64 {
    u64::try_from(bytes).unwrap_or_default()
}
