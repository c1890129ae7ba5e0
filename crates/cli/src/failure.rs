//! Why a command failed: the exit code, the error with its chain, and the next command to try.

pub(crate) mod etcd;
pub(crate) mod etcd2;
pub(crate) mod serf;

use std::fmt;
use std::io;

use quorate::{ErrorKind, Outcome};

use crate::exit::Exit;
use crate::view::failure::{FailureBody, FailureView};

/// A command that failed; printed once, by `main`.
pub(crate) struct Failure {
    exit: Exit,
    error: anyhow::Error,
    next: Option<String>,
}

impl Failure {
    /// A failure of our own, with nothing below it.
    pub(crate) fn new(exit: Exit, message: impl fmt::Display) -> Self {
        Self {
            exit,
            error: anyhow::anyhow!("{message}"),
            next: None,
        }
    }

    /// A failure with a cause.
    pub(crate) fn caused(exit: Exit, error: impl Into<anyhow::Error>) -> Self {
        Self::told(exit, error, None)
    }

    /// What a backend told, and the next command to try, if there is one.
    fn told(exit: Exit, error: impl Into<anyhow::Error>, next: Option<String>) -> Self {
        Self {
            exit,
            error: error.into(),
            next,
        }
    }

    /// Something that was wrong on the command line, in spite of its syntax.
    pub(crate) fn usage(message: impl fmt::Display) -> Self {
        Self::new(Exit::Usage, message)
    }

    /// Says what was being done.
    pub(crate) fn context(mut self, what: impl fmt::Display) -> Self {
        self.error = self.error.context(what.to_string());
        self
    }

    /// Names the next command to try.
    pub(crate) fn with_next(mut self, next: impl Into<String>) -> Self {
        self.next = Some(next.into());
        self
    }

    /// Names the next command to try, unless one is named already.
    pub(crate) fn or_next(mut self, next: impl FnOnce() -> String) -> Self {
        if self.next.is_none() {
            self.next = Some(next());
        }
        self
    }

    /// Ends with another code: `lock` has its own for what fails before the command starts.
    pub(crate) fn with_exit(mut self, exit: Exit) -> Self {
        self.exit = exit;
        self
    }

    /// The code to end with.
    pub(crate) fn exit(&self) -> Exit {
        self.exit
    }

    /// Whether nobody reads the output any more (`quorate … | head`): nothing to report.
    pub(crate) fn is_broken_pipe(&self) -> bool {
        let mut chain = self
            .error
            .chain()
            .filter_map(|cause| cause.downcast_ref::<io::Error>());
        chain.any(|cause| cause.kind() == io::ErrorKind::BrokenPipe) && self.keys().0.is_none()
    }

    /// The form for the screen.
    pub(crate) fn view(&self) -> FailureView {
        let mut texts: Vec<String> = self.error.chain().map(ToString::to_string).collect();
        texts.dedup();
        let message = texts.remove(0);
        let (kind, outcome) = self.keys();
        FailureView {
            error: FailureBody {
                message,
                causes: texts,
                kind,
                outcome,
                next: self.next.clone(),
                exit_code: self.exit.code(),
            },
        }
    }

    /// What an error of a backend was, and whether anything happened.
    fn keys(&self) -> (Option<&'static str>, Option<&'static str>) {
        let mut chain = self.error.chain();
        let keys = chain.find_map(|cause| {
            if let Some(error) = cause.downcast_ref::<quorate::Error>() {
                return Some((kind_key(error.kind()), outcome_key(error.outcome())));
            }
            if let Some(error) = cause.downcast_ref::<quorate_etcd::v3::Error>() {
                let outcome = etcd2::outcome_key(error.outcome());
                return Some((etcd::kind_key(error.kind()), outcome));
            }
            if let Some(error) = cause.downcast_ref::<quorate_serf::Error>() {
                let outcome = etcd2::outcome_key(error.outcome());
                return Some((serf::kind_key(error.kind()), outcome));
            }
            let error = cause.downcast_ref::<quorate_etcd::v2::Error>()?;
            let outcome = etcd2::outcome_key(error.outcome());
            Some((etcd2::kind_key(error.kind()), outcome))
        });
        keys.unzip()
    }
}

impl From<quorate::Error> for Failure {
    fn from(error: quorate::Error) -> Self {
        let (exit, next) = (exit_for(error.kind()), next_step(&error));
        Self::told(exit, error, next)
    }
}

impl From<quorate_consul::Error> for Failure {
    fn from(error: quorate_consul::Error) -> Self {
        quorate::Error::from(error).into()
    }
}

impl From<io::Error> for Failure {
    fn from(error: io::Error) -> Self {
        Self::caused(Exit::Failure, error)
    }
}

/// Whether trying again can only give the same error: what is followed never ends by itself.
pub(crate) fn is_lasting(kind: ErrorKind) -> bool {
    use ErrorKind::{
        Closed, InvalidArgument, NotFound, PermissionDenied, Unauthenticated, Unsupported,
    };
    matches!(
        kind,
        Closed | InvalidArgument | NotFound | PermissionDenied | Unauthenticated | Unsupported
    )
}

/// The code of an error of this kind.
pub(crate) fn exit_for(kind: ErrorKind) -> Exit {
    match kind {
        ErrorKind::NotFound => Exit::NotFound,
        ErrorKind::Conflict | ErrorKind::AlreadyExists => Exit::Conflict,
        ErrorKind::InvalidArgument => Exit::Usage,
        ErrorKind::Unavailable | ErrorKind::Timeout => Exit::Unavailable,
        ErrorKind::Indeterminate => Exit::Unknown,
        ErrorKind::PermissionDenied | ErrorKind::Unauthenticated => Exit::Denied,
        _ => Exit::Failure,
    }
}

fn next_step(error: &quorate::Error) -> Option<String> {
    let next = match error.kind() {
        ErrorKind::Unavailable => "quorate agent, or --at with the URL of a server that runs",
        ErrorKind::Timeout => {
            "the same command with a longer --timeout; quorate agent, if no server runs"
        }
        ErrorKind::Indeterminate => "quorate kv get KEY, to see whether it happened",
        ErrorKind::PermissionDenied | ErrorKind::Unauthenticated => {
            "the same command with --token-file PATH"
        }
        _ => return None,
    };
    Some(next.into())
}

fn kind_key(kind: ErrorKind) -> &'static str {
    match kind {
        ErrorKind::NotFound => "not-found",
        ErrorKind::AlreadyExists => "already-exists",
        ErrorKind::Conflict => "conflict",
        ErrorKind::LeaseLost => "lease-lost",
        ErrorKind::NotHolder => "not-holder",
        ErrorKind::PermissionDenied => "permission-denied",
        ErrorKind::Unauthenticated => "unauthenticated",
        ErrorKind::InvalidArgument => "invalid-argument",
        ErrorKind::Unsupported => "unsupported",
        ErrorKind::Unavailable => "unavailable",
        ErrorKind::Timeout => "timeout",
        ErrorKind::Indeterminate => "indeterminate",
        ErrorKind::Malformed => "malformed",
        ErrorKind::Closed => "closed",
        _ => "protocol",
    }
}

fn outcome_key(outcome: Outcome) -> &'static str {
    match outcome {
        Outcome::DidNotHappen => "did-not-happen",
        Outcome::Happened => "happened",
        _ => "unknown",
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_failure_tells_the_chain_the_outcome_and_the_next_command() {
        let error = quorate::Error::new(ErrorKind::Unavailable, "put `a`", "")
            .with_source(io::Error::other("connection refused"));
        let body = Failure::from(error).context("write the key").view().error;
        assert_eq!(body.message, "write the key");
        assert_eq!(body.causes, ["put `a`: unavailable", "connection refused"]);
        assert_eq!(
            (body.kind, body.outcome),
            (Some("unavailable"), Some("did-not-happen"))
        );
        assert_eq!(body.exit_code, Exit::Unavailable.code());
        assert!(body.next.unwrap().contains("quorate agent"));
    }

    #[test]
    fn a_lost_answer_has_its_own_exit_code() {
        let error = quorate::Error::new(ErrorKind::Indeterminate, "put `a`", "");
        let failure = Failure::from(error);
        assert_eq!(failure.exit(), Exit::Unknown);
        assert_eq!(failure.view().error.outcome, Some("unknown"));
    }
}
