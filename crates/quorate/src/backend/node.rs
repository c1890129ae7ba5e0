//! What a backend does for nodes.

use std::fmt::Debug;

use super::{BoxFuture, BoxStream};
use crate::{Node, NodeDetails, NodeSet, Result};

/// Nodes: the machines, or the members of the pool.
pub trait NodeBackend: Debug + Send + Sync {
    /// Every node, ordered by name.
    fn list(&self) -> BoxFuture<'_, Result<Vec<Node>>>;

    /// A node with what runs on it; `None` if there is none of this name.
    fn get<'a>(&'a self, name: &'a str) -> BoxFuture<'a, Result<Option<NodeDetails>>>;

    /// Follows the nodes: all of them now, then each set that differs. The stream never ends; it
    /// works only while it is polled.
    fn watch(&self) -> Result<BoxStream<'static, Result<NodeSet>>>;
}
