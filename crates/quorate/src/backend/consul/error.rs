//! The errors of the Consul client, in the words of the unified layer.

use std::sync::Arc;

use quorate_consul as native;

use crate::{Error, ErrorKind, Outcome, RetryAdvice};

/// The same error in the words of this layer, for calls to
/// [`native_consul`](crate::Coordinator::native_consul): kind, outcome, advice, operation and target
/// stay, and the client's own error is the source, which [`native`](Error::native) gives back.
///
/// ```
/// use quorate::ErrorKind;
/// use quorate::consul::{self, Client};
///
/// fn client(address: &str) -> quorate::Result<Client> {
///     Ok(Client::new(address)?)
/// }
///
/// let error = client("ftp://a").unwrap_err();
/// assert_eq!(error.kind(), ErrorKind::InvalidArgument);
/// assert!(error.native::<consul::Error>().is_some());
/// ```
impl From<native::Error> for Error {
    fn from(error: native::Error) -> Self {
        let operation = error.operation().to_owned();
        convert(error, operation, None)
    }
}

/// The error of `operation` on `url`, with the client's own as its source.
pub(super) fn from_native(error: native::Error, operation: impl Into<String>, url: &str) -> Error {
    convert(error, operation.into(), Some(url))
}

/// The same of an error that others have too.
pub(super) fn from_shared(error: &Arc<native::Error>, url: &str) -> Error {
    let converted = described(error, error.operation().to_owned(), Some(url));
    converted.with_source(Shared(Arc::clone(error)))
}

fn convert(error: native::Error, operation: String, url: Option<&str>) -> Error {
    described(&error, operation, url).with_source(error)
}

/// All but the source.
fn described(error: &native::Error, operation: String, url: Option<&str>) -> Error {
    let detail = error.text().unwrap_or_default().to_owned();
    let converted = Error::new(kind(error.kind()), operation, detail)
        .with_outcome(outcome(error.outcome()))
        .with_advice(advice(error.advice()));
    match error.peer().or(url) {
        Some(target) => converted.with_target(target),
        None => converted,
    }
}

/// An error of the client that others have too. What is looked for by its type is the error in it.
#[derive(Debug, thiserror::Error)]
#[error("{0}")]
struct Shared(#[source] Arc<native::Error>);

fn kind(kind: native::ErrorKind) -> ErrorKind {
    match kind {
        native::ErrorKind::NotFound => ErrorKind::NotFound,
        native::ErrorKind::AlreadyExists => ErrorKind::AlreadyExists,
        native::ErrorKind::Conflict => ErrorKind::Conflict,
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

fn outcome(outcome: native::Outcome) -> Outcome {
    match outcome {
        native::Outcome::DidNotHappen => Outcome::DidNotHappen,
        native::Outcome::Happened => Outcome::Happened,
        native::Outcome::Unknown => Outcome::Unknown,
    }
}

fn advice(advice: native::RetryAdvice) -> RetryAdvice {
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

    macro_rules! kinds {
        ($($test:ident: $kind:ident;)*) => {$(
            #[test]
            fn $test() {
                assert_eq!(kind(native::ErrorKind::$kind), ErrorKind::$kind);
            }
        )*};
    }

    kinds! {
        not_found_stays_so: NotFound;
        already_exists_stays_so: AlreadyExists;
        conflict_stays_so: Conflict;
        lease_lost_stays_so: LeaseLost;
        not_holder_stays_so: NotHolder;
        permission_denied_stays_so: PermissionDenied;
        unauthenticated_stays_so: Unauthenticated;
        invalid_argument_stays_so: InvalidArgument;
        unsupported_stays_so: Unsupported;
        unavailable_stays_so: Unavailable;
        timeout_stays_so: Timeout;
        indeterminate_stays_so: Indeterminate;
        protocol_stays_so: Protocol;
        closed_stays_so: Closed;
    }

    #[test]
    fn outcome_and_advice_are_kept() {
        assert_eq!(
            outcome(native::Outcome::DidNotHappen),
            Outcome::DidNotHappen
        );
        assert_eq!(outcome(native::Outcome::Happened), Outcome::Happened);
        assert_eq!(outcome(native::Outcome::Unknown), Outcome::Unknown);
        let pause = Duration::from_secs(3);
        assert_eq!(advice(native::RetryAdvice::Never), RetryAdvice::Never);
        assert_eq!(advice(native::RetryAdvice::NotSent), RetryAdvice::NotSent);
        assert_eq!(
            advice(native::RetryAdvice::IfIdempotent),
            RetryAdvice::IfIdempotent
        );
        assert_eq!(
            advice(native::RetryAdvice::After(pause)),
            RetryAdvice::After(pause)
        );
    }

    #[test]
    fn the_clients_error_is_the_source() {
        let error = native::Client::new("::").map(|_| ()).unwrap_err();
        let error = from_native(error, "connect", "consul://x:1");
        assert_eq!(error.kind(), ErrorKind::InvalidArgument);
        assert_eq!(error.target(), Some("consul://x:1"));
        assert!(error.native::<native::Error>().is_some());
    }

    #[tokio::test]
    async fn an_error_of_a_native_call_keeps_what_it_says() {
        let client = native::Client::new("http://127.0.0.1:1").unwrap();
        let error = client
            .kv()
            .get("\0".repeat(9000).as_str())
            .await
            .unwrap_err();
        let (operation, text) = (
            error.operation().to_owned(),
            error.text().map(str::to_owned),
        );
        let error = Error::from(error);
        assert_eq!(error.operation(), operation);
        assert_eq!(error.target(), None, "nothing was sent");
        assert!(error.to_string().contains(&text.unwrap()), "{error}");
    }
}
