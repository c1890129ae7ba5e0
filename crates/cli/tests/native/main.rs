//! `quorate consul` on the embedded agent and on the real Consul 1.8.7: the same commands, the same
//! answers. Without a real server its trials show as ignored.

#![allow(clippy::unwrap_used, reason = "tests fail by panicking")]

mod acl;
mod catalog;
mod check;
mod kv;
mod login;
mod program;
mod raw;
mod services;

use std::process::ExitCode;
use std::time::Duration;

use quorate_testkit::server::ConsulServer;
use quorate_testkit::trial::{Suite, Target};

use program::Server;

/// What a case may take, with the start of a server.
const LIMIT: Duration = Duration::from_secs(60);

fn main() -> ExitCode {
    let real = Target::real("consul 1.8.7", ConsulServer::locate(), Server::real);
    let cases = [
        acl::cases(),
        catalog::cases(),
        check::cases(),
        kv::cases(),
        login::cases(),
        raw::cases(),
        services::cases(),
    ];
    Suite::new()
        .with_target(Target::new("embedded", Server::embedded))
        .with_target(real)
        .with_cases(cases.into_iter().flatten())
        .with_time_limit(LIMIT)
        .run()
}
