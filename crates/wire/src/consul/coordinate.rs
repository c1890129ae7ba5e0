//! Network coordinates: `/v1/coordinate/…`.

use std::time::Duration;

use serde::{Deserialize, Serialize};

use super::go_float;

/// How many dimensions the coordinates of Consul have.
pub const DIMENSIONS: usize = 8;

/// A place in a space in which distances are round trip times. Nodes find theirs by gossip.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
#[serde(rename_all = "PascalCase", default)]
#[non_exhaustive]
pub struct Coordinate {
    /// The place, in seconds along each axis: [`DIMENSIONS`] numbers.
    #[serde(with = "go_float::list")]
    pub vec: Vec<f64>,
    /// How sure the node is of it: 1.5 at first, then towards 0. Has no unit.
    #[serde(with = "go_float")]
    pub error: f64,
    /// A correction of distances, in seconds, learned from what was measured.
    #[serde(with = "go_float")]
    pub adjustment: f64,
    /// The way from the node to the network, in seconds, which every distance includes.
    #[serde(with = "go_float")]
    pub height: f64,
}

impl Default for Coordinate {
    /// Where every node starts.
    fn default() -> Self {
        Self {
            vec: vec![0.0; DIMENSIONS],
            error: 1.5,
            adjustment: 0.0,
            height: 1.0e-5,
        }
    }
}

impl Coordinate {
    /// A place in the middle of nothing, with the error of one that was never measured.
    #[must_use]
    pub fn new() -> Self {
        Self::default()
    }

    /// Sets the place, in seconds along each axis.
    #[must_use]
    pub fn with_vec(mut self, vec: impl Into<Vec<f64>>) -> Self {
        self.vec = vec.into();
        self
    }

    /// Sets how sure the node is.
    #[must_use]
    pub fn with_error(mut self, error: f64) -> Self {
        self.error = error;
        self
    }

    /// Sets the correction, in seconds.
    #[must_use]
    pub fn with_adjustment(mut self, adjustment: f64) -> Self {
        self.adjustment = adjustment;
        self
    }

    /// Sets the way to the network, in seconds.
    #[must_use]
    pub fn with_height(mut self, height: f64) -> Self {
        self.height = height;
        self
    }

    /// The round trip time to another place, as Consul estimates it: the distance, both heights,
    /// and both corrections if what remains is not negative. Whole nanoseconds.
    ///
    /// `None` when there is none: other dimensions, or numbers that are not finite.
    #[must_use]
    pub fn distance_to(&self, other: &Self) -> Option<Duration> {
        if self.vec.len() != other.vec.len() {
            return None;
        }
        let pairs = self.vec.iter().zip(&other.vec);
        let squares: f64 = pairs.map(|(one, other)| (one - other).powi(2)).sum();
        let plain = squares.sqrt() + self.height + other.height;
        let adjusted = plain + self.adjustment + other.adjustment;
        let seconds = if adjusted > 0.0 { adjusted } else { plain };
        if seconds.is_nan() {
            return None;
        }
        Duration::try_from_secs_f64(seconds.max(0.0)).ok()
    }
}

/// The coordinate of a node.
#[derive(Clone, Debug, Default, PartialEq, Serialize, Deserialize)]
#[serde(rename_all = "PascalCase", default)]
#[non_exhaustive]
pub struct NodeCoordinate {
    /// The node's name.
    pub node: String,
    /// The network segment, which only Consul Enterprise has; empty otherwise.
    pub segment: String,
    /// Where it is.
    pub coord: Coordinate,
}

impl NodeCoordinate {
    /// The coordinate of `node`.
    #[must_use]
    pub fn new(node: impl Into<String>, coord: Coordinate) -> Self {
        Self {
            node: node.into(),
            segment: String::new(),
            coord,
        }
    }

    /// Sets the network segment.
    #[must_use]
    pub fn with_segment(mut self, segment: impl Into<String>) -> Self {
        self.segment = segment.into();
        self
    }
}

/// The coordinates of a datacenter's servers, in the network between datacenters.
#[derive(Clone, Debug, Default, PartialEq, Serialize, Deserialize)]
#[serde(rename_all = "PascalCase", default)]
#[non_exhaustive]
pub struct DatacenterCoordinates {
    /// The datacenter's name.
    pub datacenter: String,
    /// The area, of which only Consul Enterprise has others than `wan`.
    #[serde(rename = "AreaID")]
    pub area_id: String,
    /// Its servers.
    pub coordinates: Vec<NodeCoordinate>,
}

impl DatacenterCoordinates {
    /// The servers of a datacenter in the area `wan`.
    #[must_use]
    pub fn new(datacenter: impl Into<String>, coordinates: Vec<NodeCoordinate>) -> Self {
        Self {
            datacenter: datacenter.into(),
            area_id: "wan".into(),
            coordinates,
        }
    }
}

/// Reads the answer of `nodes` and `node`.
///
/// # Errors
/// When the body is no list of coordinates.
pub fn decode_nodes(body: &[u8]) -> Result<Vec<NodeCoordinate>, serde_json::Error> {
    Ok(serde_json::from_slice::<Option<Vec<_>>>(body)?.unwrap_or_default())
}

/// Reads the answer of `datacenters`.
///
/// # Errors
/// When the body is no list of datacenters.
pub fn decode_datacenters(body: &[u8]) -> Result<Vec<DatacenterCoordinates>, serde_json::Error> {
    Ok(serde_json::from_slice::<Option<Vec<_>>>(body)?.unwrap_or_default())
}

#[cfg(test)]
mod tests {
    use super::*;

    fn at(x: f64) -> Coordinate {
        let mut vec = vec![0.0; DIMENSIONS];
        vec[0] = x;
        Coordinate::new().with_vec(vec)
    }

    #[test]
    fn a_distance_has_heights_and_corrections() {
        let micros = |value| Some(Duration::from_micros(value));
        assert_eq!(at(0.003).distance_to(&at(0.001)), micros(2020));
        let far = at(0.003).with_height(0.1).with_adjustment(0.5);
        assert_eq!(far.distance_to(&at(0.003)), micros(600_010));
        let near = at(0.0).with_adjustment(-1.0);
        assert_eq!(near.distance_to(&at(0.5)), micros(500_020));
        assert_eq!(at(0.0).distance_to(&at(0.0).with_vec([0.0])), None);
        assert_eq!(at(f64::NAN).distance_to(&at(0.0)), None);
    }

    #[test]
    fn a_coordinate_is_written_as_go_writes_it() {
        let text = serde_json::to_string(&NodeCoordinate::new("n", at(0.0))).unwrap();
        assert_eq!(
            text,
            r#"{"Node":"n","Segment":"","Coord":{"Vec":[0,0,0,0,0,0,0,0],"Error":1.5,"Adjustment":0,"Height":0.00001}}"#
        );
    }
}
