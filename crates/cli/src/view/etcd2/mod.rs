//! What `quorate etcd2` prints: to a pipe as `etcdctl` prints it, in colour on a terminal, and for
//! programs as it stands on the wire.

pub(crate) mod event;
pub(crate) mod health;
pub(crate) mod listing;
pub(crate) mod member;
pub(crate) mod names;
pub(crate) mod role;
