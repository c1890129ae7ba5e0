//! What reading the current value of a configuration costs, beside a lock around a counted pointer.
//!
//! `cargo run --release -p quorate-benches --bin config_read`

#![allow(
    clippy::print_stdout,
    reason = "benchmarks are programs that print figures"
)]

use std::hint::black_box;
use std::sync::{Arc, RwLock};
use std::time::Instant;

use quorate::config::Config;
use quorate::prelude::*;
use quorate_benches::report::{at_most, median, ratio};
use serde::Deserialize;

const ROUNDS: usize = 300;
const READS: u32 = 100_000;

#[derive(Clone, Debug, Deserialize)]
struct Settings {
    port: u16,
}

/// Nanoseconds of one read: the median of many short rounds, and the best, which no other program
/// has disturbed.
fn measure(mut read: impl FnMut() -> u16) -> (f64, f64) {
    let mut rounds = Vec::with_capacity(ROUNDS);
    for _ in 0..ROUNDS {
        let start = Instant::now();
        let mut sum = 0_u64;
        for _ in 0..READS {
            sum += u64::from(black_box(read()));
        }
        black_box(sum);
        rounds.push(start.elapsed().as_secs_f64() * 1e9 / f64::from(READS));
    }
    let best = rounds.iter().copied().fold(f64::MAX, f64::min);
    (median(&rounds), best)
}

#[tokio::main]
async fn main() -> anyhow::Result<()> {
    let coordinator = quorate::connect("memory:").await?;
    coordinator.kv().put("app/port", "8080").await?;
    let config = Config::<Settings>::load(&coordinator, "app").await?;
    let mut reader = config.reader();
    let locked = Arc::new(RwLock::new(Arc::new(config.get().clone())));

    let (get, get_best) = measure(|| black_box(&config).get().port);
    let (own, own_best) = measure(|| black_box(&mut reader).get().port);
    let (lock, lock_best) = measure(|| {
        let value = locked.read().map(|value| value.clone());
        value.map_or(0, |value| value.port)
    });
    println!("one read, in ns:                    median     best");
    for (name, median, best) in [
        ("Config::get", get, get_best),
        ("Reader::get", own, own_best),
        ("RwLock<Arc<_>>, cloned", lock, lock_best),
    ] {
        println!("  {name:<30} {median:>9.2} {best:>8.2}");
    }
    at_most(
        "reading the current value (best of the rounds)",
        get_best,
        "ns",
        20.0,
    );
    at_most("the same with a reader of its own", own_best, "ns", 5.0);
    ratio(
        "Config::get / RwLock<Arc<_>>",
        get_best / lock_best,
        1.0,
        false,
    );
    coordinator.close().await?;
    Ok(())
}
