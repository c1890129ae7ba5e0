//! Settings that are always current: a local copy of a prefix, read without a request.

#![allow(clippy::print_stdout, reason = "an example prints what it does")]

use quorate::prelude::*;
use quorate_examples::{prefix, url};

#[tokio::main]
async fn main() -> anyhow::Result<()> {
    let coordinator = quorate::connect(&url()).await?;
    let (kv, prefix) = (coordinator.kv(), prefix("settings"));
    let level = format!("{prefix}/log-level");
    kv.put(&level, "info").await?;

    let mut settings = coordinator.cache(&prefix)?;
    settings.ready().await?;
    println!(
        "log level: {:?}",
        settings.get(&level).as_ref().and_then(|entry| entry.text())
    );

    kv.put(&level, "debug").await?;
    while settings
        .get(&level)
        .is_none_or(|entry| entry.text() != Some("debug"))
    {
        settings.changed().await?;
    }
    println!(
        "log level: {:?}",
        settings.get(&level).as_ref().and_then(|entry| entry.text())
    );

    kv.delete_prefix(&prefix).await?;
    coordinator.close().await?;
    Ok(())
}
