//! Errors of etcd's v3 API.

use quorate_etcd::v3::{Error, ErrorKind};

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
            | ErrorKind::FutureRevision
            | ErrorKind::Closed
    )
}

fn exit_for(kind: ErrorKind) -> Exit {
    match kind {
        ErrorKind::NotFound | ErrorKind::Compacted => Exit::NotFound,
        ErrorKind::AlreadyExists | ErrorKind::Conflict | ErrorKind::NotHolder => Exit::Conflict,
        ErrorKind::InvalidArgument | ErrorKind::FutureRevision => Exit::Usage,
        ErrorKind::Unavailable | ErrorKind::Timeout | ErrorKind::Busy => Exit::Unavailable,
        ErrorKind::Indeterminate => Exit::Unknown,
        ErrorKind::PermissionDenied | ErrorKind::Unauthenticated => Exit::Denied,
        ErrorKind::LeaseLost => Exit::LockLost,
        _ => Exit::Failure,
    }
}

fn next_step(error: &Error) -> Option<String> {
    let text = error.text().unwrap_or_default();
    let next = match error.kind() {
        ErrorKind::Unavailable => {
            "quorate agent --etcd 127.0.0.1:2379, or --endpoints with a server that runs"
        }
        ErrorKind::Timeout => {
            "the same command with a longer --command-timeout; quorate etcd endpoint health --cluster"
        }
        ErrorKind::Busy => "the same command a little later",
        ErrorKind::Indeterminate => "quorate etcd get KEY, to see whether it happened",
        ErrorKind::Unauthenticated => "the same command with --user NAME",
        ErrorKind::PermissionDenied => {
            "quorate etcd --user root user get --detail NAME, to see what the user may do"
        }
        ErrorKind::Compacted => "the same command without --rev, or with a later revision",
        ErrorKind::FutureRevision => {
            "quorate etcd endpoint status -w json, for the revision of today"
        }
        ErrorKind::NoSpace => {
            "quorate etcd compaction REVISION, then defrag --cluster, then alarm disarm"
        }
        ErrorKind::Corrupt => "quorate etcd endpoint hashkv --cluster, to see which member differs",
        // As a user that is missing, or without its role.
        ErrorKind::NotFound | ErrorKind::Conflict if text.contains("root user") => {
            "quorate etcd user add root, then user grant-role root root"
        }
        ErrorKind::NotFound if text.contains("lease") => "quorate etcd lease list",
        ErrorKind::NotFound if text.contains("member") => "quorate etcd member list",
        ErrorKind::NotFound if text.contains("user") => "quorate etcd user list",
        ErrorKind::NotFound if text.contains("role") => "quorate etcd role list",
        ErrorKind::Conflict if text.contains("started members") => {
            "quorate etcd member list: members that are not started count, too"
        }
        ErrorKind::Unsupported => "an etcd 3.4 or later, or quorate agent --etcd 127.0.0.1:2379",
        _ => return None,
    };
    Some(next.into())
}

pub(super) fn kind_key(kind: ErrorKind) -> &'static str {
    match kind {
        ErrorKind::NotFound => "not-found",
        ErrorKind::AlreadyExists => "already-exists",
        ErrorKind::Compacted => "compacted",
        ErrorKind::FutureRevision => "future-revision",
        ErrorKind::NoSpace => "no-space",
        ErrorKind::Busy => "busy",
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
        ErrorKind::Corrupt => "corrupt",
        ErrorKind::Closed => "closed",
        _ => "protocol",
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn what_stands_in_the_way_has_an_exit_code_and_a_next_command() {
        let error = quorate_etcd::v3::Client::new("ftp://x").unwrap_err();
        let failure = Failure::from(error);
        assert_eq!(failure.exit(), Exit::Usage);
        let body = failure.view().error;
        assert_eq!(
            (body.kind, body.outcome),
            (Some("invalid-argument"), Some("did-not-happen"))
        );
        assert_eq!(exit_for(ErrorKind::Compacted), Exit::NotFound);
        assert_eq!(exit_for(ErrorKind::Indeterminate), Exit::Unknown);
    }
}
