//! `quorate lock` and `quorate elect`: run a command while a lock, a slot of a semaphore or the
//! office of a leader is held.

pub(crate) mod child;
pub(crate) mod foreground;
pub(crate) mod group;
pub(crate) mod hold;
pub(crate) mod job;
mod leash;
mod respite;
mod supervise;
mod terms;

use nix::sys::signal::Signal;
use quorate::{Acquisition, Coordinator, Holder, Wait};

use crate::config::Config;
use crate::connect;
use crate::exit::Exit;
use crate::failure::Failure;
use crate::signals::{self, Signals};
use crate::view::lock::LockEvent;
use hold::{Contended, Guard};
use job::Job;
use terms::Terms;

/// Runs the command under the lock.
pub(crate) async fn run(config: &Config, job: &Job) -> Result<Exit, Failure> {
    let terms = Terms::new(job)?;
    // From here on no signal ends this process before the lock is given back.
    with_signals(config, async |coordinator, signals| {
        hold(config, job, &terms, coordinator, signals).await
    })
    .await
}

async fn hold(
    config: &Config,
    job: &Job,
    terms: &Terms,
    coordinator: &Coordinator,
    signals: &mut Signals,
) -> Result<Exit, Failure> {
    let contended = Contended::new(coordinator, job);
    let acquired = tokio::select! {
        acquired = acquire(config, job, &contended) => acquired?,
        signal = ending(signals) => return Ok(Exit::Signal(signals::number(signal))),
    };
    let Some(guard) = acquired else {
        return Err(not_acquired(job));
    };
    note(config, || LockEvent::Acquired {
        subject: job.subject(),
        fencing_token: guard.held().fencing_token().0,
    });
    let ended = supervise::run(config, job, terms, &contended, guard.held(), signals).await;
    release(config, job, guard, &ended).await;
    ended
}

/// Waits as it was told. Where somebody may read it, tries once first, to say who holds the lock.
async fn acquire(
    config: &Config,
    job: &Job,
    contended: &Contended,
) -> Result<Option<Guard>, Failure> {
    let started = std::time::Instant::now();
    let told = config.screen.stderr_is_terminal() || config.screen.is_json();
    if told && job.wait != Wait::Try {
        match contended.acquire(Wait::Try).await.map_err(before_start)? {
            Acquisition::Acquired(guard) => return Ok(Some(guard)),
            Acquisition::TimedOut { holders } => {
                let holders = holders.iter().map(holder_name).collect();
                say(
                    config,
                    &LockEvent::Waiting {
                        subject: job.subject(),
                        holders,
                    },
                );
            }
        }
    }
    let wait = match job.wait {
        Wait::AtMost(most) => Wait::AtMost(most.saturating_sub(started.elapsed())),
        wait => wait,
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

fn not_acquired(job: &Job) -> Failure {
    let subject = job.subject();
    let message = match job.wait {
        Wait::AtMost(wait) => format!("{subject} was not acquired within {wait:?}"),
        _ => format!("{subject} is held by another"),
    };
    let (verb, name) = (job.verb(), &job.name);
    Failure::new(Exit::NotAcquired, message)
        .with_next(format!("quorate {verb} {name} --wait 1m -- …"))
}

async fn release(config: &Config, job: &Job, guard: Guard, ended: &Result<Exit, Failure>) {
    if ended.as_ref().is_ok_and(|exit| *exit == Exit::LockLost) {
        // There is nothing to give back, and the server may not answer.
        return drop(guard);
    }
    match guard.release().await {
        Ok(()) => note(config, || LockEvent::Released {
            subject: job.subject(),
        }),
        Err(error) => tracing::warn!(%error, "the lock was not released and ends with its time"),
    }
}

/// Opens the backend, works with it, and closes it, while signals are for the command that the work
/// starts. Until the backend is open they have their usual effect.
pub(crate) async fn with_signals(
    config: &Config,
    work: impl AsyncFnOnce(&Coordinator, &mut Signals) -> Result<Exit, Failure>,
) -> Result<Exit, Failure> {
    let mut signals = Signals::listen(&Signals::PASSED_ON)?;
    let coordinator = tokio::select! {
        opened = connect::open(config) => opened.map_err(before_start)?,
        signal = ending(&mut signals) => return Ok(Exit::Signal(signals::number(signal))),
    };
    let result = work(&coordinator, &mut signals).await;
    connect::close(&coordinator).await;
    result
}

/// The next signal that asks to end; others have no command to be passed on to yet.
pub(crate) async fn ending(signals: &mut Signals) -> Signal {
    loop {
        let signal = signals.next().await;
        if Signals::END.contains(&signal) {
            return signal;
        }
    }
}

/// What fails before the command starts has its own exit code, so that it cannot be mistaken for
/// the command's; a wrong command line keeps its own.
pub(crate) fn before_start(failure: impl Into<Failure>) -> Failure {
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
