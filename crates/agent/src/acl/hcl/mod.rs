//! HCL in its first version, which rules and configuration entries are written in: blocks, assignments, lists and comments.
//!
//! Later versions read `${…}` in texts and would refuse some rules of old; this one takes texts as
//! they are. A text is read in one pass, and nesting is bounded.

mod lexer;
mod object;
mod parser;
mod text;

use std::fmt;

pub(crate) use object::to_object;
pub(super) use parser::parse;
pub(super) use text::quote;

/// A place in a text: line and column, both from 1.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) struct Position {
    pub(super) line: usize,
    pub(super) column: usize,
}

impl fmt::Display for Position {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "{}:{}", self.line, self.column)
    }
}

/// One key of an item.
#[derive(Clone, Debug, PartialEq)]
pub(super) struct Key {
    pub(super) text: String,
    /// Whether it stands between quotes, as every key does in JSON.
    pub(super) quoted: bool,
    /// Where it stands; JSON has no places.
    pub(super) at: Option<Position>,
}

/// A block or an assignment: `key "label" { … }` or `key = value`.
#[derive(Clone, Debug, PartialEq)]
pub(super) struct Item {
    /// At least one.
    pub(super) keys: Vec<Key>,
    pub(super) value: Value,
    /// Whether an equals sign stands between them.
    pub(super) assigned: bool,
    /// The comments right before it.
    pub(super) comments: Vec<String>,
}

impl Item {
    pub(super) fn new(keys: Vec<Key>, value: Value, assigned: bool) -> Self {
        Self {
            keys,
            value,
            assigned,
            comments: Vec::new(),
        }
    }

    /// Whether it is called `name`, in any case of letters.
    pub(super) fn is(&self, name: &str) -> bool {
        let first = self.keys.first();
        first.is_some_and(|key| key.text.eq_ignore_ascii_case(name))
    }

    pub(super) fn at(&self) -> Option<Position> {
        self.keys.first().and_then(|key| key.at)
    }
}

/// What an item holds.
#[derive(Clone, Debug, PartialEq)]
pub(super) enum Value {
    Object(Vec<Item>),
    List(Vec<Value>, Option<Position>),
    Literal(Literal, Option<Position>),
}

/// A single value.
#[derive(Clone, Debug, PartialEq)]
pub(super) enum Literal {
    Text(String),
    /// As it was written, which is as good as a text.
    Number(String),
    Bool(bool),
    Null,
}
