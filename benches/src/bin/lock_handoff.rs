//! How long a lock takes to pass from one holder to the next, in durable writes.
//!
//! `cargo build --release && cargo run --release -p quorate-benches --bin lock_handoff [ROUNDS]`
//!
//! The hand-off counts from the moment the old holder's release is answered, so it is one durable
//! write and whatever the waiter needs to notice; the whole, from the release's start, is shown too.

#![allow(
    clippy::print_stdout,
    reason = "benchmarks are programs that print figures"
)]

use std::time::{Duration, Instant};

use anyhow::Context as _;
use quorate_benches::process::Server;
use quorate_benches::report::{median, ratio};
use quorate_consul::Client;
use tokio::task::JoinSet;

const KEY: &str = "bench/lock";

fn micros(time: Duration) -> f64 {
    time.as_secs_f64() * 1e6
}

/// Medians in microseconds: a durable write, the hand-off, the whole.
async fn measure(server: &Server, rounds: usize) -> anyhow::Result<[f64; 3]> {
    server.wait_until_writable()?;
    let client = Client::new(&format!("http://{}", server.address))?;
    let other = Client::new(&format!("http://{}", server.address))?;
    let (mut writes, mut hand_offs, mut wholes) = (vec![], vec![], vec![]);
    let mut guard = client.lock(KEY).acquire().await?;
    for round in 0..rounds {
        let start = Instant::now();
        client.kv().put("bench/durable", round.to_string()).await?;
        writes.push(micros(start.elapsed()));
        let waiter = if round % 2 == 0 {
            other.lock(KEY)
        } else {
            client.lock(KEY)
        };
        let mut waiting = JoinSet::new();
        waiting.spawn(async move {
            let guard = waiter.acquire().await;
            (guard, Instant::now())
        });
        // Long enough for the waiter to have its session and to be blocked on the key.
        tokio::time::sleep(Duration::from_millis(50)).await;
        let start = Instant::now();
        guard.release().await?;
        let released = Instant::now();
        let (next, acquired) = waiting.join_next().await.context("no waiter")??;
        guard = next?;
        hand_offs.push(micros(acquired.saturating_duration_since(released)));
        wholes.push(micros(acquired - start));
    }
    guard.release().await?;
    Ok([median(&writes), median(&hand_offs), median(&wholes)])
}

async fn run(rounds: usize) -> anyhow::Result<()> {
    for (name, server) in [
        ("quorate", Server::quorate(true)?),
        ("consul", Server::consul(true)?),
    ] {
        let [write, hand_off, whole] = measure(&server, rounds).await?;
        println!("\n{name}: write {write:.0} µs, hand-off {hand_off:.0} µs, whole {whole:.0} µs");
        ratio("hand-off / durable write", hand_off / write, 1.5, false);
        println!(
            "whole, from the release's start / durable write {:.2}",
            whole / write
        );
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
