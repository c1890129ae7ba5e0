//! One table of cases, against the embedded agent and against the real servers, one alone and three
//! as a cluster: the protocols of Consul and of etcd's v2 API first, then the unified layer on each of
//! its backends. The last lines show all.

#![allow(
    clippy::print_stdout,
    reason = "the counts are for whoever runs the tests"
)]

use std::process::ExitCode;
use std::sync::Arc;

use libtest_mimic::Arguments;
use quorate_testkit::protocol::consul::{self, ALONE, Consul, MESH, PROXIES, STREAKS};
use quorate_testkit::protocol::etcd2::{
    self, DIRECTORY_TTL, Etcd, FAULTS, MEMBERS, MENDED, REFUSES_DIRECTORY_TTL,
};
use quorate_testkit::protocol::unified::{self, CONSULS, REMOTE, REMOTE_CONSULS, Unified};
use quorate_testkit::server::{ConsulServer, EtcdServer, EtcdVersion};
use quorate_testkit::trial::{Outcome, Suite, Target};

/// Most trials wait most of the time.
const THREADS: usize = 24;

fn consul(arguments: &Arguments) -> Outcome {
    let real = Target::real("real consul 1.8.7", ConsulServer::locate(), Consul::real);
    let agent = Target::new("embedded", Consul::embedded);
    let cluster = ConsulServer::locate();
    let three = Target::real("three real consul 1.8.7", cluster, Consul::cluster);
    Suite::new()
        .with_target(agent.able(&[ALONE, STREAKS, PROXIES]))
        .with_target(real.able(&[ALONE, MESH]))
        .with_target(three)
        .with_cases(consul::cases())
        .run_with(arguments)
}

fn etcd(arguments: &Arguments) -> Outcome {
    let located = EtcdServer::locate;
    let (v3_4, v3_5) = (EtcdVersion::V3_4, EtcdVersion::V3_5);
    let real =
        move |name, version| Target::real(name, located(version), move || Etcd::real(version));
    let three = Target::real("three real etcd 3.4.23", located(v3_4), move || {
        Etcd::cluster(v3_4)
    });
    let agent = Target::new("etcd of embedded", Etcd::embedded);
    let strict = Target::new("etcd of strict embedded", Etcd::strict);
    Suite::new()
        .with_target(agent.able(&[etcd2::ALONE, MENDED, DIRECTORY_TTL]))
        .with_target(strict.able(&[etcd2::ALONE, FAULTS, DIRECTORY_TTL]))
        .with_target(real("real etcd 3.4.23", v3_4).able(&[
            etcd2::ALONE,
            FAULTS,
            etcd2::REAL,
            DIRECTORY_TTL,
        ]))
        .with_target(real("real etcd 3.5.16", v3_5).able(&[
            etcd2::ALONE,
            FAULTS,
            etcd2::REAL,
            REFUSES_DIRECTORY_TTL,
        ]))
        .with_target(three.able(&[FAULTS, etcd2::REAL, MEMBERS, DIRECTORY_TTL]))
        .with_cases(etcd2::cases())
        .run_with(arguments)
}

fn unified(arguments: &Arguments) -> Outcome {
    let end = |it: Arc<Unified>, _| async move { it.end().await };
    let agent = Target::new("agent over TCP", Unified::agent);
    let real = Target::real("real consul 1.8.7", ConsulServer::locate(), Unified::real);
    let memory = Target::new("memory", Unified::memory).able(CONSULS);
    let embedded = Target::new("embedded", Unified::embedded).able(CONSULS);
    let etcd2_agent = Target::new("agent as etcd over TCP", Unified::etcd2_agent);
    let etcd2 = |name, version| {
        let start = move || Unified::etcd2(version);
        let target = Target::real(name, EtcdServer::locate(version), start);
        target.able(&[REMOTE]).with_end(end)
    };
    Suite::new()
        .with_target(memory.with_end(end))
        .with_target(embedded.with_end(end))
        .with_target(agent.able(REMOTE_CONSULS).with_end(end))
        .with_target(real.able(REMOTE_CONSULS).with_end(end))
        .with_target(etcd2_agent.able(&[REMOTE]).with_end(end))
        .with_target(etcd2("real etcd 3.4.23", EtcdVersion::V3_4))
        .with_target(etcd2("real etcd 3.5.16", EtcdVersion::V3_5))
        .with_cases(unified::cases())
        .run_with(arguments)
}

fn main() -> ExitCode {
    let mut arguments = Arguments::from_args();
    arguments.test_threads.get_or_insert(THREADS);
    let outcomes = [
        ("consul", consul(&arguments)),
        ("etcd v2", etcd(&arguments)),
        ("unified", unified(&arguments)),
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
