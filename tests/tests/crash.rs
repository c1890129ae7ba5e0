//! An agent that is killed at random moments under concurrent writers loses nothing that it has
//! acknowledged.
//!
//! `QUORATE_CRASH_ROUNDS` sets how often it is killed (default 60), `QUORATE_CRASH_SEED` repeats
//! a run.

#![allow(clippy::unwrap_used, reason = "tests fail by panicking")]

#[path = "crash/etcd2.rs"]
mod etcd2;
#[path = "crash/killable.rs"]
mod killable;
#[path = "crash/model.rs"]
mod model;

#[path = "crash/writer.rs"]
mod writer;

use std::net::SocketAddr;
use std::time::Duration;

use etcd2::{EtcdWriter, ask, index};
use killable::KillableAgent;
use quorate_conformance::random::Random;
use quorate_consul::{Client, QueryOptions};
use quorate_net::deadline::Timeouts;
use quorate_testkit::eventually;
use tokio::task::JoinSet;
use writer::Writer;

const WRITERS: usize = 8;

fn setting(name: &str, default: u64) -> u64 {
    std::env::var(name)
        .ok()
        .and_then(|text| text.parse().ok())
        .unwrap_or(default)
}

/// A client with patience, for an agent that runs.
fn connect(agent: &KillableAgent) -> Client {
    Client::new(agent.url()).unwrap()
}

/// A client that gives up soon: the agent is dead, and a writer that waits for it shows nothing.
fn connect_impatiently(agent: &KillableAgent) -> Client {
    let timeouts = Timeouts::default().with_overall(Some(Duration::from_millis(300)));
    Client::builder()
        .address(agent.url())
        .timeouts(timeouts)
        .build()
        .unwrap()
}

/// Where the agent serves etcd's v2 API.
fn etcd(agent: &KillableAgent) -> SocketAddr {
    let address = agent.etcd_url().trim_start_matches("http://");
    address.parse().unwrap()
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
    let (mut highest, mut acknowledged, mut unknown): (_, u64, u64) = (0, 0, 0);
    let mut round = 0;
    // On a busy machine a round may hardly begin to write: then there are more of them.
    while round < rounds || (acknowledged <= rounds * 20 && round < rounds * 5) {
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
            let client = connect_impatiently(&agent);
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
        acknowledged = writers.iter().map(Writer::acknowledged).sum();
        unknown = writers.iter().map(Writer::unknown).sum();
        round += 1;
    }
    println!("{round} kills, {acknowledged} acknowledged operations, {unknown} of unknown outcome");
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

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn no_acknowledged_write_of_etcds_api_is_lost_by_sigkill() {
    let rounds = setting("QUORATE_CRASH_ROUNDS", 30);
    let seed = setting("QUORATE_CRASH_SEED", Random::any_seed());
    println!("seed {seed}: QUORATE_CRASH_SEED={seed} repeats this run");
    let mut random = Random::new(seed);
    let directory = tempfile::tempdir().unwrap();
    let mut writers: Vec<_> = (0..WRITERS)
        .map(|number| EtcdWriter::new(number, random.number()))
        .collect();
    let (mut highest, mut told, mut acknowledged, mut round) = (0, 0, 0, 0);
    while round < rounds || (acknowledged <= rounds * 20 && round < rounds * 5) {
        let agent = KillableAgent::start(directory.path());
        let server = etcd(&agent);
        for writer in &mut writers {
            if let Err(violation) = writer.verify(server).await {
                panic!("after kill {round} (seed {seed}): {violation}");
            }
        }
        highest = check_indexes(server, round, highest, told).await;
        let mut tasks = JoinSet::new();
        for mut writer in writers.drain(..) {
            tasks.spawn(async move {
                writer.run(server).await;
                writer
            });
        }
        tokio::time::sleep(Duration::from_millis(10 + random.below(120))).await;
        agent.kill();
        writers = tasks.join_all().await;
        writers.sort_by_key(|writer| writer.number);
        let seen = writers.iter().map(|writer| writer.highest).max().unwrap();
        highest = highest.max(seen);
        told = writers.iter().map(|writer| writer.told).max().unwrap();
        acknowledged = writers.iter().map(|writer| writer.acknowledged).sum();
        round += 1;
    }
    println!("{round} kills, {acknowledged} acknowledged writes");
    assert!(
        acknowledged > rounds * 20,
        "the writers hardly wrote anything"
    );
}

/// After a kill the index is not below the highest that was told, the event that was `told` last is
/// still there, and no index is given twice. Returns the index of a new write.
async fn check_indexes(server: SocketAddr, round: u64, highest: u64, told: u64) -> u64 {
    let now = index(&ask(server, "GET", "/", "").await.unwrap());
    assert!(
        now >= highest,
        "after kill {round} the index went from {highest} to {now}"
    );
    if told > 0 {
        let target = format!("/?wait=true&recursive=true&waitIndex={told}");
        let answer = ask(server, "GET", &target, "").await.unwrap();
        let event = answer.json().unwrap();
        let found = event["node"]["modifiedIndex"].as_u64();
        assert_eq!(found, Some(told), "after kill {round}: {}", answer.text());
    }
    let answer = ask(server, "PUT", "/probe", &format!("value={round}")).await;
    let next = index(&answer.unwrap());
    assert!(
        next > now,
        "after kill {round} index {next} was given twice"
    );
    next
}

#[tokio::test]
async fn the_time_of_a_key_goes_on_while_the_agent_is_dead() {
    let directory = tempfile::tempdir().unwrap();
    let agent = KillableAgent::start(directory.path());
    let put = async |key: &str, ttl: u64| {
        let form = format!("value=v&ttl={ttl}");
        let answer = ask(etcd(&agent), "PUT", key, &form).await.unwrap();
        answer.json().unwrap()["node"]["expiration"].clone()
    };
    put("/short", 1).await;
    let long = put("/long", 1000).await;
    agent.kill();
    let agent = KillableAgent::start(directory.path());
    let server = etcd(&agent);
    let gone = || async {
        let answer = ask(server, "GET", "/short", "").await.ok()?;
        (answer.status == 404).then_some(())
    };
    eventually(Duration::from_secs(50), "the end of the key", gone)
        .await
        .unwrap();
    let answer = ask(server, "GET", "/long", "").await.unwrap();
    let node = &answer.json().unwrap()["node"];
    assert_eq!(node["expiration"], long);
    assert!((1..=1000).contains(&node["ttl"].as_i64().unwrap()));
    let target = "/short?wait=true&waitIndex=5";
    let event = ask(server, "GET", target, "").await.unwrap();
    assert_eq!(event.json().unwrap()["action"], "expire");
}
