//! `consul lock`, alone and against our locks.

use std::path::{Path, PathBuf};
use std::time::Duration;

use anyhow::{Context as _, ensure};
use quorate::{LockOptions, Wait};
use quorate_consul::lock::LOCK_FLAGS;
use quorate_testkit::trial::{Case, Subject};
use quorate_testkit::{cases, eventually, eventually_ok};
use tempfile::TempDir;

use crate::command::SOON;
use crate::server::Server;

pub(crate) fn cases() -> Vec<Case<Server>> {
    cases![Server;
        lock_runs_its_child_and_leaves_nothing,
        lock_passes_the_childs_failure_on_if_asked_to,
        two_locks_exclude_each_other,
        a_lock_that_is_held_times_out,
        lock_ends_its_child_when_the_lock_is_lost,
        our_lock_waits_for_the_command,
        the_command_waits_for_our_lock,
        our_unified_lock_and_the_command_exclude_each_other,
        contenders_of_every_kind_take_turns,
    ]
    .into()
}

/// A folder through which a child of `consul lock` says that it runs, and is told to end.
pub(crate) struct Signals(TempDir);

impl Signals {
    pub(crate) fn new() -> anyhow::Result<Self> {
        Ok(Self(tempfile::tempdir()?))
    }

    fn path(&self, name: &str) -> PathBuf {
        self.0.path().join(name)
    }

    /// A shell command that says that it runs, and goes on until it is told to end.
    pub(crate) fn child(&self) -> String {
        let (running, end) = (self.path("running"), self.path("end"));
        let wait = format!("while [ ! -e {} ]; do sleep 0.05; done", end.display());
        format!("touch {}; {wait}", running.display())
    }

    pub(crate) async fn running(&self) -> anyhow::Result<()> {
        let path = self.path("running");
        let there = || async { path.exists().then_some(()) };
        Ok(eventually(SOON, "the child runs", there).await?)
    }

    pub(crate) fn is_running(&self) -> bool {
        self.path("running").exists()
    }

    pub(crate) fn end(&self) -> anyhow::Result<()> {
        Ok(std::fs::write(self.path("end"), "")?)
    }
}

/// A shell command that writes down when it begins and ends.
pub(crate) fn diary(path: &Path) -> String {
    let path = path.display();
    format!("echo begin >> {path}; sleep 0.3; echo end >> {path}")
}

/// The most that were inside at the same time, and how many there were.
pub(crate) fn most_inside(path: &Path) -> anyhow::Result<(usize, usize)> {
    let (mut inside, mut most, mut count) = (0_usize, 0, 0);
    for line in std::fs::read_to_string(path)?.lines() {
        match line {
            "begin" => {
                inside += 1;
                count += 1;
            }
            _ => inside = inside.checked_sub(1).context("an end without a begin")?,
        }
        most = most.max(inside);
    }
    Ok((most, count))
}

async fn lock_runs_its_child_and_leaves_nothing(server: &Subject<Server>) -> anyhow::Result<()> {
    let (name, signals) = (&server.key("lock"), Signals::new()?);
    let command = server.start(["lock", name, &signals.child()])?;
    signals.running().await?;
    let entry = server.client.kv().get(&format!("{name}/.lock")).await?;
    let entry = entry.context("there is no lock")?;
    ensure!(entry.flags == LOCK_FLAGS, "{entry:?}");
    let session = entry.session.context("nobody holds it")?;
    signals.end()?;
    let done = command.end().await?;
    ensure!(done.code == 0, "{done:?}");
    ensure!(
        server
            .client
            .kv()
            .keys(server.prefix(), None)
            .await?
            .is_empty()
    );
    ensure!(server.client.session().info(&session).await?.is_none());
    Ok(())
}

async fn lock_passes_the_childs_failure_on_if_asked_to(
    server: &Subject<Server>,
) -> anyhow::Result<()> {
    let name = &server.key("lock");
    let plain = server
        .consul(["lock", name, "echo hello; exit 3"])?
        .run()
        .await?;
    ensure!(plain.code == 0 && plain.stdout == "hello\n", "{plain:?}");
    let asked = ["lock", "-child-exit-code", name, "exit 3"];
    let asked = server.consul(asked)?.run().await?;
    ensure!(asked.code == 2, "{asked:?}");
    ensure!(asked.stderr.contains("exit status 3"), "{asked:?}");
    Ok(())
}

async fn two_locks_exclude_each_other(server: &Subject<Server>) -> anyhow::Result<()> {
    let (name, folder) = (&server.key("lock"), tempfile::tempdir()?);
    let path = folder.path().join("diary");
    let contenders: Vec<_> = (0..3)
        .map(|_| server.start(["lock", name, &diary(&path)]))
        .collect::<Result<_, _>>()?;
    for contender in contenders {
        let done = contender.end().await?;
        ensure!(done.code == 0, "{done:?}");
    }
    let (most, count) = most_inside(&path)?;
    ensure!(
        (most, count) == (1, 3),
        "{most} of {count} at the same time"
    );
    Ok(())
}

async fn a_lock_that_is_held_times_out(server: &Subject<Server>) -> anyhow::Result<()> {
    let name = &server.key("lock");
    let guard = server.coordinator.lock(name).acquire().await?;
    for timeout in ["-timeout=300ms", "-try=300ms"] {
        let said = server.refused(["lock", timeout, name, "echo no"]).await?;
        ensure!(said.contains("timeout during lock acquisition"), "{said}");
    }
    ensure!(guard.is_held());
    guard.release().await?;
    ensure!(
        server
            .run(["lock", "-timeout=10s", name, "echo yes"])
            .await?
            == "yes\n"
    );
    Ok(())
}

async fn lock_ends_its_child_when_the_lock_is_lost(server: &Subject<Server>) -> anyhow::Result<()> {
    let (name, signals) = (&server.key("lock"), Signals::new()?);
    let command = server.start(["lock", "-verbose", name, &signals.child()])?;
    signals.running().await?;
    let entry = server.client.kv().get(&format!("{name}/.lock")).await?;
    let session = entry
        .and_then(|entry| entry.session)
        .context("nobody holds it")?;
    server.client.session().destroy(&session).await?;
    let done = command.end().await?;
    ensure!(done.stdout.contains("Lock lost, killing child"), "{done:?}");
    Ok(())
}

async fn our_lock_waits_for_the_command(server: &Subject<Server>) -> anyhow::Result<()> {
    let (name, signals) = (&server.key("lock"), Signals::new()?);
    let lock = server.client.lock(format!("{name}/.lock"));
    let first = lock.acquire().await?;
    let token = first.fencing_token();
    first.release().await?;
    let command = server.start(["lock", name, &signals.child()])?;
    signals.running().await?;
    let tried = lock.try_acquire().await?;
    ensure!(!tried.is_acquired(), "two holders");
    let holder = tried.holder().context("it does not say who holds it")?;
    let entry = server.client.kv().get(&format!("{name}/.lock")).await?;
    ensure!(entry.and_then(|entry| entry.session).as_deref() == Some(holder.session.as_str()));
    let end = async {
        tokio::time::sleep(Duration::from_millis(200)).await;
        ensure!(command.is_running());
        signals.end()
    };
    let wait = async { Ok(lock.acquire_within(SOON).await?) };
    let (guard, ()) = tokio::try_join!(wait, end)?;
    let guard = guard.acquired().context("it was not released")?;
    ensure!(
        guard.fencing_token() > token,
        "tokens grow across the command's turn"
    );
    guard.release().await?;
    Ok(())
}

async fn the_command_waits_for_our_lock(server: &Subject<Server>) -> anyhow::Result<()> {
    let (name, signals) = (&server.key("lock"), Signals::new()?);
    let lock = server.client.lock(format!("{name}/.lock"));
    let guard = lock.acquire().await?;
    let command = server.start(["lock", name, &signals.child()])?;
    // It has a session when it is about to wait.
    waits(server, name).await?;
    tokio::time::sleep(Duration::from_millis(300)).await;
    ensure!(!signals.is_running() && guard.is_held(), "two holders");
    guard.release().await?;
    signals.running().await?;
    ensure!(!lock.try_acquire().await?.is_acquired(), "two holders");
    signals.end()?;
    ensure!(command.end().await?.code == 0);
    Ok(())
}

/// Waits until a `consul lock` has the session with which it waits.
async fn waits(server: &Subject<Server>, name: &str) -> anyhow::Result<()> {
    let session = || async {
        let sessions = server
            .client
            .session()
            .list()
            .await
            .map_err(|error| error.to_string())?;
        let found = sessions.iter().any(|session| session.name.contains(name));
        found
            .then_some(())
            .ok_or_else(|| format!("{} sessions", sessions.len()))
    };
    Ok(eventually_ok(SOON, "a session of the command", session).await?)
}

async fn our_unified_lock_and_the_command_exclude_each_other(
    server: &Subject<Server>,
) -> anyhow::Result<()> {
    let (name, signals) = (&server.key("lock"), Signals::new()?);
    let lock = server.coordinator.lock(name);
    let guard = lock.acquire().await?;
    let first = guard.fencing_token();
    server
        .refused(["lock", "-timeout=300ms", name, "echo no"])
        .await?;
    let command = server.start(["lock", name, &signals.child()])?;
    waits(server, name).await?;
    ensure!(!signals.is_running(), "two holders");
    guard.release().await?;
    signals.running().await?;
    let tried = lock
        .acquire_with(Wait::AtMost(Duration::from_millis(300)))
        .await?;
    ensure!(tried.acquired().is_none(), "two holders");
    signals.end()?;
    ensure!(command.end().await?.code == 0);
    let guard = lock
        .acquire_within(SOON)
        .await?
        .acquired()
        .context("not released")?;
    ensure!(guard.fencing_token() > first);
    guard.release().await?;
    Ok(())
}

async fn contenders_of_every_kind_take_turns(server: &Subject<Server>) -> anyhow::Result<()> {
    let (name, folder) = (&server.key("lock"), tempfile::tempdir()?);
    let path = folder.path().join("diary");
    let turn = async || {
        let write = |word: &str| {
            use std::io::Write as _;
            let mut file = std::fs::File::options()
                .append(true)
                .create(true)
                .open(&path)?;
            writeln!(file, "{word}")
        };
        write("begin")?;
        tokio::time::sleep(Duration::from_millis(200)).await;
        write("end")
    };
    let commands = async {
        for _ in 0..2 {
            let done = server.consul(["lock", name, &diary(&path)])?.run().await?;
            ensure!(done.code == 0, "{done:?}");
        }
        Ok(())
    };
    let unified = async {
        let options = LockOptions::default().with_lock_delay(Duration::ZERO);
        for _ in 0..2 {
            let lock = server.coordinator.lock(name).with_options(options.clone());
            let guard = lock.acquire().await?;
            turn().await?;
            guard.release().await?;
        }
        Ok(())
    };
    let native = async {
        for _ in 0..2 {
            let guard = server
                .client
                .lock(format!("{name}/.lock"))
                .acquire()
                .await?;
            turn().await?;
            guard.release().await?;
        }
        Ok(())
    };
    tokio::try_join!(commands, unified, native)?;
    let (most, count) = most_inside(&path)?;
    ensure!(
        (most, count) == (1, 6),
        "{most} of {count} at the same time"
    );
    Ok(())
}
