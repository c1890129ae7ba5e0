//! Consul's HTTP API (`/v1/…`): bodies, query parameters, headers and paths.
//!
//! Reference level: Consul 1.8.7. Unknown fields in a server's answer are ignored, so newer
//! servers can be read too.

pub mod acl;
pub mod agent;
pub mod bytes64;
pub mod catalog;
pub mod config_entry;
pub mod connect_ca;
pub mod coordinate;
mod definition;
pub mod discovery_chain;
pub mod duration;
pub mod event;
pub mod go_float;
pub mod health;
mod health_status;
pub mod intention;
pub mod json;
pub mod kv;
pub mod meta;
pub(crate) mod null;
mod nullable;
pub mod operator;
pub mod path;
pub mod prepared_query;
pub mod query;
pub mod registration;
pub mod secret;
pub mod service;
pub mod session;
pub mod snapshot;
pub mod status;
pub mod text;
pub mod time;
pub mod txn;
mod txn_catalog;
mod words;

pub use agent::AgentSelf;
pub use catalog::{CatalogNode, CatalogService, Node};
pub use config_entry::{ConfigEntry, ConfigKind};
pub use connect_ca::{CaConfiguration, CaRoot, CaRoots};
pub use coordinate::{Coordinate, DatacenterCoordinates, NodeCoordinate};
pub use discovery_chain::{DiscoveryChain, DiscoveryChainOverrides};
pub use duration::GoDuration;
pub use event::{EventFilter, UserEvent};
pub use health::{HealthCheck, ServiceEntry};
pub use health_status::HealthStatus;
pub use intention::{Intention, IntentionAction, IntentionRequest, IntentionSide};
pub use kv::{KvEntry, KvEntryRef};
pub use meta::QueryMeta;
pub use prepared_query::PreparedQuery;
pub use query::{CacheControl, Consistency, QueryOptions, WriteOptions};
pub use registration::{DeregisterRequest, RegisterRequest};
pub use secret::SecretText;
pub use service::{NodeService, ServiceAddress, ServiceKind, Weights};
pub use session::{Session, SessionBehavior, SessionRequest};
pub use time::GoTime;
pub use txn::{
    CatalogVerb, CheckOp, KvOp, KvVerb, NodeOp, ServiceOp, TxnAnswer, TxnError, TxnOp, TxnResult,
};
