//! What a server's refusal means: gRPC code x text x read or write.

use std::time::Duration;

use quorate_etcd_proto::tonic::Code;

use super::{Class, ErrorKind, Outcome, RetryAdvice};

/// What to do about a refusal.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) struct Judgement {
    pub(crate) class: Class,
    pub(crate) then: Then,
}

#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum Then {
    /// It is the answer.
    Stop,
    /// Another server may do better. Whether the call may have been acted on decides who may try.
    Elsewhere {
        /// Whether it may have been.
        sent: bool,
    },
    /// The token is not accepted: another one may be.
    Authenticate,
}

/// How soon a busy server may be asked again.
const BUSY_PAUSE: Duration = Duration::from_secs(1);

/// Texts that say more than their codes do, each as a part of what servers send.
const TEXTS: &[(&str, Meaning)] = &[
    ("invalid auth token", Meaning::Token),
    ("revision of auth store is old", Meaning::Token),
    // What 3.5 says to whoever sends no token at all.
    ("user name is empty", Meaning::Token),
    (
        "authentication failed",
        Meaning::Refused(ErrorKind::Unauthenticated),
    ),
    (
        "authentication is not enabled",
        Meaning::Refused(ErrorKind::Conflict),
    ),
    (
        "required revision has been compacted",
        Meaning::Refused(ErrorKind::Compacted),
    ),
    (
        "is a future revision",
        Meaning::Refused(ErrorKind::FutureRevision),
    ),
    (
        "too large lease TTL",
        Meaning::Refused(ErrorKind::InvalidArgument),
    ),
    (
        "database space exceeded",
        Meaning::Refused(ErrorKind::NoSpace),
    ),
    (
        "message larger than max",
        Meaning::Refused(ErrorKind::InvalidArgument),
    ),
    ("too many requests", Meaning::Busy),
    ("lease not found", Meaning::Refused(ErrorKind::NotFound)),
    (
        "lease already exists",
        Meaning::Refused(ErrorKind::AlreadyExists),
    ),
    ("already exist", Meaning::Refused(ErrorKind::AlreadyExists)),
    (
        "Peer URLs already exists",
        Meaning::Refused(ErrorKind::AlreadyExists),
    ),
    ("not found", Meaning::Refused(ErrorKind::NotFound)),
    ("does not exist", Meaning::Refused(ErrorKind::NotFound)),
    (
        "permission denied",
        Meaning::Refused(ErrorKind::PermissionDenied),
    ),
    // A member that is being added answers nobody: others can.
    ("not supported for learner", Meaning::Elsewhere),
    ("election: no leader", Meaning::Refused(ErrorKind::NotFound)),
    // Refused at the door, because the call asks for a leader.
    ("no leader", Meaning::Elsewhere),
    (
        "mutex: session is expired",
        Meaning::Refused(ErrorKind::LeaseLost),
    ),
    (
        "election: not leader",
        Meaning::Refused(ErrorKind::NotHolder),
    ),
];

#[derive(Clone, Copy)]
enum Meaning {
    Refused(ErrorKind),
    Token,
    Busy,
    Elsewhere,
}

/// What a status means that a server sent.
pub(crate) fn judge(code: Code, text: &str, write: bool) -> Judgement {
    // "key not found" is about an option of a put, which needs a key that exists.
    let by_text = code != Code::InvalidArgument || !text.contains("key not found");
    let meaning = TEXTS
        .iter()
        .find(|(part, _)| by_text && text.contains(part));
    match meaning.map(|(_, meaning)| *meaning) {
        Some(Meaning::Refused(kind)) => stop(Class::refused(kind)),
        Some(Meaning::Token) => Judgement {
            class: Class::refused(ErrorKind::Unauthenticated),
            then: Then::Authenticate,
        },
        Some(Meaning::Busy) => stop(Class::new(
            ErrorKind::Busy,
            Outcome::DidNotHappen,
            RetryAdvice::After(BUSY_PAUSE),
        )),
        Some(Meaning::Elsewhere) => Judgement {
            class: Class::new(
                ErrorKind::Unavailable,
                Outcome::DidNotHappen,
                RetryAdvice::NotSent,
            ),
            then: Then::Elsewhere { sent: false },
        },
        None => by_code(code, write),
    }
}

fn by_code(code: Code, write: bool) -> Judgement {
    match code {
        Code::InvalidArgument => stop(Class::refused(ErrorKind::InvalidArgument)),
        Code::OutOfRange => stop(Class::refused(ErrorKind::InvalidArgument)),
        Code::NotFound => stop(Class::refused(ErrorKind::NotFound)),
        Code::AlreadyExists => stop(Class::refused(ErrorKind::AlreadyExists)),
        Code::PermissionDenied => stop(Class::refused(ErrorKind::PermissionDenied)),
        Code::FailedPrecondition => stop(Class::refused(ErrorKind::Conflict)),
        Code::Unimplemented => stop(Class::refused(ErrorKind::Unsupported)),
        Code::DataLoss => stop(Class::refused(ErrorKind::Corrupt)),
        Code::ResourceExhausted => stop(Class::new(
            ErrorKind::Busy,
            Outcome::DidNotHappen,
            RetryAdvice::After(BUSY_PAUSE),
        )),
        Code::Unauthenticated => Judgement {
            class: Class::refused(ErrorKind::Unauthenticated),
            then: Then::Authenticate,
        },
        Code::Unavailable | Code::DeadlineExceeded | Code::Cancelled | Code::Aborted => Judgement {
            class: Class::unknown(write, ErrorKind::Unavailable),
            then: Then::Elsewhere { sent: true },
        },
        Code::Ok | Code::Unknown | Code::Internal => {
            stop(Class::unknown(write, ErrorKind::Protocol))
        }
    }
}

fn stop(class: Class) -> Judgement {
    Judgement {
        class,
        then: Then::Stop,
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn kind(code: Code, text: &str) -> ErrorKind {
        judge(code, text, true).class.kind
    }

    #[test]
    fn out_of_range_is_told_apart_by_its_text() {
        let compacted = "etcdserver: mvcc: required revision has been compacted";
        assert_eq!(kind(Code::OutOfRange, compacted), ErrorKind::Compacted);
        let future = "etcdserver: mvcc: required revision is a future revision";
        assert_eq!(kind(Code::OutOfRange, future), ErrorKind::FutureRevision);
        let ttl = "etcdserver: too large lease TTL";
        assert_eq!(kind(Code::OutOfRange, ttl), ErrorKind::InvalidArgument);
    }

    #[test]
    fn a_missing_token_hides_behind_invalid_argument() {
        let judged = judge(
            Code::InvalidArgument,
            "etcdserver: user name is empty",
            true,
        );
        assert_eq!(judged.then, Then::Authenticate);
        assert_eq!(judged.class.outcome, Outcome::DidNotHappen);
        let wrong = "etcdserver: authentication failed, invalid user ID or password";
        let judged = judge(Code::InvalidArgument, wrong, false);
        assert_eq!(judged.class.kind, ErrorKind::Unauthenticated);
        assert_eq!(judged.then, Then::Stop, "a wrong password does not loop");
    }

    #[test]
    fn a_write_that_timed_out_on_the_server_is_indeterminate() {
        let judged = judge(Code::Unavailable, "etcdserver: request timed out", true);
        assert_eq!(judged.class.kind, ErrorKind::Indeterminate);
        assert_eq!(judged.then, Then::Elsewhere { sent: true });
        let judged = judge(Code::Unavailable, "etcdserver: request timed out", false);
        assert_eq!(judged.class.kind, ErrorKind::Unavailable);
        let judged = judge(Code::Unavailable, "etcdserver: no leader", true);
        assert_eq!(judged.class.outcome, Outcome::DidNotHappen);
        assert_eq!(judged.then, Then::Elsewhere { sent: false });
    }

    #[test]
    fn the_services_lock_and_election_are_told_by_text_alone() {
        let of = |text| kind(Code::Unknown, text);
        assert_eq!(
            of("etcdserver: requested lease not found"),
            ErrorKind::NotFound
        );
        assert_eq!(of("mutex: session is expired"), ErrorKind::LeaseLost);
        assert_eq!(of("election: not leader"), ErrorKind::NotHolder);
        assert_eq!(of("election: no leader"), ErrorKind::NotFound);
        assert_eq!(of("something else"), ErrorKind::Indeterminate);
    }

    #[test]
    fn a_full_database_is_no_busy_server() {
        let full = "etcdserver: mvcc: database space exceeded";
        assert_eq!(kind(Code::ResourceExhausted, full), ErrorKind::NoSpace);
        let busy = "etcdserver: too many requests";
        assert_eq!(kind(Code::ResourceExhausted, busy), ErrorKind::Busy);
        let large = "grpc: received message larger than max (3 vs. 2)";
        assert_eq!(
            kind(Code::ResourceExhausted, large),
            ErrorKind::InvalidArgument
        );
    }

    #[test]
    fn an_option_that_needs_a_key_is_no_missing_thing() {
        let text = "etcdserver: key not found";
        assert_eq!(
            kind(Code::InvalidArgument, text),
            ErrorKind::InvalidArgument
        );
        let role = "etcdserver: role name not found";
        assert_eq!(kind(Code::FailedPrecondition, role), ErrorKind::NotFound);
    }
}
