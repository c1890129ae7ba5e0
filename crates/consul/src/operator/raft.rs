//! Raft: `/v1/operator/raft/…`.

use http::Method;
use quorate_wire::consul::operator::RaftConfiguration;
use quorate_wire::consul::path;

use crate::answer::Answer;
use crate::call::Operation;
use crate::client::Client;
use crate::error::Error;
use crate::options::{QueryOptions, WriteOptions};
use crate::url::Url;

/// Which servers agree with each other.
#[derive(Clone, Debug)]
pub struct Raft {
    client: Client,
}

impl Raft {
    pub(super) fn new(client: Client) -> Self {
        Self { client }
    }

    /// The servers, as Raft knows them.
    ///
    /// `GET /v1/operator/raft/configuration`
    ///
    /// # Errors
    /// As every read, see [`ErrorKind`](crate::ErrorKind); `PermissionDenied` without
    /// `operator:read`.
    pub async fn configuration(&self) -> Result<RaftConfiguration, Error> {
        let options = QueryOptions::default();
        Ok(self.configuration_with(&options).await?.value)
    }

    /// [`configuration`](Self::configuration) with options; stale ones need no leader.
    ///
    /// # Errors
    /// As [`configuration`](Self::configuration).
    pub async fn configuration_with(
        &self,
        options: &QueryOptions,
    ) -> Result<Answer<RaftConfiguration>, Error> {
        let operation = Operation::new("ask for the Raft configuration", "");
        let url = Url::new(path::OPERATOR_RAFT_CONFIGURATION);
        let call = self.client.read(operation, url, options);
        let reply = self.client.execute(call).await?;
        reply.answer(|body| serde_json::from_slice(body))
    }

    /// Removes the server with this address, such as `10.0.0.1:8300`: one that is gone for good
    /// and could not leave in good order.
    ///
    /// `DELETE /v1/operator/raft/peer?address=ADDRESS`
    ///
    /// # Errors
    /// `NotFound` when there is no such server; `Conflict` when it is the last that votes;
    /// `PermissionDenied` without `operator:write`.
    pub async fn remove_peer_by_address(&self, address: &str) -> Result<(), Error> {
        self.remove_peer_by_address_with(address, &WriteOptions::default())
            .await
    }

    /// [`remove_peer_by_address`](Self::remove_peer_by_address) with options.
    ///
    /// # Errors
    /// As [`remove_peer_by_address`](Self::remove_peer_by_address).
    pub async fn remove_peer_by_address_with(
        &self,
        address: &str,
        options: &WriteOptions,
    ) -> Result<(), Error> {
        let operation = Operation::new("remove Raft peer", address);
        self.remove(operation, "address", options).await
    }

    /// Removes the server with this id: one that is gone for good and could not leave in good
    /// order.
    ///
    /// `DELETE /v1/operator/raft/peer?id=ID`
    ///
    /// # Errors
    /// As [`remove_peer_by_address`](Self::remove_peer_by_address).
    pub async fn remove_peer_by_id(&self, id: &str) -> Result<(), Error> {
        self.remove_peer_by_id_with(id, &WriteOptions::default())
            .await
    }

    /// [`remove_peer_by_id`](Self::remove_peer_by_id) with options.
    ///
    /// # Errors
    /// As [`remove_peer_by_address`](Self::remove_peer_by_address).
    pub async fn remove_peer_by_id_with(
        &self,
        id: &str,
        options: &WriteOptions,
    ) -> Result<(), Error> {
        let operation = Operation::new("remove Raft peer", id);
        self.remove(operation, "id", options).await
    }

    /// Not sent twice: the second time, the server would not be found.
    async fn remove(
        &self,
        operation: Operation<'_>,
        field: &'static str,
        options: &WriteOptions,
    ) -> Result<(), Error> {
        let mut url = Url::new(path::OPERATOR_RAFT_PEER);
        url.pair(field, operation.subject);
        let call = self.client.write(operation, Method::DELETE, url, options);
        self.client.execute(call).await?.success().map(drop)
    }
}
