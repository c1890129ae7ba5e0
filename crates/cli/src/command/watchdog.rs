//! The watchdog of `quorate lock`: a process of its own that stops the command if the holder of
//! the lock is killed, stopped or hangs, so that the command never outlives the lock.
//!
//! It reads lines from its standard input: `group G` names the process group, `until N` says until
//! when the lock is certainly held (nanoseconds of the system's monotonic clock), `done` ends it.
//! If the input ends without `done`, or the time passes without a later `until`, it sends SIGTERM,
//! waits as long as the grace allows, and sends SIGKILL.

use std::io::BufRead;
use std::sync::mpsc::{self, Receiver, RecvTimeoutError};
use std::time::Duration;

use nix::time::{ClockId, clock_gettime};

use crate::command::lock::group::Group;
use crate::exit::Exit;

/// The word that starts it.
pub(crate) const NAME: &str = "__watchdog";

/// How often a group that was asked to end is looked at.
const LOOK: Duration = Duration::from_millis(10);

/// One line of the protocol.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum Line {
    /// The process group of the command.
    Group(i32),
    /// When it has to have ended, and how long before that it is asked to.
    Until { nanos: u64, grace: Duration },
    /// Nothing is left to watch.
    Done,
}

impl Line {
    /// The text, with its end.
    pub(crate) fn text(self) -> String {
        match self {
            Self::Group(id) => format!("group {id}\n"),
            Self::Until { nanos, grace } => format!("until {nanos} {}\n", grace.as_millis()),
            Self::Done => "done\n".into(),
        }
    }

    fn parse(text: &str) -> Option<Self> {
        let mut words = text.split_whitespace();
        let line = match words.next()? {
            "group" => Self::Group(words.next()?.parse().ok()?),
            "until" => Self::Until {
                nanos: words.next()?.parse().ok()?,
                grace: Duration::from_millis(words.next()?.parse().ok()?),
            },
            "done" => Self::Done,
            _ => return None,
        };
        Some(line)
    }
}

/// The system's monotonic clock, which all processes share, in nanoseconds.
pub(crate) fn now_nanos() -> u64 {
    let now = clock_gettime(ClockId::CLOCK_MONOTONIC)
        .map(Duration::from)
        .unwrap_or_default();
    u64::try_from(now.as_nanos()).unwrap_or(u64::MAX)
}

/// Watches until `done`.
pub(crate) fn run() -> Exit {
    let (sender, lines) = mpsc::channel();
    // A thread, because standard input can only be read with a time limit this way. The end of
    // the process ends it.
    let reader = std::thread::Builder::new()
        .name("lines".into())
        .spawn(move || {
            for line in std::io::stdin().lock().lines() {
                let Some(line) = line.ok().as_deref().and_then(Line::parse) else {
                    break;
                };
                if sender.send(line).is_err() {
                    break;
                }
            }
        });
    if reader.is_err() {
        return Exit::Failure;
    }
    watch(&lines)
}

fn watch(lines: &Receiver<Line>) -> Exit {
    let mut group = None;
    let mut limit: Option<(u64, Duration)> = None;
    loop {
        let left = match limit {
            Some((nanos, grace)) => {
                Duration::from_nanos(nanos.saturating_sub(now_nanos())).saturating_sub(grace)
            }
            None => Duration::MAX,
        };
        match lines.recv_timeout(left) {
            Ok(Line::Done) => return Exit::Success,
            Ok(Line::Group(id)) => group = u32::try_from(id).ok().and_then(|id| Group::of(id).ok()),
            Ok(Line::Until { nanos, grace }) => limit = Some((nanos, grace)),
            Err(RecvTimeoutError::Timeout | RecvTimeoutError::Disconnected) => {
                let (nanos, grace) = limit.unwrap_or_default();
                if let Some(group) = group {
                    stop(group, nanos, grace);
                }
                return Exit::LockLost;
            }
        }
    }
}

/// SIGTERM now, SIGKILL at the end of the grace or at `nanos`, whichever comes first.
fn stop(group: Group, nanos: u64, grace: Duration) {
    let grace_nanos = u64::try_from(grace.as_nanos()).unwrap_or(u64::MAX);
    let kill_at = nanos.min(now_nanos().saturating_add(grace_nanos));
    group.terminate();
    while group.is_left() && now_nanos() < kill_at {
        std::thread::park_timeout(LOOK);
    }
    group.kill();
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn lines_survive_the_pipe() {
        let until = Line::Until {
            nanos: u64::MAX,
            grace: Duration::from_millis(1500),
        };
        for line in [Line::Group(42), until, Line::Done] {
            assert_eq!(Line::parse(&line.text()), Some(line));
        }
        assert_eq!(Line::parse("until soon"), None);
    }

    #[test]
    fn a_watchdog_that_is_told_so_ends_without_stopping_anything() {
        let (sender, lines) = mpsc::channel();
        sender
            .send(Line::Until {
                nanos: now_nanos() + 60_000_000_000,
                grace: LOOK,
            })
            .unwrap();
        sender.send(Line::Done).unwrap();
        assert_eq!(watch(&lines), Exit::Success);
    }

    #[test]
    fn a_watchdog_without_a_holder_says_that_the_lock_was_lost() {
        let (sender, lines) = mpsc::channel::<Line>();
        drop(sender);
        assert_eq!(watch(&lines), Exit::LockLost);
    }
}
