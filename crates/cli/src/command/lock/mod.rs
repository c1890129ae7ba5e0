//! `quorate lock`: runs a command while a lock, or a slot of a semaphore, is held.

pub(crate) mod child;
pub(crate) mod group;
mod hold;
mod leash;
mod respite;
mod supervise;
mod terms;

use nix::sys::signal::Signal;
use quorate::{Acquisition, Coordinator, Holder, Wait};

use crate::args::lock::LockArgs;
use crate::config::Config;
use crate::connect;
use crate::exit::Exit;
use crate::failure::Failure;
use crate::signals::{self, Signals};
use crate::view::lock::LockEvent;
use hold::{Contended, Guard};
use terms::Terms;

/// Runs the command under the lock.
pub(crate) async fn run(config: &Config, args: &LockArgs) -> Result<Exit, Failure> {
    let terms = Terms::new(args)?;
    // From here on no signal ends this process before the lock is given back.
    let mut signals = Signals::listen(&Signals::PASSED_ON)?;
    let coordinator = tokio::select! {
        opened = connect::open(config) => opened.map_err(before_start)?,
        signal = ending(&mut signals) => return Ok(Exit::Signal(signals::number(signal))),
    };
    let result = hold(config, args, &terms, &coordinator, &mut signals).await;
    if let Err(error) = coordinator.close().await {
        tracing::debug!(%error, "closing");
    }
    result
}

async fn hold(
    config: &Config,
    args: &LockArgs,
    terms: &Terms,
    coordinator: &Coordinator,
    signals: &mut Signals,
) -> Result<Exit, Failure> {
    let contended = Contended::new(coordinator, args);
    let acquired = tokio::select! {
        acquired = acquire(config, args, &contended) => acquired?,
        signal = ending(signals) => return Ok(Exit::Signal(signals::number(signal))),
    };
    let Some(guard) = acquired else {
        return Err(not_acquired(args));
    };
    note(config, || LockEvent::Acquired {
        lock: args.name.clone(),
        fencing_token: guard.held().fencing_token().0,
    });
    let ended = supervise::run(config, args, terms, &contended, guard.held(), signals).await;
    release(config, args, guard, &ended).await;
    ended
}

/// Waits as it was told. Where somebody may read it, tries once first, to say who holds the lock.
async fn acquire(
    config: &Config,
    args: &LockArgs,
    contended: &Contended,
) -> Result<Option<Guard>, Failure> {
    let started = std::time::Instant::now();
    let told = config.screen.stderr_is_terminal() || config.screen.is_json();
    if told && !args.try_once {
        match contended.acquire(Wait::Try).await.map_err(before_start)? {
            Acquisition::Acquired(guard) => return Ok(Some(guard)),
            Acquisition::TimedOut { holders } => {
                let holders = holders.iter().map(holder_name).collect();
                say(
                    config,
                    &LockEvent::Waiting {
                        lock: args.name.clone(),
                        holders,
                    },
                );
            }
        }
    }
    let wait = match (args.try_once, args.wait) {
        (true, _) => Wait::Try,
        (false, Some(most)) => Wait::AtMost(most.saturating_sub(started.elapsed())),
        (false, None) => Wait::Forever,
    };
    Ok(contended
        .acquire(wait)
        .await
        .map_err(before_start)?
        .acquired())
}

/// What the holder says of itself, or its session.
fn holder_name(holder: &Holder) -> String {
    match std::str::from_utf8(&holder.value) {
        Ok(text) if !text.is_empty() => text.to_owned(),
        _ => holder.owner.clone(),
    }
}

fn not_acquired(args: &LockArgs) -> Failure {
    let message = match args.wait {
        Some(wait) => format!("lock {} was not acquired within {wait:?}", args.name),
        None => format!("lock {} is held by another", args.name),
    };
    Failure::new(Exit::NotAcquired, message)
        .with_next(format!("quorate lock {} --wait 1m -- …", args.name))
}

async fn release(config: &Config, args: &LockArgs, guard: Guard, ended: &Result<Exit, Failure>) {
    if ended.as_ref().is_ok_and(|exit| *exit == Exit::LockLost) {
        // There is nothing to give back, and the server may not answer.
        return drop(guard);
    }
    match guard.release().await {
        Ok(()) => note(config, || LockEvent::Released {
            lock: args.name.clone(),
        }),
        Err(error) => tracing::warn!(%error, "the lock was not released and ends with its time"),
    }
}

/// The next signal that asks to end; others have no command to be passed on to yet.
async fn ending(signals: &mut Signals) -> Signal {
    loop {
        let signal = signals.next().await;
        if Signals::END.contains(&signal) {
            return signal;
        }
    }
}

/// What fails before the command starts has its own exit code, so that it cannot be mistaken for
/// the command's; a wrong command line keeps its own.
fn before_start(failure: impl Into<Failure>) -> Failure {
    let failure = failure.into();
    match failure.exit() {
        Exit::Usage => failure,
        _ => failure.with_exit(Exit::LockFailed),
    }
}

/// Routine events: only for programs and for those who asked with `-v`.
fn note(config: &Config, event: impl FnOnce() -> LockEvent) {
    if config.screen.is_json() || tracing::enabled!(tracing::Level::INFO) {
        say(config, &event());
    }
}

/// A closed standard error does not end a command that holds a lock.
fn say(config: &Config, event: &LockEvent) {
    if let Err(error) = config.screen.note(event) {
        tracing::debug!(%error, "standard error is closed");
    }
}
