//! Clients that know nothing of quorate, against our agent and, to know that they are used as they
//! are meant to be, against the real Consul: the `consul` command, and a client from PyPI.

#![allow(
    clippy::print_stdout,
    reason = "the counts are for whoever runs the tests"
)]

#[path = "foreign/command.rs"]
mod command;
#[path = "foreign/kv.rs"]
mod kv;
#[path = "foreign/lock.rs"]
mod lock;
#[path = "foreign/python.rs"]
mod python;
#[path = "foreign/semaphore.rs"]
mod semaphore;
#[path = "foreign/server.rs"]
mod server;

use std::process::ExitCode;

use libtest_mimic::Arguments;
use quorate_testkit::server::{ConsulServer, Located};
use quorate_testkit::trial::{Outcome, Suite, Target};

use crate::server::Server;

/// Most of the time is spent in processes that wait for each other.
const THREADS: usize = 16;

fn consul_command(arguments: &Arguments) -> Outcome {
    let cases = [kv::cases(), lock::cases(), semaphore::cases()].concat();
    let consul = ConsulServer::locate();
    Suite::new()
        .with_target(Target::real("embedded", consul.clone(), Server::embedded))
        .with_target(Target::real("real consul 1.8.7", consul, Server::real))
        .with_cases(cases)
        .run_with(arguments)
}

fn py_consul(arguments: &Arguments) -> Outcome {
    let python = python::locate();
    let both = match (&python, ConsulServer::locate()) {
        (Located::Found(_), Located::Missing(reason)) => Located::Missing(reason),
        _ => python.clone(),
    };
    Suite::new()
        .with_target(Target::real("embedded", python, Server::embedded))
        .with_target(Target::real("real consul 1.8.7", both, Server::real))
        .with_cases(python::cases())
        .run_with(arguments)
}

fn main() -> ExitCode {
    let mut arguments = Arguments::from_args();
    arguments.test_threads.get_or_insert(THREADS);
    let outcomes = [
        ("consul command", consul_command(&arguments)),
        ("py-consul", py_consul(&arguments)),
    ];
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
