//! What is run, and what has to be held meanwhile.

use std::ffi::OsString;
use std::time::Duration;

use quorate::Wait;

use crate::args::elect::ElectArgs;
use crate::args::lock::LockArgs;
use crate::view::lock::Subject;

/// What has to be held while a command runs.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum Kind {
    Lock,
    /// One of so many places.
    Semaphore(u32),
    /// The office of a leader.
    Election,
}

/// A command, and the terms on which it runs.
#[derive(Clone, Debug)]
pub(crate) struct Job {
    pub(crate) kind: Kind,
    pub(crate) name: String,
    /// How long it stays held after the last sign of life.
    pub(crate) ttl: Duration,
    /// How long nobody gets it after its holder has vanished.
    pub(crate) lock_delay: Duration,
    pub(crate) wait: Wait,
    /// What others see of the holder; by default host and process.
    pub(crate) value: Option<String>,
    /// How long the command may take to end.
    pub(crate) grace: Duration,
    pub(crate) command: Vec<OsString>,
}

impl Job {
    /// What is held, for messages.
    pub(crate) fn subject(&self) -> Subject {
        match self.kind {
            Kind::Election => Subject::Election(self.name.clone()),
            Kind::Lock | Kind::Semaphore(_) => Subject::Lock(self.name.clone()),
        }
    }

    /// The environment variable by which the command finds the name.
    pub(crate) fn variable(&self) -> &'static str {
        match self.kind {
            Kind::Election => "QUORATE_ELECTION_NAME",
            Kind::Lock | Kind::Semaphore(_) => "QUORATE_LOCK_NAME",
        }
    }

    /// The command of this program that does it.
    pub(crate) fn verb(&self) -> &'static str {
        match self.kind {
            Kind::Election => "elect",
            Kind::Lock | Kind::Semaphore(_) => "lock",
        }
    }
}

impl From<LockArgs> for Job {
    fn from(args: LockArgs) -> Self {
        // One place is a lock, as for `consul lock -n 1`.
        let kind = match args.limit {
            Some(limit) if limit > 1 => Kind::Semaphore(limit),
            _ => Kind::Lock,
        };
        Self {
            kind,
            wait: wait(args.try_once, args.wait),
            name: args.name,
            ttl: args.ttl,
            lock_delay: args.lock_delay,
            value: args.value,
            grace: args.grace,
            command: args.command,
        }
    }
}

impl From<ElectArgs> for Job {
    fn from(args: ElectArgs) -> Self {
        Self {
            kind: Kind::Election,
            wait: wait(args.try_once, args.wait),
            name: args.name,
            ttl: args.ttl,
            lock_delay: args.lock_delay,
            value: args.value,
            grace: args.grace,
            command: args.command,
        }
    }
}

fn wait(try_once: bool, most: Option<Duration>) -> Wait {
    match (try_once, most) {
        (true, _) => Wait::Try,
        (false, Some(most)) => Wait::AtMost(most),
        (false, None) => Wait::Forever,
    }
}
