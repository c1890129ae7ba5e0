//! A contender for a lock in a process of its own, to be stopped:
//! `test-holder URL NAME PRIZE KEY MILLISECONDS` (a prize is `lock`, `leadership`, `leased` or the number of
//! slots) prints what it held, a line each.

#![allow(
    clippy::print_stdout,
    reason = "the test reads the history from standard output"
)]

use std::time::Duration;

use anyhow::{Context as _, bail};
use quorate_conformance::contender::{Contender, Prize};
use quorate_conformance::random::Random;
use quorate_testkit::history::History;
use tokio::time::Instant;

#[tokio::main(flavor = "current_thread")]
async fn main() -> anyhow::Result<()> {
    let arguments: Vec<_> = std::env::args().skip(1).collect();
    let [url, name, prize, key, millis] = arguments.as_slice() else {
        bail!("usage: test-holder URL NAME PRIZE KEY MILLISECONDS");
    };
    let prize = Prize::from_words(prize, key)?;
    let end = Instant::now() + Duration::from_millis(millis.parse()?);
    let contender = Contender::new(name, url, prize, Random::any_seed(), History::new())?;
    let mut printed = 0;
    let mut last = None;
    contender
        .run(end, |history| {
            let claims = history.claims();
            for claim in &claims[printed..] {
                println!("{claim}");
            }
            printed = claims.len();
            last = Some(printed);
        })
        .await;
    last.map(|_| ()).context("it never held anything")
}
