//! The errors of the etcd client, in the words of the unified layer.

use quorate_etcd::v3 as native;

use crate::ErrorKind;
use crate::backend::client_error::client_error;

client_error!("native_etcd3");

fn detail(error: &native::Error) -> String {
    error.text().unwrap_or_default().to_owned()
}

fn kind(kind: native::ErrorKind) -> ErrorKind {
    match kind {
        native::ErrorKind::NotFound => ErrorKind::NotFound,
        native::ErrorKind::AlreadyExists => ErrorKind::AlreadyExists,
        native::ErrorKind::Conflict | native::ErrorKind::ClusterChanged => ErrorKind::Conflict,
        native::ErrorKind::LeaseLost => ErrorKind::LeaseLost,
        native::ErrorKind::NotHolder => ErrorKind::NotHolder,
        native::ErrorKind::PermissionDenied => ErrorKind::PermissionDenied,
        native::ErrorKind::Unauthenticated => ErrorKind::Unauthenticated,
        native::ErrorKind::InvalidArgument => ErrorKind::InvalidArgument,
        native::ErrorKind::Unsupported => ErrorKind::Unsupported,
        // Nobody can do it now; what has to be done first is in the detail.
        native::ErrorKind::Unavailable
        | native::ErrorKind::NoSpace
        | native::ErrorKind::Busy
        | native::ErrorKind::Corrupt => ErrorKind::Unavailable,
        native::ErrorKind::Timeout => ErrorKind::Timeout,
        native::ErrorKind::Indeterminate => ErrorKind::Indeterminate,
        native::ErrorKind::Closed => ErrorKind::Closed,
        // A kind that this version does not know is an answer that it does not understand; lists
        // and watches deal with revisions that are forgotten.
        _ => ErrorKind::Protocol,
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn what_has_to_pass_or_to_be_mended_first_is_unavailable() {
        for native in [
            native::ErrorKind::NoSpace,
            native::ErrorKind::Busy,
            native::ErrorKind::Unavailable,
        ] {
            assert_eq!(kind(native), ErrorKind::Unavailable, "{native:?}");
        }
        assert_eq!(kind(native::ErrorKind::Compacted), ErrorKind::Protocol);
        assert_eq!(kind(native::ErrorKind::ClusterChanged), ErrorKind::Conflict);
    }

    #[tokio::test]
    async fn the_clients_error_is_the_source() {
        let error = native::Client::new("ftp://a").map(|_| ()).unwrap_err();
        let error = from_native(error, "connect", "etcd://x:1");
        assert_eq!(error.kind(), ErrorKind::InvalidArgument);
        assert_eq!(error.target(), Some("etcd://x:1"));
        assert!(error.native::<native::Error>().is_some());
        let client = native::Client::new("http://127.0.0.1:1").unwrap();
        let error = client.kv().get("").await.unwrap_err();
        let operation = error.operation().to_owned();
        assert_eq!(crate::Error::from(error).operation(), operation);
    }
}
