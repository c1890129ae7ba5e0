//! The command's process group: everything that it started gets its signals, and the terminal.

use std::io::{self, IsTerminal};

use nix::sys::signal::{SigSet, Signal, killpg};
use nix::unistd::{Pid, getpgrp, tcgetpgrp, tcsetpgrp};

/// A process group that this process has started.
#[derive(Clone, Copy, Debug)]
pub(crate) struct Group(Pid);

impl Group {
    /// The group of the leader with this process id.
    pub(crate) fn of(leader: u32) -> io::Result<Self> {
        let id = i32::try_from(leader).map_err(io::Error::other)?;
        if id <= 1 {
            return Err(io::Error::other(format!("{id} is no process of ours")));
        }
        Ok(Self(Pid::from_raw(id)))
    }

    /// The id, as a number to pass on.
    pub(crate) fn id(self) -> i32 {
        self.0.as_raw()
    }

    /// Sends `signal` to every process of the group, once. That none is left is fine.
    pub(crate) fn signal(self, signal: Signal) {
        if let Err(error) = killpg(self.0, signal) {
            tracing::debug!(group = self.id(), %signal, %error, "signal not sent");
        }
    }

    /// Asks the group to end. A stopped process can only end once it runs again.
    pub(crate) fn terminate(self) {
        self.signal(Signal::SIGTERM);
        self.signal(Signal::SIGCONT);
    }

    /// Ends the group without asking.
    pub(crate) fn kill(self) {
        self.signal(Signal::SIGKILL);
    }

    /// Whether any process of the group is left (one that nobody has waited for counts).
    pub(crate) fn is_left(self) -> bool {
        killpg(self.0, None).is_ok()
    }
}

/// The terminal, if there is one: lent to the command's group while it runs in front, so that the
/// command can read from it and Ctrl-C reaches the command alone, once.
#[derive(Debug)]
pub(crate) struct Terminal {
    present: bool,
    lent: bool,
}

impl Terminal {
    /// Gives the terminal to `group` if standard input is one and this process is in front.
    pub(crate) fn lend(group: Group) -> Self {
        let present = io::stdin().is_terminal() && tcgetpgrp(io::stdin()).is_ok();
        let mut terminal = Self {
            present,
            lent: false,
        };
        if terminal.is_ours() {
            terminal.give(group);
        }
        terminal
    }

    /// Whether there is one.
    pub(crate) fn is_present(&self) -> bool {
        self.present
    }

    /// Whether this process is in front.
    fn is_ours(&self) -> bool {
        self.present && tcgetpgrp(io::stdin()).is_ok_and(|front| front == getpgrp())
    }

    /// Takes the terminal back.
    pub(crate) fn take_back(&mut self) {
        if std::mem::take(&mut self.lent) {
            put_in_front(getpgrp());
        }
    }

    /// Returns when this process is in front: in the background the system stops it, as it stops
    /// whoever reads there, until the shell brings it to the front.
    pub(crate) fn wait_for_front(&self) {
        // Unlike a look first and a stop then, this leaves no moment for an `fg` to be missed in.
        if let Err(error) = tcsetpgrp(io::stdin(), getpgrp()) {
            tracing::debug!(%error, "the terminal is not to be had");
        }
    }

    /// Lets a stopped `group` go on, in front if this process is there.
    pub(crate) fn resume(&mut self, group: Group) {
        if self.is_ours() {
            self.give(group);
        } else {
            group.signal(Signal::SIGCONT);
        }
    }

    fn give(&mut self, group: Group) {
        self.lent = put_in_front(group.0);
        // It may have tried to read before it was in front, which stops a process.
        group.signal(Signal::SIGCONT);
    }
}

impl Drop for Terminal {
    fn drop(&mut self) {
        self.take_back();
    }
}

/// A process in the background that calls this is stopped by SIGTTOU unless it blocks it.
fn put_in_front(group: Pid) -> bool {
    let mut set = SigSet::empty();
    set.add(Signal::SIGTTOU);
    let blocked = set.thread_block().is_ok();
    let done = tcsetpgrp(io::stdin(), group);
    if blocked {
        let _ = set.thread_unblock();
    }
    done.is_ok()
}
