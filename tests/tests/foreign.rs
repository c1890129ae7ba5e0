//! Clients that know nothing of quorate, against our agent and, to know that they are used as they
//! are meant to be, against the real servers: the commands `consul`, `etcdctl` and `serf`, and clients
//! from PyPI of today and of the time of Consul 0.7, of etcd's v2 API and of Python 2.

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
#[path = "foreign/etcd.rs"]
mod etcd;
#[path = "foreign/etcd3.rs"]
mod etcd3;
#[path = "foreign/etcd_lock.rs"]
mod etcd_lock;
#[path = "foreign/etcdctl.rs"]
mod etcdctl;
#[path = "foreign/etcdctl3/mod.rs"]
mod etcdctl3;
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
#[path = "foreign/serf.rs"]
mod serf;
#[path = "foreign/serf_cli/mod.rs"]
mod serf_cli;
#[path = "foreign/server.rs"]
mod server;
#[path = "foreign/watch.rs"]
mod watch;

use std::process::ExitCode;
use std::time::Duration;

use libtest_mimic::Arguments;
use quorate_testkit::server::{ConsulServer, EtcdServer, EtcdVersion, Located, SerfServer, locate};
use quorate_testkit::trial::{Case, Outcome, Suite, Target};

use crate::etcd::{DIRECTORY_TTL, Etcd};
use crate::etcd3::Etcd3;
use crate::serf::Serf;
use crate::server::Server;

/// Most of the time is spent in processes that wait for each other.
const THREADS: usize = 16;
/// How many scripts run at once.
const SCRIPTS: usize = 6;
/// Some cases wait for a session to expire; a check takes a minute where nothing else happens.
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

/// Cases of our agent and of two real etcds, for a client that is there or not.
fn etcd(client: Located, cases: Vec<Case<Etcd>>, name: &str, arguments: &Arguments) -> Outcome {
    let real = |number, version| {
        let both = match &client {
            Located::Found(_) => EtcdServer::locate(version),
            missing @ Located::Missing(_) => missing.clone(),
        };
        let name = format!("{name} on real etcd {number}");
        Target::real(name, both, move || Etcd::real(version))
    };
    let (v3_4, v3_5) = (
        real("3.4.23", EtcdVersion::V3_4),
        real("3.5.16", EtcdVersion::V3_5),
    );
    let embedded = Target::real(format!("{name} on embedded"), client, Etcd::embedded);
    Suite::new()
        .with_target(embedded.able(&[DIRECTORY_TTL]))
        .with_target(v3_4.able(&[DIRECTORY_TTL]))
        .with_target(v3_5)
        .with_cases(cases)
        .with_time_limit(LONG)
        .run_with(arguments)
}

/// Cases of our agent and of a real etcd for `etcdctl` 3.5.
fn etcdctl3(cases: Vec<Case<Etcd3>>, name: &str, arguments: &Arguments) -> Outcome {
    let both = match locate("etcdctl-3.5") {
        Located::Found(_) => EtcdServer::locate(EtcdVersion::V3_5),
        missing @ Located::Missing(_) => missing,
    };
    let embedded = Target::real(
        format!("{name} on embedded"),
        locate("etcdctl-3.5"),
        Etcd3::embedded,
    );
    let real = Target::real(format!("{name} on real etcd 3.5.16"), both, Etcd3::real);
    Suite::new()
        .with_target(embedded)
        .with_target(real)
        .with_cases(cases)
        .with_time_limit(LONG)
        .run_with(arguments)
}

/// Our agent and a real one, for the `serf` command.
fn serf_command(arguments: &Arguments) -> Outcome {
    let serf = SerfServer::locate();
    let embedded = Target::real("serf on embedded", serf.clone(), Serf::embedded);
    let real = Target::real("serf on real serf 0.10.1", serf, Serf::real);
    Suite::new()
        .with_target(embedded)
        .with_target(real)
        .with_cases(serf_cli::cases())
        .run_with(arguments)
}

/// Clients from PyPI. Each script has its servers for itself, so only a few run at once.
fn python(arguments: &Arguments) -> Outcome {
    let threads = arguments.test_threads.unwrap_or(THREADS).min(SCRIPTS);
    let arguments = Arguments {
        test_threads: Some(threads),
        ..arguments.clone()
    };
    let targets = python::SCRIPTS.iter().flat_map(python::Script::targets);
    targets
        .fold(Suite::new(), Suite::with_target)
        .with_cases(python::cases())
        .with_time_limit(LONG)
        .run_with(&arguments)
}

fn main() -> ExitCode {
    let mut arguments = Arguments::from_args();
    arguments.test_threads.get_or_insert(THREADS);
    // It takes a minute in which it does little: beside everything else.
    let outcomes = std::thread::scope(|scope| {
        let check = || etcdctl3(etcdctl3::check::cases(), "etcdctl 3.5 check", &arguments);
        let check = (!arguments.list).then(|| scope.spawn(check));
        let mut outcomes = all(&arguments);
        let check = check.map(|check| check.join().expect("the checks to end"));
        outcomes.extend(check.map(|check| ("etcdctl 3.5 check", check)));
        outcomes
    });
    Outcome::report(&outcomes)
}

/// One suite after the other.
fn all(arguments: &Arguments) -> Vec<(&'static str, Outcome)> {
    vec![
        ("consul command", consul_command(arguments)),
        (
            "etcdctl",
            etcd(
                locate("etcdctl-3.4"),
                etcdctl::cases(),
                "etcdctl",
                arguments,
            ),
        ),
        (
            "etcdctl 3.5",
            etcdctl3(etcdctl3::cases(), "etcdctl 3.5", arguments),
        ),
        ("serf", serf_command(arguments)),
        (
            "locks of python-etcd",
            etcd(
                python::interpreter("python-etcd"),
                etcd_lock::cases(),
                "locks of python-etcd",
                arguments,
            ),
        ),
        ("clients from PyPI", python(arguments)),
    ]
}
