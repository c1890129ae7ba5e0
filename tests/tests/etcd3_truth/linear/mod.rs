//! Concurrent operations happened one at a time.

mod client;
mod stale;

use std::collections::BTreeMap;
use std::sync::Arc;
use std::sync::atomic::{AtomicU64, Ordering::Relaxed};
use std::time::Duration;

use anyhow::{Context as _, ensure};
use quorate_conformance::random::Random;
use quorate_testkit::cases;
use quorate_testkit::linear::{Keys, Operation, Recorder, Reply, Request, check};
use quorate_testkit::trial::{Case, Subject};
use tokio::task::JoinSet;
use tokio::time::sleep;

use crate::server::Kind;
use crate::world::World;
use client::{Asker, Names};
use stale::with_a_stale_read;

const CLIENTS: usize = 6;
/// Keys that are used one at a time: what happens to one says nothing of another.
const SINGLE: usize = 5;
/// Keys that are used together.
const GROUP: usize = 3;

type Op = Operation<Request, Reply>;

pub(crate) fn cases() -> Vec<Case<Kind>> {
    cases![Kind; concurrent_operations_happen_one_at_a_time].to_vec()
}

async fn concurrent_operations_happen_one_at_a_time(kind: &Subject<Kind>) -> anyhow::Result<()> {
    let wanted = crate::setting("QUORATE_LINEAR_OPERATIONS").unwrap_or(1500);
    let (mut random, seed) = crate::chance();
    let mut world = World::open(**kind, CLIENTS).await?;
    let recorder = Recorder::new();
    let names = Arc::new(Names::new(kind.prefix(), SINGLE, GROUP));
    let left = Arc::new(AtomicU64::new(wanted));
    let values = Arc::new(AtomicU64::new(1));
    let mut clients = JoinSet::new();
    for number in 0..CLIENTS {
        let mut asker = Asker {
            number,
            client: world.client(number)?,
            names: Arc::clone(&names),
            random: Random::new(random.number()),
            values: Arc::clone(&values),
            recorder: recorder.clone(),
        };
        let left = Arc::clone(&left);
        clients.spawn(async move {
            while left
                .fetch_update(Relaxed, Relaxed, |left| left.checked_sub(1))
                .is_ok()
            {
                asker.ask().await?;
            }
            anyhow::Ok(())
        });
    }
    let faults = rage(&mut world, &mut random, wanted, &left, &clients).await?;
    for outcome in clients.join_all().await {
        outcome?;
    }
    let operations = recorder.operations();
    let line = judge(&operations).with_context(|| format!("seed {seed}, {faults:?}"))?;
    ensure!(faults.contains_key("kills"), "nobody was killed");
    println!(
        "{:?}, linearizable: {line} under {faults:?} (seed {seed})",
        **kind
    );
    Ok(())
}

/// Faults while there is something to do; the server is killed now and then by the count of
/// operations, so that a slow machine sees as many kills as a fast one.
async fn rage(
    world: &mut World,
    random: &mut Random,
    wanted: u64,
    left: &AtomicU64,
    clients: &JoinSet<anyhow::Result<()>>,
) -> anyhow::Result<BTreeMap<&'static str, u64>> {
    let mut faults: BTreeMap<&'static str, u64> = BTreeMap::new();
    let between = (wanted / 4).clamp(1, 1500);
    let mut next_kill = wanted.saturating_sub(between);
    while left.load(Relaxed) > 0 && !clients.is_empty() {
        if left.load(Relaxed) <= next_kill {
            next_kill = next_kill.saturating_sub(between);
            world.restart(random).await?;
            *faults.entry("kills").or_default() += 1;
        } else if !faults.contains_key("kills") {
            // Nothing is waited for before the first kill: a fast machine has one too.
            sleep(Duration::from_millis(5)).await;
        } else {
            sleep(Duration::from_millis(10 + random.below(100))).await;
            let way = usize::try_from(random.below(u64::try_from(CLIENTS)?))?;
            *faults.entry(world.disturb(way, random).await).or_default() += 1;
        }
    }
    Ok(faults)
}

/// Each single key by itself, and the group as a whole.
fn judge(operations: &[Op]) -> anyhow::Result<String> {
    let mut parts: BTreeMap<usize, Vec<Op>> = BTreeMap::new();
    for operation in operations {
        let first = operation.input.keys().first().copied().context("no key")?;
        parts
            .entry(first.min(SINGLE))
            .or_default()
            .push(operation.clone());
    }
    let model = Keys::new(SINGLE + GROUP).knowing(operations);
    let (mut checked, mut refused) = (0, 0);
    for (part, operations) in &parts {
        let outcome = check(&model, operations);
        checked += outcome.with_context(|| format!("part {part}"))?;
        if let Some(stale) = with_a_stale_read(operations) {
            let wrong = check(&model, &stale).err();
            let wrong = wrong.with_context(|| format!("part {part}: a stale read is believed"))?;
            ensure!(wrong.is_decided(), "part {part}: {wrong}");
            refused += 1;
        }
    }
    ensure!(refused > 0, "nothing was read that was written over");
    let unknown = operations.iter().filter(|it| it.output.is_none()).count();
    let many = operations
        .iter()
        .filter(|it| it.input.keys().len() > 1)
        .count();
    ensure!(
        parts.len() == SINGLE + 1,
        "only {} parts were used",
        parts.len()
    );
    ensure!(
        unknown < operations.len() / 2,
        "{unknown} of {checked} are of unknown outcome"
    );
    Ok(format!(
        "{checked} operations in {} parts checked, {many} of several keys, {unknown} of unknown \
         outcome, {refused} parts refused with a stale read put in",
        parts.len()
    ))
}
