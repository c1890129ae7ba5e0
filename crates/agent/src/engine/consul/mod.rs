//! Consul's state: keys, sessions, nodes and their checks, and the rules of the real server.
//!
//! [`State`] is what readers see: its public methods read. Changes go through
//! [`Engine::apply`](super::Engine::apply).

mod acl;
mod autopilot;
mod catalog;
mod command;
pub(crate) mod config_entry;
mod coordinate;
mod discovery_chain;
mod event;
mod index;
mod intention;
mod kv;
mod kv_write;
mod local;
mod lock_delay;
mod prepared_query;
mod refusal;
mod row;
mod session;
mod session_id;
mod session_write;
mod state;
mod tombstone;
mod txn;

pub use acl::{
    AclCommand, AclPolicy, AclRefusal, AclReply, AclToken, Bootstrap, DeleteToken, Fresh, Seed,
    SetToken, TokenFilter,
};
pub(crate) use acl::{ROOTS, is_auth_method_name};
pub use autopilot::SetAutopilot;
pub use catalog::{
    CatalogOp, Check, CheckOp, Instance, Node, NodeOp, Service, ServiceOp, ServiceWeights,
};
pub(crate) use catalog::{check_meta, mesh_problems};
pub use command::{
    CheckSpec, Command, Delete, Deregister, NodeSpec, Put, PutMode, Register, Reply, ServiceSpec,
    SessionSpec,
};
pub use coordinate::Located;
pub use discovery_chain::{ChainError, ChainQuestion};
pub use event::{Event, EventSpec};
pub use index::{Indexes, Table};
pub(crate) use intention::described;
pub use intention::{IntentionChange, IntentionSpec, Party};
pub use kv::{Found, KvEntry};
pub use local::{
    CheckKind, CheckPlan, LocalChange, LocalCheck, LocalService, LocalWrite, MAX_OUTPUT_BYTES,
    MIN_INTERVAL, MIN_REAP, NODE_MAINTENANCE, SERVICE_MAINTENANCE_PREFIX, ServiceRegistration,
    SidecarSpec,
};
#[cfg(any(test, feature = "fuzzing"))]
pub(crate) use prepared_query::render;
pub use prepared_query::{PreparedQueryRefusal, PreparedQueryWrite, Unresolved};
pub use refusal::{BadNodeId, BadUuid, Refusal};
pub use row::Row;
pub use session::Session;
pub use session_id::SessionId;
pub use state::State;
pub use tombstone::{TOMBSTONE_GRANULARITY, TOMBSTONE_LIFE};
pub use txn::{KvOp, KvRow, KvVerb, TxnFailure, TxnOp, TxnRow};
