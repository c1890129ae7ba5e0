//! A builder of filter expressions.

use std::fmt::{self, Write as _};
use std::ops::{BitAnd, BitOr, Not};

/// A filter expression: what a list is to keep, decided by the server.
///
/// It goes into [`QueryOptions::with_filter`](crate::QueryOptions::with_filter), beside plain
/// strings, and into the selector of a binding rule. Fields have the names of the JSON that the
/// call returns: `Node`, `Service.Port`, `Checks.Status`. Which calls filter is in their
/// documentation. A server says `InvalidArgument` for a field that it does not know, and for an
/// operator that the field does not have.
///
/// Values may be any text; numbers and booleans are compared as what the field is.
///
/// ```
/// use quorate_consul::{Filter, QueryOptions};
///
/// let rack = Filter::field("Service.Meta").key("rack").eq("a");
/// let tags = Filter::field("Service.Tags");
/// let filter = rack.and(tags.contains("v2") | Filter::value(8080).is_in("Ports"));
/// assert_eq!(
///     filter.to_string(),
///     r#"Service.Meta["rack"] == "a" and (Service.Tags contains "v2" or "8080" in Ports)"#
/// );
/// let options = QueryOptions::new().with_filter(filter);
/// # assert!(options.query.filter.is_some());
/// ```
#[derive(Clone, Debug, PartialEq, Eq)]
#[must_use]
pub struct Filter(Node);

#[derive(Clone, Debug, PartialEq, Eq)]
enum Node {
    /// One comparison, or text that is not looked into.
    Leaf(String),
    And(Vec<Node>),
    Or(Vec<Node>),
    Not(Box<Node>),
}

impl Filter {
    /// A field to compare, by its path: `Service.Port`.
    ///
    /// The path is of names with dots between them. A part of it that is no name (of letters,
    /// digits, `_` and `/`) is taken as the key of a map; see [`Field::key`] for those with dots.
    pub fn field(path: &str) -> Field {
        Field::from(path)
    }

    /// A value that a list or a map may hold.
    pub fn value(value: impl FilterValue) -> Value {
        Value(quoted(&value.into_text()))
    }

    /// An expression as it stands, unchecked, to be combined with others.
    pub fn raw(expression: impl Into<String>) -> Self {
        Self(Node::Leaf(format!("({})", expression.into())))
    }

    /// Holds when both do.
    pub fn and(self, other: Self) -> Self {
        let (mut all, more) = (self.0.into_and(), other.0.into_and());
        all.extend(more);
        Self(Node::And(all))
    }

    /// Holds when at least one does.
    pub fn or(self, other: Self) -> Self {
        let (mut any, more) = (self.0.into_or(), other.0.into_or());
        any.extend(more);
        Self(Node::Or(any))
    }

    fn not_this(self) -> Self {
        Self(Node::Not(Box::new(self.0)))
    }

    /// Holds when all do; `None` without any.
    #[must_use]
    pub fn all(filters: impl IntoIterator<Item = Self>) -> Option<Self> {
        filters.into_iter().reduce(Self::and)
    }

    /// Holds when at least one does; `None` without any.
    #[must_use]
    pub fn any(filters: impl IntoIterator<Item = Self>) -> Option<Self> {
        filters.into_iter().reduce(Self::or)
    }
}

impl Node {
    fn into_and(self) -> Vec<Self> {
        match self {
            Self::And(nodes) => nodes,
            other => vec![other],
        }
    }

    fn into_or(self) -> Vec<Self> {
        match self {
            Self::Or(nodes) => nodes,
            other => vec![other],
        }
    }

    fn write_joined(f: &mut fmt::Formatter<'_>, nodes: &[Self], word: &str) -> fmt::Result {
        for (at, node) in nodes.iter().enumerate() {
            if at > 0 {
                write!(f, " {word} ")?;
            }
            match node {
                Self::Leaf(_) | Self::Not(_) => write!(f, "{node}")?,
                Self::And(_) | Self::Or(_) => write!(f, "({node})")?,
            }
        }
        Ok(())
    }
}

impl fmt::Display for Node {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Self::Leaf(text) => f.write_str(text),
            Self::And(nodes) => Self::write_joined(f, nodes, "and"),
            Self::Or(nodes) => Self::write_joined(f, nodes, "or"),
            Self::Not(node) => write!(f, "not ({node})"),
        }
    }
}

impl fmt::Display for Filter {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "{}", self.0)
    }
}

impl From<Filter> for String {
    fn from(filter: Filter) -> Self {
        filter.to_string()
    }
}

impl From<&Filter> for String {
    fn from(filter: &Filter) -> Self {
        filter.to_string()
    }
}

/// Holds when it does not.
impl Not for Filter {
    type Output = Self;

    fn not(self) -> Self {
        self.not_this()
    }
}

/// The same as [`Filter::and`].
impl BitAnd for Filter {
    type Output = Self;

    fn bitand(self, other: Self) -> Self {
        self.and(other)
    }
}

/// The same as [`Filter::or`].
impl BitOr for Filter {
    type Output = Self;

    fn bitor(self, other: Self) -> Self {
        self.or(other)
    }
}

/// A field of what is filtered, made by [`Filter::field`].
#[derive(Clone, Debug, PartialEq, Eq)]
#[must_use]
pub struct Field(String);

impl Field {
    /// The value under a key of this map, which may be any text.
    pub fn key(mut self, key: &str) -> Self {
        let _ = write!(self.0, "[{}]", quoted(key));
        self
    }

    /// A field of this one, or of every element of this list.
    pub fn field(mut self, name: &str) -> Self {
        self.push(name);
        self
    }

    /// `==`
    pub fn eq(self, value: impl FilterValue) -> Filter {
        self.compare("==", &value.into_text())
    }

    /// `!=`
    pub fn ne(self, value: impl FilterValue) -> Filter {
        self.compare("!=", &value.into_text())
    }

    /// `contains`: the list has this element, the map this key, the text this part.
    pub fn contains(self, value: impl FilterValue) -> Filter {
        self.compare("contains", &value.into_text())
    }

    /// `not contains`
    pub fn not_contains(self, value: impl FilterValue) -> Filter {
        self.compare("not contains", &value.into_text())
    }

    /// `matches`: a regular expression of Go fits some part of the text.
    pub fn matches(self, pattern: &str) -> Filter {
        self.compare("matches", pattern)
    }

    /// `not matches`
    pub fn not_matches(self, pattern: &str) -> Filter {
        self.compare("not matches", pattern)
    }

    /// `is empty`: the list, the map or the text has nothing.
    pub fn is_empty(self) -> Filter {
        Filter(Node::Leaf(format!("{} is empty", self.0)))
    }

    /// `is not empty`
    pub fn is_not_empty(self) -> Filter {
        Filter(Node::Leaf(format!("{} is not empty", self.0)))
    }

    fn compare(self, operator: &str, value: &str) -> Filter {
        let value = quoted(value);
        Filter(Node::Leaf(format!("{} {operator} {value}", self.0)))
    }

    fn push(&mut self, name: &str) {
        let first = self.0.is_empty();
        if !is_name(name) {
            let _ = write!(self.0, "[{}]", quoted(name));
        } else if first {
            self.0.push_str(name);
        } else {
            self.0.push('.');
            self.0.push_str(name);
        }
    }
}

impl From<&str> for Field {
    fn from(path: &str) -> Self {
        let mut field = Self(String::new());
        for name in path.split('.') {
            field.push(name);
        }
        field
    }
}

/// A value that a list or a map may hold, made by [`Filter::value`].
#[derive(Clone, Debug, PartialEq, Eq)]
#[must_use]
pub struct Value(String);

impl Value {
    /// `in`: the list has this element, the map this key, the text this part.
    pub fn is_in(self, field: impl Into<Field>) -> Filter {
        Filter(Node::Leaf(format!("{} in {}", self.0, field.into().0)))
    }

    /// `not in`
    pub fn is_not_in(self, field: impl Into<Field>) -> Filter {
        Filter(Node::Leaf(format!("{} not in {}", self.0, field.into().0)))
    }
}

/// What a field can be compared with: texts, whole numbers, and booleans.
pub trait FilterValue: private::Sealed {
    /// The value as text, not quoted.
    fn into_text(self) -> String;
}

mod private {
    /// Keeps the texts of values in one hand.
    pub trait Sealed {}
}

macro_rules! values {
    ($($type:ty),+) => {
        $(
            impl private::Sealed for $type {}

            impl FilterValue for $type {
                fn into_text(self) -> String {
                    self.to_string()
                }
            }
        )+
    };
}

values!(
    &str, String, &String, bool, u8, u16, u32, u64, usize, i8, i16, i32, i64, isize
);

/// Whether the language takes it as a name.
fn is_name(name: &str) -> bool {
    let rest = |char: char| char.is_ascii_alphanumeric() || matches!(char, '_' | '/');
    name.starts_with(|char: char| char.is_ascii_alphabetic()) && name.chars().all(rest)
}

/// A text in double quotes. The language ends a text at the first quote, whatever is before it, and
/// reads Go's escapes in it afterwards: so a quote is written by its number.
fn quoted(text: &str) -> String {
    let mut out = String::with_capacity(text.len() + 2);
    out.push('"');
    for char in text.chars() {
        match char {
            '\\' => out.push_str("\\\\"),
            '"' | '\u{0}'..='\u{1f}' | '\u{7f}' => {
                let _ = write!(out, "\\x{:02x}", u32::from(char));
            }
            '\u{fffd}' => out.push_str("\\ufffd"),
            _ => out.push(char),
        }
    }
    out.push('"');
    out
}

#[cfg(test)]
mod tests {
    use super::*;

    fn a() -> Filter {
        Filter::field("A").eq(1)
    }

    #[test]
    fn every_operator_is_printed() {
        let field = || Filter::field("Service.Tags");
        for (filter, text) in [
            (field().eq("x"), r#"Service.Tags == "x""#),
            (field().ne(7), r#"Service.Tags != "7""#),
            (field().contains(true), r#"Service.Tags contains "true""#),
            (
                field().not_contains("x"),
                r#"Service.Tags not contains "x""#,
            ),
            (field().matches("^x"), r#"Service.Tags matches "^x""#),
            (field().not_matches("x"), r#"Service.Tags not matches "x""#),
            (field().is_empty(), "Service.Tags is empty"),
            (field().is_not_empty(), "Service.Tags is not empty"),
            (Filter::value("x").is_in(field()), r#""x" in Service.Tags"#),
            (Filter::value("x").is_not_in("Meta"), r#""x" not in Meta"#),
            (!a(), r#"not (A == "1")"#),
            (Filter::raw("A == 1") & a(), r#"(A == 1) and A == "1""#),
        ] {
            assert_eq!(filter.to_string(), text);
            assert_eq!(String::from(&filter), text);
        }
    }

    #[test]
    fn parentheses_are_where_they_change_the_meaning() {
        let b = || Filter::field("B").eq(2);
        assert_eq!(
            a().and(b()).and(a() | b()).to_string(),
            r#"A == "1" and B == "2" and (A == "1" or B == "2")"#
        );
        assert_eq!(
            ((a() & b()) | !(a() | b())).to_string(),
            r#"(A == "1" and B == "2") or not (A == "1" or B == "2")"#
        );
        assert_eq!(Filter::all([a(), b()]), Some(a() & b()));
        assert_eq!(Filter::any([a(), b()]), Some(a() | b()));
        assert_eq!(Filter::all([]), None);
    }

    #[test]
    fn no_text_can_leave_its_quotes() {
        assert_eq!(
            Filter::field("A").eq("x\" or B == \"\\\n").to_string(),
            r#"A == "x\x22 or B == \x22\\\x0a""#
        );
        assert_eq!(
            Filter::field("Meta").key("a.b\"").eq("é").to_string(),
            r#"Meta["a.b\x22"] == "é""#
        );
        assert_eq!(
            Filter::field("Meta.my-key").is_empty().to_string(),
            r#"Meta["my-key"] is empty"#
        );
        assert_eq!(
            Filter::field("A == 1 or B").field("c").eq("").to_string(),
            r#"["A == 1 or B"].c == """#
        );
    }
}
