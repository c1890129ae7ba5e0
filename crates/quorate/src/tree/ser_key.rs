//! From the key of a map to a name.

use serde::ser::{Impossible, Serialize, Serializer};

use super::error::{TreeError, TreeProblem};

type Result<T> = std::result::Result<T, TreeError>;
type No = Impossible<String, TreeError>;

/// Writes the key of a map: text, a number, a flag, or a variant without data.
#[derive(Clone, Copy, Debug)]
pub(super) struct KeyWriter;

fn refuse<T>(what: &'static str) -> Result<T> {
    Err(TreeProblem::KeyType(what).into())
}

macro_rules! plain {
    ($($method:ident: $type:ty),*) => {$(
        fn $method(self, key: $type) -> Result<String> {
            Ok(key.to_string())
        }
    )*};
}

impl Serializer for KeyWriter {
    type Ok = String;
    type Error = TreeError;
    type SerializeSeq = No;
    type SerializeTuple = No;
    type SerializeTupleStruct = No;
    type SerializeTupleVariant = No;
    type SerializeMap = No;
    type SerializeStruct = No;
    type SerializeStructVariant = No;

    plain!(
        serialize_bool: bool, serialize_i8: i8, serialize_i16: i16, serialize_i32: i32,
        serialize_i64: i64, serialize_i128: i128, serialize_u8: u8, serialize_u16: u16,
        serialize_u32: u32, serialize_u64: u64, serialize_u128: u128, serialize_char: char,
        serialize_str: &str
    );

    fn serialize_f32(self, key: f32) -> Result<String> {
        Ok(format!("{key:?}"))
    }

    fn serialize_f64(self, key: f64) -> Result<String> {
        Ok(format!("{key:?}"))
    }

    fn serialize_bytes(self, _: &[u8]) -> Result<String> {
        refuse("bytes")
    }

    fn serialize_none(self) -> Result<String> {
        refuse("null")
    }

    fn serialize_some<T: Serialize + ?Sized>(self, key: &T) -> Result<String> {
        key.serialize(self)
    }

    fn serialize_unit(self) -> Result<String> {
        refuse("null")
    }

    fn serialize_unit_struct(self, _: &'static str) -> Result<String> {
        refuse("null")
    }

    fn serialize_unit_variant(
        self,
        _: &'static str,
        _: u32,
        variant: &'static str,
    ) -> Result<String> {
        Ok(variant.to_owned())
    }

    fn serialize_newtype_struct<T: Serialize + ?Sized>(
        self,
        _: &'static str,
        key: &T,
    ) -> Result<String> {
        key.serialize(self)
    }

    fn serialize_newtype_variant<T: Serialize + ?Sized>(
        self,
        _: &'static str,
        _: u32,
        _: &'static str,
        _: &T,
    ) -> Result<String> {
        refuse("a variant with data")
    }

    fn serialize_seq(self, _: Option<usize>) -> Result<No> {
        refuse("a list")
    }

    fn serialize_tuple(self, _: usize) -> Result<No> {
        refuse("a tuple")
    }

    fn serialize_tuple_struct(self, _: &'static str, _: usize) -> Result<No> {
        refuse("a tuple")
    }

    fn serialize_tuple_variant(
        self,
        _: &'static str,
        _: u32,
        _: &'static str,
        _: usize,
    ) -> Result<No> {
        refuse("a variant with data")
    }

    fn serialize_map(self, _: Option<usize>) -> Result<No> {
        refuse("a map")
    }

    fn serialize_struct(self, _: &'static str, _: usize) -> Result<No> {
        refuse("a struct")
    }

    fn serialize_struct_variant(
        self,
        _: &'static str,
        _: u32,
        _: &'static str,
        _: usize,
    ) -> Result<No> {
        refuse("a variant with data")
    }
}
