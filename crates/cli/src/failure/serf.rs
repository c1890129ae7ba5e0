//! Errors of Serf's RPC.

use quorate_serf::{Error, ErrorKind};

use super::Failure;
use crate::exit::Exit;

impl From<Error> for Failure {
    fn from(error: Error) -> Self {
        let (exit, next) = (exit_for(error.kind()), next_step(error.kind()));
        Self::told(exit, error, next.map(str::to_owned))
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
            | ErrorKind::Closed
    )
}

fn exit_for(kind: ErrorKind) -> Exit {
    match kind {
        ErrorKind::NotFound => Exit::NotFound,
        ErrorKind::AlreadyExists | ErrorKind::Conflict => Exit::Conflict,
        ErrorKind::InvalidArgument | ErrorKind::TooLarge => Exit::Usage,
        ErrorKind::Unavailable | ErrorKind::Timeout => Exit::Unavailable,
        ErrorKind::Indeterminate => Exit::Unknown,
        ErrorKind::PermissionDenied | ErrorKind::Unauthenticated => Exit::Denied,
        _ => Exit::Failure,
    }
}

fn next_step(kind: ErrorKind) -> Option<&'static str> {
    Some(match kind {
        ErrorKind::Unavailable => {
            "quorate agent --serf-rpc 127.0.0.1:7373, or --rpc-addr with an agent that runs"
        }
        ErrorKind::Timeout => "the same command with a longer --timeout",
        ErrorKind::Indeterminate => "quorate serf members, to see whether it happened",
        ErrorKind::Unauthenticated | ErrorKind::PermissionDenied => {
            "the same command with --token-file PATH, or the token in $SERF_RPC_AUTH"
        }
        ErrorKind::TooLarge => "the same command with less: the limit is the agent's",
        ErrorKind::Partial => "quorate serf members, then the same command once all are back",
        ErrorKind::JoinFailed => {
            "quorate serf members on the other agent, for the address where it is reached"
        }
        _ => return None,
    })
}

pub(super) fn kind_key(kind: ErrorKind) -> &'static str {
    match kind {
        ErrorKind::NotFound => "not-found",
        ErrorKind::AlreadyExists => "already-exists",
        ErrorKind::TooLarge => "too-large",
        ErrorKind::Partial => "partial",
        ErrorKind::JoinFailed => "join-failed",
        ErrorKind::Conflict => "conflict",
        ErrorKind::PermissionDenied => "permission-denied",
        ErrorKind::Unauthenticated => "unauthenticated",
        ErrorKind::InvalidArgument => "invalid-argument",
        ErrorKind::Unsupported => "unsupported",
        ErrorKind::Refused => "refused",
        ErrorKind::Unavailable => "unavailable",
        ErrorKind::Timeout => "timeout",
        ErrorKind::Indeterminate => "indeterminate",
        ErrorKind::Closed => "closed",
        _ => "protocol",
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn what_stands_in_the_way_has_an_exit_code_and_a_next_command() {
        for (kind, exit) in [
            (ErrorKind::Unavailable, Exit::Unavailable),
            (ErrorKind::PermissionDenied, Exit::Denied),
            (ErrorKind::TooLarge, Exit::Usage),
            (ErrorKind::Partial, Exit::Failure),
            (ErrorKind::Indeterminate, Exit::Unknown),
        ] {
            assert_eq!(exit_for(kind), exit, "{kind:?}");
            assert!(next_step(kind).is_some(), "{kind:?}");
        }
    }
}
