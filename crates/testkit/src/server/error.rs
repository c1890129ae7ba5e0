//! Why a real server could not be had.

use std::io;

use super::locate::Located;

/// A real server could not be started or steered.
#[derive(Debug, thiserror::Error)]
#[non_exhaustive]
pub enum ServerError {
    /// The program is not on this machine; the text says where it was looked for.
    #[error("{0}")]
    Missing(String),
    /// The process ended instead of getting ready; with the end of its log.
    #[error("{program} ended at its start ({status}); the end of its log:\n{log}")]
    Ended {
        /// Which program.
        program: &'static str,
        /// How it ended.
        status: String,
        /// The last lines that it wrote.
        log: String,
    },
    /// It did not get ready in time; with the end of its log.
    #[error("{program}: {reason}; the end of its log:\n{log}")]
    NotReady {
        /// Which program.
        program: &'static str,
        /// What was waited for.
        reason: String,
        /// The last lines that it wrote.
        log: String,
    },
    /// The server was killed or has ended, so there is nothing to steer.
    #[error("{0} is not running")]
    NotRunning(&'static str),
    /// The machine refused something.
    #[error("cannot {doing}")]
    Io {
        /// What was tried.
        doing: String,
        /// What the machine said.
        source: io::Error,
    },
}

impl ServerError {
    /// For `map_err`: an error of the machine while doing something.
    pub(crate) fn io(doing: impl Into<String>) -> impl FnOnce(io::Error) -> Self {
        let doing = doing.into();
        move |source| Self::Io { doing, source }
    }

    /// Whether another process took a port between the choice of it and the start.
    pub(crate) fn is_port_taken(&self) -> bool {
        matches!(self, Self::Ended { log, .. } if log.contains("address already in use"))
    }
}

impl From<Located> for Result<std::path::PathBuf, ServerError> {
    fn from(located: Located) -> Self {
        match located {
            Located::Found(path) => Ok(path),
            Located::Missing(reason) => Err(ServerError::Missing(reason)),
        }
    }
}
