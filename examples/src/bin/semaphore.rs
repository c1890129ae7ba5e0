//! A semaphore: at most two of five workers at a time.

#![allow(clippy::print_stdout, reason = "an example prints what it does")]

use std::sync::Arc;
use std::sync::atomic::{AtomicUsize, Ordering};
use std::time::Duration;

use anyhow::ensure;
use quorate::prelude::*;
use quorate_examples::{prefix, url};
use tokio::task::JoinSet;

#[tokio::main]
async fn main() -> anyhow::Result<()> {
    let coordinator = quorate::connect(&url()).await?;
    let prefix = prefix("semaphore");
    let (now, most) = (Arc::new(AtomicUsize::new(0)), Arc::new(AtomicUsize::new(0)));

    let mut workers = JoinSet::new();
    for worker in 0..5 {
        let (coordinator, name) = (coordinator.clone(), format!("{prefix}/convert"));
        let (now, most) = (now.clone(), most.clone());
        workers.spawn(async move {
            let work = |_held| async move {
                most.fetch_max(now.fetch_add(1, Ordering::SeqCst) + 1, Ordering::SeqCst);
                tokio::time::sleep(Duration::from_millis(50)).await;
                now.fetch_sub(1, Ordering::SeqCst);
            };
            coordinator
                .with_semaphore(&name, 2, work)
                .await
                .map(|()| worker)
        });
    }
    while let Some(worker) = workers.join_next().await {
        println!("worker {} has converted", worker??);
    }
    println!("at most {} worked at once", most.load(Ordering::SeqCst));
    ensure!(most.load(Ordering::SeqCst) <= 2, "more holders than slots");

    coordinator.kv().delete_prefix(&prefix).await?;
    coordinator.close().await?;
    Ok(())
}
