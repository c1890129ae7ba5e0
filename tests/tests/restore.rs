//! An agent that is killed while it restores a snapshot has the state from before, or that of the
//! snapshot; never some of each, and never less than it has acknowledged.
//!
//! `QUORATE_RESTORE_ROUNDS` sets how often it is killed (default 40), `QUORATE_CRASH_SEED` repeats
//! a run.

#![allow(clippy::unwrap_used, reason = "tests fail by panicking")]

#[path = "crash/killable.rs"]
#[allow(dead_code, reason = "nothing here ends gracefully")]
mod killable;

use std::path::Path;
use std::time::{Duration, Instant};

use killable::KillableAgent;
use quorate_conformance::random::Random;
use quorate_consul::{Client, QueryOptions};
use quorate_net::deadline::Timeouts;

/// Enough for a restore to take some ten milliseconds.
const KEYS: usize = 1500;

/// The two states that take turns.
const STATES: [&str; 2] = ["one", "two"];

fn setting(name: &str, default: u64) -> u64 {
    let text = std::env::var(name).ok();
    text.and_then(|text| text.parse().ok()).unwrap_or(default)
}

fn connect(agent: &KillableAgent) -> Client {
    Client::new(agent.url()).unwrap()
}

/// A client that gives up soon on an agent that is dead.
fn connect_impatiently(agent: &KillableAgent) -> Client {
    let timeouts = Timeouts::default().with_overall(Some(Duration::from_millis(300)));
    let builder = Client::builder().address(agent.url());
    builder.timeouts(timeouts).build().unwrap()
}

/// Writes all keys of a state, and nothing else, and saves it.
async fn prepare(directory: &Path, state: &str, file: &Path) {
    let agent = KillableAgent::start(directory);
    let client = connect(&agent);
    client.kv().delete_tree("").await.unwrap();
    for some in (0..KEYS).collect::<Vec<_>>().chunks(50) {
        let mut txn = client.txn();
        for at in some {
            txn = txn.set(&format!("{state}/{at:05}"), vec![b'x'; 500]);
        }
        txn.commit().await.unwrap();
    }
    client.snapshot().save_to(file).await.unwrap();
}

/// Which state there is: all of it, and nothing of the other.
async fn state(client: &Client) -> usize {
    let keys = client.kv().keys("", None).await.unwrap();
    assert_eq!(keys.len(), KEYS, "some of each, or less");
    let first = keys[0].split('/').next().unwrap();
    assert!(
        keys.iter().all(|key| key.starts_with(first)),
        "some of each"
    );
    STATES.iter().position(|state| *state == first).unwrap()
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn a_restore_that_is_killed_happened_as_a_whole_or_not_at_all() {
    let rounds = setting("QUORATE_RESTORE_ROUNDS", 40);
    let seed = setting("QUORATE_CRASH_SEED", Random::any_seed());
    println!("seed {seed}: QUORATE_CRASH_SEED={seed} repeats this run");
    let mut random = Random::new(seed);
    let directory = tempfile::tempdir().unwrap();
    let files = STATES.map(|state| directory.path().join(state));
    let data = directory.path().join("data");
    for (state, file) in STATES.iter().zip(&files) {
        prepare(&data, state, file).await;
    }
    let took = {
        let agent = KillableAgent::start(&data);
        let begin = Instant::now();
        connect(&agent)
            .snapshot()
            .restore_from(&files[0])
            .await
            .unwrap();
        begin.elapsed()
    };
    let (mut before, mut after, mut index) = (0, 0, 0);
    let mut known = Some(0);
    for round in 0..rounds {
        let agent = KillableAgent::start(&data);
        let client = connect(&agent);
        let found = state(&client).await;
        assert!(
            known.is_none_or(|known| known == found),
            "round {round}, seed {seed}"
        );
        // Indexes of writes grow, whatever was restored.
        let value = round.to_string();
        client.kv().put("one/00000", value).await.unwrap();
        let written = client
            .kv()
            .get_with("one/00000", &QueryOptions::new())
            .await
            .unwrap();
        let written = written.value.unwrap().modify_index;
        assert!(
            written > index,
            "round {round}, seed {seed}: {written} after {index}"
        );
        index = written;
        if found == 1 {
            client.kv().delete("one/00000").await.unwrap();
        }
        let other = 1 - found;
        let restore = connect_impatiently(&agent).snapshot();
        let file = files[other].clone();
        let restoring = tokio::spawn(async move { restore.restore_from(file).await });
        let longest = u64::try_from(took.as_micros()).unwrap() * 5 / 4;
        tokio::time::sleep(Duration::from_micros(random.below(longest))).await;
        agent.kill();
        // Acknowledged, it is there; otherwise nobody knows.
        known = restoring.await.unwrap().is_ok().then_some(other);
        let agent = KillableAgent::start(&data);
        match state(&connect(&agent)).await == other {
            true => after += 1,
            false => before += 1,
        }
    }
    println!("{rounds} kills within {took:?}: {before} before, {after} after");
    assert!(
        before > 0 && after > 0,
        "all kills were on one side: {before} and {after}"
    );
}
