//! Where members are: `get-coordinate`.

use quorate_gossip::coordinate::Coordinate;
use quorate_wire::msgpack::Decode;
use quorate_wire::serf::{self, CoordinateRequest, CoordinateResponse};

use super::connection::{Ended, Session};
use super::refusal;

impl Session {
    pub(super) async fn get_coordinate(&self, seq: u64, body: &[u8]) -> Result<(), Ended> {
        let CoordinateRequest { node } = CoordinateRequest::from_msgpack(body)?;
        match self.front.gossip.coordinate_of(node).await {
            Ok(found) => {
                let ok = found.is_some();
                let coord = found.map(shown).unwrap_or_default();
                self.answer_with(seq, "", &CoordinateResponse { coord, ok })
                    .await
            }
            Err(error) => self.answer(seq, &refusal::text(&error)).await,
        }
    }
}

fn shown(coordinate: Coordinate) -> serf::Coordinate {
    serf::Coordinate {
        adjustment: coordinate.adjustment,
        error: coordinate.error,
        height: coordinate.height,
        vec: Some(coordinate.vector.0),
    }
}
