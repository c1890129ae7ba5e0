//! Keys: write, read, list, change only what nobody else has changed.

#![allow(clippy::print_stdout, reason = "an example prints what it does")]

use quorate::ErrorKind;
use quorate::prelude::*;
use quorate_examples::{prefix, url};

#[tokio::main]
async fn main() -> anyhow::Result<()> {
    let coordinator = quorate::connect(&url()).await?;
    let (kv, prefix) = (coordinator.kv(), prefix("keys"));

    let first = kv.put(&format!("{prefix}/workers"), "4").await?;
    let second = kv.replace(&format!("{prefix}/workers"), "8", first).await?;
    println!("4 workers at revision {first}, 8 at revision {second}");

    // Whoever still believes that revision `first` is current is refused.
    let late = kv.replace(&format!("{prefix}/workers"), "2", first).await;
    assert!(late.is_err_and(|error| error.kind() == ErrorKind::Conflict));

    // Values are bytes on every backend.
    kv.create(&format!("{prefix}/logo"), vec![0, 159, 146, 150])
        .await?;
    for entry in kv.list(&prefix).await? {
        println!(
            "{} = {:?} (revision {})",
            entry.key, entry.value, entry.revision
        );
    }

    kv.delete_prefix(&prefix).await?;
    assert!(kv.get(&format!("{prefix}/workers")).await?.is_none());
    coordinator.close().await?;
    Ok(())
}
