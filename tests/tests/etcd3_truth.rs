//! What etcd's v3 API promises while connections are cut and the server is killed, on the agent and
//! on a real etcd: that a copy made from a watch is exact, that concurrent operations happened one
//! at a time, and that nothing acknowledged is lost.
//!
//! | variable | sets | default |
//! |---|---|---|
//! | `QUORATE_WATCH_ROUNDS` | how often copies are compared with the server | 16 |
//! | `QUORATE_LINEAR_OPERATIONS` | how many operations are checked | 1500 |
//! | `QUORATE_CRASH_ROUNDS` | how often the server is killed under writers | 8, and 3 of a real one |
//! | `QUORATE_TRUTH_SEED` | repeats the choice of operations and faults | |

#![allow(clippy::unwrap_used, reason = "tests fail by panicking")]
#![allow(clippy::print_stdout, reason = "what was checked is printed")]

#[path = "etcd3_truth/durable/mod.rs"]
mod durable;
#[path = "crash/killable.rs"]
#[allow(dead_code, reason = "here it is only ever killed by being dropped")]
mod killable;
#[path = "etcd3_truth/linear/mod.rs"]
mod linear;
#[path = "lock_safety/server.rs"]
mod server;
#[path = "etcd3_truth/watch/mod.rs"]
mod watch;
#[path = "etcd3_truth/world.rs"]
mod world;

use std::process::ExitCode;
use std::time::Duration;

use libtest_mimic::Arguments;
use quorate_conformance::random::Random;
use quorate_testkit::server::{EtcdServer, EtcdVersion};
use quorate_testkit::trial::{Suite, Target};
use server::Kind;

/// Trials wait for their servers most of the time.
const THREADS: usize = 3;

/// A number from the environment.
fn setting(name: &str) -> Option<u64> {
    std::env::var(name).ok().and_then(|text| text.parse().ok())
}

/// Randomness, and the seed that repeats it.
fn chance() -> (Random, u64) {
    let seed = setting("QUORATE_TRUTH_SEED").unwrap_or_else(Random::any_seed);
    (Random::new(seed), seed)
}

fn main() -> ExitCode {
    let version = EtcdVersion::V3_5;
    let etcd = || async { Ok(Kind::Etcd(EtcdVersion::V3_5)) };
    let mut arguments = Arguments::from_args();
    arguments.test_threads.get_or_insert(THREADS);
    let outcome = Suite::new()
        .with_target(Target::new("agent", || async { Ok(Kind::AgentEtcd) }))
        .with_target(Target::real(
            "real etcd 3.5.16",
            EtcdServer::locate(version),
            etcd,
        ))
        .with_cases(watch::cases())
        .with_cases(linear::cases())
        .with_cases(durable::cases())
        .with_time_limit(Duration::from_secs(
            setting("QUORATE_TRUTH_SECONDS").unwrap_or(120),
        ))
        .run_with(&arguments);
    println!("{}", outcome.line());
    outcome.conclusion.exit_code()
}
