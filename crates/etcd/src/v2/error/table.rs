//! Failures with an answer: code or status x read or write.

use std::time::Duration;

use quorate_wire::etcd2::{ErrorBody, ErrorCode, MessageBody};

use super::{Class, Error, ErrorKind, Outcome, RetryAdvice};

/// How long to leave a cluster alone that has no leader.
const PAUSE: Duration = Duration::from_secs(1);

/// What plain 404s say, which come from servers without the v2 API.
const NO_ROUTE: &str = "404 page not found";

/// What etcd 3.5 says with code 300 when a directory is updated: nothing was done.
const DIRECTORY_UPDATE: &str = "Not a file";

/// Whether an answer comes from a server that does not know the path.
pub(crate) fn is_no_route(status: u16, body: &[u8]) -> bool {
    status == 404 && body.trim_ascii() == NO_ROUTE.as_bytes()
}

/// The error of an answer that is no success. `named` says whether a name and password were sent.
pub(crate) fn refused(
    operation: String,
    status: u16,
    body: &[u8],
    write: bool,
    named: bool,
) -> Error {
    if is_no_route(status, body) {
        let class = Class::refused(ErrorKind::Unsupported);
        return Error::new(class, operation)
            .with_status(status)
            .with_detail(
                "the server has no v2 API: etcd 3.6 has none, 3.4 and 3.5 need --enable-v2",
            );
    }
    if let Ok(body) = serde_json::from_slice::<ErrorBody>(body) {
        let code = body.code();
        return Error::new(of_code(code, &body.cause, write, named), operation)
            .with_status(status)
            .with_code(code, &body.cause, body.index)
            .with_detail(&body.message);
    }
    let text = match serde_json::from_slice::<MessageBody>(body) {
        Ok(body) => body.message,
        Err(_) => String::from_utf8_lossy(body).into_owned(),
    };
    Error::new(of_status(status, &text, write, named), operation)
        .with_status(status)
        .with_detail(text)
}

/// Whether a read that got this answer may succeed if it is sent again at once or a little later.
pub(crate) fn is_transient(status: u16, body: &[u8]) -> bool {
    match status {
        502..=504 => true,
        500 => serde_json::from_slice::<ErrorBody>(body).is_ok_and(|body| {
            matches!(
                body.code(),
                ErrorCode::RaftInternal | ErrorCode::LeaderElect
            )
        }),
        _ => false,
    }
}

fn of_code(code: ErrorCode, cause: &str, write: bool, named: bool) -> Class {
    use ErrorCode as C;
    let kind = match code {
        C::KeyNotFound => ErrorKind::NotFound,
        C::NodeExists | C::ExistingPeerAddress => ErrorKind::AlreadyExists,
        C::TestFailed => ErrorKind::CompareFailed,
        C::NotFile => ErrorKind::NotFile,
        C::NotDirectory => ErrorKind::NotDirectory,
        C::DirectoryNotEmpty => ErrorKind::DirectoryNotEmpty,
        C::RootReadOnly | C::KeyIsPreserved => ErrorKind::RootReadOnly,
        C::EventIndexCleared | C::WatcherCleared => ErrorKind::HistoryCleared,
        C::NoMorePeer => ErrorKind::Conflict,
        C::Unauthorized => denied(named),
        C::RaftInternal if cause.contains(DIRECTORY_UPDATE) => ErrorKind::NotFile,
        C::RaftInternal => return Class::unknown(write, ErrorKind::Unavailable),
        C::LeaderElect | C::StandbyInternal => return later(),
        C::ClientInternal | C::Other(_) => return Class::unknown(write, ErrorKind::Protocol),
        _ => ErrorKind::InvalidArgument,
    };
    Class::refused(kind)
}

fn of_status(status: u16, text: &str, write: bool, named: bool) -> Class {
    let kind = match status {
        400 | 413..=415 | 431 => ErrorKind::InvalidArgument,
        401 => denied(named),
        403 if text.contains("not current leader") => ErrorKind::Conflict,
        403 => ErrorKind::PermissionDenied,
        404 | 410 => ErrorKind::NotFound,
        405 | 501 => ErrorKind::Unsupported,
        409 if is_taken(text) => ErrorKind::AlreadyExists,
        409 | 412 => ErrorKind::Conflict,
        300..=399 => ErrorKind::Protocol,
        429 | 503 => return later(),
        500 | 502 | 504 => return Class::unknown(write, ErrorKind::Unavailable),
        _ => return Class::unknown(write, ErrorKind::Protocol),
    };
    Class::refused(kind)
}

/// `membership: peerURL exists`, `auth: User bob already exists.`
fn is_taken(text: &str) -> bool {
    text.contains("exists")
}

fn denied(named: bool) -> ErrorKind {
    if named {
        ErrorKind::PermissionDenied
    } else {
        ErrorKind::Unauthenticated
    }
}

fn later() -> Class {
    Class::new(
        ErrorKind::Unavailable,
        Outcome::DidNotHappen,
        RetryAdvice::After(PAUSE),
    )
}

#[cfg(test)]
mod tests {
    use super::*;

    fn code(code: ErrorCode, write: bool) -> Error {
        let body = serde_json::to_vec(&ErrorBody::new(code, "why", 9)).unwrap();
        refused("test".into(), code.status(), &body, write, true)
    }

    #[test]
    fn every_code_is_kept_with_its_status_cause_and_index() {
        for known in ErrorCode::ALL {
            let error = code(*known, true);
            assert_eq!(error.code(), Some(*known));
            assert_eq!(error.status(), Some(known.status()));
            assert_eq!((error.cause(), error.index()), (Some("why"), Some(9)));
            assert_eq!(error.text(), Some(known.message()));
        }
    }

    #[test]
    fn codes_have_kinds() {
        use ErrorCode as C;
        use ErrorKind as K;
        for (known, kind) in [
            (C::KeyNotFound, K::NotFound),
            (C::TestFailed, K::CompareFailed),
            (C::NotFile, K::NotFile),
            (C::NotDirectory, K::NotDirectory),
            (C::NodeExists, K::AlreadyExists),
            (C::RootReadOnly, K::RootReadOnly),
            (C::DirectoryNotEmpty, K::DirectoryNotEmpty),
            (C::Unauthorized, K::PermissionDenied),
            (C::PrevValueRequired, K::InvalidArgument),
            (C::RefreshTtlRequired, K::InvalidArgument),
            (C::EventIndexCleared, K::HistoryCleared),
        ] {
            let error = code(known, true);
            assert_eq!(
                (error.kind(), error.outcome()),
                (kind, Outcome::DidNotHappen)
            );
        }
    }

    #[test]
    fn a_write_that_timed_out_inside_may_have_happened() {
        let error = code(ErrorCode::RaftInternal, true);
        assert_eq!(
            (error.kind(), error.outcome()),
            (ErrorKind::Indeterminate, Outcome::Unknown)
        );
        let read = code(ErrorCode::RaftInternal, false);
        assert_eq!(
            (read.kind(), read.advice()),
            (ErrorKind::Unavailable, RetryAdvice::IfIdempotent)
        );
    }

    #[test]
    fn etcd_3_5_refuses_to_update_a_directory_in_words_of_its_own() {
        let body = br#"{"errorCode":300,"message":"Raft Internal Error","cause":"nodePath /1/d : Not a file ()","index":0}"#;
        let error = refused("test".into(), 500, body, true, false);
        assert_eq!(
            (error.kind(), error.outcome()),
            (ErrorKind::NotFile, Outcome::DidNotHappen)
        );
    }

    #[test]
    fn a_server_without_the_api_is_told_from_a_missing_key() {
        let error = refused("test".into(), 404, b"404 page not found\n", false, false);
        assert_eq!(error.kind(), ErrorKind::Unsupported);
        assert!(error.to_string().contains("no v2 API"), "{error}");
        let error = refused(
            "test".into(),
            404,
            br#"{"message":"No such member: 12"}"#,
            true,
            false,
        );
        assert_eq!(error.kind(), ErrorKind::NotFound);
        assert_eq!(error.text(), Some("No such member: 12"));
    }

    #[test]
    fn messages_are_told_apart_by_their_status() {
        use ErrorKind as K;
        for (status, text, kind) in [
            (401, "Insufficient credentials", K::Unauthenticated),
            (403, "not current leader", K::Conflict),
            (409, "membership: peerURL exists", K::AlreadyExists),
            (409, "auth: already enabled", K::Conflict),
            (410, "Member permanently removed: 1", K::NotFound),
            (415, "Bad Content-Type", K::InvalidArgument),
            (503, "During election", K::Unavailable),
            (500, "Internal Server Error", K::Indeterminate),
            (301, "", K::Protocol),
            (405, "Method Not Allowed", K::Unsupported),
        ] {
            let body = serde_json::to_vec(&MessageBody::new(text)).unwrap();
            let error = refused("test".into(), status, &body, true, false);
            assert_eq!(error.kind(), kind, "{status} {text}");
        }
    }

    #[test]
    fn reads_are_repeated_only_for_what_passes() {
        let lost = serde_json::to_vec(&ErrorBody::new(ErrorCode::RaftInternal, "", 0)).unwrap();
        assert!(is_transient(500, &lost) && is_transient(503, b""));
        assert!(!is_transient(500, b"{}") && !is_transient(404, &lost));
    }
}
