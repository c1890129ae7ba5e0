//! Why bytes are not the message that they should be.

use quorate_wire::msgpack::{DecodeError as Unreadable, SplitError};

/// Why bytes are not the message that they should be.
#[derive(Clone, Debug, PartialEq, Eq, thiserror::Error)]
#[non_exhaustive]
pub enum DecodeError {
    /// The bytes end within a value.
    #[error("the message ends within a value")]
    Truncated,
    /// A value of another type.
    #[error("expected {expected}, found {found}")]
    Type {
        /// What was looked for.
        expected: &'static str,
        /// What stands there.
        found: &'static str,
    },
    /// A number that its field cannot hold.
    #[error("a number is out of the range of its field")]
    Range,
    /// A text that is not UTF-8.
    #[error("a text is not UTF-8")]
    NotUtf8,
    /// Maps or arrays nested too deeply.
    #[error("values are nested too deep")]
    TooDeep,
    /// A message of a kind that is not known here.
    #[error("unknown message type {0}")]
    Kind(u8),
    /// Something larger than its limit.
    #[error("{what} of {size} exceeds the limit of {limit}")]
    TooLarge {
        /// What is too large.
        what: &'static str,
        /// How large it is, or says that it is.
        size: u64,
        /// How large it may be.
        limit: u64,
    },
    /// Something that contradicts the format in another way.
    #[error("{0}")]
    Malformed(&'static str),
}

impl From<Unreadable> for DecodeError {
    fn from(error: Unreadable) -> Self {
        match error {
            Unreadable::Truncated => Self::Truncated,
            Unreadable::Unexpected { wanted, found } => Self::Type {
                expected: wanted,
                found,
            },
            Unreadable::OutOfRange { .. } => Self::Range,
            Unreadable::NotUtf8 => Self::NotUtf8,
            Unreadable::TooDeep => Self::TooDeep,
            Unreadable::Field { error, .. } => Self::from(*error),
            _ => Self::Malformed("values that are not those of the message"),
        }
    }
}

impl From<SplitError> for DecodeError {
    fn from(error: SplitError) -> Self {
        match error {
            SplitError::TooLarge { limit } => Self::TooLarge {
                what: "a value",
                size: limit as u64 + 1,
                limit: limit as u64,
            },
            SplitError::TooDeep => Self::TooDeep,
            _ => Self::Type {
                expected: "a value",
                found: "the byte c1, which means nothing",
            },
        }
    }
}
