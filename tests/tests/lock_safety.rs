//! Contenders for one lock, one leadership, and the slots of one semaphore, behind proxies that cut,
//! delay and half-close, while the server is killed, members of a cluster are stopped and holders
//! are stopped: what the holders believed is compared afterwards. No two validity intervals
//! overlap, fencing tokens only grow, and who lost it is told so by its guard. And the clock of a
//! holder stands still, so that nothing but its fencing token keeps it from what another one has.
//!
//! `QUORATE_SAFETY_SECONDS` sets how long each runs (default 20, and 12 on etcd's v3 API),
//! `QUORATE_SAFETY_SEED` repeats the choice of faults.

#![allow(clippy::unwrap_used, reason = "tests fail by panicking")]
#![allow(
    clippy::print_stdout,
    reason = "the number of acquisitions checked is printed"
)]

#[path = "lock_safety/arena.rs"]
mod arena;
#[path = "lock_safety/chaos.rs"]
mod chaos;
#[path = "lock_safety/clock.rs"]
mod clock;
#[path = "crash/killable.rs"]
#[allow(dead_code, reason = "here it is only ever killed by being dropped")]
mod killable;
#[path = "lock_safety/server.rs"]
mod server;
#[path = "lock_safety/stoppable.rs"]
mod stoppable;

use std::process::ExitCode;
use std::time::Duration;

use anyhow::{Context as _, bail};
use arena::{Arena, Ground};
use libtest_mimic::Arguments;
use quorate_conformance::contender::Prize;
use quorate_testkit::cases;
use quorate_testkit::history::{History, Violation};
use quorate_testkit::server::{ConsulServer, EtcdServer, EtcdVersion, Located};
use quorate_testkit::trial::{Subject, Suite, Target};
use server::{Kind, Server};

const SLOTS: u32 = 2;
/// What is not on every API by itself.
const V3: &str = "have elections and leases";
/// Most contenders wait most of the time.
const THREADS: usize = 4;
/// How often is contended at most until there is enough to show something.
const ROUNDS: usize = 4;
const TIME_LIMIT: Duration = Duration::from_secs(400);

fn setting(name: &str) -> Option<u64> {
    std::env::var(name).ok().and_then(|text| text.parse().ok())
}

fn length(ground: &Ground) -> Duration {
    let usual = if ground.scheme == "etcd3" { 12 } else { 20 };
    Duration::from_secs(setting("QUORATE_SAFETY_SECONDS").unwrap_or(usual))
}

async fn lock_holders_never_overlap_and_tokens_only_grow(
    ground: &Subject<Ground>,
) -> anyhow::Result<()> {
    exclude(ground, Prize::Lock(ground.key("lock"))).await
}

async fn leaders_never_overlap_and_tokens_only_grow(
    ground: &Subject<Ground>,
) -> anyhow::Result<()> {
    exclude(ground, Prize::Leadership(ground.key("election"))).await
}

async fn exclude(ground: &Subject<Ground>, prize: Prize) -> anyhow::Result<()> {
    let [what, _] = prize.words();
    shown(ground, &what, &prize, History::check_exclusive).await
}

async fn a_semaphore_never_has_more_holders_than_slots(
    ground: &Subject<Ground>,
) -> anyhow::Result<()> {
    let limit = usize::try_from(SLOTS)?;
    let prize = Prize::Slot(ground.key("semaphore"), SLOTS);
    shown(ground, "semaphore", &prize, |it| it.check_limit(limit)).await
}

/// Lets contend, and again on a machine that was too busy for much to happen. Each round is checked.
async fn shown(
    ground: &Subject<Ground>,
    what: &str,
    prize: &Prize,
    check: impl Fn(&History) -> Result<usize, Violation>,
) -> anyhow::Result<()> {
    let mut all = 0;
    for _ in 0..ROUNDS {
        let arena = Arena::open(**ground, prize.clone()).await?;
        let (history, faults) = arena.contend(length(ground)).await?;
        let checked = check(&history).context(faults.to_string())?;
        println!(
            "{}, {what}: {checked} acquisitions checked under {faults}",
            ground.name
        );
        all += checked;
        if all >= ground.least() {
            return Ok(());
        }
    }
    bail!("only {all} acquisitions: nothing was shown")
}

async fn the_key_of_a_lease_has_one_owner_and_tokens_only_grow(
    ground: &Subject<Ground>,
) -> anyhow::Result<()> {
    exclude(ground, Prize::Leased(ground.key("leased"))).await
}

async fn a_holder_whose_clock_stands_still_changes_nothing(
    ground: &Subject<Ground>,
) -> anyhow::Result<()> {
    let mut server = Server::start(ground.kind).await?;
    let prizes = [
        Prize::Lock(ground.key("lock")),
        Prize::Leadership(ground.key("election")),
        Prize::Leased(ground.key("leased")),
    ];
    for prize in prizes {
        let [what, _] = prize.words();
        clock::outlive(&mut server, prize).await.context(what)?;
    }
    Ok(())
}

/// One target: our own server if `located` says nothing of another.
fn target(
    name: &'static str,
    located: Option<Located>,
    kind: Kind,
    scheme: &'static str,
) -> Target<Ground> {
    let start = move || async move { Ok(Ground { name, kind, scheme }) };
    let target = match located {
        None => Target::new(name, start),
        Some(located) => Target::real(name, located, start),
    };
    match scheme {
        "etcd3" => target.able(&[V3]),
        _ => target,
    }
}

fn targets() -> Vec<Target<Ground>> {
    use EtcdVersion::{V3_4, V3_5};
    let etcd = |version| Some(EtcdServer::locate(version));
    let consul = Some(ConsulServer::locate());
    vec![
        target("embedded", None, Kind::Embedded, "http"),
        target("real consul 1.8.7", consul, Kind::Consul, "http"),
        target("agent as etcd", None, Kind::AgentEtcd, "etcd2"),
        target("real etcd 3.4.23", etcd(V3_4), Kind::Etcd(V3_4), "etcd2"),
        target("real etcd 3.5.16", etcd(V3_5), Kind::Etcd(V3_5), "etcd2"),
        target("agent as etcd v3", None, Kind::AgentEtcd, "etcd3"),
        target(
            "v3 of real etcd 3.5.16",
            etcd(V3_5),
            Kind::Etcd(V3_5),
            "etcd3",
        ),
        target(
            "v3 of three real etcd 3.5.16",
            etcd(V3_5),
            Kind::EtcdTrio(V3_5),
            "etcd3",
        ),
    ]
}

fn main() -> ExitCode {
    let mut arguments = Arguments::from_args();
    arguments.test_threads.get_or_insert(THREADS);
    let suite = targets().into_iter().fold(Suite::new(), Suite::with_target);
    let outcome = suite
        .with_cases(cases![Ground;
            lock_holders_never_overlap_and_tokens_only_grow,
            leaders_never_overlap_and_tokens_only_grow needs [V3],
            the_key_of_a_lease_has_one_owner_and_tokens_only_grow needs [V3],
            a_semaphore_never_has_more_holders_than_slots,
            a_holder_whose_clock_stands_still_changes_nothing needs [V3],
        ])
        .with_time_limit(TIME_LIMIT)
        .run_with(&arguments);
    println!("{}", outcome.line());
    outcome.conclusion.exit_code()
}
