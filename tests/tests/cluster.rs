//! The clients against three real servers that are one cluster, of which one or two go away in the
//! middle of reads, writes and watches, and while locks are held.

#[path = "cluster/locks.rs"]
mod locks;
#[path = "cluster/reads.rs"]
mod reads;
#[path = "cluster/services.rs"]
mod services;
#[path = "cluster/trio.rs"]
mod trio;
#[path = "cluster/watches.rs"]
mod watches;
#[path = "cluster/writes.rs"]
mod writes;

use std::process::ExitCode;
use std::time::Duration;

use libtest_mimic::Arguments;
use quorate_testkit::server::ConsulServer;
use quorate_testkit::trial::{Suite, Target};

/// Each trial has three servers of its own.
const THREADS: usize = 3;
/// Servers start slowly on a busy machine, and elections take their time.
const TIME_LIMIT: Duration = Duration::from_secs(300);

fn main() -> ExitCode {
    let mut arguments = Arguments::from_args();
    arguments.test_threads.get_or_insert(THREADS);
    let nothing = || async { Ok(()) };
    let consul = ConsulServer::locate();
    let outcome = Suite::new()
        .with_target(Target::real("three real consul 1.8.7", consul, nothing))
        .with_cases(reads::cases())
        .with_cases(writes::cases())
        .with_cases(watches::cases())
        .with_cases(services::cases())
        .with_cases(locks::cases())
        .with_time_limit(TIME_LIMIT)
        .run_with(&arguments);
    outcome.conclusion.exit_code()
}
