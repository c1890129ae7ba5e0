//! etcd's v2 API: keys, watches, who may do what, and who is there.
//!
//! Most cases are a table of requests and answers, see `world`. What they say was looked at on the
//! real servers, 3.4.23 and 3.5.16, before it was written down.

mod cluster;
mod compare;
mod delete;
mod directory;
mod endpoint;
mod enforced;
mod faults;
mod field;
mod form;
mod history;
mod in_order;
mod listing;
mod member;
mod path;
mod precedence;
mod role;
mod service;
mod set;
mod shape;
mod stream;
mod target;
mod ttl;
mod typed;
mod update;
mod user;
mod watch;
mod world;

pub use target::{
    ALONE, DIRECTORY_TTL, Etcd, FAULTS, MEMBERS, MENDED, REAL, REFUSES_DIRECTORY_TTL,
};

use crate::trial::Case;

/// Every case.
pub fn cases() -> Vec<Case<Etcd>> {
    let tables: Vec<Vec<Case<Etcd>>> = vec![
        // Those that start servers of their own first, so that they run beside the others.
        enforced::cases(),
        user::cases(),
        role::cases(),
        ttl::cases(),
        faults::cases(),
        history::cases(),
        set::cases(),
        update::cases(),
        compare::cases(),
        delete::cases(),
        directory::cases(),
        in_order::cases(),
        form::cases(),
        field::cases(),
        precedence::cases(),
        path::cases(),
        listing::cases(),
        shape::cases(),
        watch::cases(),
        typed::cases(),
        // In the middle, because it stops a member: half the cases have three, and half two.
        cluster::cases(),
        endpoint::cases(),
        member::cases(),
        service::cases(),
    ];
    tables.into_iter().flatten().collect()
}
