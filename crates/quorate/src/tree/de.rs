//! From a tree to a value.

use serde::de::{
    Deserialize, DeserializeSeed, Deserializer, EnumAccess, IntoDeserializer, MapAccess,
    VariantAccess, Visitor,
};

use super::de_key::Name;
use super::error::{TreeError, TreeProblem};
use super::name::{escape, index_order, is_index, unescape};
use super::node::Node;
use super::options::Scalars;
use super::scalar::{self, wrong};

type Result<T> = std::result::Result<T, TreeError>;

/// The value that `node` is.
pub(super) fn from_node<'de, T: Deserialize<'de>>(node: &Node, scalars: Scalars) -> Result<T> {
    T::deserialize(Reader { node, scalars })
}

/// Reads one place of a tree.
#[derive(Clone, Copy, Debug)]
pub(super) struct Reader<'a> {
    node: &'a Node,
    scalars: Scalars,
}

impl<'a> Reader<'a> {
    /// The leaf here, which was wanted as `expected`.
    fn leaf(self, expected: &str) -> Result<&'a [u8]> {
        match &self.node.value {
            Some(value) => Ok(value),
            None => Err(wrong(expected, self.found())),
        }
    }

    /// Requires that there is a directory, because `expected` is one.
    fn directory(self, expected: &str) -> Result<()> {
        if self.node.is_directory() {
            return Ok(());
        }
        Err(wrong(expected, self.found()))
    }

    fn found(self) -> &'static str {
        let node = self.node;
        match &node.value {
            _ if node.is_directory() && node.is_list() => "a list",
            _ if node.is_directory() => "a map",
            None if node.is_null() => "null",
            None => "nothing",
            Some(value) if scalar::is_null(value, self.scalars) => "null",
            Some(_) => "a single value",
        }
    }

    fn is_null(self) -> bool {
        let null = |value: &[u8]| scalar::is_null(value, self.scalars);
        self.node.is_null()
            || self.node.children.is_empty() && self.node.value.as_deref().is_some_and(null)
    }

    fn text(self, expected: &str) -> Result<std::borrow::Cow<'a, str>> {
        scalar::text(self.leaf(expected)?, self.scalars)
    }

    /// The children as a map: their names as keys.
    fn fields(self) -> Fields<'a> {
        let written = |name: &str| escape(&unescape(name)) == name;
        let children = &self.node.children;
        // Of two names that are read as the same, the one that would be written counts.
        let counts = move |name: &str| {
            written(name) || !children.contains_key(escape(&unescape(name)).as_ref())
        };
        let mut named: Vec<_> = self.node.children.iter().collect();
        named.retain(|(name, _)| counts(name));
        named.reverse();
        Fields {
            rest: named,
            next: None,
            scalars: self.scalars,
        }
    }

    /// The children as a list, in the order of their numbers.
    fn items(self) -> Result<Items<'a>> {
        let mut items: Vec<_> = self.node.children.iter().collect();
        if let Some((name, _)) = items.iter().find(|(name, _)| !is_index(name)) {
            return Err(TreeError::from(TreeProblem::NotAnIndex).beneath(name));
        }
        items.sort_by(|(a, _), (b, _)| index_order(b).cmp(&index_order(a)));
        Ok(Items {
            rest: items,
            scalars: self.scalars,
        })
    }
}

macro_rules! numbers {
    ($($method:ident $visit:ident $type:ty, $expected:literal;)*) => {$(
        fn $method<V: Visitor<'de>>(self, visitor: V) -> Result<V::Value> {
            let value = self.leaf($expected)?;
            visitor.$visit(scalar::number::<$type>(value, $expected, self.scalars)?)
        }
    )*};
}

impl<'de> Deserializer<'de> for Reader<'_> {
    type Error = TreeError;

    fn deserialize_any<V: Visitor<'de>>(self, visitor: V) -> Result<V::Value> {
        let value = self.node.value.as_deref();
        if self.node.is_directory() {
            return match value {
                Some(value) if !value.is_empty() => Err(TreeProblem::Ambiguous.into()),
                _ if self.node.is_list() => self.deserialize_seq(visitor),
                _ => self.deserialize_map(visitor),
            };
        }
        match value {
            Some(value) => scalar::any(value, self.scalars, visitor),
            None if self.node.is_null() => visitor.visit_unit(),
            None => Err(TreeProblem::Absent.into()),
        }
    }

    numbers! {
        deserialize_i8 visit_i8 i8, "a number (i8)";
        deserialize_i16 visit_i16 i16, "a number (i16)";
        deserialize_i32 visit_i32 i32, "a number (i32)";
        deserialize_i64 visit_i64 i64, "a number (i64)";
        deserialize_i128 visit_i128 i128, "a number (i128)";
        deserialize_u8 visit_u8 u8, "a number (u8)";
        deserialize_u16 visit_u16 u16, "a number (u16)";
        deserialize_u32 visit_u32 u32, "a number (u32)";
        deserialize_u64 visit_u64 u64, "a number (u64)";
        deserialize_u128 visit_u128 u128, "a number (u128)";
        deserialize_f32 visit_f32 f32, "a number (f32)";
        deserialize_f64 visit_f64 f64, "a number (f64)";
    }

    fn deserialize_bool<V: Visitor<'de>>(self, visitor: V) -> Result<V::Value> {
        let value = self.leaf("true or false")?;
        visitor.visit_bool(scalar::flag(value, self.scalars)?)
    }

    fn deserialize_char<V: Visitor<'de>>(self, visitor: V) -> Result<V::Value> {
        let text = self.text("a character")?;
        let mut chars = text.chars();
        match (chars.next(), chars.next()) {
            (Some(c), None) => visitor.visit_char(c),
            _ => Err(wrong("a character", "another value")),
        }
    }

    fn deserialize_str<V: Visitor<'de>>(self, visitor: V) -> Result<V::Value> {
        visitor.visit_str(&self.text("a text")?)
    }

    fn deserialize_string<V: Visitor<'de>>(self, visitor: V) -> Result<V::Value> {
        visitor.visit_string(self.text("a text")?.into_owned())
    }

    fn deserialize_bytes<V: Visitor<'de>>(self, visitor: V) -> Result<V::Value> {
        if self.node.value.is_none() && self.node.is_directory() {
            return self.deserialize_seq(visitor);
        }
        visitor.visit_bytes(self.leaf("bytes")?)
    }

    fn deserialize_byte_buf<V: Visitor<'de>>(self, visitor: V) -> Result<V::Value> {
        self.deserialize_bytes(visitor)
    }

    fn deserialize_option<V: Visitor<'de>>(self, visitor: V) -> Result<V::Value> {
        if self.is_null() {
            return visitor.visit_none();
        }
        visitor.visit_some(self)
    }

    fn deserialize_unit<V: Visitor<'de>>(self, visitor: V) -> Result<V::Value> {
        if self.is_null() {
            return visitor.visit_unit();
        }
        Err(wrong("null", self.found()))
    }

    fn deserialize_unit_struct<V: Visitor<'de>>(
        self,
        _: &'static str,
        visitor: V,
    ) -> Result<V::Value> {
        self.deserialize_unit(visitor)
    }

    fn deserialize_newtype_struct<V: Visitor<'de>>(
        self,
        _: &'static str,
        visitor: V,
    ) -> Result<V::Value> {
        visitor.visit_newtype_struct(self)
    }

    fn deserialize_seq<V: Visitor<'de>>(self, visitor: V) -> Result<V::Value> {
        self.directory("a list")?;
        let mut items = self.items()?;
        let value = visitor.visit_seq(&mut items)?;
        match items.rest.len() {
            0 => Ok(value),
            _ => Err(wrong("a shorter list", "more items")),
        }
    }

    fn deserialize_tuple<V: Visitor<'de>>(self, _: usize, visitor: V) -> Result<V::Value> {
        self.deserialize_seq(visitor)
    }

    fn deserialize_tuple_struct<V: Visitor<'de>>(
        self,
        _: &'static str,
        _: usize,
        visitor: V,
    ) -> Result<V::Value> {
        self.deserialize_seq(visitor)
    }

    fn deserialize_map<V: Visitor<'de>>(self, visitor: V) -> Result<V::Value> {
        self.directory("a map")?;
        visitor.visit_map(self.fields())
    }

    fn deserialize_struct<V: Visitor<'de>>(
        self,
        _: &'static str,
        _: &'static [&'static str],
        visitor: V,
    ) -> Result<V::Value> {
        self.deserialize_map(visitor)
    }

    fn deserialize_enum<V: Visitor<'de>>(
        self,
        _: &'static str,
        _: &'static [&'static str],
        visitor: V,
    ) -> Result<V::Value> {
        if !self.node.is_directory() {
            let text = self.text("a variant")?;
            return visitor.visit_enum(text.as_ref().into_deserializer());
        }
        let mut fields = self.fields();
        match (fields.rest.pop(), fields.rest.is_empty()) {
            (Some((name, node)), true) => visitor.visit_enum(Variant {
                name,
                content: Self { node, ..self },
            }),
            _ => Err(wrong("a variant, as the one child", self.found())),
        }
    }

    fn deserialize_identifier<V: Visitor<'de>>(self, visitor: V) -> Result<V::Value> {
        self.deserialize_str(visitor)
    }

    fn deserialize_ignored_any<V: Visitor<'de>>(self, visitor: V) -> Result<V::Value> {
        visitor.visit_unit()
    }
}

/// The children of a directory, from the last to the first.
#[derive(Debug)]
struct Fields<'a> {
    rest: Vec<(&'a String, &'a Node)>,
    next: Option<(&'a String, &'a Node)>,
    scalars: Scalars,
}

impl<'de> MapAccess<'de> for Fields<'_> {
    type Error = TreeError;

    fn next_key_seed<K: DeserializeSeed<'de>>(&mut self, seed: K) -> Result<Option<K::Value>> {
        self.next = self.rest.pop();
        let Some((name, _)) = self.next else {
            return Ok(None);
        };
        let key = seed.deserialize(Name(unescape(name)));
        key.map(Some).map_err(|error| error.beneath(name))
    }

    fn next_value_seed<S: DeserializeSeed<'de>>(&mut self, seed: S) -> Result<S::Value> {
        let Some((name, node)) = self.next.take() else {
            return Err(serde::de::Error::custom(
                "a value was asked for before its key",
            ));
        };
        let scalars = self.scalars;
        let value = seed.deserialize(Reader { node, scalars });
        value.map_err(|error| error.beneath(name))
    }

    fn size_hint(&self) -> Option<usize> {
        Some(self.rest.len())
    }
}

/// The items of a list, from the last to the first.
#[derive(Debug)]
struct Items<'a> {
    rest: Vec<(&'a String, &'a Node)>,
    scalars: Scalars,
}

impl<'de> serde::de::SeqAccess<'de> for &mut Items<'_> {
    type Error = TreeError;

    fn next_element_seed<S: DeserializeSeed<'de>>(&mut self, seed: S) -> Result<Option<S::Value>> {
        let Some((name, node)) = self.rest.pop() else {
            return Ok(None);
        };
        let scalars = self.scalars;
        let item = seed.deserialize(Reader { node, scalars });
        item.map(Some).map_err(|error| error.beneath(name))
    }

    fn size_hint(&self) -> Option<usize> {
        Some(self.rest.len())
    }
}

/// A variant with data.
#[derive(Debug)]
struct Variant<'a> {
    name: &'a str,
    content: Reader<'a>,
}

impl<'de, 'a> EnumAccess<'de> for Variant<'a> {
    type Error = TreeError;
    type Variant = Self;

    fn variant_seed<S: DeserializeSeed<'de>>(self, seed: S) -> Result<(S::Value, Self)> {
        Ok((seed.deserialize(Name(unescape(self.name)))?, self))
    }
}

impl<'de> VariantAccess<'de> for Variant<'_> {
    type Error = TreeError;

    fn unit_variant(self) -> Result<()> {
        let read = <()>::deserialize(self.content);
        read.map_err(|error| error.beneath(self.name))
    }

    fn newtype_variant_seed<S: DeserializeSeed<'de>>(self, seed: S) -> Result<S::Value> {
        let read = seed.deserialize(self.content);
        read.map_err(|error| error.beneath(self.name))
    }

    fn tuple_variant<V: Visitor<'de>>(self, _: usize, visitor: V) -> Result<V::Value> {
        let read = self.content.deserialize_seq(visitor);
        read.map_err(|error| error.beneath(self.name))
    }

    fn struct_variant<V: Visitor<'de>>(
        self,
        _: &'static [&'static str],
        visitor: V,
    ) -> Result<V::Value> {
        let read = self.content.deserialize_map(visitor);
        read.map_err(|error| error.beneath(self.name))
    }
}
