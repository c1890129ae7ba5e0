//! Network coordinates (Vivaldi): how far members are from each other, without measuring each pair.

mod client;
mod filter;
mod vector;

use std::time::Duration;

use crate::msgpack::{DecodeError, Field, Reader, Writer, bodies};

pub use client::CoordinateClient;

/// How many dimensions the space has.
pub const DIMENSIONS: usize = 8;

/// The components of a coordinate: a list that is nil only when it was never set.
#[derive(Clone, Debug, Default, PartialEq)]
pub struct Components(
    /// Seconds along each dimension.
    pub Vec<f64>,
);

impl Field for Components {
    fn put(&self, out: &mut Writer) {
        self.0.put(out);
    }

    fn take(from: &mut Reader<'_>) -> Result<Self, DecodeError> {
        Field::take(from).map(Self)
    }
}

bodies! {
    /// A place in the network; all numbers are seconds.
    pub Coordinate {
        /// A correction for what the space cannot express.
        adjustment: f64 = "Adjustment",
        /// How sure the member is of its place: from 0 (very) to 1.5 (not at all).
        error: f64 = "Error",
        /// The way from the member to the core of the network.
        height: f64 = "Height",
        /// The place.
        vector: Components = "Vec",
    }
}

impl Coordinate {
    /// Where every member starts.
    pub fn origin() -> Self {
        Self {
            adjustment: 0.0,
            error: client::ERROR_MAX,
            height: client::HEIGHT_MIN,
            vector: Components(vec![0.0; DIMENSIONS]),
        }
    }

    /// Whether it is a place in our space, with finite numbers.
    pub fn is_valid(&self) -> bool {
        self.vector.0.len() == DIMENSIONS
            && self.vector.0.iter().all(|component| component.is_finite())
            && [self.adjustment, self.error, self.height]
                .iter()
                .all(|number| number.is_finite())
    }

    /// The estimated time of a round trip; `None` if one of the two is no place in our space.
    ///
    /// ```
    /// use quorate_gossip::coordinate::Coordinate;
    ///
    /// let here = Coordinate::origin();
    /// let there = Coordinate { height: 0.010, ..Coordinate::origin() };
    /// assert_eq!(here.round_trip(&there).unwrap().as_millis(), 10);
    /// ```
    pub fn round_trip(&self, other: &Self) -> Option<Duration> {
        if !self.is_valid() || !other.is_valid() {
            return None;
        }
        Duration::try_from_secs_f64(self.seconds_to(other)).ok()
    }

    /// The distance with adjustments, unless those make it negative.
    pub(crate) fn seconds_to(&self, other: &Self) -> f64 {
        let raw = self.raw_seconds_to(other);
        let adjusted = raw + self.adjustment + other.adjustment;
        if adjusted > 0.0 { adjusted } else { raw }
    }

    /// The distance without adjustments.
    pub(crate) fn raw_seconds_to(&self, other: &Self) -> f64 {
        let between = vector::difference(&self.vector.0, &other.vector.0);
        vector::length(&between) + self.height + other.height
    }
}
