//! What can be in an object.

use std::collections::BTreeMap;

use bytes::Bytes;

use super::reader::narrow;
use super::{DecodeError, Reader, Writer};

/// Can be written as MessagePack.
pub trait Encode {
    /// Writes it.
    fn encode(&self, writer: &mut Writer);

    /// Its bytes.
    fn to_msgpack(&self) -> Vec<u8> {
        let mut writer = Writer::new();
        self.encode(&mut writer);
        writer.into_bytes()
    }
}

/// Can be read from MessagePack.
pub trait Decode: Sized {
    /// Reads it.
    ///
    /// # Errors
    /// When something else comes next.
    fn decode(reader: &mut Reader<'_>) -> Result<Self, DecodeError>;

    /// Reads it from bytes that hold nothing else.
    ///
    /// # Errors
    /// When they hold something else, or more.
    fn from_msgpack(bytes: &[u8]) -> Result<Self, DecodeError> {
        let mut reader = Reader::new(bytes);
        let value = Self::decode(&mut reader)?;
        reader.end()?;
        Ok(value)
    }
}

macro_rules! unsigned {
    ($($number:ident)+) => {$(
        impl Encode for $number {
            fn encode(&self, writer: &mut Writer) {
                writer.unsigned(u64::from(*self));
            }
        }

        impl Decode for $number {
            fn decode(reader: &mut Reader<'_>) -> Result<Self, DecodeError> {
                narrow(reader.unsigned()?, stringify!($number))
            }
        }
    )+};
}

unsigned!(u8 u16 u32 u64);

macro_rules! signed {
    ($($number:ident)+) => {$(
        impl Encode for $number {
            fn encode(&self, writer: &mut Writer) {
                writer.signed(i64::from(*self));
            }
        }

        impl Decode for $number {
            fn decode(reader: &mut Reader<'_>) -> Result<Self, DecodeError> {
                narrow(reader.signed()?, stringify!($number))
            }
        }
    )+};
}

signed!(i32 i64);

impl Encode for f64 {
    fn encode(&self, writer: &mut Writer) {
        writer.float(*self);
    }
}

impl Decode for f64 {
    fn decode(reader: &mut Reader<'_>) -> Result<Self, DecodeError> {
        reader.float()
    }
}

impl Encode for bool {
    fn encode(&self, writer: &mut Writer) {
        writer.boolean(*self);
    }
}

impl Decode for bool {
    fn decode(reader: &mut Reader<'_>) -> Result<Self, DecodeError> {
        reader.boolean()
    }
}

impl Encode for String {
    fn encode(&self, writer: &mut Writer) {
        writer.text(self);
    }
}

impl Decode for String {
    fn decode(reader: &mut Reader<'_>) -> Result<Self, DecodeError> {
        reader.text().map(Into::into)
    }
}

/// Empty ones are written as `nil`, as the real programs do for what nobody gave.
impl Encode for Bytes {
    fn encode(&self, writer: &mut Writer) {
        match self.is_empty() {
            true => writer.nil(),
            false => writer.bytes(self),
        }
    }
}

impl Decode for Bytes {
    fn decode(reader: &mut Reader<'_>) -> Result<Self, DecodeError> {
        reader.bytes().map(|bytes| Self::copy_from_slice(&bytes))
    }
}

impl<T: Encode> Encode for [T] {
    fn encode(&self, writer: &mut Writer) {
        writer.list(self.len());
        for value in self {
            value.encode(writer);
        }
    }
}

impl<T: Encode> Encode for Vec<T> {
    fn encode(&self, writer: &mut Writer) {
        self.as_slice().encode(writer);
    }
}

impl<T: Decode> Decode for Vec<T> {
    fn decode(reader: &mut Reader<'_>) -> Result<Self, DecodeError> {
        let count = reader.list()?;
        let size = size_of::<T>().saturating_mul(count);
        if size > reader.rest().len().saturating_mul(GROWTH) {
            return Err(DecodeError::TooMany(count));
        }
        let mut values = Self::with_capacity(count);
        for _ in 0..count {
            values.push(T::decode(reader)?);
        }
        Ok(values)
    }
}

/// How much more room the values of a list may take than what is left of the bytes they are in.
/// What the real programs send takes less than it has bytes; a list of a million `nil` would take
/// a hundred times as much.
const GROWTH: usize = 32;

impl<T: Encode> Encode for BTreeMap<String, T> {
    fn encode(&self, writer: &mut Writer) {
        writer.map(self.len());
        for (name, value) in self {
            writer.text(name);
            value.encode(writer);
        }
    }
}

/// Of a name that is there twice, the last one counts.
impl<T: Decode> Decode for BTreeMap<String, T> {
    fn decode(reader: &mut Reader<'_>) -> Result<Self, DecodeError> {
        let mut map = Self::new();
        for _ in 0..reader.map()? {
            let name = String::decode(reader)?;
            map.insert(name, T::decode(reader)?);
        }
        Ok(map)
    }
}

/// Nothing is written as `nil`.
impl<T: Encode> Encode for Option<T> {
    fn encode(&self, writer: &mut Writer) {
        match self {
            Some(value) => value.encode(writer),
            None => writer.nil(),
        }
    }
}

impl<T: Decode> Decode for Option<T> {
    fn decode(reader: &mut Reader<'_>) -> Result<Self, DecodeError> {
        if reader.nil() {
            Ok(None)
        } else {
            T::decode(reader).map(Some)
        }
    }
}
