//! From a value to a tree.

use std::cell::Cell;

use serde::ser::{Serialize, Serializer};

use super::error::{TreeError, TreeProblem};
use super::name::escape;
use super::node::Node;
use super::options::{Scalars, TreeOptions};
use super::scalar;
use super::ser_compound::{Fields, Items, Map};

/// The tree of `value`.
pub(super) fn to_node<T: Serialize + ?Sized>(
    value: &T,
    options: &TreeOptions,
) -> Result<Node, TreeError> {
    let budget = Budget {
        entries: Cell::new(options.max_entries),
        bytes: Cell::new(options.max_bytes),
    };
    value.serialize(Writer {
        options,
        budget: &budget,
        depth: 0,
        is_field: false,
    })
}

/// What may still be written.
#[derive(Debug)]
pub(super) struct Budget {
    entries: Cell<usize>,
    bytes: Cell<usize>,
}

/// Writes one value; it is copied for each.
#[derive(Clone, Copy, Debug)]
pub(super) struct Writer<'a> {
    pub(super) options: &'a TreeOptions,
    pub(super) budget: &'a Budget,
    pub(super) depth: usize,
    /// It is a field of a struct, where `None` is nothing.
    pub(super) is_field: bool,
}

impl<'a> Writer<'a> {
    /// The writer of what is one level beneath.
    pub(super) fn deeper(self) -> Result<Self, TreeError> {
        let limit = self.options.depth();
        if self.depth >= limit {
            return Err(TreeProblem::TooDeep { limit }.into());
        }
        Ok(Self {
            depth: self.depth + 1,
            is_field: false,
            ..self
        })
    }

    /// Counts one more key, of so many bytes.
    pub(super) fn spend(self, bytes: usize) -> Result<(), TreeError> {
        let limit = self.options.max_entries;
        let entries = self.budget.entries.get().checked_sub(1);
        let entries = entries.ok_or(TreeProblem::TooMany { limit })?;
        let limit = self.options.max_bytes;
        let bytes = self.budget.bytes.get().checked_sub(bytes);
        let bytes = bytes.ok_or(TreeProblem::TooLarge { limit })?;
        self.budget.entries.set(entries);
        self.budget.bytes.set(bytes);
        Ok(())
    }

    fn leaf(self, value: Vec<u8>) -> Result<Node, TreeError> {
        self.spend(value.len())?;
        Ok(Node::leaf(value))
    }

    fn plain(self, value: &impl ToString) -> Result<Node, TreeError> {
        self.leaf(value.to_string().into_bytes())
    }

    fn null(self) -> Result<Node, TreeError> {
        match self.options.scalars {
            Scalars::Text => {
                self.spend(0)?;
                Ok(Node::null())
            }
            Scalars::Json => self.leaf(b"null".to_vec()),
        }
    }

    fn items(self, variant: Option<&'static str>) -> Result<Items<'a>, TreeError> {
        let writer = self.within(variant)?;
        Ok(Items::new(writer, variant))
    }

    /// The writer of what a variant holds: one level beneath its name.
    fn within(self, variant: Option<&'static str>) -> Result<Self, TreeError> {
        match variant {
            Some(_) => self.deeper(),
            None => Ok(self),
        }
    }
}

/// The directory of a variant that holds `inner`. It takes the place of another variant.
pub(super) fn tagged(variant: Option<&'static str>, inner: Node) -> Node {
    match variant {
        None => inner,
        Some(variant) => Node {
            whole: true,
            ..Node::map([(escape(variant).into_owned(), inner)].into())
        },
    }
}

macro_rules! plain {
    ($($method:ident: $type:ty),*) => {$(
        fn $method(self, value: $type) -> Result<Node, TreeError> {
            self.plain(&value)
        }
    )*};
}

impl<'a> Serializer for Writer<'a> {
    type Ok = Node;
    type Error = TreeError;
    type SerializeSeq = Items<'a>;
    type SerializeTuple = Items<'a>;
    type SerializeTupleStruct = Items<'a>;
    type SerializeTupleVariant = Items<'a>;
    type SerializeMap = Map<'a>;
    type SerializeStruct = Fields<'a>;
    type SerializeStructVariant = Fields<'a>;

    plain!(
        serialize_bool: bool, serialize_i8: i8, serialize_i16: i16, serialize_i32: i32,
        serialize_i64: i64, serialize_i128: i128, serialize_u8: u8, serialize_u16: u16,
        serialize_u32: u32, serialize_u64: u64, serialize_u128: u128
    );

    fn serialize_f32(self, value: f32) -> Result<Node, TreeError> {
        let text = format!("{value:?}");
        let leaf = scalar::write_float(value.is_finite(), text, self.options.scalars)?;
        self.leaf(leaf)
    }

    fn serialize_f64(self, value: f64) -> Result<Node, TreeError> {
        let text = format!("{value:?}");
        let leaf = scalar::write_float(value.is_finite(), text, self.options.scalars)?;
        self.leaf(leaf)
    }

    fn serialize_char(self, value: char) -> Result<Node, TreeError> {
        self.serialize_str(value.encode_utf8(&mut [0; 4]))
    }

    fn serialize_str(self, value: &str) -> Result<Node, TreeError> {
        let leaf = scalar::write_text(value, self.options.scalars)?;
        self.leaf(leaf)
    }

    fn serialize_bytes(self, value: &[u8]) -> Result<Node, TreeError> {
        self.leaf(value.to_vec())
    }

    fn serialize_none(self) -> Result<Node, TreeError> {
        if self.is_field {
            return Ok(Node::nothing());
        }
        self.null()
    }

    fn serialize_some<T: Serialize + ?Sized>(self, value: &T) -> Result<Node, TreeError> {
        let is_field = false;
        value.serialize(Self { is_field, ..self })
    }

    fn serialize_unit(self) -> Result<Node, TreeError> {
        self.null()
    }

    fn serialize_unit_struct(self, _: &'static str) -> Result<Node, TreeError> {
        self.null()
    }

    fn serialize_unit_variant(
        self,
        _: &'static str,
        _: u32,
        variant: &'static str,
    ) -> Result<Node, TreeError> {
        self.serialize_str(variant)
    }

    fn serialize_newtype_struct<T: Serialize + ?Sized>(
        self,
        _: &'static str,
        value: &T,
    ) -> Result<Node, TreeError> {
        value.serialize(self)
    }

    fn serialize_newtype_variant<T: Serialize + ?Sized>(
        self,
        _: &'static str,
        _: u32,
        variant: &'static str,
        value: &T,
    ) -> Result<Node, TreeError> {
        let inner = value.serialize(self.deeper()?);
        let inner = inner.map_err(|error| error.beneath(&escape(variant)))?;
        Ok(tagged(Some(variant), inner))
    }

    fn serialize_seq(self, _: Option<usize>) -> Result<Items<'a>, TreeError> {
        self.items(None)
    }

    fn serialize_tuple(self, _: usize) -> Result<Items<'a>, TreeError> {
        self.items(None)
    }

    fn serialize_tuple_struct(self, _: &'static str, _: usize) -> Result<Items<'a>, TreeError> {
        self.items(None)
    }

    fn serialize_tuple_variant(
        self,
        _: &'static str,
        _: u32,
        variant: &'static str,
        _: usize,
    ) -> Result<Items<'a>, TreeError> {
        self.items(Some(variant))
    }

    fn serialize_map(self, _: Option<usize>) -> Result<Map<'a>, TreeError> {
        Ok(Map::new(self))
    }

    fn serialize_struct(self, _: &'static str, _: usize) -> Result<Fields<'a>, TreeError> {
        Ok(Fields::new(self, None))
    }

    fn serialize_struct_variant(
        self,
        _: &'static str,
        _: u32,
        variant: &'static str,
        _: usize,
    ) -> Result<Fields<'a>, TreeError> {
        let writer = self.within(Some(variant))?;
        Ok(Fields::new(writer, Some(variant)))
    }
}
