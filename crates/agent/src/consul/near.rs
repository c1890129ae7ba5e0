//! Sorting by network distance: `near`.

use std::time::Duration;

use super::request::Request;
use crate::engine::consul::State;

impl Request<'_> {
    /// The node that answers are to be sorted by their distance to: `near`, where `_agent` means
    /// the agent's own.
    pub(crate) fn near(&self) -> Option<String> {
        match self.params.text("near")? {
            "_agent" => Some(self.front.node.name.clone()),
            name => Some(name.to_owned()),
        }
    }
}

/// Sorts `things` by the distance of their nodes to the node `near`, which may be none. Those of
/// equal distance keep their order, and nodes without a coordinate go to the end. Where the node
/// has no coordinate itself, or is unknown, nothing is sorted.
pub(crate) fn sort<T>(
    state: &State,
    near: Option<&str>,
    things: &mut [T],
    node: impl Fn(&T) -> &str,
) {
    let Some(near) = near.filter(|near| !state.node_coordinates(near).value.is_empty()) else {
        return;
    };
    things.sort_by_cached_key(|thing| state.distance(near, node(thing)).unwrap_or(Duration::MAX));
}
