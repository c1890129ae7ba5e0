//! A complete client of Consul's HTTP API for keys, transactions and sessions.
//!
//! ```
//! use quorate_agent::{Agent, AgentConfig};
//! use quorate_consul::Client;
//!
//! #[tokio::main]
//! async fn main() -> Result<(), Box<dyn std::error::Error>> {
//!     // A Consul in this process. For one that runs: Client::new("http://127.0.0.1:8500")?
//!     let agent = Agent::start(AgentConfig::memory()).await?;
//!     let client = Client::builder().dialer(agent.dialer()).build()?;
//!
//!     let mut changes = client.kv().watch("config/port");
//!     assert!(changes.next().await?.value.is_none());
//!
//!     client.kv().put("config/port", "8080").await?;
//!     let entry = changes.next().await?.value.expect("just written");
//!     assert_eq!(entry.value, "8080");
//!     Ok(())
//! }
//! ```
//!
//! | I want … | go to |
//! |---|---|
//! | to read and write keys, with preconditions | [`Client::kv`] |
//! | to change several keys at once, or none | [`Client::txn`] |
//! | to create, renew and end sessions | [`Client::session`] |
//! | a session that is kept alive, and says when it is lost | [`SessionKeeper`] |
//! | one at a time: a lock with a fencing token and a deadline | [`Client::lock`] |
//! | at most N at a time | [`Client::semaphore`] |
//! | a service that stays registered, whatever happens | [`Client::registration`] |
//! | to register nodes, services and checks, and to list them | [`Client::catalog`] |
//! | to find the instances of a service that work | [`Client::health`] |
//! | the instances of a service that can be used, followed | [`Client::lookup`] |
//! | one leader of many, and to know who it is | [`Client::election`] |
//! | to say how services speak, and where their requests go | [`Client::config_entries`], [`Client::discovery_chain`] |
//! | to say who may connect to whom | [`Client::intentions`], [`Client::connect_ca`] |
//! | to save everything, and to restore it | [`Client::snapshot`] |
//! | to know which server leads | [`Client::status`] |
//! | tokens, policies, roles, logins | [`Client::acl`] |
//! | Raft, autopilot, the keys of the gossip | [`Client::operator`] |
//! | rules without a typing mistake | [`acl::Rules`] |
//! | to filter lists on the server | [`Filter`] |
//! | to know which agent I talk to, and what it sees | [`Client::agent`] |
//! | to register services and checks | [`Agent::register_service`], [`Agent::register_check`] |
//! | to say that a service is well | [`Agent::pass_ttl`] |
//! | to take a node or a service out of service for a while | [`Agent::enable_maintenance`] |
//! | to read an agent's log as it is written | [`Agent::monitor`] |
//! | to store a search for a service, and run it by name | [`Client::prepared_query`] |
//! | to tell every agent something | [`Client::event`] |
//! | to know how far nodes are from each other | [`Client::coordinate`] |
//! | to follow a key or a prefix | [`Kv::watch`], [`Kv::watch_prefix`] |
//! | to follow anything that `consul watch` follows, by its name | [`Client::watch`], [`Plan`] |
//! | to follow any other endpoint that blocks | [`Blocking::new`], [`Raw::watch`] |
//! | an endpoint that is not here | [`Client::raw`] |
//! | several addresses, TLS, tokens, limits | [`Client::builder`] |
//! | the settings of Consul's own tools | [`Client::from_env`] |
//! | to know whether a failed call happened | [`Error::outcome`] |
//!
//! # What every call promises
//! * It ends: [`Timeouts`] bound each attempt and all of them together.
//! * It says what happened: an [`Error`] knows whether anything was changed, and whether sending
//!   the call again is safe.
//! * It is sent as it was meant, or not at all: keys that a server would change on the way are
//!   refused, with the reason.
//! * Tokens travel in a header, never in a URL, and are never printed.
//!
//! # Cancel safety
//! Any future here may be dropped at any await. Dropping the future of a call stops waiting for
//! its answer, and closes its connection; a server that has the request may act on it all the
//! same. [`Blocking::next`] loses no change when it is dropped.

pub mod acl;
pub mod agent;
mod answer;
pub mod blocking;
mod builder;
mod call;
mod catalog;
mod client;
mod config_entry;
mod connect_ca;
mod coordinate;
mod discovery_chain;
pub mod election;
mod env;
mod error;
pub mod event;
mod filter;
mod gzip;
mod health;
mod intention;
mod kv;
mod limits;
pub mod lock;
pub mod lookup;
pub mod operator;
mod options;
mod plan;
mod prepared_query;
mod raw;
pub mod registration;
mod reply;
pub mod semaphore;
mod session;
mod session_keeper;
mod snapshot;
mod status;
mod streamed;
mod token;
mod txn;
mod url;

pub use acl::Acl;
pub use agent::{Agent, LogFormat, LogLines, MonitorOptions, RegisterOptions, ServiceWatch};
pub use answer::Answer;
pub use blocking::{Blocking, Change};
pub use builder::ClientBuilder;
pub use catalog::{Catalog, ServiceTags};
pub use client::Client;
pub use config_entry::ConfigEntries;
pub use connect_ca::ConnectCa;
pub use coordinate::CoordinateApi;
pub use discovery_chain::DiscoveryChains;
pub use election::{Election, Leadership};
pub use error::{BoxError, Error, ErrorKind, Outcome, RetryAdvice};
pub use event::{Event, EventWatch, FireOptions};
pub use filter::{Field, Filter, FilterValue, Value};
pub use gzip::Compression;
pub use health::{Health, ServiceQuery};
pub use intention::Intentions;
pub use kv::{Kv, PutOptions};
pub use limits::Limits;
pub use lock::{Acquisition, Lock, LockGuard, LockOptions};
pub use lookup::Lookup;
pub use operator::Operator;
pub use options::{QueryOptions, WriteOptions};
pub use plan::{Plan, PlanChange, PlanError, PlanState, PlanStream, PlanTarget};
pub use prepared_query::{ExecuteOptions, PreparedQueryApi};
pub use raw::{Method, Raw, RawAnswer, RawRequest};
pub use registration::{Registration, RegistrationGuard, RegistrationOptions, RegistrationState};
pub use semaphore::{Semaphore, SemaphoreGuard, SemaphoreOptions};
pub use session::SessionApi;
pub use session_keeper::{Lease, LostReason, SessionKeeper};
pub use snapshot::{SavedSnapshot, SnapshotStream, Snapshots};
pub use status::Status;
pub use token::{TokenFuture, TokenProvider};
pub use txn::{Txn, TxnOutcome};

/// Every type of Consul's wire protocol, also those that are not exported here by name.
pub use quorate_wire::consul as wire;

pub use quorate_net::deadline::Timeouts;
pub use quorate_net::http::Upload;
pub use quorate_net::secret::Secret;
pub use quorate_net::tls::{TlsOptions, Verify};
pub use quorate_net::transport::Dial;
pub use quorate_wire::consul::agent::{
    AgentService, AgentToken, CheckDefinition, CheckRegistration, HealthStatus, HttpCheck,
    LogLevel, LogLine, Member, MemberStatus, ServiceHealth, ServiceRegistration,
};
pub use quorate_wire::consul::kv::KvPrecondition as Precondition;
pub use quorate_wire::consul::meta::CacheStatus;
pub use quorate_wire::consul::session::ServiceCheck;
pub use quorate_wire::consul::{
    AgentSelf, CacheControl, CatalogNode, CatalogService, CatalogVerb, CheckOp, Consistency,
    DeregisterRequest, HealthCheck, KvEntry, KvOp, KvVerb, Node, NodeOp, NodeService, QueryMeta,
    RegisterRequest, ServiceAddress, ServiceEntry, ServiceKind, ServiceOp, Session,
    SessionBehavior, SessionRequest, TxnError, TxnOp, TxnResult, Weights,
};
pub use quorate_wire::consul::{CaConfiguration, CaRoots, ConfigEntry, ConfigKind};
pub use quorate_wire::consul::{
    Coordinate, DatacenterCoordinates, EventFilter, NodeCoordinate, PreparedQuery, UserEvent,
};
pub use quorate_wire::consul::{DiscoveryChain, DiscoveryChainOverrides};
pub use quorate_wire::consul::{Intention, IntentionAction, IntentionRequest, IntentionSide};
