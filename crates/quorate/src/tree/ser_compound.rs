//! From maps, structs and lists to directories.

use std::collections::BTreeMap;
use std::collections::btree_map::Entry;

use serde::ser::{
    Serialize, SerializeMap, SerializeSeq, SerializeStruct, SerializeStructVariant, SerializeTuple,
    SerializeTupleStruct, SerializeTupleVariant,
};

use super::error::{TreeError, TreeProblem};
use super::name::{escape, item_name};
use super::node::Node;
use super::options::ListNames;
use super::ser::{Writer, tagged};
use super::ser_key::KeyWriter;

type Result<T> = std::result::Result<T, TreeError>;

/// What a marker takes of the bytes that are allowed: little, and the same for all.
const MARK_BYTES: usize = 2;

/// The items of a list.
#[derive(Debug)]
pub(super) struct Items<'a> {
    writer: Writer<'a>,
    variant: Option<&'static str>,
    items: BTreeMap<String, Node>,
    count: u64,
}

impl<'a> Items<'a> {
    pub(super) fn new(writer: Writer<'a>, variant: Option<&'static str>) -> Self {
        Self {
            writer,
            variant,
            items: BTreeMap::new(),
            count: 0,
        }
    }

    fn push<T: Serialize + ?Sized>(&mut self, value: &T) -> Result<()> {
        self.count += 1;
        let padded = self.writer.options.list_names == ListNames::Padded;
        let name = item_name(self.count, padded);
        let writer = self.writer.deeper();
        let item = writer.and_then(|writer| value.serialize(writer));
        let item = item.map_err(|error| within(error.beneath(&name), self.variant))?;
        self.items.insert(name, item);
        Ok(())
    }

    fn finish(self) -> Result<Node> {
        let list = Node::list(self.items);
        if list.kind.is_some() {
            let spent = self.writer.spend(MARK_BYTES);
            spent.map_err(|error| within(error, self.variant))?;
        }
        Ok(tagged(self.variant, list))
    }
}

fn within(error: TreeError, variant: Option<&'static str>) -> TreeError {
    match variant {
        Some(variant) => error.beneath(&escape(variant)),
        None => error,
    }
}

macro_rules! items {
    ($($kind:ident, $method:ident);*) => {$(
        impl $kind for Items<'_> {
            type Ok = Node;
            type Error = TreeError;

            fn $method<T: Serialize + ?Sized>(&mut self, value: &T) -> Result<()> {
                self.push(value)
            }

            fn end(self) -> Result<Node> {
                self.finish()
            }
        }
    )*};
}

items!(
    SerializeSeq, serialize_element;
    SerializeTuple, serialize_element;
    SerializeTupleStruct, serialize_field;
    SerializeTupleVariant, serialize_field
);

/// The fields of a struct.
#[derive(Debug)]
pub(super) struct Fields<'a> {
    writer: Writer<'a>,
    variant: Option<&'static str>,
    children: BTreeMap<String, Node>,
}

impl<'a> Fields<'a> {
    pub(super) fn new(writer: Writer<'a>, variant: Option<&'static str>) -> Self {
        Self {
            writer,
            variant,
            children: BTreeMap::new(),
        }
    }

    fn push<T: Serialize + ?Sized>(&mut self, field: &'static str, value: &T) -> Result<()> {
        let name = escape(field);
        let added = add(self.writer, &mut self.children, &name, value, true);
        added.map_err(|error| within(error, self.variant))
    }

    /// A field that is left out by its own rule is gone, as one that is `None`.
    fn skip(&mut self, field: &'static str) {
        let nothing = Node::nothing();
        self.children.insert(escape(field).into_owned(), nothing);
    }

    fn finish(self) -> Result<Node> {
        let map = directory(self.writer, self.children);
        let map = map.map_err(|error| within(error, self.variant))?;
        Ok(tagged(self.variant, map))
    }
}

macro_rules! fields {
    ($($kind:ident),*) => {$(
        impl $kind for Fields<'_> {
            type Ok = Node;
            type Error = TreeError;

            fn serialize_field<T: Serialize + ?Sized>(
                &mut self,
                field: &'static str,
                value: &T,
            ) -> Result<()> {
                self.push(field, value)
            }

            fn skip_field(&mut self, field: &'static str) -> Result<()> {
                self.skip(field);
                Ok(())
            }

            fn end(self) -> Result<Node> {
                self.finish()
            }
        }
    )*};
}

fields!(SerializeStruct, SerializeStructVariant);

/// The keys of a map.
#[derive(Debug)]
pub(super) struct Map<'a> {
    writer: Writer<'a>,
    children: BTreeMap<String, Node>,
    name: String,
}

impl<'a> Map<'a> {
    pub(super) fn new(writer: Writer<'a>) -> Self {
        Self {
            writer,
            children: BTreeMap::new(),
            name: String::new(),
        }
    }
}

impl SerializeMap for Map<'_> {
    type Ok = Node;
    type Error = TreeError;

    fn serialize_key<T: Serialize + ?Sized>(&mut self, key: &T) -> Result<()> {
        self.name = escape(&key.serialize(KeyWriter)?).into_owned();
        Ok(())
    }

    fn serialize_value<T: Serialize + ?Sized>(&mut self, value: &T) -> Result<()> {
        let name = std::mem::take(&mut self.name);
        add(self.writer, &mut self.children, &name, value, false)
    }

    fn end(self) -> Result<Node> {
        directory(self.writer, self.children)
    }
}

/// Writes one child; the error says which it was.
fn add<T: Serialize + ?Sized>(
    writer: Writer<'_>,
    children: &mut BTreeMap<String, Node>,
    name: &str,
    value: &T,
    is_field: bool,
) -> Result<()> {
    let mut child = || {
        let writer = writer.deeper()?;
        let child = value.serialize(Writer { is_field, ..writer })?;
        match children.entry(name.to_owned()) {
            Entry::Occupied(_) => Err(TreeProblem::DuplicateName.into()),
            Entry::Vacant(place) => {
                place.insert(child);
                Ok(())
            }
        }
    };
    child().map_err(|error: TreeError| error.beneath(name))
}

fn directory(writer: Writer<'_>, children: BTreeMap<String, Node>) -> Result<Node> {
    let map = Node::map(children);
    if map.kind.is_some() {
        writer.spend(MARK_BYTES)?;
    }
    Ok(map)
}
