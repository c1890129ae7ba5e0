use std::fmt;

use quorate_wire::etcd2::ErrorCode;

use super::auth::AuthRefusal;

/// Why a command was refused. Nothing was changed.
#[derive(Clone, Debug, PartialEq, Eq, thiserror::Error)]
#[non_exhaustive]
pub enum Refusal {
    /// A read or write of a key.
    #[error(transparent)]
    Key(#[from] KeyRefusal),
    /// A change of users or roles.
    #[error(transparent)]
    Auth(#[from] AuthRefusal),
}

/// What is wrong with a request for a key, where it was found, and the index at that time.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct KeyRefusal {
    /// What is wrong.
    pub problem: Problem,
    /// The key at which it was found, or the comparison that failed; may be empty.
    pub cause: Box<str>,
    /// The index of the store.
    pub index: u64,
}

impl KeyRefusal {
    /// A refusal whose index is filled in by [`KeyRefusal::at`].
    pub(super) fn new(problem: Problem, cause: impl Into<Box<str>>) -> Self {
        Self {
            problem,
            cause: cause.into(),
            index: 0,
        }
    }

    pub(super) fn at(mut self, index: u64) -> Self {
        self.index = index;
        self
    }
}

impl fmt::Display for KeyRefusal {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let code = ErrorCode::from_code(self.problem.code());
        write!(f, "{code} ({})", self.cause)
    }
}

impl std::error::Error for KeyRefusal {}

/// What is wrong with a request for a key.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
#[non_exhaustive]
pub enum Problem {
    /// There is no such key.
    NotFound,
    /// A condition does not hold.
    CompareFailed,
    /// It is a directory, where a file is needed.
    NotFile,
    /// It is a file, where a directory is needed.
    NotDir,
    /// There is such a key already.
    Exists,
    /// The root can't be changed.
    RootReadOnly,
    /// The directory has something in it, which may be hidden.
    NotEmpty,
    /// The history does not go back that far.
    HistoryCleared,
}

impl Problem {
    /// The number that etcd answers.
    #[must_use]
    pub fn code(self) -> u16 {
        match self {
            Self::NotFound => 100,
            Self::CompareFailed => 101,
            Self::NotFile => 102,
            Self::NotDir => 104,
            Self::Exists => 105,
            Self::RootReadOnly => 107,
            Self::NotEmpty => 108,
            Self::HistoryCleared => 401,
        }
    }
}
