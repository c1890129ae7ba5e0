//! The exit codes: one enum, one table in `quorate --help`, one test.

use std::process::ExitCode;

/// How the program ended.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum Exit {
    /// All that was asked has been done.
    Success,
    /// Something failed that no other code describes.
    Failure,
    /// The command line was wrong.
    Usage,
    /// The key does not exist.
    NotFound,
    /// A condition (`--cas`, `--create`) did not hold, so nothing was written.
    Conflict,
    /// A question had to be answered with yes and was not.
    Refused,
    /// The backend could not be reached or did not answer in time; nothing was written.
    Unavailable,
    /// A write was sent and its answer lost: it may have happened.
    Unknown,
    /// The backend refuses this caller.
    Denied,
    /// An expectation of the tour did not hold.
    Expectation,
    /// `lock`: the lock was lost and the command was stopped.
    LockLost,
    /// `lock`: the lock was not acquired in time.
    NotAcquired,
    /// `lock`: quorate failed before the command was started.
    LockFailed,
    /// `lock`: the command cannot be executed.
    CannotExecute,
    /// `lock`: there is no such command.
    CommandNotFound,
    /// `lock`: the status of the command.
    Child(u8),
    /// A signal ended the program, or the command of `lock`: 128 and its number.
    Signal(u8),
}

/// Every fixed code with what it means, for `--help` and the manual.
const MEANINGS: [(Exit, &str); 15] = [
    (Exit::Success, "all that was asked has been done"),
    (Exit::Failure, "something else failed"),
    (Exit::Usage, "the command line was wrong"),
    (Exit::NotFound, "what was named does not exist"),
    (
        Exit::Conflict,
        "a condition (--cas, --create) did not hold; nothing was written",
    ),
    (
        Exit::Refused,
        "a question was not answered with yes; nothing was written",
    ),
    (
        Exit::Unavailable,
        "the backend could not be reached or did not answer in time",
    ),
    (
        Exit::Unknown,
        "a write was sent and its answer lost: it may have happened",
    ),
    (Exit::Denied, "the backend refuses this caller"),
    (Exit::Expectation, "tour: an expectation did not hold"),
    (
        Exit::LockLost,
        "lock, elect: the lock or office was lost and the command stopped",
    ),
    (Exit::NotAcquired, "lock, elect: not acquired in time"),
    (
        Exit::LockFailed,
        "lock, elect, env, service register: quorate failed before the command started",
    ),
    (
        Exit::CannotExecute,
        "lock, elect, env, service register: the command cannot be executed",
    ),
    (
        Exit::CommandNotFound,
        "lock, elect, env, service register: there is no such command",
    ),
];

impl Exit {
    /// The number that the shell sees.
    pub(crate) fn code(self) -> u8 {
        match self {
            Self::Success => 0,
            Self::Failure => 1,
            Self::Usage => 2,
            Self::NotFound => 3,
            Self::Conflict => 4,
            Self::Refused => 5,
            Self::Unavailable => 6,
            Self::Unknown => 7,
            Self::Denied => 8,
            Self::Expectation => 9,
            Self::LockLost => 123,
            Self::NotAcquired => 124,
            Self::LockFailed => 125,
            Self::CannotExecute => 126,
            Self::CommandNotFound => 127,
            Self::Child(status) => status,
            Self::Signal(number) => 128u8.saturating_add(number),
        }
    }
}

impl From<Exit> for ExitCode {
    fn from(exit: Exit) -> Self {
        Self::from(exit.code())
    }
}

/// The table as it stands in `quorate --help`.
pub(crate) fn table() -> String {
    let rows = MEANINGS
        .iter()
        .map(|(exit, meaning)| format!("  {:>3}  {meaning}\n", exit.code()));
    let rows: String = rows.collect();
    format!("Exit codes:\n{rows}  128 + N  signal N ended quorate, or the command that it ran\n")
}

#[cfg(test)]
mod tests {
    use std::collections::BTreeSet;

    use super::*;

    #[test]
    fn the_codes_are_the_documented_ones() {
        let codes: Vec<u8> = MEANINGS.iter().map(|(exit, _)| exit.code()).collect();
        assert_eq!(
            codes,
            [0, 1, 2, 3, 4, 5, 6, 7, 8, 9, 123, 124, 125, 126, 127]
        );
        assert_eq!(codes.iter().collect::<BTreeSet<_>>().len(), codes.len());
        assert_eq!(Exit::Signal(15).code(), 143);
        assert_eq!(Exit::Child(77).code(), 77);
    }

    #[test]
    fn the_table_names_every_code() {
        let table = table();
        for (exit, meaning) in MEANINGS {
            assert!(table.contains(&format!("{:>3}  {meaning}", exit.code())));
        }
    }
}
