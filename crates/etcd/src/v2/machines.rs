//! The addresses of all members: `/v2/machines`.

use quorate_wire::etcd2::{machines, path};

use super::call::{Call, Operation};
use super::client::Client;
use super::error::Error;

impl Client {
    /// Where clients reach the members, as they say themselves.
    ///
    /// `GET /v2/machines`
    ///
    /// # Errors
    /// See [`ErrorKind`](super::ErrorKind).
    ///
    /// # Cancel safety
    /// Safe: nothing is changed.
    pub async fn machines(&self) -> Result<Vec<String>, Error> {
        let call = Call::read(Operation::new("list the machines", ""), path::MACHINES);
        let reply = self.execute(call).await?.success()?;
        match std::str::from_utf8(&reply.body) {
            Ok(text) => Ok(machines::decode(text).map(str::to_owned).collect()),
            Err(source) => Err(reply.unexpected("the body").with_source(source)),
        }
    }
}
