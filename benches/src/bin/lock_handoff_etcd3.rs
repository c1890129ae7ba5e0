//! How long a lock of etcd's v3 API takes to pass from one holder to the next, in durable puts.
//!
//! `cargo build --release && cargo run --release -p quorate-benches --bin lock_handoff_etcd3 [ROUNDS]`
//!
//! The hand-off counts from the start of the release: what is between two holders.

#![allow(
    clippy::print_stdout,
    reason = "benchmarks are programs that print figures"
)]

use std::time::{Duration, Instant};

use anyhow::Context as _;
use quorate_benches::process::Server;
use quorate_benches::report::{median, ratio};
use quorate_etcd::v3::Client;
use tokio::task::JoinSet;

const LOCK: &str = "bench/lock";
const REST: Duration = Duration::from_millis(50);

fn micros(time: Duration) -> f64 {
    time.as_secs_f64() * 1e6
}

async fn ready(server: &Server) -> anyhow::Result<Client> {
    let client = Client::new(&format!("http://{}", server.address))?;
    while let Err(error) = client.kv().put("bench/ready", "").await {
        anyhow::ensure!(
            server.started.elapsed() < Duration::from_secs(30),
            "{error}"
        );
    }
    Ok(client)
}

/// Medians in microseconds: a durable put, the hand-off, and of it what is after the release's answer.
async fn measure(server: &Server, rounds: usize) -> anyhow::Result<[f64; 3]> {
    let client = ready(server).await?;
    let other = ready(server).await?;
    let (mut writes, mut hand_offs, mut rests) = (vec![], vec![], vec![]);
    let mut guard = client.lock(LOCK).acquire().await?;
    for round in 0..rounds {
        // As long as before the hand-off: a disk and a processor that rest take longer to begin.
        tokio::time::sleep(REST).await;
        let start = Instant::now();
        client.kv().put("bench/durable", round.to_string()).await?;
        writes.push(micros(start.elapsed()));
        let waiter = if round % 2 == 0 { &other } else { &client };
        let waiter = waiter.lock(LOCK);
        let mut waiting = JoinSet::new();
        waiting.spawn(async move {
            let guard = waiter.acquire().await;
            (guard, Instant::now())
        });
        while client.lock(LOCK).queue().await?.len() < 2 {
            tokio::time::sleep(Duration::from_millis(2)).await;
        }
        // Long enough for the waiter to watch the key before its own.
        tokio::time::sleep(REST).await;
        let start = Instant::now();
        guard.release().await?;
        let released = Instant::now();
        let (next, acquired) = waiting.join_next().await.context("no waiter")??;
        guard = next?;
        hand_offs.push(micros(acquired.saturating_duration_since(start)));
        rests.push(micros(acquired.saturating_duration_since(released)));
    }
    guard.release().await?;
    Ok([median(&writes), median(&hand_offs), median(&rests)])
}

async fn run(rounds: usize) -> anyhow::Result<()> {
    for (name, server) in [
        ("quorate", Server::quorate_etcd(true)?),
        ("etcd 3.5", Server::etcd3()?),
    ] {
        let [write, hand_off, rest] = measure(&server, rounds).await?;
        println!(
            "\n{name}: put {write:.0} µs, hand-off {hand_off:.0} µs, of which {rest:.0} µs after the release"
        );
        ratio("hand-off / durable put", hand_off / write, 2.0, false);
    }
    Ok(())
}

fn main() -> anyhow::Result<()> {
    let rounds = std::env::args()
        .nth(1)
        .map_or(Ok(40), |rounds| rounds.parse())?;
    let runtime = tokio::runtime::Builder::new_multi_thread()
        .enable_all()
        .build()?;
    runtime.block_on(run(rounds))
}
