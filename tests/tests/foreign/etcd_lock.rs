//! The locks of python-etcd and ours, in one queue. The package has no semaphores, and its elections
//! raise `NotImplementedError`.

use std::path::Path;
use std::time::Duration;

use anyhow::{Context as _, ensure};
use quorate_testkit::trial::{Case, Subject};
use quorate_testkit::{cases, eventually_ok};

use crate::command::{Command, Running, SOON};
use crate::etcd::Etcd;
use crate::lock::{Signals, most_inside};
use crate::python;

pub(crate) fn cases() -> Vec<Case<Etcd>> {
    cases![Etcd;
        our_lock_waits_for_that_of_python_etcd,
        the_lock_of_python_etcd_waits_for_ours,
        lockers_of_both_kinds_take_turns,
    ]
    .into()
}

/// A name without slashes: the other client puts it behind `/_locks/` as it is.
fn name(etcd: &Subject<Etcd>) -> String {
    etcd.key("lock").replace('/', "-")
}

/// Holds a lock of python-etcd while a shell command runs.
fn locked(etcd: &Etcd, name: &str, child: &str) -> anyhow::Result<Running> {
    let python = Result::from(python::interpreter("python-etcd"))?;
    let folder = Path::new(env!("CARGO_MANIFEST_DIR")).join("foreign");
    let script = folder.join("python_etcd_lock.py");
    let addr = etcd.addr().to_string();
    let arguments = [
        "-W",
        "ignore",
        "-B",
        &script.to_string_lossy(),
        &addr,
        name,
        child,
    ];
    Command::new(&python).arguments(arguments).start()
}

/// Waits until so many are in the queue.
async fn queued(etcd: &Etcd, name: &str, count: usize) -> anyhow::Result<()> {
    let lock = etcd.client.lock(name);
    let probe = || async {
        let queue = lock.queue().await.map_err(|error| error.to_string())?;
        let all = queue.len() == count;
        all.then_some(()).ok_or(format!("{queue:?}"))
    };
    Ok(eventually_ok(SOON, format!("{count} in the queue"), probe).await?)
}

async fn our_lock_waits_for_that_of_python_etcd(etcd: &Subject<Etcd>) -> anyhow::Result<()> {
    let (name, signals) = (&name(etcd), Signals::new()?);
    let lock = etcd.client.lock(name);
    let command = locked(etcd, name, &signals.child())?;
    signals.running().await?;
    let tried = lock.acquire_within(Duration::from_millis(300)).await?;
    ensure!(tried.acquired().is_none(), "two holders");
    // What was tried left nothing behind.
    queued(etcd, name, 1).await?;
    let holder = lock.holder().await?.context("nobody holds it")?;
    let end = async {
        queued(etcd, name, 2).await?;
        ensure!(command.is_running());
        signals.end()
    };
    let (guard, ()) = tokio::try_join!(async { Ok(lock.acquire().await?) }, end)?;
    ensure!(guard.fencing_token() > holder.created_index, "tokens grow");
    guard.release().await?;
    ensure!(command.end().await?.code == 0);
    Ok(())
}

async fn the_lock_of_python_etcd_waits_for_ours(etcd: &Subject<Etcd>) -> anyhow::Result<()> {
    let (name, signals) = (&name(etcd), Signals::new()?);
    let guard = etcd.client.lock(name).acquire().await?;
    let command = locked(etcd, name, &signals.child())?;
    queued(etcd, name, 2).await?;
    tokio::time::sleep(Duration::from_millis(300)).await;
    ensure!(!signals.is_running() && guard.is_held(), "two holders");
    guard.release().await?;
    signals.running().await?;
    signals.end()?;
    let done = command.end().await?;
    ensure!(done.code == 0, "{done:?}");
    Ok(())
}

async fn lockers_of_both_kinds_take_turns(etcd: &Subject<Etcd>) -> anyhow::Result<()> {
    let (name, folder) = (&name(etcd), tempfile::tempdir()?);
    let path = folder.path().join("diary");
    let theirs = async {
        let child = crate::lock::diary(&path);
        let commands: Vec<_> = (0..2)
            .map(|_| locked(etcd, name, &child))
            .collect::<Result<_, _>>()?;
        for command in commands {
            let done = command.end().await?;
            ensure!(done.code == 0, "{done:?}");
        }
        Ok(())
    };
    let ours = async {
        for _ in 0..3 {
            let guard = etcd.client.lock(name).acquire().await?;
            let child = crate::lock::diary(&path);
            let shell = Command::new(Path::new("/bin/sh")).arguments(["-c", &child]);
            ensure!(shell.run().await?.code == 0);
            ensure!(guard.is_held(), "it was lost");
            guard.release().await?;
        }
        Ok(())
    };
    tokio::try_join!(theirs, ours)?;
    let (most, count) = most_inside(&path)?;
    ensure!(
        (most, count) == (1, 5),
        "{most} of {count} at the same time"
    );
    Ok(())
}
