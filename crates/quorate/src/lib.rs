//! Keys, watches, locks, elections, services and events for programs that must agree: on an agent
//! inside this process with nothing installed, and on a real Consul or etcd when it outgrows one
//! machine.
//! Only the URL changes.
//!
//! ```
//! # #[cfg(feature = "embedded")]
//! # #[tokio::main(flavor = "current_thread")] async fn main() -> quorate::Result<()> {
//! use quorate::prelude::*;
//!
//! // "memory:" here; "embedded:" keeps it on disk; "consul://127.0.0.1:8500" is a real Consul.
//! let coordinator = quorate::connect("memory:").await?;
//! let kv = coordinator.kv();
//!
//! let revision = kv.put("config/workers", "4").await?;
//! kv.replace("config/workers", "8", revision).await?; // only if nobody changed it meanwhile
//! assert_eq!(kv.get("config/workers").await?.unwrap().text(), Some("8"));
//!
//! let done = coordinator
//!     .with_lock("jobs/nightly", |held| async move {
//!         // Dropped here and now if the lock is lost. The token only grows from holder to holder.
//!         held.fencing_token()
//!     })
//!     .await?;
//! assert!(done.0 > 0);
//! coordinator.close().await
//! # }
//! # #[cfg(not(feature = "embedded"))] fn main() {}
//! ```
//!
//! | I want… | go to |
//! |---|---|
//! | to open a backend by its URL | [`connect`], [`Builder`]; what a URL says: [`target::Target`] |
//! | to read and write keys | [`Coordinator::kv`], [`KvExt`] |
//! | to write only if nothing changed meanwhile | [`KvExt::create`], [`KvExt::replace`], [`Precondition`] |
//! | to change several keys at once, or none | [`Transaction`] |
//! | to keep a value of any shape, such as a struct of mine | [`Coordinator::tree`], [`Tree`] |
//! | to follow a key or a prefix | [`Coordinator::watch`], [`Coordinator::watch_prefix`], [`Watch`] |
//! | a local copy that is always up to date | [`Coordinator::cache`], [`Cache`] |
//! | the configuration of my program in a type of my own, always current | [`Config`], [`config`] |
//! | to do something in one place at a time | [`Coordinator::with_lock`], [`Lock`] |
//! | to do something in at most N places at a time | [`Coordinator::with_semaphore`], [`Semaphore`] |
//! | one leader of many, and to know who it is | [`Coordinator::election`], [`Election`] |
//! | a service that stays registered, whatever happens | [`Services::register`], [`Registration`] |
//! | the instances of a service that work, followed | [`Services::instances`], [`Services::watch`] |
//! | to know which nodes there are, and how they are | [`Coordinator::nodes`], [`Nodes`] |
//! | to know who is in the cluster, and to follow it | [`Coordinator::members`], [`Members`] |
//! | to tell everybody something | [`Coordinator::events`], [`Events`] |
//! | to ask everybody something, and to answer | [`Coordinator::queries`], [`Queries`] |
//! | to save everything, and to restore it | [`Coordinator::snapshot`], [`Snapshots`] |
//! | a write that a holder who lost its lock can't make | [`KvExt::put_fenced`], [`Transaction::held`] |
//! | to know whether a failed call happened | [`Error::outcome`], [`Error::advice`] |
//! | to know what a backend can do | [`Coordinator::capabilities`] |
//! | what only Consul has | [`Coordinator::native_consul`], [`consul`] |
//! | what only etcd has | [`Coordinator::native_etcd3`], [`Coordinator::native_etcd2`], [`etcd`] |
//! | what only Serf has | [`Coordinator::native_serf`], [`serf`] |
//! | a backend of my own, or a wrapper around one | [`backend`], [`Coordinator::new`] |
//! | the agent itself, to serve other programs | [`agent`] |
//!
//! # What is promised
//! * **A lock says when it is lost**, by this machine's monotonic clock, at the latest when the time
//!   of its last successful renewal is over; nothing claims it afterwards. See [`Held`].
//! * **A watch never dies silently**: it resumes, and where history was lost it lists again and says
//!   so, so a map built from it is always exact. See [`Watch`].
//! * **An error says what happened**: whether the change was made, and whether to retry. See
//!   [`Error`].
//! * **Nothing hangs**: every call has a deadline, 15 s for all of its attempts unless told
//!   otherwise; only waiting for a lock or for a change takes as long as it takes.
//! * **What a backend can't do is refused** before anything is sent, never ignored.
//!
//! # Cancel safety
//! Every future here may be dropped at any await. A dropped call stops waiting; a write that was
//! already sent may still happen. A dropped acquisition leaves nothing behind.
//!
//! # Features
//! `embedded` (default): the agent in this process, for `embedded:` and `memory:`. Without it only
//! servers elsewhere can be used. `toml`, `yaml`: [configuration](config) in documents of these formats.
//! `figment`, `config`: its parameters as a source of the crates of these names.

pub mod backend;
mod body;
mod builder;
mod cache;
mod capabilities;
pub mod config;
mod coordinator;
mod election;
mod entry;
mod error;
mod event;
mod feed;
mod gate;
mod health;
mod held;
mod key;
mod kv;
mod lock;
mod member;
mod node;
pub mod prelude;
mod query;
mod replica;
mod semaphore;
mod service;
mod snapshot;
pub mod target;
mod transaction;
pub mod tree;
mod watch;

pub use builder::{Builder, connect};
pub use cache::Cache;
pub use capabilities::Capabilities;
pub use config::Config;
pub use coordinator::Coordinator;
pub use election::{Election, ElectionOptions, Leadership};
pub use entry::{Entry, Revision};
pub use error::{Error, ErrorKind, Outcome, Result, RetryAdvice};
pub use event::{Delivery, Event, EventOptions, Events, FireOptions};
pub use feed::Feed;
pub use health::{CheckResult, Health, HealthStatus};
pub use held::{Acquisition, FencingToken, Held, Holder, Holding, LostReason, Wait};
pub use key::{Key, MAX_KEY_BYTES, Prefix};
pub use kv::{
    Consistency, DeleteOptions, Depth, GetOptions, KeysOptions, Kv, KvExt, ListOptions,
    Precondition, PutOptions,
};
pub use lock::{Lock, LockGuard, LockOptions};
pub use member::{Member, MemberEvent, MemberStatus, Members, TagChanges};
pub use node::{Node, NodeDetails, NodeService, NodeSet, Nodes};
pub use query::{Answer, AnswerSet, Answers, Inquiry, Queries, QueryOptions, Question};
pub use replica::Replica;
pub use semaphore::{Semaphore, SemaphoreGuard, SemaphoreOptions};
pub use service::{
    CheckProbe, HealthProbe, Instance, InstanceOptions, InstanceSet, Near, RegisterOptions,
    Registration, RegistrationState, RegistrationStates, Service, ServiceCheck, ServiceSummary,
    Services, WantedHealth,
};
pub use snapshot::{SnapshotInfo, SnapshotStream, SnapshotTable, Snapshots};
pub use transaction::{Committed, Compare, FailedCompare, Operation, Transaction, TxnOutcome};
pub use tree::{Tree, TreeError, TreeOptions};
pub use watch::{Watch, WatchEvent, WatchOptions, WatchTarget};

/// The value type of keys: cheap to clone, made from text, vectors and arrays.
pub use bytes::Bytes;
pub use quorate_net::secret::Secret;

#[cfg(feature = "embedded")]
pub use quorate_agent as agent;
pub use quorate_consul as consul;
pub use quorate_etcd as etcd;
pub use quorate_serf as serf;

/// The program in the README, compiled and run like every other example.
#[cfg(all(doctest, feature = "embedded"))]
#[doc = include_str!("../../../README.md")]
struct Readme;
