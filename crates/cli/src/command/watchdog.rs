//! The watchdog of `quorate lock`: a process of its own that stops the command if the holder of
//! the lock is killed, stopped or hangs, so that the command never outlives the lock.
//!
//! It reads lines from its standard input: `group G` names the process group, `until N` says until
//! when the lock is certainly held (nanoseconds of the system's monotonic clock), `done` ends it.
//! If the input ends without `done`, or the time passes without a later `until`, it sends SIGTERM,
//! waits as long as the grace allows, and sends SIGKILL.
//!
//! A holder that is killed between starting the command and naming its group leaves a command whose
//! group nobody has named. It is found by its environment: [`MARK`] has the value that the watchdog
//! was started with.

use std::ffi::OsStr;
use std::io::BufRead;
use std::os::unix::ffi::OsStrExt;
use std::sync::mpsc::{self, Receiver, RecvTimeoutError};
use std::time::{Duration, Instant};

use nix::time::{ClockId, clock_gettime};
use nix::unistd::{Pid, getpgid};

use crate::command::lock::group::Group;
use crate::exit::Exit;

/// The word that starts it; what it is to look for follows.
pub(crate) const NAME: &str = "__watchdog";
/// The variable that tells the commands of one holder from all others.
pub(crate) const MARK: &str = "QUORATE_LOCK_HOLDER";
/// How long a command whose group was never named is looked for: it may be just starting.
const SEARCH: Duration = Duration::from_secs(1);

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

/// Watches until `done`, for a holder whose command has `mark` in its environment.
pub(crate) fn run(mark: Option<&OsStr>) -> Exit {
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
    watch(&lines, mark)
}

fn watch(lines: &Receiver<Line>, mark: Option<&OsStr>) -> Exit {
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
                let found = group.or_else(|| mark.and_then(search));
                if let Some(group) = found {
                    stop(group, nanos, grace);
                }
                return Exit::LockLost;
            }
        }
    }
}

/// The group of a command that was started with `mark`, if one is there or appears in time.
fn search(mark: &OsStr) -> Option<Group> {
    let until = Instant::now() + SEARCH;
    loop {
        if let Some(group) = marked(mark) {
            return Some(group);
        }
        if Instant::now() >= until {
            return None;
        }
        std::thread::park_timeout(LOOK);
    }
}

/// The group of a process with `mark` in its environment. Only Linux shows environments.
fn marked(mark: &OsStr) -> Option<Group> {
    let wanted = [MARK.as_bytes(), b"=", mark.as_bytes()].concat();
    let processes = std::fs::read_dir("/proc").ok()?.flatten();
    let mut ids = processes.filter_map(|entry| entry.file_name().to_str()?.parse().ok());
    ids.find_map(|id: i32| {
        let environment = std::fs::read(format!("/proc/{id}/environ")).ok()?;
        environment
            .split(|byte| *byte == 0)
            .find(|variable| *variable == wanted)?;
        let group = getpgid(Some(Pid::from_raw(id))).ok()?;
        Group::of(u32::try_from(group.as_raw()).ok()?).ok()
    })
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
        assert_eq!(watch(&lines, None), Exit::Success);
    }

    #[test]
    fn a_watchdog_without_a_holder_says_that_the_lock_was_lost() {
        let (sender, lines) = mpsc::channel::<Line>();
        drop(sender);
        assert_eq!(watch(&lines, None), Exit::LockLost);
    }

    #[test]
    #[cfg(target_os = "linux")]
    fn a_command_whose_group_was_never_named_is_found_and_ended() {
        use std::os::unix::process::{CommandExt, ExitStatusExt};

        let mark = format!("{}-{}", std::process::id(), now_nanos());
        let mut command = std::process::Command::new("sleep");
        let mut child = command
            .arg("60")
            .env(MARK, &mark)
            .process_group(0)
            .spawn()
            .unwrap();
        let (sender, lines) = mpsc::channel::<Line>();
        drop(sender);
        assert_eq!(watch(&lines, Some(mark.as_ref())), Exit::LockLost);
        assert!(child.wait().unwrap().signal().is_some());
    }
}
