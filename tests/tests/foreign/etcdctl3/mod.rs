//! `etcdctl` 3.5, each of its commands.

pub(crate) mod check;

mod auth;
mod cluster;
mod election;
mod kv;
mod lease;
mod lock;
mod maintenance;
mod mirror;
mod snapshot;
mod txn;
mod watch;

use quorate_testkit::trial::Case;

use crate::etcd3::Etcd3;

pub(crate) fn cases() -> Vec<Case<Etcd3>> {
    [
        // The long ones first.
        snapshot::cases(),
        auth::cases(),
        lock::cases(),
        election::cases(),
        lease::cases(),
        watch::cases(),
        mirror::cases(),
        maintenance::cases(),
        cluster::cases(),
        txn::cases(),
        kv::cases(),
    ]
    .concat()
}
