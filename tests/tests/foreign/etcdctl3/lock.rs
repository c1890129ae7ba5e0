//! `etcdctl lock`, alone and against our locks: the recipe of our client and the service of the
//! server.

use std::path::Path;
use std::time::Duration;

use anyhow::{Context as _, ensure};
use quorate_etcd::v3::queue::QueueOptions;
use quorate_etcd::v3::{KeyRange, LeaseId, LockGuard};
use quorate_testkit::trial::{Case, Subject};
use quorate_testkit::{cases, eventually_ok};

use crate::command::{Command, Running, SOON};
use crate::etcd3::{Doomed, Etcd3};
use crate::lock::{Signals, diary, most_inside};

pub(crate) fn cases() -> Vec<Case<Etcd3>> {
    cases![Etcd3;
        the_lock_of_a_killed_command_becomes_ours,
        our_lock_becomes_the_commands_when_we_are_killed,
        contenders_of_every_kind_take_turns,
        our_lock_waits_for_the_command,
        the_command_waits_for_our_lock,
        the_service_and_the_command_exclude_each_other,
        lock_holds_until_it_is_interrupted,
        lock_runs_its_child_and_leaves_nothing,
        lock_says_when_its_lease_is_gone,
    ]
    .into()
}

/// Holds a lock while a shell command runs.
fn locked(etcd: &Etcd3, name: &str, child: &str) -> anyhow::Result<Running> {
    etcd.etcdctl(&["lock", "--ttl=20", name, "--", "sh", "-c", child])?
        .start()
}

/// Waits until so many hold the lock or wait for it.
async fn queued(etcd: &Etcd3, name: &str, count: u64) -> anyhow::Result<()> {
    let range = KeyRange::prefix(format!("{name}/"));
    let probe = || async {
        let queue = etcd.client.kv().count(&range).await;
        let queue = queue.map_err(|error| error.to_string())?;
        (queue == count).then_some(()).ok_or(format!("{queue}"))
    };
    Ok(eventually_ok(SOON, format!("{count} in the queue"), probe).await?)
}

/// The lease whose number ends a key.
pub(super) fn lease_of(key: &str) -> anyhow::Result<LeaseId> {
    let (_, number) = key.rsplit_once('/').context("no slash")?;
    let number = i64::from_str_radix(number, 16)?;
    LeaseId::of(number).with_context(|| format!("no lease in {key}"))
}

async fn lock_holds_until_it_is_interrupted(etcd: &Subject<Etcd3>) -> anyhow::Result<()> {
    let name = &etcd.key("lock");
    let lock = etcd.tell(&["lock", name])?;
    let key = lock.lines(1).await?.remove(0);
    let found = etcd.client.kv().get(&key).await?.context("no key")?;
    let lease = lease_of(&key)?;
    ensure!(
        found.value.is_empty()
            && found.lease == Some(lease)
            && key.starts_with(&format!("{name}/")),
        "{found:?}"
    );
    let info = etcd.client.leases().time_to_live(lease).await?;
    ensure!(info.is_some_and(|info| info.granted == Duration::from_secs(10)));
    lock.interrupt().await?;
    ensure!(etcd.client.kv().get(&key).await?.is_none());
    Ok(())
}

async fn lock_runs_its_child_and_leaves_nothing(etcd: &Subject<Etcd3>) -> anyhow::Result<()> {
    let name = &etcd.key("lock");
    let child = "echo $ETCD_LOCK_KEY $ETCD_LOCK_REV";
    let said = etcd.run(&["lock", name, "--", "sh", "-c", child]).await?;
    let (key, revision) = said.trim_end().split_once(' ').context("no words")?;
    ensure!(
        key.starts_with(&format!("{name}/")) && revision.parse::<i64>()? > 1,
        "{said}"
    );
    queued(etcd, name, 0).await?;
    let failed = etcd.etcdctl(&["lock", name, "--", "sh", "-c", "exit 3"])?;
    let failed = failed.run().await?;
    ensure!(failed.code == 3, "{failed:?}");
    queued(etcd, name, 0).await
}

async fn lock_says_when_its_lease_is_gone(etcd: &Subject<Etcd3>) -> anyhow::Result<()> {
    let lock = etcd.tell(&["lock", &etcd.key("lock")])?;
    let key = lock.lines(1).await?.remove(0);
    etcd.client.leases().revoke(lease_of(&key)?).await?;
    let done = lock.running.end().await?;
    ensure!(
        done.code > 0 && done.stderr.ends_with("Error: session expired\n"),
        "{done:?}"
    );
    Ok(())
}

async fn our_lock_waits_for_the_command(etcd: &Subject<Etcd3>) -> anyhow::Result<()> {
    let (name, signals) = (&etcd.key("lock"), Signals::new()?);
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
    ensure!(
        guard.fencing_token() > holder.create_revision,
        "tokens grow"
    );
    guard.release().await?;
    ensure!(command.end().await?.code == 0);
    Ok(())
}

async fn the_command_waits_for_our_lock(etcd: &Subject<Etcd3>) -> anyhow::Result<()> {
    let (name, signals) = (&etcd.key("lock"), Signals::new()?);
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

async fn the_service_and_the_command_exclude_each_other(
    etcd: &Subject<Etcd3>,
) -> anyhow::Result<()> {
    let (name, signals) = (&etcd.key("lock"), Signals::new()?);
    let service = etcd.client.lock_service();
    let keeper = etcd.client.leases().hold(Duration::from_secs(20)).await?;
    let key = service.lock(name, keeper.id(), None).await?;
    let command = locked(etcd, name, &signals.child())?;
    queued(etcd, name, 2).await?;
    tokio::time::sleep(Duration::from_millis(300)).await;
    ensure!(!signals.is_running(), "two holders");
    service.unlock(&key).await?;
    signals.running().await?;
    let end = async {
        queued(etcd, name, 2).await?;
        ensure!(command.is_running());
        signals.end()
    };
    let again = async { Ok(service.lock(name, keeper.id(), Some(SOON)).await?) };
    let (again, ()) = tokio::try_join!(again, end)?;
    ensure!(again == key && command.end().await?.code == 0);
    keeper.revoke().await?;
    queued(etcd, name, 0).await
}

async fn the_lock_of_a_killed_command_becomes_ours(etcd: &Subject<Etcd3>) -> anyhow::Result<()> {
    let name = &etcd.key("lock");
    let command = etcd.tell(&["lock", "--ttl=12", name])?;
    let key = command.lines(1).await?.remove(0);
    let killed = async {
        queued(etcd, name, 2).await?;
        command.running.signal("KILL").await
    };
    let (guard, ()) = tokio::try_join!(
        async { Ok(etcd.client.lock(name).acquire().await?) },
        killed
    )?;
    // Its key went with its lease.
    ensure!(etcd.client.kv().get(&key).await?.is_none() && guard.is_held());
    guard.release().await?;
    Ok(())
}

async fn our_lock_becomes_the_commands_when_we_are_killed(
    etcd: &Subject<Etcd3>,
) -> anyhow::Result<()> {
    let (name, signals) = (etcd.key("lock"), Signals::new()?);
    let doomed = Doomed::new(etcd)?;
    let wanted = name.clone();
    let guard: LockGuard = doomed
        .run(|client| async move {
            let options = QueueOptions::new().with_ttl(Duration::from_secs(12));
            Ok(client.lock(&wanted).with_options(options).acquire().await?)
        })
        .await?;
    let command = locked(etcd, &name, &signals.child())?;
    queued(etcd, &name, 2).await?;
    ensure!(!signals.is_running() && guard.is_held(), "two holders");
    doomed.kill();
    signals.running().await?;
    // It knows by the clock alone.
    ensure!(!guard.is_held(), "two holders");
    signals.end()?;
    ensure!(command.end().await?.code == 0);
    Ok(())
}

async fn contenders_of_every_kind_take_turns(etcd: &Subject<Etcd3>) -> anyhow::Result<()> {
    let (name, folder) = (&etcd.key("lock"), tempfile::tempdir()?);
    let path = folder.path().join("diary");
    let child = diary(&path);
    let write = async || {
        let shell = Command::new(Path::new("/bin/sh")).arguments(["-c", &child]);
        ensure!(shell.run().await?.code == 0);
        Ok(())
    };
    let commands = async {
        let commands = [locked(etcd, name, &child)?, locked(etcd, name, &child)?];
        for command in commands {
            let done = command.end().await?;
            ensure!(done.code == 0, "{done:?}");
        }
        Ok(())
    };
    let recipe = async {
        for _ in 0..2 {
            let guard = etcd.client.lock(name).acquire().await?;
            write().await?;
            ensure!(guard.is_held(), "it was lost");
            guard.release().await?;
        }
        Ok(())
    };
    let service = async {
        let keeper = etcd.client.leases().hold(Duration::from_secs(20)).await?;
        for _ in 0..2 {
            let service = etcd.client.lock_service();
            let key = service.lock(name, keeper.id(), None).await?;
            write().await?;
            service.unlock(key).await?;
        }
        keeper.revoke().await?;
        Ok(())
    };
    tokio::try_join!(commands, recipe, service)?;
    let (most, count) = most_inside(&path)?;
    ensure!(
        (most, count) == (1, 6),
        "{most} of {count} at the same time"
    );
    Ok(())
}
