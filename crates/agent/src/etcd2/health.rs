//! `/health`.

use quorate_wire::etcd2::Health;

use super::reply::Reply;

/// An agent that answers is healthy: it waits for no other member.
pub(super) fn answer() -> Reply {
    let health = Health {
        healthy: true,
        reason: None,
    };
    Reply::text(health.encode().unwrap_or_default())
}
