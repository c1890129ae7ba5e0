use std::collections::BTreeMap;
use std::sync::Arc;
use std::time::Duration;

use bytes::Bytes;
use quorate_wire::consul::health::Definition;
use quorate_wire::consul::service::{Connect, Proxy, ServiceAddress, ServiceKind};
use quorate_wire::consul::session::ServiceCheck;
use quorate_wire::consul::{ConfigEntry, Intention};

use super::acl::{AclCommand, AclReply};
use super::autopilot::SetAutopilot;
use super::catalog::ServiceWeights;
use super::coordinate::Located;
use super::event::EventSpec;
use super::intention::IntentionChange;
use super::local::LocalWrite;
use super::prepared_query::PreparedQueryWrite;
use super::row::Row;
use super::session::Session;
use super::session_id::SessionId;
use super::txn::{TxnFailure, TxnOp, TxnRow};

/// A write of Consul's API, decoded and otherwise as the client sent it: the engine checks it.
#[derive(Clone, Debug)]
#[non_exhaustive]
pub enum Command {
    /// `PUT /v1/kv/:key`.
    Put(Put),
    /// `DELETE /v1/kv/:key`.
    Delete(Delete),
    /// `PUT /v1/txn`. One of reads alone goes to [`State::read_txn`](super::State::read_txn).
    Txn(Vec<TxnOp>),
    /// `PUT /v1/session/create`.
    CreateSession(Box<SessionSpec>),
    /// `PUT /v1/session/destroy/:id`.
    DestroySession(String),
    /// `PUT /v1/session/renew/:id`.
    RenewSession(String),
    /// `PUT /v1/catalog/register`.
    Register(Box<Register>),
    /// `PUT /v1/operator/autopilot/configuration`.
    SetAutopilot(Box<SetAutopilot>),
    /// `PUT /v1/catalog/deregister`.
    Deregister(Deregister),
    /// `PUT /v1/agent/service/…`, `PUT /v1/agent/check/…`, and what the agent does by itself.
    Local(Box<LocalWrite>),
    /// `PUT /v1/snapshot`: the state that these rows describe takes the place of all but what the
    /// agent has itself.
    Restore(Vec<Row>),
    /// `PUT /v1/config`, maybe only if the ModifyIndex is this; 0 means that there must be none.
    SetConfigEntry(Box<ConfigEntry>, Option<u64>),
    /// `DELETE /v1/config/:kind/:name`.
    DeleteConfigEntry {
        /// The kind, as on the wire.
        kind: String,
        /// The name, in any case of letters.
        name: String,
    },
    /// A write below `/v1/connect/intentions`.
    Intention(IntentionChange),
    /// A write of `/v1/acl/…`.
    Acl(AclCommand),
    /// `PUT /v1/event/fire/:name`.
    FireEvent(Box<EventSpec>),
    /// A write of `/v1/query…`.
    PreparedQuery(PreparedQueryWrite),
    /// `PUT /v1/coordinate/update`.
    UpdateCoordinate(Box<Located>),
}

impl Command {
    /// About how many bytes the command brings along.
    #[must_use]
    pub fn payload_bytes(&self) -> usize {
        match self {
            Self::Put(put) => put.key.len() + put.value.len(),
            Self::Txn(ops) => ops.iter().map(TxnOp::payload_bytes).sum(),
            // Nothing else is to be in its commit.
            Self::Restore(_) => 64 * 1024 * 1024,
            Self::Delete(_)
            | Self::CreateSession(_)
            | Self::DestroySession(_)
            | Self::RenewSession(_)
            | Self::SetAutopilot(_)
            | Self::Register(_)
            | Self::Deregister(_)
            | Self::Local(_)
            | Self::SetConfigEntry(..)
            | Self::DeleteConfigEntry { .. }
            | Self::Intention(_)
            | Self::Acl(_)
            | Self::PreparedQuery(_)
            | Self::FireEvent(_)
            | Self::UpdateCoordinate(_) => 0,
        }
    }
}

/// The answer to a [`Command`].
#[derive(Clone, Debug, PartialEq)]
#[non_exhaustive]
pub enum Reply {
    /// To a put, a delete or new settings: whether it was applied; `false` when its condition did not hold.
    Applied(bool),
    /// To a transaction: its rows, or everything that made it fail.
    Txn(Result<Vec<TxnRow>, Vec<TxnFailure>>),
    /// To the creation of a session.
    Created(Arc<Session>),
    /// To a renewal: the session, or `None` if there is none of that id (status 404).
    Renewed(Option<Arc<Session>>),
    /// To the creation or change of an intention.
    Intention(Arc<Intention>),
    /// To a write of access rules.
    Acl(AclReply),
    /// To anything else: `true` on the wire.
    Done,
}

/// A put of one key.
#[derive(Clone, Debug)]
pub struct Put {
    /// The key; not empty.
    pub key: Bytes,
    /// The bytes to write.
    pub value: Bytes,
    /// The user's number beside the value.
    pub flags: u64,
    /// On what condition, and for which session.
    pub mode: PutMode,
}

/// On what condition a key is written.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum PutMode {
    /// None.
    Set,
    /// If its ModifyIndex is this; 0 means that the key must not exist.
    Cas(u64),
    /// If no other session holds it; then this one does.
    Acquire(String),
    /// If this session holds it; then none does.
    Release(String),
}

/// A deletion.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Delete {
    /// Of one key.
    Key(Bytes),
    /// Of one key if its ModifyIndex is this. A key that does not exist counts as deleted.
    Cas(Bytes, u64),
    /// Of every key under a prefix; the empty one means all keys.
    Tree(Bytes),
}

/// A session to create. Which checks it is tied to by default is for the protocol's front.
#[derive(Clone, Debug, Default)]
pub struct SessionSpec {
    /// Its id; random.
    pub id: SessionId,
    /// A name for people.
    pub name: String,
    /// The node that it belongs to; must be in the catalog.
    pub node: String,
    /// For how long its keys can't be acquired after it ended, in nanoseconds. At most 60 s take
    /// effect; 0 and less mean none.
    pub lock_delay_nanos: i64,
    /// `release` (also when empty) or `delete`.
    pub behavior: String,
    /// A Go duration of `min_ttl` to 24 h; empty or 0 for none.
    pub ttl: String,
    /// The shortest TTL that is taken; `None` is 10 s.
    pub min_ttl: Option<Duration>,
    /// The checks of the node that keep it alive; `None` is shown as `null`.
    pub node_checks: Option<Vec<String>>,
    /// The service checks that keep it alive; `None` is shown as `null`.
    pub service_checks: Option<Vec<ServiceCheck>>,
    /// Further checks that keep it alive, in the form of clients before Consul 1.7.
    pub old_checks: Vec<String>,
}

/// Things to register in the catalog; all of them or, on an error, none.
#[derive(Clone, Debug, Default)]
pub struct Register {
    /// The node.
    pub node: NodeSpec,
    /// Leaves the fields of a node that exists alone.
    pub skip_node_update: bool,
    /// A service of it.
    pub service: Option<ServiceSpec>,
    /// Checks of it, or of its services.
    pub checks: Vec<CheckSpec>,
}

/// A node to register.
#[derive(Clone, Debug, Default)]
pub struct NodeSpec {
    /// A UUID, or empty to keep what the node has.
    pub id: String,
    /// The name; required.
    pub name: String,
    /// The address; required unless the node is not updated.
    pub address: String,
    /// Further addresses.
    pub tagged_addresses: Option<BTreeMap<String, String>>,
    /// The operator's labels.
    pub meta: Option<BTreeMap<String, String>>,
}

/// A service to register.
#[derive(Clone, Debug, Default)]
pub struct ServiceSpec {
    /// What it is for.
    pub kind: ServiceKind,
    /// The id, unique within its node; the name when empty.
    pub id: String,
    /// The name; required.
    pub name: String,
    /// Labels to select by.
    pub tags: Vec<String>,
    /// The address; empty means the node's.
    pub address: String,
    /// Further addresses.
    pub tagged_addresses: BTreeMap<String, ServiceAddress>,
    /// The port.
    pub port: i64,
    /// The operator's labels.
    pub meta: Option<BTreeMap<String, String>>,
    /// Weights for load balancing; 1 and 1 by default.
    pub weights: ServiceWeights,
    /// Whether others may change the tags.
    pub enable_tag_override: bool,
    /// How it works as the proxy of another service.
    pub proxy: Box<Proxy>,
    /// Its part in Connect.
    pub connect: Connect,
}

/// A check to register.
#[derive(Clone, Debug, Default)]
pub struct CheckSpec {
    /// The node that the client named; must be empty or the registered one.
    pub node: String,
    /// The id, unique within its node; the name when empty.
    pub id: String,
    /// A name for people.
    pub name: String,
    /// `passing`, `warning` or `critical`; critical when empty. Other words are kept as they are.
    pub status: String,
    /// The operator's remarks.
    pub notes: String,
    /// What the check said last.
    pub output: String,
    /// The service that it checks; empty for the node itself.
    pub service_id: String,
    /// The name of a service, kept when the check is of none; otherwise it is the service's own.
    pub service_name: String,
    /// The tags of a service, likewise.
    pub service_tags: Vec<String>,
    /// How it is run: `ttl`, `http`, …; empty when something outside runs it.
    pub check_type: String,
    /// How it is run in detail.
    pub definition: Definition,
}

/// Something to remove from the catalog: a service, else a check, else the whole node.
#[derive(Clone, Debug, Default)]
pub struct Deregister {
    /// The node's name; required.
    pub node: String,
    /// Removes only this service and its checks.
    pub service_id: String,
    /// Removes only this check.
    pub check_id: String,
}
