//! etcd's v3 API: keys, transactions, watches, leases, locks, elections, who may do what, and who is
//! there.
//!
//! Most cases are a table of requests and answers, see [`line`](World::ask). What they say was looked
//! at on the real servers, 3.4.23, 3.5.16 and 3.7.2, before it was written down.

mod auth;
mod channel;
mod cluster;
mod election;
mod gateway;
mod health;
mod kv;
mod lease;
mod limits;
mod line;
mod lock;
mod maintenance;
mod member;
mod range_stream;
mod stream;
mod target;
mod txn;
mod waiting;
mod watch;

pub use channel::Channel;
pub use line::{Names, World};
pub use stream::Stream;
pub use target::{
    ALONE, Etcd, MEMBERS, MENDED, NESTED, REAL, SINCE_3_5, STREAMS, UP_TO_3_5, V3_4, V3_5, V3_7,
};

use crate::trial::Case;

/// The cases that need three members.
pub fn members() -> Vec<Case<Etcd>> {
    let cases = [cluster::cases(), maintenance::cases(), member::cases()];
    let cases = cases.into_iter().flatten();
    cases.filter(|case| case.needs(MEMBERS)).collect()
}

/// Every case.
pub fn cases() -> Vec<Case<Etcd>> {
    let tables: Vec<Vec<Case<Etcd>>> = vec![
        // Those that start servers of their own first, so that they run beside the others.
        cluster::cases(),
        auth::cases(),
        maintenance::cases(),
        kv::cases(),
        range_stream::cases(),
        txn::cases(),
        watch::cases(),
        lease::cases(),
        lock::cases(),
        election::cases(),
        limits::cases(),
        gateway::cases(),
        health::cases(),
        member::cases(),
    ];
    tables.into_iter().flatten().collect()
}
