//! Our members and real Serf and Consul agents in one cluster.
//!
//! Without the programs `serf` and `consul` these trials are ignored, and fail if `QUORATE_REQUIRE_REAL=1`.

#![allow(clippy::unwrap_used, reason = "tests fail by panicking")]

mod agent;
mod cluster;
mod consul;
mod cut;
mod port;
mod process;
mod relay;
mod trials;

use libtest_mimic::{Arguments, Trial};

fn main() {
    process::member_if_told();
    let required = std::env::var("QUORATE_REQUIRE_REAL")
        .is_ok_and(|value| !matches!(value.as_str(), "" | "0"));
    let all = [trials::ALL, cluster::ALL, process::ALL, cut::ALL].concat();
    let trials = all.into_iter().map(|(program, name, trial)| {
        let missing = agent::program(program).is_none();
        let run = move || {
            assert!(!missing, "there is no {program}: run scripts/servers");
            let runtime = tokio::runtime::Builder::new_multi_thread()
                .worker_threads(2)
                .enable_all()
                .build();
            runtime.unwrap().block_on(trial());
            Ok(())
        };
        Trial::test(name, run).with_ignored_flag(missing && !required)
    });
    let mut arguments = Arguments::from_args();
    // They mostly wait for each other.
    arguments.test_threads.get_or_insert(8);
    libtest_mimic::run(&arguments, trials.collect()).exit();
}
