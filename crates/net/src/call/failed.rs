//! A call that failed: the part that the errors of all clients share.

use std::fmt;

use super::{Class, Kind, Outcome, RetryAdvice};
use crate::error::{BoxError, NetError};

/// The most of a server's words that an error keeps, in bytes.
pub const MAX_TEXT_BYTES: usize = 1024;

/// What a server said besides its words, as its protocol has it.
pub trait Facts: fmt::Debug + Default + Send + Sync + 'static {
    /// A code to print behind the kind: "status 403".
    fn code(&self) -> Option<String> {
        None
    }

    /// More words of the server, printed last.
    fn cause(&self) -> Option<&str> {
        None
    }
}

/// What failed, where, and what is known of why.
#[derive(Debug)]
pub struct FailedCall<K, F> {
    class: Class<K>,
    operation: String,
    peer: Option<String>,
    /// What the server said besides its words.
    pub facts: F,
    text: Option<String>,
    source: Option<BoxError>,
}

impl<K: Kind, F: Facts> FailedCall<K, F> {
    /// A call that failed, of which no more is known.
    pub fn new(class: Class<K>, operation: impl Into<String>) -> Self {
        Self {
            class,
            operation: operation.into(),
            peer: None,
            facts: F::default(),
            text: None,
            source: None,
        }
    }

    /// Sets the server that was asked last.
    pub fn set_peer(&mut self, peer: Option<&str>) {
        self.peer = peer.map(str::to_owned);
    }

    /// Sets the server's words, or ours.
    pub fn set_text(&mut self, text: impl fmt::Display) {
        self.text = one_line(&text.to_string());
    }

    /// Sets what caused it.
    pub fn set_source(&mut self, source: impl Into<BoxError>) {
        self.source = Some(source.into());
    }

    /// What kind of failure it was.
    pub fn kind(&self) -> K {
        self.class.kind
    }

    /// All three that a caller decides by.
    pub fn class(&self) -> Class<K> {
        self.class
    }

    /// Whether the call changed anything.
    pub fn outcome(&self) -> Outcome {
        self.class.outcome
    }

    /// Whether to send the same call again.
    pub fn advice(&self) -> RetryAdvice {
        self.class.advice
    }

    /// What the call was to do, and to what.
    pub fn operation(&self) -> &str {
        &self.operation
    }

    /// The server that was asked last.
    pub fn peer(&self) -> Option<&str> {
        self.peer.as_deref()
    }

    /// The words.
    pub fn text(&self) -> Option<&str> {
        self.text.as_deref()
    }

    /// What caused it.
    pub fn source(&self) -> Option<&(dyn std::error::Error + 'static)> {
        self.source.as_deref().map(|source| source as _)
    }

    /// What happened to the connection, if that is the cause.
    pub fn net(&self) -> Option<&NetError> {
        self.source.as_ref()?.downcast_ref()
    }
}

/// Its own level on one line: call, server, kind, code and words. The cause is left to `source`.
impl<K: Kind, F: Facts> fmt::Display for FailedCall<K, F> {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(&self.operation)?;
        if let Some(peer) = &self.peer {
            write!(f, " on {peer}")?;
        }
        write!(f, ": {}", self.class.kind.phrase())?;
        if let Some(code) = self.facts.code() {
            write!(f, " ({code})")?;
        }
        for words in [self.text(), self.facts.cause()].into_iter().flatten() {
            write!(f, ": {words}")?;
        }
        Ok(())
    }
}

/// At most [`MAX_TEXT_BYTES`] of a text, on one line; `None` if nothing is left.
pub fn one_line(text: &str) -> Option<String> {
    let text = text.trim();
    let mut end = MAX_TEXT_BYTES.min(text.len());
    while !text.is_char_boundary(end) {
        end -= 1;
    }
    let line = text[..end].split_whitespace().collect::<Vec<_>>().join(" ");
    (!line.is_empty()).then_some(line)
}

/// Writes what the error types of all clients have in common: for a `struct Error` around a
/// `Box<FailedCall<ErrorKind, Facts>>`, its making and its accessors, `Display`, `Debug`,
/// `std::error::Error`; and [`Kind`](crate::call::Kind) for its kinds, which have a method
/// `phrase`. What is its own are the kinds, the facts, and the documentation.
#[macro_export]
macro_rules! call_error {
    ($error:ident, $kind:ident) => {
        impl $crate::call::Kind for $kind {
            const INVALID_ARGUMENT: Self = Self::InvalidArgument;
            const UNAVAILABLE: Self = Self::Unavailable;
            const TIMEOUT: Self = Self::Timeout;
            const INDETERMINATE: Self = Self::Indeterminate;
            const PROTOCOL: Self = Self::Protocol;
            const CLOSED: Self = Self::Closed;

            fn phrase(self) -> &'static str {
                $kind::phrase(self)
            }
        }

        impl $error {
            pub(crate) fn new(
                class: $crate::call::Class<$kind>,
                operation: impl Into<String>,
            ) -> Self {
                Self(Box::new($crate::call::FailedCall::new(class, operation)))
            }

            /// A call that was refused before anything was sent, and why.
            pub(crate) fn invalid(
                operation: impl Into<String>,
                why: impl std::fmt::Display,
            ) -> Self {
                let class = $crate::call::Class::refused($kind::InvalidArgument);
                Self::new(class, operation).with_detail(why)
            }

            /// A request that got no usable answer.
            pub(crate) fn of_net(
                error: $crate::error::NetError,
                operation: String,
                write: bool,
            ) -> Self {
                let class = $crate::call::Class::of_net(&error, write);
                let peer = error.endpoint().map(str::to_owned);
                Self::new(class, operation)
                    .with_peer(peer.as_deref())
                    .with_source(error)
            }

            #[must_use]
            pub(crate) fn with_peer(mut self, peer: Option<&str>) -> Self {
                self.0.set_peer(peer);
                self
            }

            /// Adds the server's words, or ours: at most 1 KiB of them, on one line.
            #[must_use]
            pub(crate) fn with_detail(mut self, detail: impl std::fmt::Display) -> Self {
                self.0.set_text(detail);
                self
            }

            #[must_use]
            pub(crate) fn with_source(
                mut self,
                source: impl Into<$crate::error::BoxError>,
            ) -> Self {
                self.0.set_source(source);
                self
            }

            /// What kind of failure it was.
            #[must_use]
            pub fn kind(&self) -> $kind {
                self.0.kind()
            }

            /// Whether the call changed anything.
            #[must_use]
            pub fn outcome(&self) -> $crate::call::Outcome {
                self.0.outcome()
            }

            /// Whether to send the same call again.
            #[must_use]
            pub fn advice(&self) -> $crate::call::RetryAdvice {
                self.0.advice()
            }

            /// The call that failed and what it was about: ``get key `jobs/a` ``.
            #[must_use]
            pub fn operation(&self) -> &str {
                self.0.operation()
            }

            /// The address of the server that was asked last: `http://10.0.0.1:80`. `None` if
            /// none was.
            #[must_use]
            pub fn peer(&self) -> Option<&str> {
                self.0.peer()
            }

            /// The server's words (or ours, if it was refused before it was sent), shortened to
            /// 1 KiB.
            #[must_use]
            pub fn text(&self) -> Option<&str> {
                self.0.text()
            }

            /// What happened to the connection, if that is the cause: attempts, time, how far it
            /// came.
            #[must_use]
            pub fn net(&self) -> Option<&$crate::error::NetError> {
                self.0.net()
            }
        }

        impl std::fmt::Display for $error {
            fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
                self.0.fmt(f)
            }
        }

        impl std::fmt::Debug for $error {
            fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
                std::fmt::Debug::fmt(&self.0, f)
            }
        }

        impl std::error::Error for $error {
            fn source(&self) -> Option<&(dyn std::error::Error + 'static)> {
                self.0.source()
            }
        }
    };
}

#[cfg(test)]
mod tests {
    #![allow(
        unreachable_pub,
        reason = "the macro writes for crates that publish it"
    )]

    use super::super::class::tests::ErrorKind;
    use super::*;
    use std::error::Error as _;

    #[derive(Debug, Default)]
    struct Status(Option<u16>);

    impl Facts for Status {
        fn code(&self) -> Option<String> {
            self.0.map(|status| format!("status {status}"))
        }
    }

    struct Error(Box<FailedCall<ErrorKind, Status>>);

    crate::call_error!(Error, ErrorKind);

    #[test]
    fn prints_one_line_and_leaves_the_cause_to_the_chain() {
        let class = Class::unknown(false, ErrorKind::Unavailable);
        let mut error = Error::new(class, "get key `a`")
            .with_peer(Some("http://a:1"))
            .with_detail("  no\nleader ")
            .with_source(std::io::Error::other("cause"));
        error.0.facts.0 = Some(503);
        assert_eq!(
            error.to_string(),
            "get key `a` on http://a:1: unavailable (status 503): no leader"
        );
        assert_eq!(error.source().unwrap().to_string(), "cause");
        assert_eq!(
            (error.peer(), error.text()),
            (Some("http://a:1"), Some("no leader"))
        );
        assert_eq!(error.outcome(), Outcome::DidNotHappen);
        assert_eq!(error.advice(), RetryAdvice::IfIdempotent);
        assert!(format!("{error:?}").contains("advice: IfIdempotent"));
        assert!(error.net().is_none());
    }

    #[test]
    fn keeps_no_more_than_a_kilobyte_of_the_servers_words() {
        let error = Error::invalid("x", "é".repeat(2000));
        assert_eq!(error.kind(), ErrorKind::InvalidArgument);
        assert_eq!(error.text().unwrap().len(), MAX_TEXT_BYTES);
        assert_eq!(Error::invalid("x", " \n").text(), None);
    }

    #[test]
    fn what_happened_to_the_connection_is_kept() {
        let failure = crate::error::Failure::timeout(crate::error::Phase::Connect);
        let net = NetError::new(failure, crate::error::Account::default());
        let error = Error::of_net(net, "put key `a`".into(), true);
        assert_eq!(
            (error.kind(), error.operation()),
            (ErrorKind::Timeout, "put key `a`")
        );
        assert!(error.net().is_some_and(NetError::is_timeout));
    }

    #[test]
    fn is_one_pointer_wide_and_can_cross_threads() {
        fn check<T: Send + Sync + 'static>() -> usize {
            size_of::<T>()
        }
        assert_eq!(check::<Error>(), size_of::<usize>());
    }
}
