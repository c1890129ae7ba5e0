//! Contenders for one lock, and for the slots of one semaphore, behind a proxy that cuts, delays
//! and half-closes, while the server is killed and holders are stopped: what the holders believed
//! is compared afterwards. No two validity intervals overlap, and fencing tokens only grow.
//!
//! `QUORATE_SAFETY_SECONDS` sets how long each runs (default 20), `QUORATE_SAFETY_SEED` repeats the
//! choice of faults.

#![allow(clippy::unwrap_used, reason = "tests fail by panicking")]
#![allow(
    clippy::print_stdout,
    reason = "the number of acquisitions checked is printed"
)]

#[path = "lock_safety/arena.rs"]
mod arena;
#[path = "lock_safety/chaos.rs"]
mod chaos;
#[path = "crash/killable.rs"]
#[allow(dead_code, reason = "here it is only ever killed by being dropped")]
mod killable;
#[path = "lock_safety/stoppable.rs"]
mod stoppable;

use std::process::ExitCode;
use std::time::Duration;

use anyhow::{Context as _, ensure};
use arena::{Arena, Kind};
use libtest_mimic::Arguments;
use quorate_conformance::contender::Prize;
use quorate_testkit::cases;
use quorate_testkit::server::{ConsulServer, EtcdServer, EtcdVersion};
use quorate_testkit::trial::{Subject, Suite, Target};

const SLOTS: u32 = 2;
/// Most contenders wait most of the time.
const THREADS: usize = 3;

fn setting(name: &str) -> Option<u64> {
    std::env::var(name).ok().and_then(|text| text.parse().ok())
}

fn length() -> Duration {
    Duration::from_secs(setting("QUORATE_SAFETY_SECONDS").unwrap_or(20))
}

async fn lock_holders_never_overlap_and_tokens_only_grow(
    kind: &Subject<Kind>,
) -> anyhow::Result<()> {
    let arena = Arena::open(**kind, Prize::Lock(kind.key("lock"))).await?;
    let (history, faults) = arena.contend(length()).await?;
    let checked = history.check_exclusive().context(faults.to_string())?;
    println!(
        "{kind:?}, lock: {checked} acquisitions checked under {faults}",
        kind = **kind
    );
    ensure!(
        checked >= kind.least(),
        "only {checked} acquisitions: nothing was shown"
    );
    Ok(())
}

async fn a_semaphore_never_has_more_holders_than_slots(kind: &Subject<Kind>) -> anyhow::Result<()> {
    let arena = Arena::open(**kind, Prize::Slot(kind.key("semaphore"), SLOTS)).await?;
    let (history, faults) = arena.contend(length()).await?;
    let limit = usize::try_from(SLOTS)?;
    let checked = history.check_limit(limit).context(faults.to_string())?;
    println!(
        "{kind:?}, semaphore: {checked} acquisitions checked under {faults}",
        kind = **kind
    );
    ensure!(
        checked >= kind.least(),
        "only {checked} acquisitions: nothing was shown"
    );
    Ok(())
}

fn main() -> ExitCode {
    let consul = Target::real("real consul 1.8.7", ConsulServer::locate(), || async {
        Ok(Kind::Consul)
    });
    let agent = Target::new("agent as etcd", || async { Ok(Kind::AgentEtcd2) });
    let etcd = |name, version| {
        Target::real(name, EtcdServer::locate(version), move || async move {
            Ok(Kind::Etcd2(version))
        })
    };
    let mut arguments = Arguments::from_args();
    arguments.test_threads.get_or_insert(THREADS);
    let outcome = Suite::new()
        .with_target(Target::new("embedded", || async { Ok(Kind::Embedded) }))
        .with_target(consul)
        .with_target(agent)
        .with_target(etcd("real etcd 3.4.23", EtcdVersion::V3_4))
        .with_target(etcd("real etcd 3.5.16", EtcdVersion::V3_5))
        .with_cases(cases![Kind;
            lock_holders_never_overlap_and_tokens_only_grow,
            a_semaphore_never_has_more_holders_than_slots,
        ])
        .run_with(&arguments);
    println!("{}", outcome.line());
    outcome.conclusion.exit_code()
}
