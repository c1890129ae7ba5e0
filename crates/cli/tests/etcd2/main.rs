//! `quorate etcd2` on the embedded agent and on real etcds: the same commands, the same answers, and
//! what `etcdctl` prints. Without a real server its trials show as ignored.

#![allow(clippy::unwrap_used, reason = "tests fail by panicking")]

mod auth;
mod client;
mod cluster;
mod directories;
mod keys;
mod program;
mod queues;
mod watches;

use std::process::ExitCode;
use std::time::Duration;

use quorate_testkit::server::{EtcdServer, EtcdVersion};
use quorate_testkit::trial::{Suite, Target};

use program::Server;

/// What a case may take, with the start of a server.
const LIMIT: Duration = Duration::from_secs(120);

fn main() -> ExitCode {
    let cases = [
        auth::cases(),
        cluster::cases(),
        directories::cases(),
        keys::cases(),
        queues::cases(),
        watches::cases(),
    ];
    let real = |name, version| {
        Target::real(name, EtcdServer::locate(version), move || {
            Server::real("etcd2", version)
        })
    };
    Suite::new()
        .with_target(
            Target::new("embedded", || Server::embedded("etcd2"))
                .able(&[directories::DIRECTORY_TTL]),
        )
        .with_target(real("etcd 3.4.23", EtcdVersion::V3_4).able(&[directories::DIRECTORY_TTL]))
        .with_target(real("etcd 3.5.16", EtcdVersion::V3_5))
        .with_cases(cases.into_iter().flatten())
        .with_time_limit(LIMIT)
        .run()
}
