//! A lock: one at a time, with a token that fences off whoever lost it, and a body that stops when
//! the lock is lost.

#![allow(clippy::print_stdout, reason = "an example prints what it does")]

use std::time::Duration;

use quorate::prelude::*;
use quorate::{Acquisition, ErrorKind};
use quorate_examples::{prefix, url};

#[tokio::main]
async fn main() -> anyhow::Result<()> {
    let coordinator = quorate::connect(&url()).await?;
    let prefix = prefix("lock");
    let name = format!("{prefix}/nightly");

    // The usual form: the body is dropped where it stands if the lock is lost.
    let result = format!("{prefix}/result");
    let kv = coordinator.kv();
    let written = coordinator
        .with_lock(&name, |held| async move {
            println!("held with fencing token {}", held.fencing_token());
            kv.put_fenced(held.holding(), &result, "done").await
        })
        .await??;
    println!("written under the lock at revision {written}");

    // By hand: a guard, and somebody else who does not get the lock meanwhile.
    let guard = coordinator.lock(&name).acquire().await?;
    let other = coordinator
        .lock(&name)
        .acquire_within(Duration::from_millis(200))
        .await?;
    assert!(
        !matches!(other, Acquisition::Acquired(_)),
        "two holders of one lock"
    );
    let holding = guard.holding().clone();
    println!("held again with the larger token {}", guard.fencing_token());
    guard.release().await?;

    // A write with the token of a lock that was given up is refused.
    let late = coordinator
        .kv()
        .put_fenced(&holding, &format!("{prefix}/result"), "late")
        .await;
    assert!(late.is_err_and(|error| matches!(
        error.kind(),
        ErrorKind::LeaseLost | ErrorKind::NotHolder | ErrorKind::Conflict
    )));

    coordinator.kv().delete_prefix(&prefix).await?;
    coordinator.close().await?;
    Ok(())
}
