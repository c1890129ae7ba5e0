//! Errors of etcd's v2 API.

use quorate_etcd::v2::{Error, ErrorKind, Outcome};

use super::Failure;
use crate::exit::Exit;

impl From<Error> for Failure {
    fn from(error: Error) -> Self {
        let (exit, next) = (exit_for(error.kind()), next_step(&error));
        Self::told(exit, error, next)
    }
}

/// Whether trying again can only give the same error: what is followed never ends by itself.
pub(crate) fn is_lasting(error: &Error) -> bool {
    matches!(
        error.kind(),
        ErrorKind::InvalidArgument
            | ErrorKind::PermissionDenied
            | ErrorKind::Unauthenticated
            | ErrorKind::Unsupported
            | ErrorKind::NotDirectory
            | ErrorKind::Closed
    )
}

fn exit_for(kind: ErrorKind) -> Exit {
    match kind {
        ErrorKind::NotFound => Exit::NotFound,
        ErrorKind::AlreadyExists | ErrorKind::CompareFailed | ErrorKind::Conflict => Exit::Conflict,
        ErrorKind::InvalidArgument => Exit::Usage,
        ErrorKind::Unavailable | ErrorKind::Timeout => Exit::Unavailable,
        ErrorKind::Indeterminate => Exit::Unknown,
        ErrorKind::PermissionDenied | ErrorKind::Unauthenticated => Exit::Denied,
        _ => Exit::Failure,
    }
}

fn next_step(error: &Error) -> Option<String> {
    let next = match error.kind() {
        ErrorKind::Unavailable => {
            "quorate agent --etcd 127.0.0.1:2379, or --endpoints with a server that runs"
        }
        ErrorKind::Timeout => "the same command with a longer --timeout",
        ErrorKind::Indeterminate => "quorate etcd2 get KEY, to see whether it happened",
        ErrorKind::Unauthenticated => "the same command with --username NAME",
        ErrorKind::PermissionDenied if error.code().is_some() => {
            "quorate etcd2 -u root user get NAME, then role get, to see what the user may do"
        }
        ErrorKind::Unsupported => {
            "etcd --enable-v2=true (3.4 and 3.5), or quorate agent --etcd 127.0.0.1:2379"
        }
        ErrorKind::NotFile => "quorate etcd2 ls KEY; rm --dir or --recursive for a directory",
        ErrorKind::DirectoryNotEmpty => {
            "quorate etcd2 ls KEY; what is in it may be hidden (_…): rm --recursive removes that, too"
        }
        ErrorKind::HistoryCleared => "quorate etcd2 get KEY, then watch without --after-index",
        _ => return None,
    };
    Some(next.into())
}

pub(super) fn kind_key(kind: ErrorKind) -> &'static str {
    match kind {
        ErrorKind::NotFound => "not-found",
        ErrorKind::AlreadyExists => "already-exists",
        ErrorKind::CompareFailed => "compare-failed",
        ErrorKind::NotFile => "not-file",
        ErrorKind::NotDirectory => "not-directory",
        ErrorKind::DirectoryNotEmpty => "directory-not-empty",
        ErrorKind::RootReadOnly => "root-read-only",
        ErrorKind::HistoryCleared => "history-cleared",
        ErrorKind::Conflict => "conflict",
        ErrorKind::ClusterChanged => "cluster-changed",
        ErrorKind::LeaseLost => "lease-lost",
        ErrorKind::NotHolder => "not-holder",
        ErrorKind::PermissionDenied => "permission-denied",
        ErrorKind::Unauthenticated => "unauthenticated",
        ErrorKind::InvalidArgument => "invalid-argument",
        ErrorKind::Unsupported => "unsupported",
        ErrorKind::Unavailable => "unavailable",
        ErrorKind::Timeout => "timeout",
        ErrorKind::Indeterminate => "indeterminate",
        ErrorKind::Closed => "closed",
        _ => "protocol",
    }
}

pub(super) fn outcome_key(outcome: Outcome) -> &'static str {
    match outcome {
        Outcome::DidNotHappen => "did-not-happen",
        Outcome::Happened => "happened",
        Outcome::Unknown => "unknown",
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn what_stands_in_the_way_has_an_exit_code_and_a_next_command() {
        // Nothing listens on port 1, and an address that is none is refused here.
        let error = quorate_etcd::v2::Client::new("ftp://x").unwrap_err();
        let failure = Failure::from(error);
        assert_eq!(failure.exit(), Exit::Usage);
        let body = failure.view().error;
        assert_eq!(
            (body.kind, body.outcome),
            (Some("invalid-argument"), Some("did-not-happen"))
        );
        assert_eq!(exit_for(ErrorKind::CompareFailed), Exit::Conflict);
        assert_eq!(exit_for(ErrorKind::Indeterminate), Exit::Unknown);
    }
}
