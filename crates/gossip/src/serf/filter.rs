//! Who is to answer a query.

use std::collections::BTreeMap;

use bytes::Bytes;
use regex::{Regex, RegexBuilder};

use crate::engine::Failure;
use crate::msgpack::{Body as _, DecodeError, Field, Reader, Writer, bodies};

/// One condition on who is to answer a query; of several, all must hold.
#[derive(Clone, Debug, PartialEq, Eq)]
#[non_exhaustive]
pub enum Filter {
    /// The members of these names.
    Nodes(Vec<String>),
    /// The members of which a tag matches a regular expression anywhere; a tag that is missing is
    /// empty.
    Tag {
        /// The tag.
        tag: String,
        /// The expression.
        expression: String,
    },
}

bodies! {
    /// The second sort of filter on the wire.
    TagFilter {
        expression: String = "Expr",
        tag: String = "Tag",
    }
}

const NODES: u8 = 0;
const TAG: u8 = 1;

/// How large a compiled expression may be: strangers send them.
const COMPILED: usize = 256 << 10;

fn compile(expression: &str) -> Result<Regex, regex::Error> {
    RegexBuilder::new(expression).size_limit(COMPILED).build()
}

impl Filter {
    /// The bytes in a query.
    pub fn encode(&self) -> Vec<u8> {
        match self {
            Self::Nodes(nodes) => {
                let mut out = Writer::old(&[NODES]);
                nodes.put(&mut out);
                out.into_bytes()
            }
            Self::Tag { tag, expression } => {
                let (tag, expression) = (tag.clone(), expression.clone());
                TagFilter { expression, tag }.encode(TAG)
            }
        }
    }

    /// From the bytes in a query.
    ///
    /// # Errors
    ///
    /// [`DecodeError`] for anything else.
    pub fn decode(bytes: &[u8]) -> Result<Self, DecodeError> {
        match bytes.split_first() {
            Some((&NODES, body)) => Field::take(&mut Reader::new(body)).map(Self::Nodes),
            Some((&TAG, body)) => {
                let TagFilter { expression, tag } = TagFilter::decode(body)?;
                Ok(Self::Tag { tag, expression })
            }
            Some((&kind, _)) => Err(DecodeError::Kind(kind)),
            None => Err(DecodeError::Truncated),
        }
    }

    pub(super) fn check(&self) -> Result<(), Failure> {
        let Self::Tag { expression, .. } = self else {
            return Ok(());
        };
        match compile(expression) {
            Ok(_) => Ok(()),
            Err(error) => Err(Failure::Filter {
                expression: expression.clone(),
                reason: error.to_string(),
            }),
        }
    }

    fn holds(&self, name: &str, tags: &BTreeMap<String, String>) -> bool {
        match self {
            Self::Nodes(nodes) => nodes.iter().any(|node| node == name),
            Self::Tag { tag, expression } => {
                let value = tags.get(tag).map(String::as_str).unwrap_or_default();
                compile(expression).is_ok_and(|expression| expression.is_match(value))
            }
        }
    }
}

/// Whether a member is to answer; it is not if a filter cannot be read.
pub(super) fn all_hold(filters: &[Bytes], name: &str, tags: &BTreeMap<String, String>) -> bool {
    filters
        .iter()
        .all(|filter| Filter::decode(filter).is_ok_and(|filter| filter.holds(name, tags)))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn filters_come_back_and_hold_where_they_should() {
        let tags = BTreeMap::from([("role".to_owned(), "webserver".to_owned())]);
        let tag = |expression: &str| Filter::Tag {
            tag: "role".to_owned(),
            expression: expression.to_owned(),
        };
        for (filter, holds) in [
            (Filter::Nodes(vec!["a".into(), "b".into()]), true),
            (Filter::Nodes(vec!["b".into()]), false),
            (tag("web"), true),
            (tag("^server"), false),
            (tag("("), false),
        ] {
            assert_eq!(Filter::decode(&filter.encode()), Ok(filter.clone()));
            assert_eq!(
                all_hold(&[filter.encode().into()], "a", &tags),
                holds,
                "{filter:?}"
            );
        }
        assert!(!all_hold(&[Bytes::from_static(b"\x09")], "a", &tags));
        assert!(tag("(").check().is_err());
    }
}
