//! The requests, by their nouns. They are about what `world.rs` puts there first.

mod acl;
mod agent;
mod catalog;
mod connect;
mod keys;
mod operator;
mod query;
mod session;

use super::operation::Operation;

/// Every operation that Consul guards, and a few that it does not.
pub(crate) fn operations() -> Vec<Operation> {
    [
        keys::operations(),
        session::operations(),
        catalog::operations(),
        agent::operations(),
        query::operations(),
        operator::operations(),
        connect::operations(),
        acl::operations(),
    ]
    .concat()
}
