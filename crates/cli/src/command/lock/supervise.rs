//! The time while the command runs: signals go to it, renewals move its deadline on, and it is
//! stopped before the lock can be held by another.

use std::process::ExitStatus;
use std::time::{Duration, Instant};

use nix::sys::signal::Signal;
use quorate::{Held, LostReason};

use super::child;
use super::foreground::Foreground;
use super::hold::Contended;
use super::job::Job;
use super::leash::Leash;
use super::respite::Respite;
use super::terms::Terms;
use crate::config::Config;
use crate::exit::Exit;
use crate::failure::Failure;
use crate::signals::Signals;
use crate::view::lock::LockEvent;

/// How often the deadline is looked at and passed on to the watchdog.
const TICK: Duration = Duration::from_millis(250);
/// How often the rest of a group is looked at that has been asked to end.
const LOOK: Duration = Duration::from_millis(10);

/// Why the command must not go on.
enum Stop {
    /// The lock can't be kept, but is still held: the command has to be gone at this time.
    Ending(Instant),
    /// The lock is lost.
    Lost(LostReason),
}

struct Supervised<'a> {
    front: Foreground,
    leash: Leash,
    terms: &'a Terms,
    contended: &'a Contended,
    held: &'a Held,
}

/// Starts the command and stays with it until it has ended.
pub(crate) async fn run(
    config: &Config,
    job: &Job,
    terms: &Terms,
    contended: &Contended,
    held: &Held,
    signals: &mut Signals,
) -> Result<Exit, Failure> {
    let failed = |error: std::io::Error| Failure::from(error).with_exit(Exit::LockFailed);
    let mut leash = Leash::start().map_err(|error| failed(error).context("start the watchdog"))?;
    leash
        .until(
            terms.kill_at(held.valid_until().into_std()),
            terms.watchdog_grace(),
        )
        .map_err(failed)?;
    // Heard from before there is a command that could stop.
    let mut stops = Signals::listen(&[Signal::SIGCHLD]).map_err(failed)?;
    let token = held.fencing_token().0;
    let child = match child::start(job, token, leash.mark()) {
        Ok(child) => child,
        Err(failure) => {
            leash.done();
            return Err(failure);
        }
    };
    let front = Foreground::new(child).map_err(failed)?;
    let group = front.group;
    let mut supervised = Supervised {
        front,
        leash,
        terms,
        contended,
        held,
    };
    if let Err(error) = supervised.leash.watch(group) {
        // This process was stopped for too long: the watchdog has found and ended the command.
        tracing::warn!(%error, "the watchdog has ended");
    }
    let ended = supervised.stay(signals, &mut stops).await;
    let exit = match ended {
        Ok(status) => child::exit(status?),
        Err(stop) => {
            supervised.freeze(&stop);
            let lost = LockEvent::Losing {
                subject: job.subject(),
                why: stop.reason().to_string(),
            };
            super::say(config, &lost);
            supervised.stop(&stop).await;
            Exit::LockLost
        }
    };
    supervised.front.take_back();
    Ok(if supervised.leash.done() {
        Exit::LockLost
    } else {
        exit
    })
}

impl Supervised<'_> {
    /// Until the command ends, or must not go on.
    async fn stay(
        &mut self,
        signals: &mut Signals,
        stops: &mut Signals,
    ) -> Result<std::io::Result<ExitStatus>, Stop> {
        let mut lost = Box::pin(self.held.lost());
        let mut tick = tokio::time::interval(TICK);
        loop {
            tokio::select! {
                biased;
                status = self.front.ended() => return Ok(status),
                reason = &mut lost => return Err(Stop::Lost(reason)),
                signal = signals.next() => self.front.group.signal(signal),
                _ = stops.next() => self.follow_stop()?,
                _ = tick.tick() => self.check()?,
            }
        }
    }

    /// Passes the deadline on, or says that it is too near.
    fn check(&mut self) -> Result<(), Stop> {
        let valid_until = self.held.valid_until().into_std();
        let kill_at = self.terms.kill_at(valid_until);
        if Instant::now() >= self.terms.ask_at(valid_until) {
            return Err(Stop::Ending(kill_at));
        }
        if let Err(error) = self.leash.until(kill_at, self.terms.watchdog_grace()) {
            tracing::warn!(%error, "the watchdog has ended");
        }
        Ok(())
    }

    /// Stops with the command; when this process is continued, it looks first whether the lock is
    /// still held.
    fn follow_stop(&mut self) -> Result<(), Stop> {
        // Renewals stop too; past the deadline the watchdog ends the command.
        if self.front.follow_stop() {
            self.check()?;
            self.front.resume();
        }
        Ok(())
    }

    /// What has lost its lock does not run while it is found out whether it may still end by itself.
    fn freeze(&self, stop: &Stop) {
        if let Stop::Lost(_) = stop {
            self.front.group.signal(Signal::SIGSTOP);
        }
    }

    /// How long the command may take to end.
    async fn respite(&self, stop: &Stop) -> Respite {
        match stop {
            Stop::Ending(kill_at) => Respite::until(*kill_at),
            Stop::Lost(LostReason::LeaseEnded | LostReason::TakenAway) => {
                let valid_until = self.held.valid_until().into_std();
                Respite::after_loss(self.contended, self.terms, valid_until).await
            }
            Stop::Lost(_) => Respite::until(Instant::now()),
        }
    }

    /// SIGTERM as soon as nobody else can hold the lock, and SIGKILL when somebody could; returns
    /// when the command is gone.
    async fn stop(&mut self, stop: &Stop) {
        let respite = self.respite(stop).await;
        if Instant::now() < respite.kill_at {
            self.front.group.terminate();
            let gone = async {
                let _ = self.front.ended().await;
                while self.front.group.is_left() {
                    tokio::time::sleep(LOOK).await;
                }
            };
            tokio::select! {
                () = gone => {}
                () = respite.lost() => {}
                () = tokio::time::sleep_until(respite.kill_at.into()) => {}
            }
        }
        self.front.group.kill();
        if let Err(error) = self.front.ended().await {
            tracing::warn!(%error, "the command was not waited for");
        }
        respite.end().await;
    }
}

impl Stop {
    fn reason(&self) -> LostReason {
        match self {
            Self::Ending(_) => LostReason::Expired,
            Self::Lost(reason) => *reason,
        }
    }
}
