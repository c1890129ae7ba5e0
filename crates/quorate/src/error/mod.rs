//! Errors that say what happened.

mod kind;

use std::error::Error as StdError;
use std::fmt;

pub use kind::{ErrorKind, Outcome, RetryAdvice};

/// The result of everything here.
pub type Result<T, E = Error> = std::result::Result<T, E>;

/// Why a call failed. It answers four questions: what is it ([`kind`](Self::kind)), did it happen
/// ([`outcome`](Self::outcome)), may I retry ([`advice`](Self::advice)), and where was it
/// ([`operation`](Self::operation), [`target`](Self::target)).
///
/// `Display` prints this level only; [`source`](StdError::source) has the next one, down to the
/// client of the backend, which [`native`](Self::native) gives by type:
///
/// ```
/// # #[cfg(feature = "embedded")]
/// # #[tokio::main(flavor = "current_thread")] async fn main() -> quorate::Result<()> {
/// use quorate::prelude::*;
/// use quorate::{ErrorKind, Outcome};
///
/// let coordinator = quorate::connect("memory:").await?;
/// coordinator.kv().create("config/limit", "10").await?;
/// let error = coordinator.kv().create("config/limit", "20").await.unwrap_err();
/// assert_eq!(error.kind(), ErrorKind::AlreadyExists);
/// assert_eq!(error.outcome(), Outcome::DidNotHappen);
/// # coordinator.close().await
/// # }
/// # #[cfg(not(feature = "embedded"))] fn main() {}
/// ```
pub struct Error(Box<Inner>);

struct Inner {
    kind: ErrorKind,
    outcome: Outcome,
    advice: RetryAdvice,
    operation: String,
    target: Option<String>,
    detail: String,
    source: Option<Box<dyn StdError + Send + Sync>>,
}

impl Error {
    /// An error of `kind` in `operation` (`put jobs/a`). `detail` says what is wrong, in one line;
    /// empty leaves it to the kind and the source. Outcome and advice are those of the kind.
    pub fn new(kind: ErrorKind, operation: impl Into<String>, detail: impl Into<String>) -> Self {
        Self(Box::new(Inner {
            kind,
            outcome: kind.default_outcome(),
            advice: kind.default_advice(),
            operation: operation.into(),
            target: None,
            detail: detail.into(),
            source: None,
        }))
    }

    /// Says what became of the change.
    #[must_use]
    pub fn with_outcome(mut self, outcome: Outcome) -> Self {
        self.0.outcome = outcome;
        self
    }

    /// Says whether a retry is safe.
    #[must_use]
    pub fn with_advice(mut self, advice: RetryAdvice) -> Self {
        self.0.advice = advice;
        self
    }

    /// Says which backend or server it was.
    #[must_use]
    pub fn with_target(mut self, target: impl Into<String>) -> Self {
        self.0.target = Some(target.into());
        self
    }

    /// Keeps the cause.
    #[must_use]
    pub fn with_source(mut self, source: impl Into<Box<dyn StdError + Send + Sync>>) -> Self {
        self.0.source = Some(source.into());
        self
    }

    /// What went wrong.
    #[must_use]
    pub fn kind(&self) -> ErrorKind {
        self.0.kind
    }

    /// Whether the change that was asked for happened.
    #[must_use]
    pub fn outcome(&self) -> Outcome {
        self.0.outcome
    }

    /// Whether the same call may be made again.
    #[must_use]
    pub fn advice(&self) -> RetryAdvice {
        self.0.advice
    }

    /// What was being done, with the key or name: `put jobs/a`.
    #[must_use]
    pub fn operation(&self) -> &str {
        &self.0.operation
    }

    /// The server or backend, where one was involved: `http://127.0.0.1:8500`.
    #[must_use]
    pub fn target(&self) -> Option<&str> {
        self.0.target.as_deref()
    }

    /// The error of the backend's own client, if this came from it: look for
    /// `quorate::consul::Error` on Consul and on the embedded agent, for
    /// `quorate::etcd::v2::Error` on etcd.
    #[must_use]
    pub fn native<E: StdError + 'static>(&self) -> Option<&E> {
        let mut next = StdError::source(self);
        while let Some(error) = next {
            if let Some(found) = error.downcast_ref() {
                return Some(found);
            }
            next = error.source();
        }
        None
    }

    pub(crate) fn invalid(operation: impl Into<String>, detail: impl Into<String>) -> Self {
        Self::new(ErrorKind::InvalidArgument, operation, detail)
    }

    pub(crate) fn unsupported(operation: impl Into<String>, detail: impl Into<String>) -> Self {
        Self::new(ErrorKind::Unsupported, operation, detail)
    }

    pub(crate) fn closed(operation: impl Into<String>) -> Self {
        Self::new(ErrorKind::Closed, operation, "the coordinator was closed")
    }
}

impl fmt::Display for Error {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(&self.0.operation)?;
        if let Some(target) = &self.0.target {
            write!(f, " on {target}")?;
        }
        let said = match self.0.detail.as_str() {
            "" => self.0.kind.description(),
            detail => detail,
        };
        write!(f, ": {said}")
    }
}

impl fmt::Debug for Error {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let mut shown = f.debug_struct("Error");
        shown
            .field("kind", &self.0.kind)
            .field("outcome", &self.0.outcome);
        shown
            .field("advice", &self.0.advice)
            .field("operation", &self.0.operation);
        shown
            .field("target", &self.0.target)
            .field("detail", &self.0.detail);
        shown.field("source", &self.0.source).finish()
    }
}

impl StdError for Error {
    fn source(&self) -> Option<&(dyn StdError + 'static)> {
        self.0
            .source
            .as_deref()
            .map(|source| source as &(dyn StdError + 'static))
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn display_prints_this_level_only() {
        let cause = std::io::Error::other("connection refused");
        let error = Error::new(ErrorKind::Unavailable, "put `jobs/a`", "")
            .with_target("http://127.0.0.1:8500")
            .with_source(cause);
        assert_eq!(
            error.to_string(),
            "put `jobs/a` on http://127.0.0.1:8500: unavailable"
        );
        assert_eq!(error.source().unwrap().to_string(), "connection refused");
    }

    #[test]
    fn the_native_error_is_found_down_the_chain() {
        let native = std::io::Error::other("deep");
        let inner = Error::new(ErrorKind::Unavailable, "dial", "").with_source(native);
        let outer = Error::new(ErrorKind::Unavailable, "get `a`", "").with_source(inner);
        let found = outer.native::<std::io::Error>().unwrap();
        assert_eq!(found.to_string(), "deep");
        assert!(outer.native::<fmt::Error>().is_none());
    }

    #[test]
    fn a_result_stays_one_pointer_wide() {
        assert_eq!(size_of::<Result<()>>(), size_of::<usize>());
    }

    #[test]
    fn only_a_lost_answer_leaves_the_outcome_open() {
        let unknown = [ErrorKind::Indeterminate, ErrorKind::Protocol];
        for kind in [
            ErrorKind::NotFound,
            ErrorKind::AlreadyExists,
            ErrorKind::Conflict,
            ErrorKind::LeaseLost,
            ErrorKind::NotHolder,
            ErrorKind::PermissionDenied,
            ErrorKind::Unauthenticated,
            ErrorKind::InvalidArgument,
            ErrorKind::Unsupported,
            ErrorKind::Unavailable,
            ErrorKind::Timeout,
            ErrorKind::Indeterminate,
            ErrorKind::Malformed,
            ErrorKind::Protocol,
            ErrorKind::Closed,
        ] {
            let error = Error::new(kind, "x", "");
            let expected = unknown.contains(&kind);
            assert_eq!(error.outcome() == Outcome::Unknown, expected, "{kind:?}");
        }
    }
}
