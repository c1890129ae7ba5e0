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
pub mod discovery_chain;
pub mod duration;
pub mod event;
pub mod go_float;
pub mod health;
pub mod intention;
pub mod json;
pub mod kv;
pub mod meta;
mod null;
mod nullable;
mod number;
pub mod operator;
pub mod path;
pub mod query;
pub mod secret;
pub mod session;
pub mod status;
pub mod text;
pub mod time;
pub mod txn;
mod words;

pub use agent::AgentSelf;
pub use catalog::Node;
pub use config_entry::{ConfigEntry, ConfigKind};
pub use connect_ca::{CaConfiguration, CaRoot, CaRoots};
pub use coordinate::{Coordinate, DatacenterCoordinates, NodeCoordinate};
pub use discovery_chain::{DiscoveryChain, DiscoveryChainOverrides};
pub use duration::GoDuration;
pub use event::{EventFilter, UserEvent};
pub use health::HealthCheck;
pub use intention::{Intention, IntentionAction, IntentionRequest, IntentionSide};
pub use kv::{KvEntry, KvEntryRef};
pub use meta::QueryMeta;
pub use query::{CacheControl, Consistency, QueryOptions, WriteOptions};
pub use secret::SecretText;
pub use session::{Session, SessionBehavior, SessionRequest};
pub use time::GoTime;
pub use txn::{KvOp, KvVerb, TxnAnswer, TxnError, TxnOp, TxnResult};
