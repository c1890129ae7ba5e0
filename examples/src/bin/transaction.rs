//! A transaction: several keys change together, or none does.

#![allow(clippy::print_stdout, reason = "an example prints what it does")]

use anyhow::{Context as _, ensure};
use quorate::prelude::*;
use quorate::{Transaction, TxnOutcome};
use quorate_examples::{prefix, url};

#[tokio::main]
async fn main() -> anyhow::Result<()> {
    let coordinator = quorate::connect(&url()).await?;
    let (kv, prefix) = (coordinator.kv(), prefix("transaction"));
    let (from, to) = (format!("{prefix}/anna"), format!("{prefix}/ben"));
    kv.put(&from, "100").await?;
    kv.put(&to, "0").await?;

    // Read both, then move 30, if neither has changed in between.
    let (anna, ben) = (
        kv.get(&from).await?.context("anna")?,
        kv.get(&to).await?.context("ben")?,
    );
    let transfer = Transaction::new()
        .revision(&from, anna.revision)?
        .revision(&to, ben.revision)?
        .put(&from, "70")?
        .put(&to, "30")?;
    match kv.transact(transfer.clone()).await? {
        TxnOutcome::Committed(done) => println!("moved, at revision {:?}", done.revision),
        TxnOutcome::Failed(why) => anyhow::bail!("somebody was faster: {why:?}"),
    }

    // The same again: its revisions are not current any more, so nothing happens.
    match kv.transact(transfer).await? {
        TxnOutcome::Committed(_) => anyhow::bail!("the same money twice"),
        TxnOutcome::Failed(why) => println!("refused, as it must be: {} compares", why.len()),
    }
    ensure!(kv.get(&from).await?.context("anna")?.text() == Some("70"));

    kv.delete_prefix(&prefix).await?;
    coordinator.close().await?;
    Ok(())
}
