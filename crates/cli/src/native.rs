//! Errors of the Consul client, where it is used beneath the unified layer.

use quorate::{Error, ErrorKind, Outcome};
use quorate_consul as consul;

/// The same error in the words of the unified layer, with the client's own below it.
pub(crate) fn error(error: consul::Error) -> Error {
    let outcome = match error.outcome() {
        consul::Outcome::DidNotHappen => Outcome::DidNotHappen,
        consul::Outcome::Happened => Outcome::Happened,
        consul::Outcome::Unknown => Outcome::Unknown,
    };
    Error::new(kind(error.kind()), error.operation(), "")
        .with_outcome(outcome)
        .with_source(error)
}

fn kind(kind: consul::ErrorKind) -> ErrorKind {
    match kind {
        consul::ErrorKind::NotFound => ErrorKind::NotFound,
        consul::ErrorKind::AlreadyExists => ErrorKind::AlreadyExists,
        consul::ErrorKind::Conflict => ErrorKind::Conflict,
        consul::ErrorKind::LeaseLost => ErrorKind::LeaseLost,
        consul::ErrorKind::NotHolder => ErrorKind::NotHolder,
        consul::ErrorKind::PermissionDenied => ErrorKind::PermissionDenied,
        consul::ErrorKind::Unauthenticated => ErrorKind::Unauthenticated,
        consul::ErrorKind::InvalidArgument => ErrorKind::InvalidArgument,
        consul::ErrorKind::Unsupported => ErrorKind::Unsupported,
        consul::ErrorKind::Unavailable => ErrorKind::Unavailable,
        consul::ErrorKind::Timeout => ErrorKind::Timeout,
        consul::ErrorKind::Indeterminate => ErrorKind::Indeterminate,
        consul::ErrorKind::Closed => ErrorKind::Closed,
        _ => ErrorKind::Protocol,
    }
}
