//! Why an object can't be read.

use super::MAX_DEPTH;

/// Why an object can't be read. Nothing of it is taken over.
#[derive(Clone, Debug, PartialEq, Eq, thiserror::Error)]
#[non_exhaustive]
pub enum DecodeError {
    /// The bytes end within the object.
    #[error("the object ends early")]
    Truncated,
    /// Something else is there than what belongs there.
    #[error("expected {wanted}, found {found}")]
    Unexpected {
        /// What belongs there.
        wanted: &'static str,
        /// What is there, in MessagePack's words.
        found: &'static str,
    },
    /// A number does not fit.
    #[error("{value} does not fit into {wanted}")]
    OutOfRange {
        /// The type that it has to fit into.
        wanted: &'static str,
        /// The number.
        value: String,
    },
    /// Text that has to be UTF-8 is not.
    #[error("a text that is not UTF-8")]
    NotUtf8,
    /// Maps and lists are nested too deep.
    #[error("nested deeper than {MAX_DEPTH} levels")]
    TooDeep,
    /// A list has more values than the bytes can hold in earnest.
    #[error("a list of {0} values in too few bytes")]
    TooMany(usize),
    /// There is more after the object.
    #[error("{0} bytes are left over after the object")]
    LeftOver(usize),
    /// A field can't be read.
    #[error("{field}: {error}")]
    Field {
        /// Its name on the wire.
        field: &'static str,
        /// Why.
        error: Box<DecodeError>,
    },
}

impl DecodeError {
    /// The same, said of a field.
    #[must_use]
    pub fn of(self, field: &'static str) -> Self {
        Self::Field {
            field,
            error: Box::new(self),
        }
    }
}
