//! One table of cases, against the embedded agent and against the real servers, one alone and three
//! as a cluster: the protocols of Consul, etcd and Serf first, then the unified layer on each of
//! its backends, and on whoever has members. The last lines show all.

#![allow(
    clippy::print_stdout,
    reason = "the counts are for whoever runs the tests"
)]

use std::process::ExitCode;
use std::sync::Arc;

use libtest_mimic::Arguments;
use quorate::target::EtcdApi;
use quorate_testkit::protocol::consul::{self, ALONE, Consul, MESH, PROXIES, STREAKS};
use quorate_testkit::protocol::etcd2::{
    self, DIRECTORY_TTL, Etcd, FAULTS, MEMBERS, MENDED, REFUSES_DIRECTORY_TTL,
};
use quorate_testkit::protocol::etcd3;
use quorate_testkit::protocol::serf;
use quorate_testkit::protocol::unified::{
    self, CONSULS, ETCD3S, REMOTE, REMOTE_CONSULS, SERF, Unified,
};
use quorate_testkit::server::{ConsulServer, EtcdServer, EtcdVersion, SerfServer};
use quorate_testkit::trial::{Outcome, Suite, Target};

/// Most trials wait most of the time.
const THREADS: usize = 24;
/// So many clusters run at once where each trial has its own.
const CLUSTERS: usize = 6;

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

fn etcd3(arguments: &Arguments) -> Outcome {
    use etcd3::{
        ALONE, Etcd, MEMBERS, MENDED, NESTED, REAL, SINCE_3_5, STREAMS, UP_TO_3_5, V3_4, V3_5, V3_7,
    };
    let real = move |name, version| {
        let start = move || Etcd::real(version);
        Target::real(name, EtcdServer::locate(version), start)
    };
    let located = EtcdServer::locate(EtcdVersion::V3_5);
    let three = Target::real("three real etcd 3.5.16 (v3)", located, || {
        Etcd::cluster(EtcdVersion::V3_5)
    });
    let agent = Target::new("v3 of embedded", Etcd::embedded);
    let agents = &[ALONE, MENDED, NESTED, SINCE_3_5, STREAMS, UP_TO_3_5, V3_5];
    Suite::new()
        .with_target(agent.able(agents))
        .with_target(
            real("real etcd 3.4.23 (v3)", EtcdVersion::V3_4).able(&[ALONE, REAL, UP_TO_3_5, V3_4]),
        )
        .with_target(
            real("real etcd 3.5.16 (v3)", EtcdVersion::V3_5)
                .able(&[ALONE, REAL, SINCE_3_5, UP_TO_3_5, V3_5]),
        )
        .with_target(
            real("real etcd 3.7.2 (v3)", EtcdVersion::V3_7)
                .able(&[ALONE, REAL, NESTED, SINCE_3_5, STREAMS, V3_7]),
        )
        .with_target(three.able(&[REAL, MEMBERS, SINCE_3_5, UP_TO_3_5, V3_5]))
        .with_cases(etcd3::cases())
        .run_with(arguments)
}

/// What has to do with members, also on those before and after 3.5. Each has three of its own.
fn etcd3_members(arguments: &Arguments) -> Outcome {
    use etcd3::{Etcd, MEMBERS};
    let mut arguments = arguments.clone();
    let threads = arguments.test_threads.unwrap_or(THREADS);
    arguments.test_threads = Some(threads.min(CLUSTERS));
    let three = |name, version| {
        let start = move || Etcd::cluster(version);
        Target::real(name, EtcdServer::locate(version), start).able(&[MEMBERS])
    };
    Suite::new()
        .with_target(three("three real etcd 3.4.23 (v3)", EtcdVersion::V3_4))
        .with_target(three("three real etcd 3.7.2 (v3)", EtcdVersion::V3_7))
        .with_cases(etcd3::members())
        .run_with(&arguments)
}

fn serf(arguments: &Arguments) -> Outcome {
    use serf::{ALONE, CLUSTER, GUARDED, MENDED, OPEN, REAL, Serf};
    let real = Target::real("real serf 0.10.1", SerfServer::locate(), Serf::real);
    let guarded = "real serf 0.10.1 with a token";
    let guarded = Target::real(guarded, SerfServer::locate(), Serf::real_guarded);
    let three = "three real serf 0.10.1";
    let three = Target::real(three, SerfServer::locate(), Serf::real_three);
    let agent = Target::new("serf of embedded", Serf::embedded);
    let guarded_agent = Target::new("serf of embedded with a token", Serf::guarded);
    let three_agents = Target::new("serf of three embedded", Serf::three);
    Suite::new()
        .with_target(real.able(&[ALONE, OPEN, REAL]))
        .with_target(three.able(&[CLUSTER, OPEN, REAL]))
        .with_target(guarded.able(&[GUARDED, REAL]))
        .with_target(agent.able(&[ALONE, OPEN, MENDED]))
        .with_target(three_agents.able(&[CLUSTER, OPEN, MENDED]))
        .with_target(guarded_agent.able(&[GUARDED, MENDED]))
        .with_cases(serf::cases())
        .run_with(arguments)
}

fn unified(arguments: &Arguments) -> Outcome {
    let end = |it: Arc<Unified>, _| async move { it.end().await };
    let agent = Target::new("agent over TCP", Unified::agent);
    let real = Target::real("real consul 1.8.7", ConsulServer::locate(), Unified::real);
    let memory = Target::new("memory", Unified::memory).able(CONSULS);
    let embedded = Target::new("embedded", Unified::embedded).able(CONSULS);
    let etcd_agent = |name, api| Target::new(name, move || Unified::etcd_agent(api));
    let etcd2_agent = etcd_agent("agent as etcd over TCP", EtcdApi::V2);
    let etcd3_agent = etcd_agent("agent as etcd v3", EtcdApi::V3);
    let etcd = |name, api, version| {
        let start = move || Unified::etcd(api, version);
        Target::real(name, EtcdServer::locate(version), start).with_end(end)
    };
    let etcd2 = |name, version| etcd(name, EtcdApi::V2, version).able(&[REMOTE]);
    let etcd3 = |name, version| etcd(name, EtcdApi::V3, version).able(ETCD3S);
    Suite::new()
        .with_target(memory.with_end(end))
        .with_target(embedded.with_end(end))
        .with_target(agent.able(REMOTE_CONSULS).with_end(end))
        .with_target(real.able(REMOTE_CONSULS).with_end(end))
        .with_target(etcd2_agent.able(&[REMOTE]).with_end(end))
        .with_target(etcd2("real etcd 3.4.23", EtcdVersion::V3_4))
        .with_target(etcd2("real etcd 3.5.16", EtcdVersion::V3_5))
        .with_target(etcd3_agent.able(ETCD3S).with_end(end))
        .with_target(etcd3("v3 of real etcd 3.4.23", EtcdVersion::V3_4))
        .with_target(etcd3("v3 of real etcd 3.5.16", EtcdVersion::V3_5))
        .with_target(etcd3("v3 of real etcd 3.7.2", EtcdVersion::V3_7))
        .with_cases(unified::cases())
        .run_with(arguments)
}

/// Whoever has members: the unified layer on Consul's API and on Serf's.
fn members(arguments: &Arguments) -> Outcome {
    let end = |it: Arc<Unified>, _| async move { it.end().await };
    let consul = Target::real("real consul 1.8.7", ConsulServer::locate(), Unified::real);
    let serf = Target::real("real serf 0.10.1", SerfServer::locate(), Unified::serf);
    Suite::new()
        .with_target(Target::new("memory", Unified::memory).with_end(end))
        .with_target(Target::new("embedded", Unified::embedded).with_end(end))
        .with_target(Target::new("agent over TCP", Unified::agent).with_end(end))
        .with_target(consul.with_end(end))
        .with_target(serf.able(&[SERF]).with_end(end))
        .with_cases(unified::member_cases())
        .run_with(arguments)
}

fn main() -> ExitCode {
    let mut arguments = Arguments::from_args();
    arguments.test_threads.get_or_insert(THREADS);
    let outcomes = [
        ("consul", consul(&arguments)),
        ("etcd v2", etcd(&arguments)),
        ("etcd v3", etcd3(&arguments)),
        ("members of etcd v3", etcd3_members(&arguments)),
        ("serf", serf(&arguments)),
        ("unified", unified(&arguments)),
        ("members", members(&arguments)),
    ];
    Outcome::report(&outcomes)
}
