//! What is done with a chain when all its nodes are there.

use std::collections::BTreeSet;

use quorate_wire::consul::discovery_chain::{ChainNode, ChainSplit};

use super::super::config_entry::rounded_weight;
use super::{ChainError, Compiler, Trail};

/// The nodes that follow one.
fn followers(node: &ChainNode) -> impl Iterator<Item = &str> {
    let routes = node.routes.iter().map(|route| route.next_node.as_str());
    let splits = node.splits.iter().map(|split| split.next_node.as_str());
    routes.chain(splits)
}

impl Compiler<'_> {
    /// Refuses nodes that lead back to themselves.
    pub(super) fn refuse_circles(&self, start: &str) -> Result<(), ChainError> {
        let mut done = BTreeSet::new();
        self.walk(start, &mut Trail::default(), &mut done)
    }

    fn walk<'n>(
        &'n self,
        key: &'n str,
        trail: &mut Trail,
        done: &mut BTreeSet<&'n str>,
    ) -> Result<(), ChainError> {
        if !trail.enter(key) {
            return Err(ChainError::CircularReference(std::mem::take(
                &mut trail.names,
            )));
        }
        if done.insert(key)
            && let Some(node) = self.nodes.get(key)
        {
            for next in followers(node) {
                self.walk(next, trail, done)?;
            }
        }
        trail.leave();
        Ok(())
    }

    /// Puts the parts of splitters that follow splitters in their place.
    pub(super) fn flatten_splitters(&mut self) {
        loop {
            let nested = self.nodes.iter().find_map(|(key, node)| {
                let inner = |split: &ChainSplit| self.splits_of(&split.next_node).is_some();
                node.splits.iter().any(inner).then(|| key.clone())
            });
            let Some(key) = nested else {
                return;
            };
            let flat = self.flattened(&key);
            if let Some(node) = self.nodes.get_mut(&key) {
                node.splits = flat;
            }
        }
    }

    fn splits_of(&self, key: &str) -> Option<&[ChainSplit]> {
        let node = self.nodes.get(key)?;
        (node.node_type == "splitter").then_some(&node.splits)
    }

    fn flattened(&self, key: &str) -> Vec<ChainSplit> {
        let mut flat = Vec::new();
        for split in self.splits_of(key).unwrap_or_default() {
            let Some(inner) = self.splits_of(&split.next_node) else {
                flat.push(split.clone());
                continue;
            };
            flat.extend(inner.iter().cloned().map(|mut inner| {
                inner.weight = rounded_weight(split.weight * inner.weight / 100.0);
                inner
            }));
        }
        flat
    }

    /// Forgets nodes that requests don't come to, and targets that no node names.
    pub(super) fn drop_unused(&mut self, start: &str) {
        let mut used = BTreeSet::new();
        let mut ahead = vec![start.to_owned()];
        while let Some(key) = ahead.pop() {
            if let Some(node) = self.nodes.get(&key)
                && used.insert(key)
            {
                ahead.extend(followers(node).map(str::to_owned));
            }
        }
        self.nodes.retain(|key, _| used.contains(key));
        let resolvers = self
            .nodes
            .values()
            .filter_map(|node| node.resolver.as_ref());
        let named: BTreeSet<&str> = resolvers
            .flat_map(|resolver| {
                let failover = resolver.failover.iter().flat_map(|it| &it.targets);
                failover.chain([&resolver.target]).map(String::as_str)
            })
            .collect();
        self.targets.retain(|id, _| named.contains(id.as_str()));
    }
}
