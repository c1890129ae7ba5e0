use std::sync::Arc;
use std::time::Duration;

use quorate_wire::consul::Coordinate;
use quorate_wire::consul::coordinate::DIMENSIONS;
use rpds::RedBlackTreeMapSync;
use serde::{Deserialize, Serialize};

use super::catalog::PartKey;
use super::command::Reply;
use super::index::Table;
use super::kv::Found;
use super::refusal::Refusal;
use super::row::Row;
use super::state::{State, Step};
use crate::engine::Time;
use crate::engine::change::Changes;

/// Where a node is in the network, in one segment of it.
#[derive(Clone, Debug, Default, PartialEq, Serialize, Deserialize)]
#[serde(default)]
pub struct Located {
    /// The node's name, as it was written.
    pub node: String,
    /// The network segment; empty but for clients that say otherwise.
    pub segment: String,
    /// The place.
    pub coord: Coordinate,
}

/// Coordinates by node, in lower case, and segment.
pub(super) type Coordinates = RedBlackTreeMapSync<PartKey, Arc<Located>>;

fn node_key(node: &str) -> Box<str> {
    node.to_lowercase().into()
}

impl State {
    /// All coordinates by node, with the index of the newest change of any of them.
    #[must_use]
    pub fn coordinates(&self) -> Found<Vec<&Arc<Located>>> {
        let all = self.coordinates.values().collect();
        Found::new(all, self.table_index(Table::Coordinates))
    }

    /// The coordinates of one node by segment.
    #[must_use]
    pub fn node_coordinates(&self, node: &str) -> Found<Vec<&Arc<Located>>> {
        let node = node_key(node);
        let all = self.coordinates.range((node.clone(), Box::from(""))..);
        let own = all.take_while(|((owner, _), _)| *owner == node);
        let own = own.map(|(_, located)| located).collect();
        Found::new(own, self.table_index(Table::Coordinates))
    }

    /// Whether a node is in the catalog, so that it can have coordinates.
    #[must_use]
    pub fn knows_node(&self, node: &str) -> bool {
        self.catalog.node(&node.to_lowercase()).is_some()
    }

    /// Whether that is written down already.
    #[must_use]
    pub fn is_located(&self, located: &Located) -> bool {
        let key = (node_key(&located.node), Box::from(located.segment.as_str()));
        self.coordinates
            .get(&key)
            .is_some_and(|known| **known == *located)
    }

    /// The round trip time between two nodes, in the segment that both are in: an agent of one
    /// segment decides for a server, which is in all. `None` when one of them is nowhere.
    #[must_use]
    pub fn distance(&self, one: &str, other: &str) -> Option<Duration> {
        let (one, other) = (
            self.node_coordinates(one).value,
            self.node_coordinates(other).value,
        );
        let only = |of: &[&Arc<Located>]| match of {
            [only] => Some(only.segment.clone()),
            _ => None,
        };
        let segment = only(&other).or_else(|| only(&one)).unwrap_or_default();
        let within = |of: &[&Arc<Located>]| {
            let found = of.iter().find(|located| located.segment == segment);
            found.map(|located| located.coord.clone())
        };
        within(&one)?.distance_to(&within(&other)?)
    }

    /// Sets a coordinate. Of a node that is not in the catalog it is dropped without a word.
    pub(super) fn update_coordinate(
        &mut self,
        located: Located,
        now: Time,
        changes: &mut Changes,
    ) -> Result<Reply, Refusal> {
        if located.coord.vec.len() != DIMENSIONS {
            return Err(Refusal::IncompatibleCoordinate);
        }
        let node = node_key(&located.node);
        if self.catalog.node(&node).is_none() {
            return Ok(Reply::Done);
        }
        let mut step = Step::begin(self, now, changes);
        let key = (node, Box::from(located.segment.as_str()));
        let located = Arc::new(located);
        let coordinates = &mut step.state.coordinates;
        coordinates.insert_mut(key.clone(), Arc::clone(&located));
        step.store(Row::Coordinate(key, Some(located)));
        step.touch(Table::Coordinates);
        Ok(Reply::Done)
    }
}

impl Step<'_> {
    /// Removes the coordinates of a node, which is given in lower case.
    pub(super) fn remove_coordinates(&mut self, node: &str) {
        let all = self.state.coordinates.range((node.into(), Box::from(""))..);
        let own = all.take_while(|((owner, _), _)| **owner == *node);
        let keys: Vec<_> = own.map(|(key, _)| key.clone()).collect();
        for key in keys {
            self.state.coordinates.remove_mut(&key);
            self.store(Row::Coordinate(key, None));
            self.touch(Table::Coordinates);
        }
    }
}
