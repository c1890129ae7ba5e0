//! The holder's end of the watchdog (see [`crate::command::watchdog`]).

use std::io::{self, Write};
use std::os::unix::process::CommandExt;
use std::process::{Child, ChildStdin, Command, Stdio};
use std::time::{Duration, Instant};

use super::group::Group;
use crate::command::watchdog::{self, Line, now_nanos};
use crate::exit::Exit;

/// A watchdog that runs beside the command until [`Leash::done`].
#[derive(Debug)]
pub(crate) struct Leash {
    /// What tells this holder's command from all others.
    mark: String,
    watchdog: Child,
    lines: ChildStdin,
}

impl Leash {
    /// Starts the watchdog: the same program, in a group of its own so that Ctrl-C does not end it.
    pub(crate) fn start() -> io::Result<Self> {
        let mut command = Command::new(own_program()?);
        let mark = format!("{}-{}", std::process::id(), now_nanos());
        command
            .arg0("quorate")
            .args([watchdog::NAME, &mark])
            .process_group(0);
        command
            .stdin(Stdio::piped())
            .stdout(Stdio::null())
            .stderr(Stdio::null());
        let mut watchdog = command.spawn()?;
        let lines = watchdog
            .stdin
            .take()
            .ok_or_else(|| io::Error::other("no pipe"))?;
        Ok(Self {
            mark,
            watchdog,
            lines,
        })
    }

    /// What the command must have as [`watchdog::MARK`] in its environment.
    pub(crate) fn mark(&self) -> &str {
        &self.mark
    }

    /// Names the group to stop.
    pub(crate) fn watch(&mut self, group: Group) -> io::Result<()> {
        self.send(Line::Group(group.id()))
    }

    /// Says that the lock is certainly held until `deadline`.
    pub(crate) fn until(&mut self, deadline: Instant, grace: Duration) -> io::Result<()> {
        let left = deadline.saturating_duration_since(Instant::now());
        let left = u64::try_from(left.as_nanos()).unwrap_or(u64::MAX);
        self.send(Line::Until {
            nanos: now_nanos().saturating_add(left),
            grace,
        })
    }

    /// The command has ended: the watchdog ends too. Says whether it was the watchdog that had
    /// to stop the command, because this process was stopped for too long.
    pub(crate) fn done(mut self) -> bool {
        if let Err(error) = self.send(Line::Done) {
            tracing::debug!(%error, "the watchdog was gone");
        }
        drop(self.lines);
        match self.watchdog.wait() {
            Ok(status) => status.code() == Some(i32::from(Exit::LockLost.code())),
            Err(error) => {
                tracing::debug!(%error, "the watchdog was not waited for");
                false
            }
        }
    }

    fn send(&mut self, line: Line) -> io::Result<()> {
        self.lines.write_all(line.text().as_bytes())
    }
}

/// The running program itself, also when its file has been replaced meanwhile.
fn own_program() -> io::Result<std::path::PathBuf> {
    let link = std::path::Path::new("/proc/self/exe");
    if link.exists() {
        Ok(link.to_path_buf())
    } else {
        std::env::current_exe()
    }
}
