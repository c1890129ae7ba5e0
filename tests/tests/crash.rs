//! An agent that is killed at random moments under concurrent writers loses nothing that it has
//! acknowledged.
//!
//! `QUORATE_CRASH_ROUNDS` sets how often it is killed (default 60), `QUORATE_CRASH_SEED` repeats
//! a run.

#![allow(clippy::unwrap_used, reason = "tests fail by panicking")]

#[path = "crash/killable.rs"]
mod killable;
#[path = "crash/model.rs"]
mod model;

#[path = "crash/writer.rs"]
mod writer;

use std::time::Duration;

use killable::KillableAgent;
use quorate_conformance::random::Random;
use quorate_consul::{Client, QueryOptions};
use quorate_net::deadline::Timeouts;
use tokio::task::JoinSet;
use writer::Writer;

const WRITERS: usize = 8;

fn setting(name: &str, default: u64) -> u64 {
    std::env::var(name)
        .ok()
        .and_then(|text| text.parse().ok())
        .unwrap_or(default)
}

/// A client that gives up soon: the agent is dead, and a writer that waits for it shows nothing.
fn connect(agent: &KillableAgent) -> Client {
    let timeouts = Timeouts::default().with_overall(Some(Duration::from_millis(300)));
    Client::builder()
        .address(agent.url())
        .timeouts(timeouts)
        .build()
        .unwrap()
}

/// The KV table's index, and that of a write made now.
async fn indexes(client: &Client, round: u64) -> (u64, u64) {
    let all = client
        .kv()
        .list_with("", &QueryOptions::new())
        .await
        .unwrap();
    let table = all.meta.index.unwrap();
    (
        table,
        writer::set(client, "probe", &round.to_string())
            .await
            .unwrap(),
    )
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn no_acknowledged_write_is_lost_by_sigkill() {
    let rounds = setting("QUORATE_CRASH_ROUNDS", 60);
    let seed = setting("QUORATE_CRASH_SEED", Random::any_seed());
    println!("seed {seed}: QUORATE_CRASH_SEED={seed} repeats this run");
    let mut random = Random::new(seed);
    let directory = tempfile::tempdir().unwrap();
    let mut writers: Vec<_> = (0..WRITERS)
        .map(|number| Writer::new(number, random.number()))
        .collect();
    let (mut highest, mut acknowledged, mut unknown) = (0, 0, 0);
    for round in 0..rounds {
        let agent = KillableAgent::start(directory.path());
        let client = connect(&agent);
        for writer in &mut writers {
            if let Err(violation) = writer.verify(&client).await {
                panic!("after kill {round} (seed {seed}): {violation}");
            }
        }
        let (table, next) = indexes(&client, round).await;
        assert!(
            table >= highest,
            "after kill {round} the index went from {highest} to {table}"
        );
        assert!(
            next > highest,
            "after kill {round} index {next} was given twice"
        );
        let mut tasks = JoinSet::new();
        for mut writer in writers.drain(..) {
            let client = connect(&agent);
            tasks.spawn(async move {
                writer.run(&client).await;
                writer
            });
        }
        tokio::time::sleep(Duration::from_millis(10 + random.below(120))).await;
        agent.kill();
        writers = tasks.join_all().await;
        writers.sort_by_key(Writer::number);
        highest = writers
            .iter()
            .map(Writer::highest_index)
            .max()
            .unwrap()
            .max(next);
    }
    for writer in &writers {
        acknowledged += writer.acknowledged();
        unknown += writer.unknown();
    }
    println!(
        "{rounds} kills, {acknowledged} acknowledged operations, {unknown} of unknown outcome"
    );
    assert!(
        acknowledged > rounds * 20,
        "the writers hardly wrote anything"
    );
}

#[tokio::test]
async fn a_graceful_end_keeps_everything_too() {
    let directory = tempfile::tempdir().unwrap();
    let agent = KillableAgent::start(directory.path());
    let client = connect(&agent);
    let index = writer::set(&client, "kept", "value").await.unwrap();
    agent.end();
    let agent = KillableAgent::start(directory.path());
    let client = connect(&agent);
    let entry = client.kv().get("kept").await.unwrap().unwrap();
    assert_eq!(
        (entry.value.as_ref(), entry.modify_index),
        (&b"value"[..], index)
    );
}
