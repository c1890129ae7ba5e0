//! Writing to the catalog.

use bytes::Bytes;
use http::Method;
use quorate_wire::consul::path;
use quorate_wire::consul::registration::{DeregisterRequest, RegisterRequest};
use serde::Serialize;

use super::Catalog;
use crate::call::{Effect, Operation};
use crate::error::Error;
use crate::options::WriteOptions;
use crate::url::Url;

impl Catalog {
    /// Registers a node, and with it a service and checks: all of it, or nothing. What is there
    /// already is replaced; what stays the same moves no index but that of the checks. Repeated
    /// when the answer is lost.
    ///
    /// A check that becomes critical ends the sessions that are tied to it.
    ///
    /// `PUT /v1/catalog/register`
    ///
    /// # Errors
    /// `InvalidArgument` when the node's name or address, a service's name or something of a proxy
    /// is missing or wrong; `NotFound` when a check names a service that the node does not have;
    /// `Conflict` when a live node has that name and another id; else see
    /// [`ErrorKind`](crate::ErrorKind).
    pub async fn register(&self, request: &RegisterRequest) -> Result<(), Error> {
        self.register_with(request, &WriteOptions::default()).await
    }

    /// [`register`](Self::register) with options. The datacenter of the options counts where the
    /// request names none: this endpoint reads it from the body alone.
    ///
    /// # Errors
    /// As [`register`](Self::register).
    pub async fn register_with(
        &self,
        request: &RegisterRequest,
        options: &WriteOptions,
    ) -> Result<(), Error> {
        let operation = Operation::new("register node", &request.node);
        require_node(operation)?;
        if request.address.is_empty() && !request.skip_node_update {
            return Err(Error::invalid(operation.to_string(), "address: is empty"));
        }
        match self.datacenter_of(&request.datacenter, options) {
            None => self.write(operation, path::CATALOG_REGISTER, request, options),
            Some(datacenter) => {
                let request = request.clone().with_datacenter(datacenter);
                self.write(operation, path::CATALOG_REGISTER, &request, options)
            }
        }?
        .await
    }

    /// Removes a service with its checks, a check, or a node with everything that it has, its
    /// sessions too. It is no error if there is none. Repeated when the answer is lost.
    ///
    /// What an agent registered it registers again after a while: deregister that with the agent.
    ///
    /// `PUT /v1/catalog/deregister`
    ///
    /// # Errors
    /// `InvalidArgument` without a node's name, else see [`ErrorKind`](crate::ErrorKind).
    pub async fn deregister(&self, request: &DeregisterRequest) -> Result<(), Error> {
        self.deregister_with(request, &WriteOptions::default())
            .await
    }

    /// [`deregister`](Self::deregister) with options; their datacenter counts where the request
    /// names none.
    ///
    /// # Errors
    /// As [`deregister`](Self::deregister).
    pub async fn deregister_with(
        &self,
        request: &DeregisterRequest,
        options: &WriteOptions,
    ) -> Result<(), Error> {
        let operation = Operation::new("deregister from node", &request.node);
        require_node(operation)?;
        match self.datacenter_of(&request.datacenter, options) {
            None => self.write(operation, path::CATALOG_DEREGISTER, request, options),
            Some(datacenter) => {
                let request = request.clone().with_datacenter(datacenter);
                self.write(operation, path::CATALOG_DEREGISTER, &request, options)
            }
        }?
        .await
    }

    /// The datacenter that the body has to name in addition.
    fn datacenter_of<'a>(&'a self, own: &str, options: &'a WriteOptions) -> Option<&'a str> {
        let asked = options.write.datacenter.as_deref();
        let asked = asked.or(self.client.datacenter());
        asked.filter(|_| own.is_empty())
    }

    fn write<'a, T: Serialize>(
        &'a self,
        operation: Operation<'a>,
        endpoint: &str,
        request: &T,
        options: &'a WriteOptions,
    ) -> Result<impl Future<Output = Result<(), Error>> + 'a, Error> {
        let body = serde_json::to_vec(request)
            .map_err(|error| Error::invalid(operation.to_string(), "request").with_source(error))?;
        let url = Url::new(endpoint);
        let mut call = self.client.write(operation, Method::PUT, url, options);
        call.body = Bytes::from(body);
        call.effect = Effect::Idempotent;
        Ok(async move { self.client.execute(call).await?.truth().map(drop) })
    }
}

fn require_node(operation: Operation<'_>) -> Result<(), Error> {
    if operation.subject.is_empty() {
        return Err(Error::invalid(operation.to_string(), "node: is empty"));
    }
    Ok(())
}
