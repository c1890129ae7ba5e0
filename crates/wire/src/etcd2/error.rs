//! Refusals: the codes of `/v2/keys`, and the messages of everything else.

use std::fmt;

use serde::{Deserialize, Serialize};

macro_rules! codes {
    ($($(#[$about:meta])+ $name:ident = $code:literal, $status:literal, $message:literal;)+) => {
        /// Why a request to `/v2/keys` was refused. Not an HTTP status: code 401 travels with
        /// status 400, and status 401 means code 110.
        #[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
        #[non_exhaustive]
        pub enum ErrorCode {
            $($(#[$about])+ $name,)+
            /// A code that is not documented.
            Other(u16),
        }

        impl ErrorCode {
            /// All documented codes, in ascending order.
            pub const ALL: &[Self] = &[$(Self::$name),+];

            /// The number on the wire.
            #[must_use]
            pub fn code(self) -> u16 {
                match self {
                    $(Self::$name => $code,)+
                    Self::Other(code) => code,
                }
            }

            /// The HTTP status that it travels with.
            #[must_use]
            pub fn status(self) -> u16 {
                match self {
                    $(Self::$name => $status,)+
                    Self::Other(_) => 400,
                }
            }

            /// The server's words. Empty for a code that is not documented.
            #[must_use]
            pub fn message(self) -> &'static str {
                match self {
                    $(Self::$name => $message,)+
                    Self::Other(_) => "",
                }
            }

            /// The code of a number.
            #[must_use]
            pub fn from_code(code: u16) -> Self {
                match code {
                    $($code => Self::$name,)+
                    code => Self::Other(code),
                }
            }
        }
    };
}

codes! {
    /// Nothing is there. The cause is the first part of the path that is missing.
    KeyNotFound = 100, 404, "Key not found";
    /// The condition of a compare-and-swap or -delete does not hold.
    TestFailed = 101, 412, "Compare failed";
    /// It is a directory.
    NotFile = 102, 403, "Not a file";
    /// Too many peers. No server sends it any more.
    NoMorePeer = 103, 400, "Reached the max number of peers in the cluster";
    /// The path leads through a file, which is the cause.
    NotDirectory = 104, 400, "Not a directory";
    /// Something is there already.
    NodeExists = 105, 412, "Key already exists";
    /// The key is reserved. No server sends it any more.
    KeyIsPreserved = 106, 400, "The prefix of given key is a keyword in etcd";
    /// The root cannot be written.
    RootReadOnly = 107, 400, "Root is read only";
    /// The directory has something in it, which may be hidden.
    DirectoryNotEmpty = 108, 403, "Directory not empty";
    /// The peer exists. No server sends it any more.
    ExistingPeerAddress = 109, 400, "Peer address has existed";
    /// The user is unknown, the password wrong, or the user may not do this.
    Unauthorized = 110, 401, "The request requires user authentication";
    /// A value is missing. No server sends it any more.
    ValueRequired = 200, 400, "Value is Required in POST form";
    /// `prevValue` is there and empty.
    PrevValueRequired = 201, 400, "PrevValue is Required in POST form";
    /// `ttl` is no whole number, or negative.
    TtlNotANumber = 202, 400, "The given TTL in POST form is not a number";
    /// `prevIndex` or `waitIndex` is no whole number.
    IndexNotANumber = 203, 400, "The given index in POST form is not a number";
    /// No server sends it any more.
    ValueOrTtlRequired = 204, 400, "Value or TTL is required in POST form";
    /// No server sends it any more.
    TimeoutNotANumber = 205, 400, "The given timeout in POST form is not a number";
    /// No server sends it any more.
    NameRequired = 206, 400, "Name is required in POST form";
    /// No server sends it any more.
    IndexOrValueRequired = 207, 400, "Index or value is required";
    /// No server sends it any more: both are allowed now.
    IndexValueMutex = 208, 400, "Index and value cannot both be specified";
    /// A parameter has a value that it cannot have.
    InvalidField = 209, 400, "Invalid field";
    /// Query or body cannot be read.
    InvalidForm = 210, 400, "Invalid POST form";
    /// A refresh has a value.
    RefreshValue = 211, 400, "Value provided on refresh";
    /// A refresh has no TTL.
    RefreshTtlRequired = 212, 400, "A TTL must be provided on refresh";
    /// The servers could not agree, in time or at all. The write may still be applied.
    RaftInternal = 300, 500, "Raft Internal Error";
    /// There is no leader. No server sends it any more.
    LeaderElect = 301, 500, "During Leader Election";
    /// The watch ended because the server was restored. No server sends it any more.
    WatcherCleared = 400, 400, "watcher is cleared due to etcd recovery";
    /// The watch asks for events that the server has forgotten: it keeps the last 1,000.
    EventIndexCleared = 401, 400, "The event in requested index is outdated and cleared";
    /// No server sends it any more.
    StandbyInternal = 402, 400, "Standby Internal Error";
    /// No server sends it any more.
    InvalidActiveSize = 403, 400, "Invalid active size";
    /// No server sends it any more.
    InvalidRemoveDelay = 404, 400, "Standby remove delay";
    /// Made by clients. No server sends it.
    ClientInternal = 500, 400, "Client Internal Error";
}

impl fmt::Display for ErrorCode {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Self::Other(code) => write!(f, "error code {code}"),
            known => f.write_str(known.message()),
        }
    }
}

/// The body of a refusal of `/v2/keys`, followed by a line feed.
#[derive(Clone, Debug, Default, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "camelCase")]
pub struct ErrorBody {
    /// The number, see [`ErrorCode`].
    pub error_code: u16,
    /// The words for it.
    #[serde(default)]
    pub message: String,
    /// What exactly: a path, or the two sides of a comparison.
    #[serde(skip_serializing_if = "String::is_empty", default)]
    pub cause: String,
    /// The index of the store; 0 where the store was not asked.
    #[serde(default)]
    pub index: u64,
}

impl ErrorBody {
    /// A refusal with the words of its code.
    #[must_use]
    pub fn new(code: ErrorCode, cause: impl Into<String>, index: u64) -> Self {
        Self {
            error_code: code.code(),
            message: code.message().to_owned(),
            cause: cause.into(),
            index,
        }
    }

    /// The code.
    #[must_use]
    pub fn code(&self) -> ErrorCode {
        ErrorCode::from_code(self.error_code)
    }
}

/// The body of a refusal of members, statistics, users and roles, without a line feed.
#[derive(Clone, Debug, Default, PartialEq, Eq, Serialize, Deserialize)]
pub struct MessageBody {
    /// The server's words.
    pub message: String,
}

impl MessageBody {
    /// A refusal.
    #[must_use]
    pub fn new(message: impl Into<String>) -> Self {
        Self {
            message: message.into(),
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn every_code_is_found_by_its_number() {
        assert_eq!(ErrorCode::ALL.len(), 32);
        for code in ErrorCode::ALL {
            assert_eq!(ErrorCode::from_code(code.code()), *code);
            assert!(!code.message().is_empty());
        }
        assert_eq!(ErrorCode::from_code(999), ErrorCode::Other(999));
        assert_eq!(ErrorCode::Other(999).to_string(), "error code 999");
    }

    #[test]
    fn a_code_is_no_status() {
        let pair = |code: ErrorCode| (code.code(), code.status());
        assert_eq!(pair(ErrorCode::EventIndexCleared), (401, 400));
        assert_eq!(pair(ErrorCode::Unauthorized), (110, 401));
        assert_eq!(pair(ErrorCode::RaftInternal), (300, 500));
    }
}
