//! Locks and semaphores on the real Consul, and beside its own `consul lock` command.

use std::process::{Command, ExitCode, Stdio};
use std::time::{Duration, Instant};

use anyhow::{Context as _, bail, ensure};
use quorate_consul::lock::LockOptions;
use quorate_consul::{
    Acquisition, Client, ErrorKind, Limits, LockGuard, LostReason, Outcome, SessionKeeper,
    SessionRequest,
};
use quorate_testkit::server::{ConsulOptions, ConsulServer};
use quorate_testkit::trial::{Subject, Suite, Target};
use quorate_testkit::{cases, eventually};

const SOON: Duration = Duration::from_secs(40);
/// A TTL of which no renewal is due within what counts as soon.
const LONG_TTL: Duration = Duration::from_secs(150);
/// A TTL that makes tests of expiry fast; the server is told to allow it.
const SHORT_TTL: Duration = Duration::from_secs(2);

/// One server for all trials.
struct Real {
    server: ConsulServer,
}

fn main() -> ExitCode {
    let cases = cases![Real;
        our_lock_and_the_consul_command_exclude_each_other,
        our_slots_and_those_of_the_consul_command_count_together,
        a_released_lock_passes_from_client_to_client_with_growing_tokens,
        a_lock_that_the_session_has_already_gets_a_fresh_token,
        a_session_that_is_destroyed_loses_the_lock_and_starts_the_lock_delay,
        a_key_that_is_deleted_loses_the_lock,
        a_server_that_stands_still_loses_the_lock_at_its_deadline,
        a_restart_of_the_server_does_not_lose_the_lock,
        an_acquire_that_is_dropped_leaves_no_session,
        a_held_lock_can_be_destroyed_in_one_step,
        the_slots_of_a_semaphore_are_never_exceeded,
        another_recipe_at_the_same_place_is_a_conflict,
    ];
    let real = || async {
        let options = ConsulOptions::new().with_session_ttl_min(SHORT_TTL);
        Ok(Real {
            server: ConsulServer::start(options).await?,
        })
    };
    let consul = Target::real("real consul 1.8.7", ConsulServer::locate(), real);
    Suite::new().with_target(consul).with_cases(cases).run()
}

fn client_of(server: &ConsulServer) -> anyhow::Result<Client> {
    let limits = Limits::default().with_min_session_ttl(SHORT_TTL);
    Ok(Client::builder()
        .address(&server.url())
        .limits(limits)
        .build()?)
}

impl Real {
    fn client(&self) -> anyhow::Result<Client> {
        client_of(&self.server)
    }

    /// `consul lock ARGS`, with `prefix` as the place.
    fn consul_lock(&self, args: &[&str], prefix: &str, child: &str) -> Command {
        let mut command = Command::new(self.server.program());
        command
            .arg("lock")
            .arg(format!("-http-addr={}", self.server.url()));
        command.args(args).arg(prefix).arg(child);
        command
            .stdin(Stdio::null())
            .stdout(Stdio::null())
            .stderr(Stdio::null());
        command
    }

    /// Whether the command gets the lock, or a slot, within a moment.
    async fn command_gets_in(&self, args: &[&str], prefix: &str) -> anyhow::Result<bool> {
        let args = [&["-timeout=1s"], args].concat();
        let mut command = self.consul_lock(&args, prefix, "true");
        Ok(tokio::task::spawn_blocking(move || command.status())
            .await??
            .success())
    }
}

fn short() -> LockOptions {
    LockOptions::new()
        .with_ttl(SHORT_TTL)
        .with_lock_delay(Duration::ZERO)
}

async fn try_lock(client: &Client, key: &str) -> anyhow::Result<bool> {
    Ok(client.lock(key).try_acquire().await?.is_acquired())
}

async fn our_lock_and_the_consul_command_exclude_each_other(
    subject: &Subject<Real>,
) -> anyhow::Result<()> {
    let client = subject.client()?;
    let prefix = subject.key("place");
    let key = format!("{prefix}/.lock");
    let guard = client.lock(key.as_str()).acquire().await?;
    ensure!(
        !subject.command_gets_in(&[], &prefix).await?,
        "the command got in beside us"
    );
    guard.release().await?;
    ensure!(
        subject.command_gets_in(&[], &prefix).await?,
        "the command must get in after us"
    );

    let mut child = subject.consul_lock(&[], &prefix, "sleep 2").spawn()?;
    let lock = client.lock(key.as_str());
    let held = || async { lock.holder().await.ok().flatten() };
    let holder = eventually(SOON, "the command holds the lock", held).await?;
    let Acquisition::TimedOut { holders, .. } = lock.try_acquire().await? else {
        bail!("we got in beside the command")
    };
    ensure!(holders[0].session == holder.session);
    let guard = lock.acquire().await?;
    ensure!(guard.fencing_token() > holder.modify_index);
    child.wait()?;
    // The command deletes the key if nobody has it.
    ensure!(guard.is_held());
    Ok(guard.release().await?)
}

async fn our_slots_and_those_of_the_consul_command_count_together(
    subject: &Subject<Real>,
) -> anyhow::Result<()> {
    let client = subject.client()?;
    let prefix = subject.key("slots");
    let semaphore = client.semaphore(prefix.as_str(), 2);
    let first = semaphore.acquire().await?;
    ensure!(
        subject.command_gets_in(&["-n=2"], &prefix).await?,
        "one slot is free"
    );
    let second = semaphore.acquire().await?;
    ensure!(
        !subject.command_gets_in(&["-n=2"], &prefix).await?,
        "no slot is free"
    );
    second.release().await?;

    let mut child = subject.consul_lock(&["-n=2"], &prefix, "sleep 2").spawn()?;
    let both = || async {
        semaphore
            .holders()
            .await
            .ok()
            .filter(|holders| holders.len() == 2)
    };
    eventually(SOON, "the command holds a slot", both).await?;
    ensure!(
        !semaphore.try_acquire().await?.is_acquired(),
        "no slot is free"
    );
    let third = semaphore.acquire().await?;
    ensure!(first.is_held() && third.is_held());
    child.wait()?;
    first.release().await?;
    third.release().await?;
    Ok(semaphore.destroy().await?)
}

async fn a_released_lock_passes_from_client_to_client_with_growing_tokens(
    subject: &Subject<Real>,
) -> anyhow::Result<()> {
    const ROUNDS: u32 = 25;
    let key = subject.key("lock");
    let contender = |client: Client, key: String| async move {
        let mut tokens = Vec::new();
        for _ in 0..ROUNDS {
            let guard = client.lock(key.as_str()).acquire().await?;
            tokens.push((Instant::now(), guard.fencing_token()));
            guard.release().await?;
        }
        anyhow::Ok(tokens)
    };
    let (a, b, c) = tokio::try_join!(
        contender(subject.client()?, key.clone()),
        contender(subject.client()?, key.clone()),
        contender(subject.client()?, key.clone()),
    )?;
    let mut all = [a, b, c].concat();
    all.sort_unstable();
    ensure!(
        all.windows(2).all(|pair| pair[0].1 < pair[1].1),
        "tokens in the order of time: {all:?}"
    );
    Ok(())
}

async fn a_lock_that_the_session_has_already_gets_a_fresh_token(
    subject: &Subject<Real>,
) -> anyhow::Result<()> {
    let client = subject.client()?;
    let key = subject.key("lock");
    let request = SessionRequest::new().with_ttl(Duration::from_secs(15));
    let keeper = SessionKeeper::start(&client, request).await?;
    let lock = client
        .lock(key.as_str())
        .with_options(LockOptions::new().with_session(keeper.clone()));
    let first = lock.acquire().await?.fencing_token();
    // As if the answer had been lost: the key is ours, and nobody here knows.
    let free = || async { lock.holder().await.ok()?.is_none().then_some(()) };
    eventually(SOON, "the dropped guard releases the lock", free).await?;
    let taken = client.txn().op(lock_op(&key, keeper.id())).commit().await?;
    ensure!(taken.is_committed());
    let held = lock.holder().await?.context("it is held")?;
    let guard = lock.try_acquire().await?.acquired().context("it is ours")?;
    ensure!(guard.fencing_token() > held.modify_index && held.modify_index > first);
    guard.release().await?;
    Ok(keeper.destroy().await?)
}

fn lock_op(key: &str, session: &str) -> quorate_consul::KvOp {
    quorate_consul::KvOp::new(quorate_consul::KvVerb::Lock, key)
        .with_flags(quorate_consul::lock::LOCK_FLAGS)
        .with_session(session)
}

async fn a_session_that_is_destroyed_loses_the_lock_and_starts_the_lock_delay(
    subject: &Subject<Real>,
) -> anyhow::Result<()> {
    let client = subject.client()?;
    let key = subject.key("lock");
    let delay = Duration::from_secs(10);
    let options = LockOptions::new().with_lock_delay(delay).with_ttl(LONG_TTL);
    let guard = client
        .lock(key.as_str())
        .with_options(options)
        .acquire()
        .await?;
    let begun = Instant::now();
    client.session().destroy(guard.session_id()).await?;
    let reason = guard.lost().await;
    ensure!(
        begun.elapsed() < SOON,
        "noticed after {:?}",
        begun.elapsed()
    );
    ensure!(reason == LostReason::NotHolder, "{reason}");
    let tried = client.lock(key.as_str()).try_acquire().await?;
    ensure!(
        !tried.is_acquired() && tried.holder().is_none(),
        "the lock-delay keeps everybody out"
    );
    let next = client.lock(key.as_str()).acquire().await?;
    let waited = begun.elapsed();
    ensure!(
        waited >= delay && waited < delay + Duration::from_secs(40),
        "{waited:?}"
    );
    ensure!(next.fencing_token() > guard.fencing_token());
    let error = guard.release().await.err().context("it was lost")?;
    ensure!(error.kind() == ErrorKind::NotHolder, "{error}");
    Ok(next.release().await?)
}

async fn a_key_that_is_deleted_loses_the_lock(subject: &Subject<Real>) -> anyhow::Result<()> {
    let client = subject.client()?;
    let key = subject.key("lock");
    let options = LockOptions::new().with_ttl(LONG_TTL);
    let lock = client.lock(key.as_str()).with_options(options);
    let guard = lock.acquire().await?;
    let begun = Instant::now();
    client.kv().delete(&key).await?;
    ensure!(guard.lost().await == LostReason::NotHolder);
    ensure!(begun.elapsed() < SOON);
    let id = guard.session_id().to_owned();
    let gone = || async {
        client
            .session()
            .info(&id)
            .await
            .ok()?
            .is_none()
            .then_some(())
    };
    eventually(SOON, "the session ends", gone).await?;
    Ok(())
}

async fn a_server_that_stands_still_loses_the_lock_at_its_deadline(
    _: &Subject<Real>,
) -> anyhow::Result<()> {
    let options = ConsulOptions::new().with_session_ttl_min(SHORT_TTL);
    let server = ConsulServer::start(options).await?;
    let client = client_of(&server)?;
    let guard = client.lock("lock").with_options(short()).acquire().await?;
    server.pause().await?;
    let until = guard.valid_until();
    let reason = guard.lost().await;
    let late = tokio::time::Instant::now().saturating_duration_since(until);
    ensure!(reason == LostReason::DeadlinePassed, "{reason}");
    // Exact on a paused clock (`lock_lost`); here a busy machine may be late.
    ensure!(late < SOON, "{late:?} after the deadline");
    ensure!(!guard.is_held());
    server.resume()?;
    let error = guard.release().await.err().context("it was lost")?;
    ensure!(error.kind() == ErrorKind::LeaseLost && error.outcome() == Outcome::DidNotHappen);
    let next = client.lock("lock").acquire_within(SOON).await?;
    ensure!(next.is_acquired(), "the lock is free again");
    Ok(())
}

async fn a_restart_of_the_server_does_not_lose_the_lock(_: &Subject<Real>) -> anyhow::Result<()> {
    let server = ConsulServer::start(ConsulOptions::new()).await?;
    let (client, other) = (client_of(&server)?, client_of(&server)?);
    // A restart may take longer than the usual TTL.
    let options = LockOptions::new().with_ttl(LONG_TTL);
    let guard = client.lock("lock").with_options(options).acquire().await?;
    let waiting = async {
        let waited = other
            .lock("lock")
            .acquire_within(Duration::from_secs(100))
            .await?;
        waited.acquired().context("it is released in the end")
    };
    let restart = async {
        tokio::time::sleep(Duration::from_millis(500)).await;
        server.kill()?;
        server.restart().await?;
        tokio::time::sleep(Duration::from_secs(1)).await;
        ensure!(guard.is_held(), "lost: {:?}", guard.lease().lost_reason());
        let token = guard.fencing_token();
        guard.release().await?;
        Ok(token)
    };
    let (next, token): (LockGuard, u64) = tokio::try_join!(waiting, restart)?;
    ensure!(next.fencing_token() > token);
    Ok(next.release().await?)
}

async fn an_acquire_that_is_dropped_leaves_no_session(
    subject: &Subject<Real>,
) -> anyhow::Result<()> {
    let client = subject.client()?;
    let key = subject.key("lock");
    let name = subject.key("session");
    let options = LockOptions::new().with_session_name(name.as_str());
    for micros in (0..6_000).step_by(150) {
        let lock = client.lock(key.as_str()).with_options(options.clone());
        drop(tokio::time::timeout(Duration::from_micros(micros), lock.acquire()).await);
    }
    let clean = || async {
        let sessions = client.session().list().await.ok()?;
        let held = client.lock(key.as_str()).holder().await.ok()?.is_some();
        (!held && sessions.iter().all(|session| session.name != name)).then_some(())
    };
    eventually(SOON, "nothing is left", clean).await?;
    ensure!(try_lock(&client, &key).await?, "there is no lock-delay");
    Ok(())
}

async fn a_held_lock_can_be_destroyed_in_one_step(subject: &Subject<Real>) -> anyhow::Result<()> {
    let client = subject.client()?;
    let key = subject.key("lock");
    let guard = client.lock(key.as_str()).acquire().await?;
    guard.set_value("here").await?;
    let holder = client
        .lock(key.as_str())
        .holder()
        .await?
        .context("it is held")?;
    ensure!(holder.value == "here" && holder.session == guard.session_id());
    let error = client
        .lock(key.as_str())
        .destroy()
        .await
        .err()
        .context("it is in use")?;
    ensure!(error.kind() == ErrorKind::Conflict, "{error}");
    let waiter = client.lock(key.as_str());
    let (destroyed, next) = tokio::join!(guard.destroy(), waiter.acquire());
    destroyed?;
    next?.destroy().await?;
    ensure!(client.kv().get(&key).await?.is_none());
    Ok(())
}

async fn the_slots_of_a_semaphore_are_never_exceeded(
    subject: &Subject<Real>,
) -> anyhow::Result<()> {
    let prefix = subject.key("slots");
    let contender = |client: Client, prefix: String| async move {
        for _ in 0..5 {
            let semaphore = client.semaphore(prefix.as_str(), 2);
            let guard = semaphore.acquire().await?;
            let holders = semaphore.holders().await?;
            ensure!(holders.len() <= 2, "{holders:?}");
            ensure!(
                holders
                    .iter()
                    .any(|holder| holder.session == guard.session_id())
            );
            guard.release().await?;
        }
        anyhow::Ok(())
    };
    let clients = [(); 4].map(|()| subject.client());
    let [a, b, c, d] = clients.map(|client| client.map(|client| contender(client, prefix.clone())));
    tokio::try_join!(a?, b?, c?, d?)?;
    ensure!(
        subject
            .client()?
            .semaphore(prefix.as_str(), 2)
            .holders()
            .await?
            .is_empty()
    );
    Ok(())
}

async fn another_recipe_at_the_same_place_is_a_conflict(
    subject: &Subject<Real>,
) -> anyhow::Result<()> {
    let client = subject.client()?;
    let prefix = subject.key("place");
    let _slot = client.semaphore(prefix.as_str(), 2).acquire().await?;
    let error = try_lock(&client, &format!("{prefix}/.lock"))
        .await
        .err()
        .context("a semaphore's")?;
    let kind = error
        .downcast_ref::<quorate_consul::Error>()
        .map(quorate_consul::Error::kind);
    ensure!(kind == Some(ErrorKind::Conflict), "{error}");
    let key = subject.key("plain");
    client.kv().put(&key, "precious").await?;
    ensure!(try_lock(&client, &key).await.is_err());
    ensure!(client.kv().get(&key).await?.context("it is there")?.value == "precious");
    Ok(())
}
