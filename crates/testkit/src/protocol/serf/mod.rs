//! Serf's RPC: what a connection is, and every command.
//!
//! Most cases send objects of their own on a connection of their own, so that each rule of the wire
//! can be seen; `typed` goes through our client. What they say was looked at on a real Serf 0.10.1
//! before it was written down.

mod auth;
mod clock;
mod cluster;
mod connection;
mod event;
mod framing;
mod greeting;
mod join;
mod key;
mod leave;
mod loss;
mod member;
mod monitor;
mod object;
mod query;
mod queue;
mod respond;
mod spelling;
mod stats;
mod stream;
mod tags;
mod target;
mod typed;

pub use stats::STATISTICS;
pub use target::{ALONE, CLUSTER, GUARDED, MENDED, OPEN, REAL, Serf};

use crate::trial::{Case, Subject};

type Trial = Subject<Serf>;
type Outcome = anyhow::Result<()>;

/// Every case.
pub fn cases() -> Vec<Case<Serf>> {
    let tables: Vec<Vec<Case<Serf>>> = vec![
        // Those that start agents of their own first, so that they run beside the others.
        queue::cases(),
        loss::cases(),
        leave::cases(),
        clock::cases(),
        cluster::cases(),
        key::cases(),
        query::cases(),
        respond::cases(),
        greeting::cases(),
        auth::cases(),
        framing::cases(),
        spelling::cases(),
        event::cases(),
        stream::cases(),
        monitor::cases(),
        member::cases(),
        join::cases(),
        tags::cases(),
        stats::cases(),
        typed::cases(),
    ];
    tables.into_iter().flatten().collect()
}
