//! Where members are in the network.

use std::time::Duration;

use crate::msgpack::record;

/// How many dimensions the coordinates of Serf have.
pub const DIMENSIONS: usize = 8;

record! {
    /// Asks where a member is.
    #[derive(Clone, Debug, Default, PartialEq, Eq)]
    pub struct CoordinateRequest {
        /// Its name.
        node: String = "Node",
    }
}

record! {
    /// A place in a space in which distances are round-trip times, in seconds.
    #[derive(Clone, Debug, Default, PartialEq)]
    pub struct Coordinate {
        /// A correction from measurements.
        adjustment: f64 = "Adjustment",
        /// How sure it is; smaller is surer.
        error: f64 = "Error",
        /// The part of each round trip that is the same to everybody.
        height: f64 = "Height",
        /// The place, in [`DIMENSIONS`]. Absent when nothing is known.
        vec: Option<Vec<f64>> = "Vec",
    }
}

impl Coordinate {
    /// How long a round trip between two members takes, as far as their places tell. `None` when one
    /// of the places is not known, or has another number of dimensions.
    #[must_use]
    pub fn distance(&self, other: &Self) -> Option<Duration> {
        let (mine, theirs) = (self.vec.as_ref()?, other.vec.as_ref()?);
        if mine.len() != theirs.len() {
            return None;
        }
        let squares = mine
            .iter()
            .zip(theirs)
            .map(|(one, two)| (one - two).powi(2));
        let raw = squares.sum::<f64>().sqrt() + self.height + other.height;
        let adjusted = raw + self.adjustment + other.adjustment;
        Duration::try_from_secs_f64(if adjusted > 0.0 { adjusted } else { raw }).ok()
    }
}

record! {
    /// Where a member is.
    #[derive(Clone, Debug, Default, PartialEq)]
    pub struct CoordinateResponse {
        /// The place; empty when it is not known.
        coord: Coordinate = "Coord",
        /// Whether it is known.
        ok: bool = "Ok",
    }
}
