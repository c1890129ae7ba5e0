//! The whole HTTP interface: the same requests to the embedded agent and to the real Consul 1.8.7,
//! and the answers compared: status, headers, bodies.
//!
//! `surface/scripts/` has the requests, a text for each noun, in a language that `surface/script.rs`
//! describes; `surface/known.rs` the differences that are meant, with their reasons. Any other one
//! fails, and so does one of the table that is not seen any more.
//!
//! `QUORATE_SURFACE_SCRIPT` names the one script to run, `QUORATE_SURFACE_REPORTS` says how many
//! differences to look for before giving up (default 20), `QUORATE_SURFACE_SEED` what is drawn (0:
//! anything), and `QUORATE_SURFACE_ROUNDS` how much of it: with 1, the default, each wrong value is
//! tried in some of the places where it could stand; with 10, in all of them.

#![allow(
    clippy::print_stdout,
    reason = "what was compared is printed, and how it differed"
)]
#![allow(clippy::unwrap_used, reason = "tests fail by panicking")]

#[path = "surface/ask.rs"]
mod ask;
#[path = "surface/draw.rs"]
mod draw;
#[path = "differential/exchange.rs"]
#[allow(
    dead_code,
    reason = "the time that an answer took is of no interest here"
)]
mod exchange;
#[path = "surface/known.rs"]
mod known;
#[path = "surface/plain.rs"]
mod plain;
#[path = "surface/report.rs"]
mod report;
#[path = "surface/run.rs"]
mod run;
#[path = "surface/script.rs"]
mod script;
#[path = "surface/scripts.rs"]
mod scripts;
#[path = "surface/side.rs"]
mod side;
#[path = "surface/sweep.rs"]
mod sweep;
#[path = "surface/vary.rs"]
mod vary;
#[path = "surface/world.rs"]
mod world;

use std::process::ExitCode;
use std::time::Duration;

use quorate_testkit::cases;
use quorate_testkit::server::ConsulServer;
use quorate_testkit::trial::{Subject, Suite, Target};
use world::Setting;

/// How long one pair of servers may take.
const TIME_LIMIT: Duration = Duration::from_secs(1200);

/// Every case starts servers of its own.
struct Nothing;

async fn every_endpoint_answers_as_consul_does(_: &Subject<Nothing>) -> anyhow::Result<()> {
    run::compare(Setting::Plain).await
}

async fn every_endpoint_of_the_mesh_answers_as_consul_does(
    _: &Subject<Nothing>,
) -> anyhow::Result<()> {
    run::compare(Setting::Mesh).await
}

async fn every_endpoint_of_access_control_answers_as_consul_does(
    _: &Subject<Nothing>,
) -> anyhow::Result<()> {
    run::compare(Setting::Guarded).await
}

fn main() -> ExitCode {
    let start = || async { Ok(Nothing) };
    Suite::new()
        .with_target(Target::real(
            "real consul 1.8.7",
            ConsulServer::locate(),
            start,
        ))
        .with_cases(cases![Nothing;
            every_endpoint_answers_as_consul_does,
            every_endpoint_of_the_mesh_answers_as_consul_does,
            every_endpoint_of_access_control_answers_as_consul_does,
        ])
        .with_time_limit(TIME_LIMIT)
        .run()
}
