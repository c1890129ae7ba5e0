//! What was done to a node: the answers of `/v2/keys`, and what watches deliver.

use std::fmt;

use serde::{Deserialize, Deserializer, Serialize, Serializer};

use super::node::Node;

/// What an answer or an event says was done.
#[derive(Clone, Debug, Default, PartialEq, Eq, Hash)]
#[non_exhaustive]
pub enum Action {
    /// It was read.
    #[default]
    Get,
    /// It was written, whatever was there.
    Set,
    /// It was made, where nothing was.
    Create,
    /// What was there was changed.
    Update,
    /// It is gone.
    Delete,
    /// It was changed under a condition.
    CompareAndSwap,
    /// It was removed under a condition.
    CompareAndDelete,
    /// Its time was over.
    Expire,
    /// A word of a newer server.
    Other(String),
}

impl Action {
    /// The word on the wire.
    #[must_use]
    pub fn as_str(&self) -> &str {
        match self {
            Self::Get => "get",
            Self::Set => "set",
            Self::Create => "create",
            Self::Update => "update",
            Self::Delete => "delete",
            Self::CompareAndSwap => "compareAndSwap",
            Self::CompareAndDelete => "compareAndDelete",
            Self::Expire => "expire",
            Self::Other(word) => word,
        }
    }

    /// Whether the node is gone after it.
    #[must_use]
    pub fn is_removal(&self) -> bool {
        matches!(self, Self::Delete | Self::CompareAndDelete | Self::Expire)
    }
}

impl From<&str> for Action {
    fn from(word: &str) -> Self {
        let all = [
            Self::Get,
            Self::Set,
            Self::Create,
            Self::Update,
            Self::Delete,
            Self::CompareAndSwap,
            Self::CompareAndDelete,
            Self::Expire,
        ];
        let known = all.into_iter().find(|action| action.as_str() == word);
        known.unwrap_or_else(|| Self::Other(word.to_owned()))
    }
}

impl fmt::Display for Action {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(self.as_str())
    }
}

impl Serialize for Action {
    fn serialize<S: Serializer>(&self, serializer: S) -> Result<S::Ok, S::Error> {
        serializer.serialize_str(self.as_str())
    }
}

impl<'de> Deserialize<'de> for Action {
    fn deserialize<D: Deserializer<'de>>(deserializer: D) -> Result<Self, D::Error> {
        let word = std::borrow::Cow::<'de, str>::deserialize(deserializer)?;
        Ok(Self::from(&*word))
    }
}

/// The body of every answer of `/v2/keys` that is no error, followed by a line feed.
#[derive(Clone, Debug, Default, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "camelCase")]
pub struct Event {
    /// What was done.
    pub action: Action,
    /// The node after it. For what is gone: its key and indexes, without a value. `None` when the
    /// writer asked for no value (`noValueOnSuccess`).
    #[serde(skip_serializing_if = "Option::is_none", default)]
    pub node: Option<Node>,
    /// The node before it, without what was in it. `None` for reads and for what is new.
    #[serde(skip_serializing_if = "Option::is_none", default)]
    pub prev_node: Option<Node>,
}

impl Event {
    /// An event without the node before it.
    #[must_use]
    pub fn new(action: Action, node: Node) -> Self {
        Self {
            action,
            node: Some(node),
            prev_node: None,
        }
    }

    /// Whether its answer has status 201 rather than 200: something is there that was not.
    #[must_use]
    pub fn is_created(&self) -> bool {
        match self.action {
            Action::Create => true,
            Action::Set => self.prev_node.is_none(),
            _ => false,
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn words_are_read_and_written() {
        for word in [
            "get",
            "set",
            "create",
            "update",
            "delete",
            "compareAndSwap",
            "compareAndDelete",
            "expire",
        ] {
            let action = Action::from(word);
            assert!(!matches!(action, Action::Other(_)), "{word}");
            assert_eq!(action.as_str(), word);
        }
        assert_eq!(Action::from("x"), Action::Other("x".into()));
        assert!(Action::Expire.is_removal() && !Action::Set.is_removal());
    }

    #[test]
    fn an_answer_without_value_is_the_action_alone() {
        let event: Event = serde_json::from_str(r#"{"action":"set"}"#).unwrap();
        assert_eq!((&event.node, &event.prev_node), (&None, &None));
        assert_eq!(
            serde_json::to_string(&event).unwrap(),
            r#"{"action":"set"}"#
        );
    }
}
