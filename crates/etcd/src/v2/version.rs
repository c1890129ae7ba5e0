//! Versions: `/version`.

use quorate_wire::etcd2::{Version, path};

use super::call::{Call, Operation};
use super::client::Client;
use super::error::Error;

impl Client {
    /// The versions of the server that answers and of the cluster. Every etcd answers, also one
    /// without the v2 API.
    ///
    /// `GET /version`
    ///
    /// # Errors
    /// See [`ErrorKind`](super::ErrorKind).
    ///
    /// # Cancel safety
    /// Safe: nothing is changed.
    pub async fn version(&self) -> Result<Version, Error> {
        let call = Call::read(Operation::new("ask for the version", ""), path::VERSION);
        let reply = self.execute(call).await?.success()?;
        Version::decode(&reply.body)
            .map_err(|source| reply.unexpected("the body").with_source(source))
    }
}
