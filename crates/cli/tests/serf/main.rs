//! `quorate serf` on the embedded agent and on real Serf agents: what it prints, what it does, and how it
//! ends; and beside the real `serf`, byte for byte. Without a real one its trials show as ignored.

mod agent;
mod beside;
mod cluster;
mod events;
mod keys;
mod queries;
mod refusals;
#[path = "../program/mod.rs"]
mod run;
mod server;

use std::process::ExitCode;
use std::time::Duration;

use quorate_testkit::server::{Located, SerfServer};
use quorate_testkit::trial::{Suite, Target};

use beside::SERF;
use server::Server;

/// What a case may take, with the start of a server.
const LIMIT: Duration = Duration::from_secs(180);
/// By then everything has happened, whatever else the machine does.
const SOON: Duration = Duration::from_secs(50);

fn main() -> ExitCode {
    let cases = [
        queries::cases(),
        cluster::cases(),
        keys::cases(),
        events::cases(),
        refusals::cases(),
        agent::cases(),
        beside::cases(),
    ];
    let beside: &[_] = match SerfServer::locate() {
        Located::Found(_) => &[SERF],
        Located::Missing(_) => &[],
    };
    Suite::new()
        .with_target(Target::new("embedded", Server::embedded).able(beside))
        .with_target(Target::real("serf 0.10.1", SerfServer::locate(), Server::real).able(beside))
        .with_cases(cases.into_iter().flatten())
        .with_time_limit(LIMIT)
        .run()
}
