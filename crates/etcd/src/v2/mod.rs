//! The v2 API of etcd.
//!
//! | I want … | go to |
//! |---|---|
//! | to read and write keys and directories, with conditions and TTLs | [`Client::keys`] |
//! | keys in the order of their making | [`Keys::create_in_order`] |
//! | to follow a key or a tree, for ever | [`Keys::watch`] |
//! | one at a time: a lock with a fencing token and a deadline | [`Client::lock`] |
//! | at most N at a time | [`Client::semaphore`] |
//! | one leader of many, and to know who it is | [`Client::election`] |
//! | to list, add, change and remove members, or to know who leads | [`Client::members`] |
//! | the addresses of all members | [`Client::machines`] |
//! | what servers count | [`Client::stats`] |
//! | versions, and whether servers work | [`Client::version`], [`Client::health`] |
//! | users, roles and passwords | [`Client::auth`] |
//! | several addresses, TLS, a password, limits | [`Client::builder`] |
//! | to find the servers by DNS | [`discovery`] |
//! | to follow a cluster whose members change | [`Client::sync`] |
//! | to know whether a failed call happened | [`Error::outcome`] |
//!
//! # What every call promises
//! * It ends: [`Timeouts`] bound each attempt and all of them together.
//! * It says what happened: an [`Error`] knows whether anything was changed, whether sending the
//!   call again is safe, and the server's code, cause and index.
//! * It is sent as it was meant: keys are cleaned and encoded here, so that no server answers with
//!   a redirect that would lose the value; conditions that servers ignore are refused.
//! * A server that has no v2 API is told apart and named.
//!
//! # Cancel safety
//! Any future here may be dropped at any await. Dropping the future of a call stops waiting for
//! its answer, and closes its connection; a server that has the request may act on it all the
//! same. [`Watch::next`] loses no change when it is dropped.

mod answer;
pub mod auth;
mod builder;
mod call;
mod client;
mod cluster;
pub mod discovery;
mod election;
mod env;
pub(crate) mod error;
mod health;
mod keys;
mod limits;
mod lock;
mod machines;
mod member;
mod observe;
pub mod queue;
mod redirect;
mod reply;
mod semaphore;
mod stats;
mod version;
mod watch;

pub use answer::Answer;
pub use auth::Auth;
pub use builder::ClientBuilder;
pub use client::Client;
pub use election::{Election, Leadership};
pub use error::{BoxError, Error, ErrorKind, Outcome, RetryAdvice};
pub use health::HealthApi;
pub use keys::{Condition, DeleteOptions, GetOptions, Keys, SetOptions};
pub use limits::Limits;
pub use lock::{Lock, LockGuard};
pub use member::Members;
pub use observe::Observe;
pub use queue::{Acquisition, Holder, QueueOptions};
pub use semaphore::{Semaphore, SemaphoreGuard};
pub use stats::Stats;
pub use watch::{Change, Relisted, Watch, WatchOptions};

pub use crate::lease::{Lease, LostReason};

/// Every type of the v2 wire protocol, also those that are not exported here by name.
pub use quorate_wire::etcd2 as wire;

pub use quorate_net::deadline::Timeouts;
pub use quorate_net::secret::Secret;
pub use quorate_net::tls::{TlsOptions, Verify};
pub use quorate_net::transport::Dial;
pub use quorate_wire::etcd2::stats::{FollowerStats, LeaderInfo, MemberState};
pub use quorate_wire::etcd2::{
    Action, ErrorCode, Event, Health, LeaderStats, Member, Meta, Node, Permissions, Role,
    SelfStats, StoreStats, User, Version,
};
