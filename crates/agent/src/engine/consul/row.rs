use std::sync::Arc;

use bytes::Bytes;
use quorate_wire::consul::{ConfigEntry, Intention};

use super::catalog::{Check, Node, Service};
use super::index::Indexes;
use super::kv::KvEntry;
use super::local::{LocalCheck, LocalService};
use super::session::Session;
use super::session_id::SessionId;

/// One durable row of Consul's state; `None` says that it is gone.
#[derive(Clone, Debug, PartialEq)]
#[non_exhaustive]
pub enum Row {
    /// A key.
    Kv(Bytes, Option<Arc<KvEntry>>),
    /// Where something was deleted, and at which index.
    Tombstone(Bytes, Option<u64>),
    /// A session.
    Session(SessionId, Option<Arc<Session>>),
    /// A node, by its name in lower case.
    Node(Box<str>, Option<Arc<Node>>),
    /// A service, by its node's name and its own id, both in lower case.
    Service((Box<str>, Box<str>), Option<Arc<Service>>),
    /// A check, by its node's name and its own id, both in lower case.
    Check((Box<str>, Box<str>), Option<Arc<Check>>),
    /// A service of this agent, by its id.
    LocalService(Box<str>, Option<Arc<LocalService>>),
    /// A check of this agent, by its id.
    LocalCheck(Box<str>, Option<Arc<LocalCheck>>),
    /// A configuration entry, by its kind, and its name in lower case.
    ConfigEntry((Box<str>, Box<str>), Option<Arc<ConfigEntry>>),
    /// An intention, by its id.
    Intention(Box<str>, Option<Arc<Intention>>),
    /// The index counter and the tables' indexes.
    Indexes(Indexes),
}
