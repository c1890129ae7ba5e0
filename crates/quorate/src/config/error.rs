//! Why a configuration could not be read, taken or written.

use std::error::Error as StdError;
use std::io;
use std::path::PathBuf;
use std::sync::Arc;
use std::time::Duration;

use super::{Format, Origin};
use crate::ErrorKind;

/// Why a configuration could not be read, taken or written.
///
/// No message has a value of a parameter in it, because it may be secret; they name the parameter
/// and where it came from.
#[derive(Debug, thiserror::Error)]
#[non_exhaustive]
pub enum ConfigError {
    /// The backend could not be asked, or refused a write: `Conflict` when somebody else changed
    /// the same parameter meanwhile.
    #[error(transparent)]
    Backend(#[from] crate::Error),
    /// A file could not be read.
    #[error("read {}", path.display())]
    File {
        /// The file.
        path: PathBuf,
        /// Why.
        #[source]
        source: io::Error,
    },
    /// A file or value is not what it should be in.
    #[error("{origin} is no {format}: {reason}")]
    Document {
        /// Where it stands.
        origin: Origin,
        /// What it should be.
        format: Format,
        /// The parser's words, with line and column where it knows them.
        reason: String,
    },
    /// The parameters do not fit the type.
    #[error("{reason}{}", from(origin.as_ref()))]
    Decode {
        /// The path of the parameter at fault, where one is: `HTTP/port`.
        parameter: Option<String>,
        /// Where its value came from.
        origin: Option<Origin>,
        /// What is wrong with it.
        reason: String,
    },
    /// A value can't be written as parameters.
    #[error("the value can't be written as parameters: {0}")]
    Encode(String),
    /// The value fits the type, and a validation refuses it.
    #[error("refused by its validation")]
    Invalid(#[source] Box<dyn StdError + Send + Sync>),
    /// The code that decodes or validates has panicked.
    #[error("{0} panicked")]
    Panicked(&'static str),
    /// There was no complete configuration in time.
    #[error("no configuration within {after:?}: waiting for {awaited}")]
    TimedOut {
        /// How long was waited.
        after: Duration,
        /// What was awaited.
        awaited: String,
        /// Why it did not come, if that is known.
        #[source]
        source: Option<Arc<crate::Error>>,
    },
    /// The configuration was put together in a way that can't work.
    #[error("{0}")]
    Usage(String),
}

impl ConfigError {
    /// What went wrong, in the words of every other call: `Malformed` for what can't be read as
    /// the type, `InvalidArgument` for what a validation refuses.
    #[must_use]
    pub fn kind(&self) -> ErrorKind {
        match self {
            Self::Backend(error) => error.kind(),
            Self::TimedOut { source, .. } => source
                .as_ref()
                .map_or(ErrorKind::Timeout, |error| error.kind()),
            Self::File { source, .. } if source.kind() == io::ErrorKind::NotFound => {
                ErrorKind::NotFound
            }
            Self::Document { .. } | Self::Decode { .. } => ErrorKind::Malformed,
            _ => ErrorKind::InvalidArgument,
        }
    }

    pub(super) fn usage(message: impl Into<String>) -> Self {
        Self::Usage(message.into())
    }
}

fn from(origin: Option<&Origin>) -> String {
    origin.map_or_else(String::new, |origin| format!(" (from {origin})"))
}
