//! The v3 API of etcd.
//!
//! | I want … | go to |
//! |---|---|
//! | to read, write and delete keys, one or many | [`Client::kv`] |
//! | several operations at one revision, if conditions hold | [`Kv::txn`] |
//! | to read a large range | [`Kv::pages`] |
//! | to follow keys, for ever | [`Kv::watch`] |
//! | keys that go when I am gone | [`Leases::hold`] |
//! | one at a time: a lock with a fencing token and a deadline | [`Client::lock`] |
//! | at most N at a time | [`Client::semaphore`] |
//! | one leader of many, and to know who it is | [`Client::election`] |
//! | to list, add, change and remove members | [`Client::members`] |
//! | the status of servers, alarms, snapshots | [`Client::maintenance`] |
//! | users, roles and passwords | [`Client::auth`] |
//! | an answer with all its fields, as it was sent | [`Client::raw`] |
//! | several addresses, TLS, a password, limits | [`Client::builder`] |
//! | to find the servers by DNS, and follow them | [`ClientBuilder::discovery_srv`] |
//! | to follow a cluster whose members change | [`Client::sync`] |
//! | to know whether a failed call happened | [`Error::outcome`], [`Kv::was_written`] |
//!
//! # What every call promises
//! * It ends: [`Timeouts`] bound each attempt and all of them together.
//! * It says what happened: an [`Error`] knows whether anything was changed, whether sending the
//!   call again is safe, and the server's code and words.
//! * It is answered by a member that has a leader and is not behind the others, of the one cluster
//!   that answered first; unless it asks for what one server knows.
//!
//! # Cancel safety
//! Any future here may be dropped at any await. Dropping the future of a call stops waiting for
//! its answer; a server that has the request may act on it all the same. [`Watch::next`] loses no
//! change when it is dropped.

mod auth;
mod builder;
mod call;
mod channel;
mod client;
mod cluster;
mod discovery;
mod election;
pub(crate) mod error;
mod header;
mod identity;
mod kv;
mod lacks;
mod lease;
mod limits;
mod link;
mod lock;
mod maintenance;
mod member;
pub mod queue;
pub mod raw;
mod semaphore;
pub mod service;
mod token;
mod watch;

pub use auth::{Access, Auth, AuthStatus, Permission};
pub use builder::ClientBuilder;
pub use channel::KeepAlive;
pub use client::Client;
pub use election::{Election, Leadership, Observe};
pub use error::{BoxError, Error, ErrorKind, Outcome, RetryAdvice};
pub use header::Header;
pub use kv::{
    Comparison, Cond, DeleteOptions, Deleted, KeyRange, KeyValue, Kv, Pages, Put, PutOptions,
    RangeOptions, RangeResult, Resolved, SortBy, Txn, TxnOp, TxnReply, TxnResult,
};
pub use lease::{
    Lease, LeaseGrant, LeaseId, LeaseIdError, LeaseInfo, LeaseKeeper, Leases, LostReason, MAX_TTL,
};
pub use limits::Limits;
pub use lock::{Lock, LockGuard};
pub use maintenance::{Alarm, AlarmKind, Downgrade, KeyHash, Maintenance, Snapshot, Status};
pub use member::{Member, Members};
pub use queue::{Acquisition, Holder, QueueOptions};
pub use semaphore::{Semaphore, SemaphoreGuard};
pub use watch::{Change, Event, EventKind, Watch, WatchOptions};

pub use quorate_net::deadline::Timeouts;
pub use quorate_net::secret::Secret;
pub use quorate_net::tls::{TlsOptions, Verify};
pub use quorate_net::transport::Dial;
