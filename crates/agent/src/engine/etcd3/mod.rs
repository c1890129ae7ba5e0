//! etcd's v3 key space: keys with all their revisions, transactions, leases, watches, users and
//! alarms.
//!
//! [`State`] is what readers see: its public methods read. Changes go through
//! [`Engine::apply`](super::Engine::apply), and a command is one revision at most, however many
//! keys it changes. [`WatchStream`] is what a watcher sees of it: it only reads as well.

mod alarm;
mod auth;
mod command;
mod compact;
mod compare;
mod delete;
mod event;
mod fragment;
mod hash;
mod history;
mod intervals;
mod key_range;
mod key_value;
mod lease;
mod lease_write;
mod put;
mod range;
mod refusal;
mod row;
mod state;
mod step;
mod txn;
mod txn_check;
mod watch;
mod watch_stream;

pub use alarm::Alarm;
pub use auth::{
    Auth, AuthCommand, Caller, Flags, Issued, NewUser, Permission, PermissionKind, Role, Token,
    Tokens, User,
};
pub use command::{Command, Op, Reply};
pub use compare::{Compare, Comparison, Target};
pub use delete::{DeleteRange, Deleted};
pub use event::{Event, EventKind, Revision};
pub use hash::Hash;
pub use key_range::{End, KeyRange};
pub use key_value::KeyValue;
pub use lease::{Lease, MAX_LEASE_TTL, MIN_LEASE_TTL};
pub use put::{Put, PutDone};
pub use range::{Order, Range, Ranged, SortBy};
pub use refusal::{Code, Refusal};
pub use row::Row;
pub use state::{FIRST_REVISION, State};
pub use txn::{OpReply, Txn, TxnDone, TxnOp};
pub use txn_check::{CheckedTxn, MAX_TXN_OPS};
pub use watch::{Seen, Watch, WatchEvent};
pub use watch_stream::{WatchCreate, WatchResponse, WatchStream};
