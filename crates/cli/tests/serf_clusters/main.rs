//! Processes of `quorate agent` and of real Serf 0.10.1 in one cluster, in the clear and encrypted; and
//! `quorate agent` as a member of the pool of a real Consul 1.8.7.
//!
//! Every case starts a cluster of its own. Without the real programs its trials show as ignored.

#![allow(clippy::unwrap_used, reason = "tests fail by panicking")]

mod cluster;
mod consul;
mod cut;
mod failure;
mod key;
mod member;
#[path = "../../../gossip/tests/serf/relay.rs"]
mod relay;
#[path = "../program/mod.rs"]
#[allow(dead_code, reason = "other tests do more with the program")]
mod run;
mod talk;

use std::process::ExitCode;
use std::time::Duration;

use libtest_mimic::Arguments;
use quorate_testkit::server::{ConsulServer, Located, SerfServer};
use quorate_testkit::trial::{Suite, Target};

use cluster::Ground;

/// Everything has happened by then, whatever else the machine does.
const LONG: Duration = Duration::from_secs(50);
/// Most of them mostly wait.
const THREADS: usize = 8;

/// What a target needs for cases with Serf.
const SERF: &str = "serf";
/// For those that change keys.
const KEYS: &str = "keys";
/// For those with Consul.
const CONSUL: &str = "consul";

fn target(
    name: &str,
    located: Located,
    key: Option<&'static str>,
    able: &'static [&'static str],
) -> Target<Ground> {
    Target::real(name, located, move || async move { Ok(Ground { key }) }).able(able)
}

fn main() -> ExitCode {
    let mut arguments = Arguments::from_args();
    arguments.test_threads.get_or_insert(THREADS);
    let (serf, consul) = (SerfServer::locate(), ConsulServer::locate());
    let encrypted = "serf 0.10.1 encrypted";
    let outcome = Suite::new()
        .with_target(target("serf 0.10.1", serf.clone(), None, &[SERF]))
        .with_target(target(encrypted, serf, Some(key::FIRST), &[SERF, KEYS]))
        .with_target(target("consul 1.8.7", consul, None, &[CONSUL]))
        .with_cases(talk::cases())
        .with_cases(failure::cases())
        .with_cases(cut::cases())
        .with_cases(key::cases())
        .with_cases(consul::cases())
        .run_with(&arguments);
    outcome.conclusion.exit_code()
}
