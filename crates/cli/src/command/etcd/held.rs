//! A command that runs while a lease is valid.

use std::ffi::OsString;
use std::time::Duration;

use nix::sys::signal::Signal;
use quorate_etcd::v3::Lease;
use tokio::time::Instant;

use crate::command::lock::child;
use crate::command::lock::foreground::Foreground;
use crate::exit::Exit;
use crate::failure::Failure;
use crate::signals::Signals;

/// How often the deadline is looked at.
const TICK: Duration = Duration::from_millis(250);

/// Runs a command. If its time comes to an end, it is asked to stop `grace` before that, and killed
/// when it is over.
pub(super) async fn run(
    words: &[OsString],
    variables: &[(&str, &str)],
    lease: &Lease,
    grace: Duration,
    signals: &mut Signals,
) -> Result<Exit, Failure> {
    // Heard from before there is a command that could stop.
    let mut stops = Signals::listen(&[Signal::SIGCHLD])?;
    let mut front = Foreground::new(child::start_with(words, variables)?)?;
    let mut lost = Box::pin(lease.lost());
    let mut tick = tokio::time::interval(TICK);
    let mut asked = false;
    let ended = loop {
        tokio::select! {
            biased;
            status = front.ended() => break Some(status),
            _ = &mut lost => break None,
            signal = signals.next() => front.group.signal(signal),
            _ = stops.next() => {
                if front.follow_stop() {
                    if !lease.is_valid() {
                        break None;
                    }
                    front.resume();
                }
            }
            _ = tick.tick() => {
                if !asked && Instant::now() + grace >= lease.valid_until() {
                    asked = true;
                    front.group.terminate();
                }
            }
        }
    };
    let status = match ended {
        Some(status) => status?,
        None => {
            front.group.kill();
            front.ended().await?;
            front.take_back();
            return Err(lost_lock());
        }
    };
    front.take_back();
    match asked {
        true => Err(lost_lock()),
        false => Ok(child::exit(status)),
    }
}

/// Somebody else may hold it now.
pub(super) fn lost_lock() -> Failure {
    Failure::new(Exit::LockLost, "session expired")
        .with_next("quorate etcd endpoint health --cluster; then the same command again")
}
