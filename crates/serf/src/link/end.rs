//! Why a connection ended.

use std::io;
use std::time::Duration;

use quorate_wire::msgpack::SplitError;

/// Why a connection ended.
#[derive(Clone, Debug, PartialEq, Eq, thiserror::Error)]
pub(crate) enum LinkEnd {
    /// The agent ended it: it shut down, or something was sent that it does not understand.
    #[error("the agent ended the connection")]
    Eof,
    /// It broke.
    #[error("the connection broke: {0}")]
    Broken(String),
    /// Something was sent that can't be split into answers.
    #[error("the agent sent {0}")]
    Nonsense(#[from] SplitError),
    /// Nothing was heard although an answer was due.
    #[error("nothing was heard for {0:?}")]
    Silent(Duration),
    /// This side ended it.
    #[error("the connection was closed")]
    Closed,
}

impl From<&io::Error> for LinkEnd {
    fn from(error: &io::Error) -> Self {
        Self::Broken(error.to_string())
    }
}
