//! Clients that know nothing of quorate, against our agent and, to know that they are used as they
//! are meant to be, against the real Consul: the `consul` command, and clients from PyPI of today and of the
//! time of Consul 0.7.

#![allow(
    clippy::print_stdout,
    reason = "the counts are for whoever runs the tests"
)]

#[path = "foreign/acl.rs"]
mod acl;
#[path = "foreign/area.rs"]
mod area;
#[path = "foreign/catalog.rs"]
mod catalog;
#[path = "foreign/command.rs"]
mod command;
#[path = "foreign/intention.rs"]
mod intention;
#[path = "foreign/kv.rs"]
mod kv;
#[path = "foreign/lock.rs"]
mod lock;
#[path = "foreign/members.rs"]
mod members;
#[path = "foreign/operator.rs"]
mod operator;
#[path = "foreign/python.rs"]
mod python;
#[path = "foreign/semaphore.rs"]
mod semaphore;
#[path = "foreign/server.rs"]
mod server;
#[path = "foreign/watch.rs"]
mod watch;

use std::process::ExitCode;
use std::time::Duration;

use libtest_mimic::Arguments;
use quorate_testkit::server::ConsulServer;
use quorate_testkit::trial::{Outcome, Suite, Target};

use crate::server::Server;

/// Most of the time is spent in processes that wait for each other.
const THREADS: usize = 16;
/// Some cases wait for a session to expire.
const LONG: Duration = Duration::from_secs(300);

/// What our agent serves.
const SERVED: &[&str] = &[
    area::SERVICES,
    area::CATALOG,
    area::MEMBERS,
    area::MONITOR,
    area::EVENTS,
    area::OPERATOR,
    area::SNAPSHOT,
    area::CONFIG,
    area::RULES,
    area::COORDINATES,
];

fn consul_command(arguments: &Arguments) -> Outcome {
    let cases = [
        // The long ones first.
        semaphore::cases(),
        lock::cases(),
        members::cases(),
        catalog::cases(),
        operator::cases(),
        intention::cases(),
        acl::cases(),
        watch::cases(),
        kv::cases(),
    ];
    let cases = cases.concat();
    let consul = ConsulServer::locate();
    let embedded = Target::real("embedded", consul.clone(), Server::embedded);
    let real = Target::real("real consul 1.8.7", consul, Server::real);
    Suite::new()
        .with_target(embedded.able(SERVED))
        .with_target(real.able(area::ALL))
        .with_cases(cases)
        .run_with(arguments)
}

/// One after the other: a script has its servers for itself.
fn python(script: &'static python::Script, arguments: &Arguments) -> Outcome {
    let [embedded, real] = script.targets();
    Suite::new()
        .with_target(embedded)
        .with_target(real)
        .with_cases(python::cases())
        .with_time_limit(LONG)
        .run_with(arguments)
}

fn main() -> ExitCode {
    let mut arguments = Arguments::from_args();
    arguments.test_threads.get_or_insert(THREADS);
    let mut outcomes = vec![("consul command", consul_command(&arguments))];
    for script in python::SCRIPTS {
        outcomes.push((script.name(), python(script, &arguments)));
    }
    let mut code = ExitCode::SUCCESS;
    for (name, outcome) in &outcomes {
        if !outcome.line().is_empty() {
            println!("{name}: {}", outcome.line());
        }
        if outcome.conclusion.has_failed() {
            code = outcome.conclusion.exit_code();
        }
    }
    code
}
