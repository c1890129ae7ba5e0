//! The v2 API of etcd: the same requests to the embedded agent and to the real etcd 3.4.23 and
//! 3.5.16, and the answers compared: status, headers, bodies, indexes, and what watchers hear.
//!
//! `differential_etcd2/scripts/` has the requests, in a language that `differential_etcd2/script.rs`
//! describes; `differential_etcd2/known.rs` the differences that are meant, each with its row in
//! `docs/compatibility.md`. Any other one fails, and so does one of the table that is not seen any
//! more.
//!
//! `QUORATE_ETCD2_SCRIPT` names the one script to run, `QUORATE_ETCD2_SEED` what is drawn (0:
//! anything), `QUORATE_ETCD2_ROUNDS` how much of it (default 1), and `QUORATE_ETCD2_REPORTS` how many
//! differences to look for before giving up (default 20).

#![allow(
    clippy::print_stdout,
    reason = "what was compared is printed, and how it differed"
)]
#![allow(clippy::unwrap_used, reason = "tests fail by panicking")]

#[path = "surface/draw.rs"]
mod draw;
#[path = "differential/exchange.rs"]
#[allow(
    dead_code,
    reason = "the time that an answer took is of no interest here"
)]
mod exchange;
#[path = "differential_etcd2/known.rs"]
mod known;
#[path = "differential_etcd2/plain.rs"]
mod plain;
#[path = "differential_etcd2/report.rs"]
mod report;
#[path = "differential_etcd2/run.rs"]
mod run;
#[path = "differential_etcd2/script.rs"]
mod script;
#[path = "differential_etcd2/side.rs"]
mod side;
#[path = "differential_etcd2/watch.rs"]
mod watch;

use std::process::ExitCode;
use std::time::Duration;

use quorate_testkit::cases;
use quorate_testkit::server::{EtcdServer, EtcdVersion};
use quorate_testkit::trial::{Subject, Suite, Target};
use run::Setting;

/// How long one pair of servers may take.
const TIME_LIMIT: Duration = Duration::from_secs(300);

/// Every case starts servers of its own.
struct Pair(Setting);

async fn the_agent_answers_as_etcd_does(pair: &Subject<Pair>) -> anyhow::Result<()> {
    run::compare(pair.0).await
}

fn target(name: &'static str, version: EtcdVersion, strict: bool) -> Target<Pair> {
    let start = move || async move { Ok(Pair(Setting { version, strict })) };
    Target::real(name, EtcdServer::locate(version), start)
}

fn main() -> ExitCode {
    Suite::new()
        .with_target(target("real etcd 3.4.23", EtcdVersion::V3_4, false))
        .with_target(target("real etcd 3.4.23, strict", EtcdVersion::V3_4, true))
        .with_target(target("real etcd 3.5.16, strict", EtcdVersion::V3_5, true))
        .with_cases(cases![Pair; the_agent_answers_as_etcd_does])
        .with_time_limit(TIME_LIMIT)
        .run()
}
