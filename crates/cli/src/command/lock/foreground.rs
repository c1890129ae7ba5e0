//! The command while it runs, in a group of its own that has the terminal.

use std::io;
use std::process::ExitStatus;

use nix::sys::signal::{Signal, raise};
use nix::sys::wait::{Id, WaitPidFlag, WaitStatus, waitid};
use nix::unistd::Pid;
use tokio::process::Child;

use super::group::{Group, Terminal};

/// A command that runs.
#[derive(Debug)]
pub(crate) struct Foreground {
    child: Child,
    /// All that it started.
    pub(crate) group: Group,
    terminal: Terminal,
}

impl Foreground {
    /// Lends the terminal to a command that has just been started in a group of its own.
    pub(crate) fn new(child: Child) -> io::Result<Self> {
        let group = Group::of(child.id().unwrap_or_default())?;
        let terminal = Terminal::lend(group);
        Ok(Self {
            child,
            group,
            terminal,
        })
    }

    /// How it ended, when it has. Dropping the future loses nothing.
    pub(crate) async fn ended(&mut self) -> io::Result<ExitStatus> {
        self.child.wait().await
    }

    /// Takes the terminal back.
    pub(crate) fn take_back(&mut self) {
        self.terminal.take_back();
    }

    /// Ctrl-Z stops the command's group alone, and so does reading in the background. This process
    /// follows, so that the shell takes the terminal back. Returns when it is continued, and says
    /// whether it was stopped at all; [`resume`](Self::resume) lets the command go on then.
    pub(crate) fn follow_stop(&mut self) -> bool {
        let Some(signal) = self.stopped_by() else {
            return false;
        };
        self.terminal.take_back();
        if matches!(signal, Signal::SIGTTIN | Signal::SIGTTOU) {
            self.terminal.wait_for_front();
        } else if let Err(error) = raise(Signal::SIGSTOP) {
            tracing::debug!(%error, "not stopped");
        }
        true
    }

    /// Lets the stopped command go on.
    pub(crate) fn resume(&mut self) {
        self.terminal.resume(self.group);
    }

    /// The signal that has stopped the command since the last call; without a terminal nobody's
    /// business.
    fn stopped_by(&self) -> Option<Signal> {
        if !self.terminal.is_present() {
            return None;
        }
        let pid = self.child.id().and_then(|id| i32::try_from(id).ok())?;
        let flags = WaitPidFlag::WSTOPPED | WaitPidFlag::WNOHANG;
        match waitid(Id::Pid(Pid::from_raw(pid)), flags) {
            Ok(WaitStatus::Stopped(_, signal)) => Some(signal),
            _ => None,
        }
    }
}
