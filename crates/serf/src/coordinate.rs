//! How far members are apart.

use std::time::Duration;

use quorate_net::call::Operation;
use quorate_wire::serf::{Command, Coordinate, CoordinateRequest, CoordinateResponse};

use crate::call::Call;
use crate::client::Client;
use crate::error::Error;

impl Client {
    /// Where a member is in the network; `None` if the agent does not know.
    ///
    /// Protocol: `get-coordinate`.
    ///
    /// # Errors
    /// As of every call: connections, tokens, times.
    ///
    /// # Cancel safety
    /// Safe.
    pub async fn coordinate(&self, node: &str) -> Result<Option<Coordinate>, Error> {
        let body = CoordinateRequest {
            node: node.to_owned(),
        };
        let operation = Operation::new("look up the coordinate of", node);
        let call = Call::read(operation, Command::GetCoordinate, &body);
        let answer: CoordinateResponse = self.ask_for(&call).await?;
        Ok(answer.ok.then_some(answer.coord))
    }

    /// How long a round trip between two members takes, by their coordinates; `None` if one of them
    /// is not known.
    ///
    /// # Errors
    /// As of every call.
    ///
    /// # Cancel safety
    /// Safe.
    pub async fn round_trip(&self, one: &str, other: &str) -> Result<Option<Duration>, Error> {
        let Some(one) = self.coordinate(one).await? else {
            return Ok(None);
        };
        let other = self.coordinate(other).await?;
        Ok(other.and_then(|other| one.distance(&other)))
    }
}
