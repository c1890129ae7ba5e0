//! Which events a stream tells.

use std::fmt;
use std::str::FromStr;

use super::{EventRecord, MemberChange};

/// Which events a stream tells. A stream has several of them; an event that matches one is told.
#[derive(Clone, Debug, PartialEq, Eq, Hash, PartialOrd, Ord)]
#[non_exhaustive]
pub enum EventFilter {
    /// All of them: `*`.
    All,
    /// Those of members with this change: `member-join` and so on.
    Member(MemberChange),
    /// User events: all of them (`user`), or those of exactly this name (`user:NAME`).
    User(Option<String>),
    /// Queries: all of them (`query`), or those of exactly this name (`query:NAME`).
    Query(Option<String>),
}

/// Text that is no filter of events. A real agent refuses it with `Invalid event filter`.
#[derive(Clone, Debug, PartialEq, Eq, thiserror::Error)]
#[error(
    "no event filter: {0:?}; there are *, member-join, member-leave, member-failed, member-update, member-reap, \
     user, user:NAME, query and query:NAME, with commas and no blanks between them"
)]
pub struct InvalidFilter(pub String);

impl EventFilter {
    /// The filters in a list with commas between them. An empty list is [`EventFilter::All`].
    ///
    /// # Errors
    /// When one of them is none, or a name has a comma in it.
    pub fn parse_list(list: &str) -> Result<Vec<Self>, InvalidFilter> {
        if list.is_empty() {
            return Ok(vec![Self::All]);
        }
        list.split(',').map(str::parse).collect()
    }

    /// The list that [`parse_list`](Self::parse_list) reads.
    ///
    /// # Errors
    /// When a name has a comma in it, which the protocol can't say.
    pub fn format_list(filters: &[Self]) -> Result<String, InvalidFilter> {
        let words: Vec<String> = filters.iter().map(ToString::to_string).collect();
        match words.iter().find(|word| word.contains(',')) {
            Some(word) => Err(InvalidFilter(word.clone())),
            None => Ok(words.join(",")),
        }
    }

    /// Whether an event is one of these.
    #[must_use]
    pub fn matches(&self, event: &EventRecord) -> bool {
        match (self, event) {
            (Self::All, _) => true,
            (Self::Member(wanted), EventRecord::Member { change, .. }) => wanted == change,
            (Self::User(wanted), EventRecord::User { name, .. })
            | (Self::Query(wanted), EventRecord::Query { name, .. }) => {
                wanted.as_ref().is_none_or(|wanted| wanted == name)
            }
            _ => false,
        }
    }
}

impl fmt::Display for EventFilter {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Self::All => f.write_str("*"),
            Self::Member(change) => f.write_str(change.as_str()),
            Self::User(None) => f.write_str("user"),
            Self::User(Some(name)) => write!(f, "user:{name}"),
            Self::Query(None) => f.write_str("query"),
            Self::Query(Some(name)) => write!(f, "query:{name}"),
        }
    }
}

impl FromStr for EventFilter {
    type Err = InvalidFilter;

    fn from_str(word: &str) -> Result<Self, InvalidFilter> {
        if let Some(change) = MemberChange::ALL
            .iter()
            .find(|change| change.as_str() == word)
        {
            return Ok(Self::Member(*change));
        }
        Ok(match word.split_once(':') {
            None if word == "*" => Self::All,
            None if word == "user" => Self::User(None),
            None if word == "query" => Self::Query(None),
            Some(("user", name)) => Self::User(Some(name.to_owned())),
            Some(("query", name)) => Self::Query(Some(name.to_owned())),
            _ => return Err(InvalidFilter(word.to_owned())),
        })
    }
}
