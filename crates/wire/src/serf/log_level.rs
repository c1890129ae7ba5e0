//! How much of a log to tell.

use std::fmt;
use std::str::FromStr;

/// How important a line of a log is.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, Hash, PartialOrd, Ord)]
pub enum LogLevel {
    /// Everything.
    Trace,
    /// What helps to find mistakes.
    Debug,
    /// What is usual.
    #[default]
    Info,
    /// What is unusual.
    Warn,
    /// What failed.
    Err,
}

impl LogLevel {
    /// All of them, the least important first.
    pub const ALL: &[Self] = &[Self::Trace, Self::Debug, Self::Info, Self::Warn, Self::Err];

    /// The word in the log.
    #[must_use]
    pub fn as_str(self) -> &'static str {
        match self {
            Self::Trace => "TRACE",
            Self::Debug => "DEBUG",
            Self::Info => "INFO",
            Self::Warn => "WARN",
            Self::Err => "ERR",
        }
    }

    /// The level that a line of a log states, as in `… [WARN] serf: …`.
    #[must_use]
    pub fn of_line(line: &str) -> Option<Self> {
        let (_, rest) = line.split_once('[')?;
        rest.split_once(']')?.0.parse().ok()
    }
}

impl fmt::Display for LogLevel {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.pad(self.as_str())
    }
}

/// A word that is no level of a log.
#[derive(Clone, Debug, PartialEq, Eq, thiserror::Error)]
#[error("unknown log level {0:?}; there are trace, debug, info, warn and err")]
pub struct UnknownLogLevel(pub String);

/// Upper and lower case are the same.
impl FromStr for LogLevel {
    type Err = UnknownLogLevel;

    fn from_str(word: &str) -> Result<Self, UnknownLogLevel> {
        let found = Self::ALL
            .iter()
            .find(|level| level.as_str().eq_ignore_ascii_case(word));
        found
            .copied()
            .ok_or_else(|| UnknownLogLevel(word.to_owned()))
    }
}
