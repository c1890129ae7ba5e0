//! The v3 API of etcd: the same random requests to the embedded agent and to the real etcd 3.5.16, and
//! the answers compared, field by field but for the ids of cluster and member: keys with all their
//! revisions, the revisions of headers, leases, refusals with their texts, and what watchers hear.
//!
//! `differential_etcd3/known.rs` has the differences that are meant, each with its row in
//! `docs/compatibility.md`; each must be seen, and any other one fails.
//!
//! `QUORATE_ETCD3_SEED` says what is drawn (0: anything), `QUORATE_ETCD3_ROUNDS` how much of it
//! (default 1).

#![allow(
    clippy::print_stdout,
    reason = "what was compared is printed, and how it differed"
)]
#![allow(clippy::unwrap_used, reason = "tests fail by panicking")]

#[path = "differential_etcd3/generate.rs"]
mod generate;
#[path = "differential_etcd3/known.rs"]
mod known;
#[path = "differential_etcd3/pair.rs"]
mod pair;

use std::env;
use std::process::ExitCode;
use std::time::Duration;

use generate::Generator;
use pair::Pair;
use quorate_conformance::random::Random;
use quorate_testkit::cases;
use quorate_testkit::server::{EtcdServer, EtcdVersion};
use quorate_testkit::trial::{Subject, Suite, Target};

/// The sequence that is sent unless another is asked for.
const SEED: u64 = 20_261_122;
/// How many requests a round has while nobody has a name, and then.
const NAMELESS: u64 = 600;
const NAMED: u64 = 300;
/// What watchers hear is compared after so many requests.
const LISTEN: u64 = 60;
/// How long one pair of servers may take for a round.
const TIME_LIMIT: Duration = Duration::from_secs(240);

struct Nothing;

fn variable(name: &str) -> Option<u64> {
    env::var(name).ok().map(|value| value.parse().unwrap())
}

fn rounds() -> u64 {
    variable("QUORATE_ETCD3_ROUNDS").unwrap_or(1)
}

async fn the_agent_answers_as_etcd_does(_: &Subject<Nothing>) -> anyhow::Result<()> {
    let seed = match variable("QUORATE_ETCD3_SEED") {
        Some(0) => Random::any_seed(),
        Some(seed) => seed,
        None => SEED,
    };
    println!("QUORATE_ETCD3_SEED={seed}");
    let mut generator = Generator::new(Random::new(seed));
    let mut pair = Pair::start().await?;
    // So many that no revision which is drawn is below 0.
    for _ in 0..100 {
        pair.ask("put ~begin 1").await?;
    }
    for number in 1..=NAMELESS * rounds() {
        pair.ask(&generator.request()).await?;
        if number % LISTEN == 0 {
            pair.listen(&generator.watch()).await?;
            pair.ask(&generator.compaction()).await?;
        }
    }
    for line in Generator::enable() {
        pair.ask(line).await?;
    }
    for number in 1..=NAMED * rounds() {
        pair.ask(&generator.request_of_somebody()).await?;
        if number % LISTEN == 0 {
            pair.ask("as root r").await?;
            pair.listen(&generator.watch()).await?;
            pair.ask(&generator.compaction()).await?;
        }
    }
    pair.ask("as root r").await?;
    pair.ask("put ~large @2200000").await?;
    pair.is_right()?;
    pair.see_known().await?;
    pair.is_right()?;
    pair.report();
    Ok(())
}

fn main() -> ExitCode {
    let limit = TIME_LIMIT * u32::try_from(rounds()).unwrap();
    let located = EtcdServer::locate(EtcdVersion::V3_5);
    let real = Target::real("real etcd 3.5.16", located, || async { Ok(Nothing) });
    Suite::new()
        .with_target(real)
        .with_cases(cases![Nothing; the_agent_answers_as_etcd_does])
        .with_time_limit(limit)
        .run()
}
