//! From a name to the key of a map.

use std::borrow::Cow;

use serde::de::{Deserializer, IntoDeserializer, Visitor};
use serde::forward_to_deserialize_any;

use super::error::TreeError;
use super::options::Scalars;
use super::scalar;

type Result<T> = std::result::Result<T, TreeError>;

/// Reads the key of a map, or the name of a field or variant, which is text unless another type is
/// wanted.
#[derive(Clone, Debug)]
pub(super) struct Name<'a>(pub(super) Cow<'a, str>);

macro_rules! numbers {
    ($($method:ident $visit:ident $type:ty, $expected:literal;)*) => {$(
        fn $method<V: Visitor<'de>>(self, visitor: V) -> Result<V::Value> {
            let number = scalar::number::<$type>(self.0.as_bytes(), $expected, Scalars::Text)?;
            visitor.$visit(number)
        }
    )*};
}

impl<'de> Deserializer<'de> for Name<'_> {
    type Error = TreeError;

    fn deserialize_any<V: Visitor<'de>>(self, visitor: V) -> Result<V::Value> {
        match self.0 {
            Cow::Borrowed(name) => visitor.visit_str(name),
            Cow::Owned(name) => visitor.visit_string(name),
        }
    }

    numbers! {
        deserialize_i8 visit_i8 i8, "a number (i8) as key";
        deserialize_i16 visit_i16 i16, "a number (i16) as key";
        deserialize_i32 visit_i32 i32, "a number (i32) as key";
        deserialize_i64 visit_i64 i64, "a number (i64) as key";
        deserialize_i128 visit_i128 i128, "a number (i128) as key";
        deserialize_u8 visit_u8 u8, "a number (u8) as key";
        deserialize_u16 visit_u16 u16, "a number (u16) as key";
        deserialize_u32 visit_u32 u32, "a number (u32) as key";
        deserialize_u64 visit_u64 u64, "a number (u64) as key";
        deserialize_u128 visit_u128 u128, "a number (u128) as key";
        deserialize_f32 visit_f32 f32, "a number (f32) as key";
        deserialize_f64 visit_f64 f64, "a number (f64) as key";
    }

    fn deserialize_bool<V: Visitor<'de>>(self, visitor: V) -> Result<V::Value> {
        visitor.visit_bool(scalar::flag(self.0.as_bytes(), Scalars::Text)?)
    }

    fn deserialize_option<V: Visitor<'de>>(self, visitor: V) -> Result<V::Value> {
        visitor.visit_some(self)
    }

    fn deserialize_newtype_struct<V: Visitor<'de>>(
        self,
        _: &'static str,
        visitor: V,
    ) -> Result<V::Value> {
        visitor.visit_newtype_struct(self)
    }

    fn deserialize_enum<V: Visitor<'de>>(
        self,
        _: &'static str,
        _: &'static [&'static str],
        visitor: V,
    ) -> Result<V::Value> {
        visitor.visit_enum(self.0.as_ref().into_deserializer())
    }

    forward_to_deserialize_any! {
        char str string bytes byte_buf unit unit_struct seq tuple tuple_struct map struct
        identifier ignored_any
    }
}
