//! The same random requests to the embedded agent and to the real Consul 1.8.7, and the answers
//! compared: status, headers, bodies, whether a blocking read waited, and how indexes relate.
//!
//! Without settings the same sequence is sent each time, so that the test does not depend on luck.
//! `QUORATE_DIFFERENTIAL_SEED` names another one (0: any), `QUORATE_DIFFERENTIAL_STEPS` says how
//! many requests (default 3000), and `QUORATE_DIFFERENTIAL_REPORTS` how many differences to look for
//! before giving up (default 1). A difference is reduced to as few requests as still show it.

#![allow(
    clippy::print_stdout,
    reason = "the seed and what was compared are printed"
)]
#![allow(clippy::unwrap_used, reason = "tests fail by panicking")]

#[path = "differential/answer.rs"]
mod answer;
#[path = "differential/compare.rs"]
mod compare;
#[path = "differential/difference.rs"]
mod difference;
#[path = "differential/episode.rs"]
mod episode;
#[path = "differential/exchange.rs"]
mod exchange;
#[path = "differential/generate/mod.rs"]
mod generate;
#[path = "differential/judge.rs"]
mod judge;
#[path = "differential/known.rs"]
mod known;
#[path = "differential/pair.rs"]
mod pair;
#[path = "differential/reduce.rs"]
mod reduce;
#[path = "differential/request.rs"]
mod request;
#[path = "differential/run.rs"]
mod run;

use std::process::ExitCode;
use std::time::Duration;

use anyhow::ensure;
use pair::Pair;
use quorate_conformance::random::Random;
use quorate_testkit::cases;
use quorate_testkit::server::ConsulServer;
use quorate_testkit::trial::{Subject, Suite, Target};
use run::Run;

/// Requests of one run.
const STEPS: u64 = 3000;
/// How long a run may take, the reduction of what it finds included.
const TIME_LIMIT: Duration = Duration::from_secs(600);

fn setting(name: &str) -> Option<u64> {
    std::env::var(name).ok().and_then(|text| text.parse().ok())
}

/// The sequence that is sent unless another is asked for.
const SEED: u64 = 20_261_121;

async fn the_agent_answers_random_requests_as_consul_does(
    pair: &Subject<Pair>,
) -> anyhow::Result<()> {
    let seed = match setting("QUORATE_DIFFERENTIAL_SEED") {
        None => SEED,
        Some(0) => Random::any_seed(),
        Some(seed) => seed,
    };
    let steps = setting("QUORATE_DIFFERENTIAL_STEPS").unwrap_or(STEPS);
    let reports = setting("QUORATE_DIFFERENTIAL_REPORTS").unwrap_or(1);
    println!("QUORATE_DIFFERENTIAL_SEED={seed} QUORATE_DIFFERENTIAL_STEPS={steps}");
    let mut run = Run::new(pair, seed);
    run.go(steps, reports).await?;
    println!("{}", run.summary());
    let found = run.reports();
    ensure!(
        found.is_empty(),
        "{} differences (seed {seed}):\n\n{}",
        found.len(),
        found.join("\n\n")
    );
    Ok(())
}

fn main() -> ExitCode {
    Suite::new()
        .with_target(Target::real(
            "real consul 1.8.7",
            ConsulServer::locate(),
            Pair::start,
        ))
        .with_cases(cases![Pair; the_agent_answers_random_requests_as_consul_does])
        .with_time_limit(TIME_LIMIT)
        .run()
}
