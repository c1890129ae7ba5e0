//! The errors of the etcd client, in the words of the unified layer.

use quorate_etcd::v2 as native;

use crate::backend::client_error::client_error;
use crate::{ErrorKind, Outcome, RetryAdvice};

client_error!("native_etcd2");

fn detail(error: &native::Error) -> String {
    let text = match error.kind() {
        native::ErrorKind::NotDirectory => {
            "the path leads through a key, and etcd v2 has no keys beneath keys"
        }
        native::ErrorKind::NotFile => "a directory is there",
        _ => error.text().unwrap_or_default(),
    };
    match error.cause() {
        Some(cause) => format!("{text}: {cause}"),
        None => text.to_owned(),
    }
}

fn kind(kind: native::ErrorKind) -> ErrorKind {
    match kind {
        native::ErrorKind::NotFound => ErrorKind::NotFound,
        native::ErrorKind::AlreadyExists => ErrorKind::AlreadyExists,
        native::ErrorKind::CompareFailed
        | native::ErrorKind::NotFile
        | native::ErrorKind::NotDirectory
        | native::ErrorKind::DirectoryNotEmpty
        | native::ErrorKind::RootReadOnly
        | native::ErrorKind::ClusterChanged
        | native::ErrorKind::Conflict => ErrorKind::Conflict,
        native::ErrorKind::LeaseLost => ErrorKind::LeaseLost,
        native::ErrorKind::NotHolder => ErrorKind::NotHolder,
        native::ErrorKind::PermissionDenied => ErrorKind::PermissionDenied,
        native::ErrorKind::Unauthenticated => ErrorKind::Unauthenticated,
        native::ErrorKind::InvalidArgument => ErrorKind::InvalidArgument,
        native::ErrorKind::Unsupported => ErrorKind::Unsupported,
        native::ErrorKind::Unavailable => ErrorKind::Unavailable,
        native::ErrorKind::Timeout => ErrorKind::Timeout,
        native::ErrorKind::Indeterminate => ErrorKind::Indeterminate,
        native::ErrorKind::Closed => ErrorKind::Closed,
        // A kind that this version does not know is an answer that it does not understand.
        _ => ErrorKind::Protocol,
    }
}

pub(in crate::backend) fn outcome(outcome: native::Outcome) -> Outcome {
    match outcome {
        native::Outcome::DidNotHappen => Outcome::DidNotHappen,
        native::Outcome::Happened => Outcome::Happened,
        native::Outcome::Unknown => Outcome::Unknown,
    }
}

pub(in crate::backend) fn advice(advice: native::RetryAdvice) -> RetryAdvice {
    match advice {
        native::RetryAdvice::NotSent => RetryAdvice::NotSent,
        native::RetryAdvice::IfIdempotent => RetryAdvice::IfIdempotent,
        native::RetryAdvice::After(pause) => RetryAdvice::After(pause),
        _ => RetryAdvice::Never,
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use std::time::Duration;

    #[test]
    fn what_is_in_the_way_on_etcd_is_a_conflict() {
        for native in [
            native::ErrorKind::CompareFailed,
            native::ErrorKind::NotFile,
            native::ErrorKind::NotDirectory,
            native::ErrorKind::DirectoryNotEmpty,
        ] {
            assert_eq!(kind(native), ErrorKind::Conflict, "{native:?}");
        }
        assert_eq!(
            kind(native::ErrorKind::HistoryCleared),
            ErrorKind::Protocol,
            "watches deal with it"
        );
    }

    #[test]
    fn outcome_and_advice_are_kept() {
        assert_eq!(outcome(native::Outcome::Happened), Outcome::Happened);
        assert_eq!(outcome(native::Outcome::Unknown), Outcome::Unknown);
        let pause = Duration::from_secs(3);
        assert_eq!(
            advice(native::RetryAdvice::After(pause)),
            RetryAdvice::After(pause)
        );
        assert_eq!(advice(native::RetryAdvice::NotSent), RetryAdvice::NotSent);
    }

    #[tokio::test]
    async fn the_clients_error_is_the_source() {
        let error = native::Client::new("ftp://a").map(|_| ()).unwrap_err();
        let error = from_native(error, "connect", "etcd2://x:1");
        assert_eq!(error.kind(), ErrorKind::InvalidArgument);
        assert_eq!(error.target(), Some("etcd2://x:1"));
        assert!(error.native::<native::Error>().is_some());
        let client = native::Client::new("http://127.0.0.1:1").unwrap();
        let options = native::SetOptions::new().with_refresh();
        let error = client
            .keys()
            .set_with("/a", "", &options)
            .await
            .unwrap_err();
        let operation = error.operation().to_owned();
        assert_eq!(crate::Error::from(error).operation(), operation);
    }
}
