//! Network coordinates.

use std::time::Duration;

use bytes::Bytes;

use crate::coordinate::Coordinate;
use crate::engine::Engine;
use crate::msgpack::Body as _;

/// The version of what is added to an answer to a probe.
const VERSION: u8 = 1;

impl Engine {
    /// Where this member is in the network; `None` when coordinates are switched off.
    pub fn coordinate(&self) -> Option<&Coordinate> {
        self.config
            .coordinates
            .then(|| self.serf.coordinates.coordinate())
    }

    /// Where a member was when it last answered a probe of ours.
    pub fn coordinate_of(&self, name: &str) -> Option<&Coordinate> {
        if name == self.config.name {
            return self.coordinate();
        }
        self.serf.places.get(name)
    }

    /// What we add to an answer to a probe.
    pub(crate) fn ack_payload(&self) -> Bytes {
        let place = self.coordinate();
        place
            .map(|place| place.encode(VERSION).into())
            .unwrap_or_default()
    }

    /// A member answered a probe after `rtt`.
    pub(crate) fn measured(&mut self, name: &str, payload: &[u8], rtt: Duration) {
        if !self.config.coordinates {
            return;
        }
        let Some((&VERSION, body)) = payload.split_first() else {
            return;
        };
        let Ok(place) = Coordinate::decode(body) else {
            return;
        };
        let taken = self
            .serf
            .coordinates
            .observe(name, &place, rtt, &mut self.rng);
        if taken && self.serf.members.contains_key(name) {
            self.serf.places.insert(name.to_owned(), place);
        }
    }
}
