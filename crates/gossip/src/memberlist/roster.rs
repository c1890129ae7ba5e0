//! All members.

use std::collections::HashMap;
use std::net::SocketAddr;
use std::sync::Arc;

use super::Node;
use crate::rng::Rng;

/// The members by name, in an order that makes it cheap to draw some of them.
#[derive(Debug, Default)]
pub(crate) struct Roster {
    nodes: Vec<Node>,
    places: HashMap<Arc<str>, usize>,
}

impl Roster {
    pub(crate) fn len(&self) -> usize {
        self.nodes.len()
    }

    pub(crate) fn iter(&self) -> impl Iterator<Item = &Node> + Clone {
        self.nodes.iter()
    }

    pub(crate) fn get(&self, name: &str) -> Option<&Node> {
        self.nodes.get(*self.places.get(name)?)
    }

    pub(crate) fn get_mut(&mut self, name: &str) -> Option<&mut Node> {
        self.nodes.get_mut(*self.places.get(name)?)
    }

    pub(super) fn insert(&mut self, node: Node) {
        self.places.insert(node.name.clone(), self.nodes.len());
        self.nodes.push(node);
    }

    pub(super) fn remove_if(&mut self, gone: impl Fn(&Node) -> bool) {
        self.nodes.retain(|node| !gone(node));
        let places = self.nodes.iter().enumerate();
        self.places = places
            .map(|(place, node)| (node.name.clone(), place))
            .collect();
    }

    /// Where some members listen that fit, and whether they take checksums: at most `count`,
    /// drawn at random.
    pub(crate) fn sample(
        &self,
        rng: &mut Rng,
        count: usize,
        fits: impl Fn(&Node) -> bool,
    ) -> Vec<(SocketAddr, bool)> {
        let chosen = self.sample_nodes(rng, count, fits).into_iter();
        chosen
            .map(|node| (node.addr, node.takes_checksums()))
            .collect()
    }

    /// Some members that fit. Draws until it has them or has tried often; then it looks at all.
    pub(crate) fn sample_nodes(
        &self,
        rng: &mut Rng,
        count: usize,
        fits: impl Fn(&Node) -> bool,
    ) -> Vec<&Node> {
        let mut chosen: Vec<usize> = Vec::new();
        for _ in 0..4 * count {
            let place = rng.below(self.nodes.len());
            if chosen.len() < count && !chosen.contains(&place) && fits(&self.nodes[place]) {
                chosen.push(place);
            }
        }
        if chosen.len() == count {
            return chosen.into_iter().map(|place| &self.nodes[place]).collect();
        }
        let fitting = self.nodes.iter().filter(|node| fits(node)).collect();
        rng.choose(fitting, count)
    }
}
