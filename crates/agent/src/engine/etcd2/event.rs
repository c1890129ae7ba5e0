use std::sync::Arc;

use bytes::Bytes;

use super::action::Action;
use super::node::{Content, Node};

/// One change of the tree, as it is told to its writer and to watchers.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Event {
    /// What happened.
    pub action: Action,
    /// The index that it got.
    pub index: u64,
    /// The key that it happened to.
    pub key: Box<str>,
    /// The key's node afterwards; of one that is gone, what is still told of it.
    pub node: NodeState,
    /// The node before, if there was one.
    pub prev: Option<NodeState>,
    /// It changed a time only, which no watcher hears of.
    pub refresh: bool,
    /// The keys that went with a directory, if that is known: it is forgotten with a restart.
    pub removed: Option<Arc<[Box<str>]>>,
}

/// A node at one moment, without what is in it.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct NodeState {
    /// The value; `None` for a directory and for a file that is gone.
    pub value: Option<Bytes>,
    /// It is a directory.
    pub dir: bool,
    /// When it expires, in nanoseconds since 1970.
    pub expiration: Option<i64>,
    /// How many seconds that is away, rounded up; 0 when there is no such time.
    pub ttl: i64,
    /// The index of its last change.
    pub modified: u64,
    /// The index at which it was made.
    pub created: u64,
}

impl NodeState {
    /// `node` at `now`, in nanoseconds since 1970.
    #[must_use]
    pub fn of(node: &Node, now: i64) -> Self {
        let value = match &node.content {
            Content::File(value) => Some(value.clone()),
            Content::Dir(_) => None,
        };
        Self {
            dir: value.is_none(),
            value,
            expiration: node.expiration,
            ttl: node.expiration.map_or(0, |at| ttl(at, now)),
            modified: node.modified,
            created: node.created,
        }
    }

    /// What is told of a node that is removed at `index`.
    pub(super) fn gone(node: &Node, index: u64) -> Self {
        Self {
            value: None,
            dir: node.is_dir(),
            expiration: None,
            ttl: 0,
            modified: index,
            created: node.created,
        }
    }
}

impl Event {
    /// What takes an index, and nobody sees.
    pub(super) fn internal(index: u64) -> Self {
        Self {
            action: Action::Internal,
            index,
            key: Box::default(),
            node: NodeState {
                value: None,
                dir: false,
                expiration: None,
                ttl: 0,
                modified: index,
                created: index,
            },
            prev: None,
            refresh: false,
            removed: None,
        }
    }

    /// Whether something is there that was not before: etcd answers such a write with 201.
    #[must_use]
    pub fn is_creation(&self) -> bool {
        match self.action {
            Action::Create => true,
            Action::Set => self.prev.is_none(),
            _ => false,
        }
    }

    /// Whether a directory is gone, with all that was in it.
    #[must_use]
    pub fn removes_dir(&self) -> bool {
        self.action.removes() && self.prev.as_ref().is_some_and(|prev| prev.dir)
    }

    /// About how many bytes it keeps in memory.
    pub(super) fn bytes(&self) -> usize {
        const FIXED: usize = 256;
        let value = |state: &NodeState| state.value.as_ref().map_or(0, Bytes::len);
        let removed = self.removed.as_deref().unwrap_or_default();
        FIXED
            + self.key.len()
            + value(&self.node)
            + self.prev.as_ref().map_or(0, value)
            + removed.iter().map(|key| key.len() + 16).sum::<usize>()
    }
}

/// The seconds from `now` to `expiration`, both in nanoseconds since 1970: rounded up, and a
/// negative number for what is past, as etcd has it until the key is swept away.
#[must_use]
fn ttl(expiration: i64, now: i64) -> i64 {
    const SECOND: i64 = 1_000_000_000;
    let left = expiration.saturating_sub(now);
    left / SECOND + i64::from(left % SECOND > 0)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_ttl_is_rounded_up_and_past_ones_are_negative() {
        let second = 1_000_000_000;
        assert_eq!(ttl(second, 0), 1);
        assert_eq!(ttl(second, 1), 1);
        assert_eq!(ttl(second + 1, 0), 2);
        assert_eq!(ttl(second, second), 0);
        assert_eq!(ttl(0, second / 2), 0);
        assert_eq!(ttl(0, second * 3 / 2), -1);
    }
}
