//! The types that a field of a message may have.

use std::collections::BTreeMap;

use bytes::Bytes;

use super::{DecodeError, Reader, Writer};

/// A byte on the wire may become a hundred in memory; what Serf sends has at most 512 elements.
const LONGEST_LIST: usize = 65_536;

/// A value within a message.
pub trait Field: Sized {
    /// Writes it.
    fn put(&self, out: &mut Writer);

    /// Reads it.
    ///
    /// # Errors
    ///
    /// [`DecodeError`] for a value of another type.
    fn take(from: &mut Reader<'_>) -> Result<Self, DecodeError>;

    /// Whether a field that may be left out is left out.
    fn is_empty(&self) -> bool {
        false
    }
}

macro_rules! numbers {
    ($($ty:ty),*) => {$(
        impl Field for $ty {
            fn put(&self, out: &mut Writer) {
                out.unsigned(u64::from(*self));
            }

            fn take(from: &mut Reader<'_>) -> Result<Self, DecodeError> {
                Self::try_from(from.unsigned()?).map_err(|_| DecodeError::Range)
            }

            fn is_empty(&self) -> bool {
                *self == 0
            }
        }
    )*};
}
numbers!(u8, u16, u32, u64);

impl Field for i64 {
    fn put(&self, out: &mut Writer) {
        out.signed(*self);
    }

    fn take(from: &mut Reader<'_>) -> Result<Self, DecodeError> {
        Ok(from.signed()?)
    }
}

impl Field for bool {
    fn put(&self, out: &mut Writer) {
        out.boolean(*self);
    }

    fn take(from: &mut Reader<'_>) -> Result<Self, DecodeError> {
        Ok(from.boolean()?)
    }
}

impl Field for f64 {
    fn put(&self, out: &mut Writer) {
        out.float(*self);
    }

    fn take(from: &mut Reader<'_>) -> Result<Self, DecodeError> {
        Ok(from.float()?)
    }
}

impl Field for String {
    fn put(&self, out: &mut Writer) {
        out.text(self);
    }

    fn take(from: &mut Reader<'_>) -> Result<Self, DecodeError> {
        Ok(from.utf8()?.to_owned())
    }

    fn is_empty(&self) -> bool {
        self.is_empty()
    }
}

/// Empty bytes are nil, as Go writes them when they were never set.
impl Field for Bytes {
    fn put(&self, out: &mut Writer) {
        if Bytes::is_empty(self) {
            out.nil();
        } else {
            out.bytes(self);
        }
    }

    fn take(from: &mut Reader<'_>) -> Result<Self, DecodeError> {
        Ok(Bytes::copy_from_slice(from.slice()?))
    }

    fn is_empty(&self) -> bool {
        Bytes::is_empty(self)
    }
}

/// An empty list is nil, as Go writes it when it was never set.
impl<T: Field> Field for Vec<T> {
    fn put(&self, out: &mut Writer) {
        if Vec::is_empty(self) {
            out.nil();
            return;
        }
        out.list(self.len());
        self.iter().for_each(|item| item.put(out));
    }

    fn take(from: &mut Reader<'_>) -> Result<Self, DecodeError> {
        let len = from.list()?;
        if len > LONGEST_LIST {
            return Err(DecodeError::TooLarge {
                what: "a list",
                size: len as u64,
                limit: LONGEST_LIST as u64,
            });
        }
        (0..len).map(|_| T::take(from)).collect()
    }

    fn is_empty(&self) -> bool {
        Vec::is_empty(self)
    }
}

impl<T: Field> Field for Option<T> {
    fn put(&self, out: &mut Writer) {
        match self {
            Some(value) => value.put(out),
            None => out.nil(),
        }
    }

    fn take(from: &mut Reader<'_>) -> Result<Self, DecodeError> {
        match from.nil() {
            true => Ok(None),
            false => T::take(from).map(Some),
        }
    }
}

impl<T: Field> Field for BTreeMap<String, T> {
    fn put(&self, out: &mut Writer) {
        out.map(self.len());
        for (key, value) in self {
            out.text(key);
            value.put(out);
        }
    }

    fn take(from: &mut Reader<'_>) -> Result<Self, DecodeError> {
        (0..from.map()?)
            .map(|_| Ok((from.utf8()?.to_owned(), T::take(from)?)))
            .collect()
    }
}
