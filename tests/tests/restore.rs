//! An agent that is killed while it restores a snapshot has the state from before, or that of the
//! snapshot; never some of each, and never less than it has acknowledged.
//!
//! `QUORATE_RESTORE_ROUNDS` sets how often it is killed (default 12), `QUORATE_CRASH_SEED` repeats
//! a run.

#![allow(clippy::unwrap_used, reason = "tests fail by panicking")]

#[path = "crash/killable.rs"]
#[allow(dead_code, reason = "nothing here ends gracefully")]
mod killable;

use std::path::{Path, PathBuf};
use std::time::{Duration, Instant};

use killable::KillableAgent;
use quorate_conformance::random::Random;
use quorate_consul::Client;
use quorate_net::deadline::Timeouts;
use quorate_net::task::spawn;

/// Enough for a restore to take some milliseconds, in which it can be killed.
const KEYS: usize = 150;
/// Bytes of each value.
const VALUE: usize = 500;

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
            txn = txn.set(format!("{state}/{at:05}"), vec![b'x'; VALUE]);
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

/// Restores the other state while the agent is killed at this moment, or when it is over: what is known
/// of the outcome.
async fn cut_restore(
    agent: KillableAgent,
    files: &[PathBuf; 2],
    other: usize,
    moment: Option<Duration>,
) -> Option<usize> {
    let file = files[other].clone();
    let Some(moment) = moment else {
        let restored = connect(&agent).snapshot().restore_from(file).await;
        restored.unwrap();
        agent.kill();
        return Some(other);
    };
    let restore = connect_impatiently(&agent).snapshot();
    let restoring = spawn(async move { restore.restore_from(file).await });
    tokio::time::sleep(moment).await;
    agent.kill();
    // Acknowledged, it is there; otherwise nobody knows.
    restoring.await.unwrap().is_ok().then_some(other)
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn a_restore_that_is_killed_happened_as_a_whole_or_not_at_all() {
    let rounds = setting("QUORATE_RESTORE_ROUNDS", 12);
    let seed = setting("QUORATE_CRASH_SEED", Random::any_seed());
    println!("seed {seed}: QUORATE_CRASH_SEED={seed} repeats this run");
    let mut random = Random::new(seed);
    let directory = tempfile::tempdir().unwrap();
    let files = STATES.map(|state| directory.path().join(state));
    let data = directory.path().join("data");
    for (state, file) in STATES.iter().zip(&files) {
        prepare(&data, state, file).await;
    }
    let mut agent = KillableAgent::start(&data);
    let begin = Instant::now();
    let restored = connect(&agent).snapshot().restore_from(&files[0]).await;
    restored.unwrap();
    let longest = u64::try_from(begin.elapsed().as_micros()).unwrap() * 5 / 4;
    let (mut before, mut after, mut index) = (0, 0, 0);
    for round in 0..rounds {
        let client = connect(&agent);
        let other = 1 - state(&client).await;
        // The first two kills are on either side for sure: at once, and when it is over.
        let moment = match round {
            0 => Some(Duration::ZERO),
            1 => None,
            _ => Some(Duration::from_micros(random.below(longest))),
        };
        let known = cut_restore(agent, &files, other, moment).await;
        agent = KillableAgent::start(&data);
        let client = connect(&agent);
        let found = state(&client).await;
        assert!(
            known.is_none_or(|known| known == found),
            "round {round}, seed {seed}: it was acknowledged"
        );
        match found == other {
            true => after += 1,
            false => before += 1,
        }
        // Indexes of writes grow, whatever was restored.
        let key = format!("{}/00000", STATES[found]);
        client.kv().put(&key, round.to_string()).await.unwrap();
        let written = client.kv().get(&key).await.unwrap().unwrap().modify_index;
        assert!(
            written > index,
            "round {round}, seed {seed}: {written} after {index}"
        );
        index = written;
    }
    println!("{rounds} kills within {longest} µs: {before} before, {after} after");
    assert!(
        before > 0 && after > 0,
        "all kills were on one side: {before} and {after}"
    );
}
