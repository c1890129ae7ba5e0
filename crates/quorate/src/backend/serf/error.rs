//! The errors of the Serf client, in the words of the unified layer.

use quorate_serf as native;

use crate::ErrorKind;
use crate::backend::client_error::client_error;

client_error!("native_serf");

fn detail(error: &native::Error) -> String {
    error.text().unwrap_or_default().to_owned()
}

fn kind(kind: native::ErrorKind) -> ErrorKind {
    match kind {
        native::ErrorKind::NotFound => ErrorKind::NotFound,
        native::ErrorKind::AlreadyExists => ErrorKind::AlreadyExists,
        native::ErrorKind::Conflict | native::ErrorKind::Refused => ErrorKind::Conflict,
        native::ErrorKind::PermissionDenied => ErrorKind::PermissionDenied,
        native::ErrorKind::Unauthenticated => ErrorKind::Unauthenticated,
        native::ErrorKind::InvalidArgument | native::ErrorKind::TooLarge => {
            ErrorKind::InvalidArgument
        }
        native::ErrorKind::Unsupported => ErrorKind::Unsupported,
        native::ErrorKind::Unavailable | native::ErrorKind::JoinFailed => ErrorKind::Unavailable,
        native::ErrorKind::Timeout => ErrorKind::Timeout,
        // Some of the members did it.
        native::ErrorKind::Indeterminate | native::ErrorKind::Partial => ErrorKind::Indeterminate,
        native::ErrorKind::Closed => ErrorKind::Closed,
        // A kind that this version does not know is an answer that it does not understand.
        _ => ErrorKind::Protocol,
    }
}

#[cfg(test)]
mod tests {
    #![allow(clippy::unwrap_used, reason = "tests fail by panicking")]

    use super::*;

    #[tokio::test]
    async fn the_clients_error_is_the_source() {
        let hosts = "127.0.0.1:1".parse::<native::Hosts>().unwrap();
        let times = native::Timeouts::default().with_overall(Some(std::time::Duration::ZERO));
        let client = native::Client::builder()
            .hosts(hosts)
            .timeouts(times)
            .build()
            .unwrap();
        let error = client.query("_serf_x", "").await.unwrap_err();
        let error = from_native(error, "ask", "serf://x:1");
        assert_eq!(error.kind(), ErrorKind::InvalidArgument);
        assert_eq!(error.target(), Some("serf://x:1"));
        assert!(error.native::<native::Error>().is_some());
    }

    #[test]
    fn what_is_too_large_is_an_argument_that_is_wrong() {
        assert_eq!(
            kind(native::ErrorKind::TooLarge),
            ErrorKind::InvalidArgument
        );
        assert_eq!(kind(native::ErrorKind::Partial), ErrorKind::Indeterminate);
    }
}
