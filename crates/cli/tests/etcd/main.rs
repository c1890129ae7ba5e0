//! `quorate etcd` on the embedded agent and on real etcds: the same commands, the same answers, and
//! byte for byte what `etcdctl` 3.5 prints beside it. Without a real server its trials show as
//! ignored.

#![allow(clippy::unwrap_used, reason = "tests fail by panicking")]

mod auth;
mod beside;
mod cluster;
mod environment;
mod keys;
mod leases;
#[path = "../etcd2/program.rs"]
mod program;
mod recipes;
mod refusals;
mod running;
mod transactions;
mod watches;

use std::process::ExitCode;
use std::time::Duration;

use quorate_testkit::server::{EtcdServer, EtcdVersion};
use quorate_testkit::trial::{Suite, Target};

use beside::ETCDCTL;
use program::Server;

/// What a case may take, with the start of a server.
const LIMIT: Duration = Duration::from_secs(120);

fn main() -> ExitCode {
    let cases = [
        auth::cases(),
        cluster::cases(),
        environment::cases(),
        keys::cases(),
        leases::cases(),
        recipes::cases(),
        refusals::cases(),
        transactions::cases(),
        watches::cases(),
    ];
    let real = |name, version| {
        Target::real(name, EtcdServer::locate(version), move || {
            Server::real("etcd", version)
        })
    };
    let beside: &[_] = match beside::etcdctl() {
        Some(_) => &[ETCDCTL],
        None => &[],
    };
    Suite::new()
        .with_target(Target::new("embedded", || Server::embedded("etcd")).able(beside))
        .with_target(real("etcd 3.5.16", EtcdVersion::V3_5).able(beside))
        .with_cases(cases.into_iter().flatten())
        .with_time_limit(LIMIT)
        .run()
}
