use std::sync::Arc;

use bytes::Bytes;
use quorate_wire::consul::acl::{AuthMethod, BindingRule, Role};
use quorate_wire::consul::operator::AutopilotConfig;
use quorate_wire::consul::{ConfigEntry, Intention, SecretText};

use super::acl::{AclPolicy, AclToken};
use super::catalog::{Check, Node, Service};
use super::coordinate::Located;
use super::index::Indexes;
use super::kv::KvEntry;
use super::local::{LocalCheck, LocalService};
use super::session::Session;
use super::session_id::SessionId;
use quorate_wire::consul::PreparedQuery;

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
    /// A token, by its accessor.
    AclToken(Box<str>, Option<Arc<AclToken>>),
    /// A policy, by its id.
    AclPolicy(Box<str>, Option<Arc<AclPolicy>>),
    /// A role, by its id.
    AclRole(Box<str>, Option<Arc<Role>>),
    /// An auth method, by its name in lower case.
    AclAuthMethod(Box<str>, Option<Arc<AuthMethod>>),
    /// A binding rule, by its id.
    AclBindingRule(Box<str>, Option<Arc<BindingRule>>),
    /// The index at which the first token was made.
    AclBootstrap(u64),
    /// A token that the agent uses itself, by what it is for.
    AgentToken(Box<str>, Option<SecretText>),
    /// A prepared query, by its id.
    PreparedQuery(SessionId, Option<Arc<PreparedQuery>>),
    /// A coordinate, by its node's name in lower case and its segment.
    Coordinate((Box<str>, Box<str>), Option<Arc<Located>>),
    /// The settings of autopilot.
    Autopilot(Option<Arc<AutopilotConfig>>),
    /// The index counter and the tables' indexes.
    Indexes(Indexes),
}

impl Row {
    /// Whether it belongs to the agent itself and not to the cluster: no snapshot has it, and it
    /// stays when one is restored.
    pub(super) fn is_local(&self) -> bool {
        matches!(
            self,
            Self::LocalService(..) | Self::LocalCheck(..) | Self::AgentToken(..)
        )
    }
}
