//! Connections that are cut, and servers that are restarted.

use std::time::Duration;

use anyhow::{Context as _, bail, ensure};
use quorate::prelude::*;
use quorate::{ErrorKind, LockOptions, Outcome, Replica};
use tokio::time::{sleep, timeout};

use super::target::{Below, COMPACTION, REMOTE, Unified};
use super::watch::{catch_up, scribble};
use crate::protocol::{PARKED, equal};
use crate::proxy::Direction;
use crate::trial::{Case, Subject};
use crate::{cases, eventually, eventually_ok};

const SOON: Duration = Duration::from_secs(50);

pub(super) fn cases() -> Vec<Case<Unified>> {
    cases![Unified;
        a_watch_resumes_after_its_connections_were_cut needs [REMOTE],
        a_watch_resumes_after_a_restart_of_the_server needs [REMOTE],
        a_watch_lists_again_when_its_history_is_forgotten needs [REMOTE, COMPACTION],
        a_write_whose_answer_was_lost_is_indeterminate needs [REMOTE],
        a_write_that_could_not_be_sent_did_not_happen needs [REMOTE],
        reads_are_retried_when_connections_are_cut needs [REMOTE],
        a_held_lock_survives_cut_connections needs [REMOTE],
        a_waiter_survives_cut_connections needs [REMOTE],
        a_lock_and_its_data_survive_a_restart needs [REMOTE],
        a_call_ends_when_nothing_answers needs [REMOTE],
    ]
    .into()
}

async fn a_watch_resumes_after_its_connections_were_cut(
    it: &Subject<Unified>,
) -> anyhow::Result<()> {
    let remote = it.remote().await?;
    let direct = remote.direct().await?;
    let mut watch = remote.coordinator.watch_prefix("dir")?;
    let mut replica = Replica::new();
    for round in 0..6 {
        scribble(&direct.kv(), "dir", round).await?;
        catch_up(&direct, "dir", &mut watch, &mut replica).await?;
        if round % 2 == 0 {
            remote.proxy.cut().await;
        } else {
            // Gone while something changes, and back.
            remote.proxy.refuse().await;
            remote.proxy.cut().await;
            scribble(&direct.kv(), "dir", 100 + round).await?;
            remote.proxy.restore().await;
        }
        scribble(&direct.kv(), "dir", 200 + round).await?;
        catch_up(&direct, "dir", &mut watch, &mut replica).await?;
    }
    Ok(())
}

async fn a_watch_resumes_after_a_restart_of_the_server(
    it: &Subject<Unified>,
) -> anyhow::Result<()> {
    let mut remote = it.remote().await?;
    let mut watch = remote.coordinator.watch_prefix("dir")?;
    let mut replica = Replica::new();
    for round in 0..2 {
        let direct = remote.direct().await?;
        for step in 0..4 {
            scribble(&direct.kv(), "dir", round * 10 + step).await?;
        }
        direct.kv().put("dir/round", round.to_string()).await?;
        catch_up(&direct, "dir", &mut watch, &mut replica).await?;
        remote.restart().await?;
    }
    let direct = remote.direct().await?;
    direct.kv().put("dir/last", "v").await?;
    catch_up(&direct, "dir", &mut watch, &mut replica).await
}

async fn a_watch_lists_again_when_its_history_is_forgotten(
    it: &Subject<Unified>,
) -> anyhow::Result<()> {
    let remote = it.remote().await?;
    let direct = remote.direct().await?;
    let kv = direct.kv();
    let mut watch = remote.coordinator.watch_prefix("dir")?;
    let mut replica = Replica::new();
    kv.put("dir/a", "1").await?;
    catch_up(&direct, "dir", &mut watch, &mut replica).await?;
    remote.proxy.refuse().await;
    remote.proxy.cut().await;
    kv.delete("dir/a").await?;
    let last = kv.put("dir/b", "2").await?;
    let below = direct.native_etcd3().context("no etcd")?;
    below.kv().compact(i64::try_from(last.0)?, true).await?;
    remote.proxy.restore().await;
    let again = async {
        loop {
            match watch.next().await.context("the watch ended")? {
                Ok(event) => return equal("first", event, WatchEvent::Init),
                // It could not be asked while nobody answered.
                Err(error) => ensure!(error.kind() != ErrorKind::Closed, "{error}"),
            }
        }
    };
    timeout(SOON, again).await.context("nothing is told")??;
    replica.apply(WatchEvent::Init);
    catch_up(&direct, "dir", &mut watch, &mut replica).await?;
    kv.put("dir/c", "3").await?;
    catch_up(&direct, "dir", &mut watch, &mut replica).await
}

/// The cut is at the next byte that comes. Over HTTP/2 that may be a frame of the server's own (a ping, a window)
/// before it has the write, or before that is sent: then nothing happened, and another write is tried.
async fn a_write_whose_answer_was_lost_is_indeterminate(
    it: &Subject<Unified>,
) -> anyhow::Result<()> {
    let remote = it.remote().await?;
    let kv = remote.coordinator.kv();
    for attempt in 0..20 {
        let key = format!("k{attempt}");
        kv.put(&key, "before").await?;
        remote.proxy.cut_after(Direction::ToClient, 0);
        let error = kv.put(&key, "after").await.err();
        let error = error.context("no answer came")?;
        let shown = (error.kind(), error.outcome());
        let unsent = (ErrorKind::Unavailable, Outcome::DidNotHappen);
        let unknown = (ErrorKind::Indeterminate, Outcome::Unknown);
        ensure!(shown == unsent || shown == unknown, "{shown:?}: {error}");
        remote.proxy.restore().await;
        let entry = kv.get(&key).await?.context("not there")?;
        match entry.text() {
            Some("after") if shown == unknown => return Ok(()),
            Some("before") => {}
            other => bail!("{other:?} after {error}"),
        }
    }
    bail!("no write that was sent has happened")
}

async fn a_write_that_could_not_be_sent_did_not_happen(
    it: &Subject<Unified>,
) -> anyhow::Result<()> {
    let remote = it.remote().await?;
    let (used, new) = (remote.quick(), remote.quick());
    let (used, new) = tokio::try_join!(used, new)?;
    // The patient one, for this has to happen; the read is what makes the other one used.
    let kv = remote.coordinator.kv();
    kv.put("k", "before").await?;
    let hasty = used.kv();
    let read = || hasty.get("k");
    eventually_ok(SOON, "a connection of the one that is used", read).await?;
    remote.proxy.refuse().await;
    remote.proxy.cut().await;
    // On a connection that was cut, a moment may pass until that is known; a new one is refused.
    for (handle, sure) in [(&used, false), (&new, true)] {
        let write = timeout(SOON, handle.kv().put("k", "after")).await?;
        let error = write.err().context("nobody is there")?;
        let shown = (error.kind(), error.outcome());
        let unsent = (ErrorKind::Unavailable, Outcome::DidNotHappen);
        let unknown = (ErrorKind::Indeterminate, Outcome::Unknown);
        ensure!(
            shown == unsent || (!sure && shown == unknown),
            "{shown:?}: {error}"
        );
    }
    remote.proxy.restore().await;
    let entry = kv.get("k").await?.context("not there")?;
    equal("unchanged", entry.text(), Some("before"))
}

async fn reads_are_retried_when_connections_are_cut(it: &Subject<Unified>) -> anyhow::Result<()> {
    let remote = it.remote().await?;
    let kv = remote.coordinator.kv();
    kv.put("k", "v").await?;
    for _ in 0..10 {
        remote.proxy.cut().await;
        equal(
            "value",
            kv.get("k").await?.map(|entry| entry.value),
            Some("v".into()),
        )?;
    }
    remote.proxy.cut_after(Direction::ToClient, 20);
    let restore = async {
        sleep(PARKED).await;
        remote.proxy.restore().await;
    };
    let (entry, ()) = tokio::join!(kv.get("k"), restore);
    equal(
        "after a cut answer",
        entry?.map(|entry| entry.value),
        Some("v".into()),
    )
}

async fn a_held_lock_survives_cut_connections(it: &Subject<Unified>) -> anyhow::Result<()> {
    let remote = it.remote().await?;
    let guard = remote.coordinator.lock("jobs").acquire().await?;
    for _ in 0..5 {
        remote.proxy.cut().await;
        sleep(PARKED).await;
    }
    ensure!(guard.is_held());
    if it.coordinator.capabilities().fenced_writes {
        let kv = remote.coordinator.kv();
        // A write on a connection whose cut is not noticed yet has an unknown outcome; a read is repeated.
        ensure!(kv.get("result").await?.is_none());
        kv.put_fenced(guard.holding(), "result", "1").await?;
    }
    ensure!(
        timeout(PARKED, guard.lost()).await.is_err(),
        "lost without a reason"
    );
    guard.release().await?;
    let next = remote.direct().await?.lock("jobs").try_acquire().await?;
    ensure!(next.acquired().is_some(), "released");
    Ok(())
}

async fn a_waiter_survives_cut_connections(it: &Subject<Unified>) -> anyhow::Result<()> {
    let remote = it.remote().await?;
    let direct = remote.direct().await?;
    let guard = direct.lock("jobs").acquire().await?;
    let first = guard.fencing_token();
    let lock = remote.coordinator.lock("jobs");
    let wait = async { anyhow::Ok(lock.acquire().await?) };
    // A waiter without a session is not waiting yet, and a session can't be created twice.
    let below = Below::of(&direct)?;
    let has_session = || async {
        let both = below.contenders("_locks", "jobs", "jobs").await.ok()?;
        (both >= 2).then_some(())
    };
    let disturb = async {
        eventually(SOON, "the waiter's session", has_session).await?;
        for _ in 0..3 {
            sleep(PARKED).await;
            remote.proxy.cut().await;
        }
        anyhow::Ok(guard.release().await?)
    };
    let (second, ()) = Box::pin(timeout(SOON, async { tokio::try_join!(wait, disturb) })).await??;
    ensure!(second.fencing_token() > first);
    Ok(())
}

async fn a_lock_and_its_data_survive_a_restart(it: &Subject<Unified>) -> anyhow::Result<()> {
    let mut remote = it.remote().await?;
    let options = LockOptions::default().with_ttl(Duration::from_secs(300));
    let lock = remote.coordinator.lock("jobs").with_options(options);
    let guard = lock.acquire().await?;
    let revision = remote.coordinator.kv().put("k", vec![0, 255]).await?;
    remote.restart().await?;
    let direct = remote.direct().await?;
    let kv = direct.kv();
    let read = || kv.get("k");
    let entry = eventually_ok(SOON, "an answer", read)
        .await?
        .context("it is gone")?;
    equal(
        "data",
        (entry.revision, &entry.value[..]),
        (revision, &[0, 255][..]),
    )?;
    ensure!(guard.is_held());
    ensure!(
        direct
            .lock("jobs")
            .try_acquire()
            .await?
            .acquired()
            .is_none(),
        "it is held"
    );
    let kv = remote.coordinator.kv();
    let can_fence = it.coordinator.capabilities().fenced_writes;
    let fenced = || async {
        match can_fence {
            true => kv.put_fenced(guard.holding(), "k", "2").await,
            false => kv.put("k", "2").await,
        }
    };
    let fenced = eventually_ok(SOON, "a fenced write", fenced).await?;
    ensure!(
        fenced > revision,
        "revisions went back: {fenced:?} after {revision:?}"
    );
    let first = guard.fencing_token();
    guard.release().await?;
    let next = direct
        .lock("jobs")
        .acquire_within(SOON)
        .await?
        .acquired()
        .context("held")?;
    ensure!(next.fencing_token() > first);
    Ok(())
}

async fn a_call_ends_when_nothing_answers(it: &Subject<Unified>) -> anyhow::Result<()> {
    let remote = it.remote().await?;
    let quick = remote.quick().await?;
    remote.coordinator.kv().put("k", "v").await?;
    let kv = quick.kv();
    eventually_ok(SOON, "a connection", || kv.get("k")).await?;
    remote.proxy.black_hole();
    let read = timeout(SOON, quick.kv().get("k"))
        .await?
        .err()
        .context("an answer")?;
    ensure!(
        matches!(read.kind(), ErrorKind::Timeout | ErrorKind::Unavailable),
        "{read}"
    );
    let write = timeout(SOON, quick.kv().put("k", "w"))
        .await?
        .err()
        .context("an answer")?;
    ensure!(write.outcome() != Outcome::Happened, "{write}");
    Ok(())
}
