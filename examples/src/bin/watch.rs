//! A watch: what is there, then every change, through whatever happens to the connection.

#![allow(clippy::print_stdout, reason = "an example prints what it does")]

use anyhow::Context as _;
use quorate::WatchEvent;
use quorate::prelude::*;
use quorate_examples::{prefix, url};

#[tokio::main]
async fn main() -> anyhow::Result<()> {
    let coordinator = quorate::connect(&url()).await?;
    let (kv, prefix) = (coordinator.kv(), prefix("watch"));
    kv.put(&format!("{prefix}/a"), "1").await?;

    let mut watch = coordinator.watch_prefix(&prefix)?;
    let mut changes = 0;
    while changes < 2 {
        match watch.next().await.context("the coordinator was closed")?? {
            WatchEvent::Init => println!("what is there now:"),
            WatchEvent::Put(entry) => {
                println!("  put {} = {:?}", entry.key, entry.text());
                changes += usize::from(entry.key.ends_with("/b"));
            }
            WatchEvent::InitDone { revision } => {
                println!("that was all at revision {revision}; what changes:");
                kv.put(&format!("{prefix}/b"), "2").await?;
            }
            WatchEvent::Delete { key, .. } => {
                println!("  deleted {key}");
                changes += 1;
            }
            _ => {}
        }
        if changes == 1 {
            kv.delete(&format!("{prefix}/b")).await?;
        }
    }

    kv.delete_prefix(&prefix).await?;
    coordinator.close().await?;
    Ok(())
}
