//! What waits to be gossiped.

use std::time::Duration;

use anyhow::ensure;
use serde_json::Value;
use tokio::time::{Instant, sleep};

use super::clock::send;
use super::connection::PATIENCE;
use super::target::{ALONE, Serf, Setup};
use super::{Outcome, Trial};
use crate::cases;
use crate::trial::Case;

/// How many messages may wait. Every 30 s what waits beyond that is dropped.
const MOST: usize = 4096;

pub(super) fn cases() -> Vec<Case<Serf>> {
    cases![Serf;
        a_queue_that_is_too_long_is_shortened needs [ALONE],
    ]
    .into()
}

async fn a_queue_that_is_too_long_is_shortened(serf: &Trial) -> Outcome {
    // Alone it has nobody to tell them to.
    let one = serf.another("one", Setup::default()).await?;
    let burst: Vec<_> = (0..MOST + 900)
        .map(|number| ("burst", number.to_string()))
        .collect();
    send(&one, &burst).await?;
    let mut rpc = one.connect().await?;
    let begun = Instant::now();
    loop {
        let stats = rpc.ask("stats", Value::Null).await?.done()?;
        let waiting = stats["serf"]["event_queue"].as_str();
        if waiting == Some(&MOST.to_string()) {
            return Ok(());
        }
        ensure!(begun.elapsed() < PATIENCE, "{waiting:?} wait");
        sleep(Duration::from_millis(250)).await;
    }
}
