//! The service mesh as the agent serves it.

use http::Method;
use quorate_wire::consul::agent::{Authorization, AuthorizeRequest, CaLeaf};
use quorate_wire::consul::{CaRoots, path};

use super::{Agent, check_name, encode};
use crate::answer::Answer;
use crate::blocking::Blocking;
use crate::call::{Effect, Operation};
use crate::error::Error;
use crate::options::{QueryOptions, WriteOptions};
use crate::url::Url;

impl Agent {
    /// Whether the client with this certificate may connect to a service: what a proxy asks for
    /// each connection.
    ///
    /// `POST /v1/agent/connect/authorize`
    ///
    /// # Errors
    /// `InvalidArgument` for a URI that is none of a service; otherwise as every read, see
    /// [`ErrorKind`](crate::ErrorKind); `PermissionDenied` without `service:write` on the target.
    pub async fn connect_authorize(
        &self,
        request: &AuthorizeRequest,
    ) -> Result<Authorization, Error> {
        self.connect_authorize_with(request, &WriteOptions::default())
            .await
    }

    /// [`connect_authorize`](Self::connect_authorize) with options; only the token and the timeout
    /// matter here.
    ///
    /// # Errors
    /// As [`connect_authorize`](Self::connect_authorize).
    pub async fn connect_authorize_with(
        &self,
        request: &AuthorizeRequest,
        options: &WriteOptions,
    ) -> Result<Authorization, Error> {
        let operation = Operation::new("authorize a connection to", &request.target);
        let url = Url::new(path::AGENT_CONNECT_AUTHORIZE);
        let mut call = self
            .client
            .write_local(operation, Method::POST, url, options);
        // It only asks.
        call.effect = Effect::Read;
        call.body = encode(operation, request)?;
        let reply = self.client.execute(call).await?;
        let answer = reply.answer(|body| serde_json::from_slice(body))?;
        Ok(answer.value)
    }

    /// The certificates that the mesh trusts, from the agent's cache.
    ///
    /// `GET /v1/agent/connect/ca/roots`
    ///
    /// # Errors
    /// As every read, see [`ErrorKind`](crate::ErrorKind); `Unsupported` where the mesh is off.
    pub async fn ca_roots(&self) -> Result<CaRoots, Error> {
        Ok(self.ca_roots_with(&QueryOptions::default()).await?.value)
    }

    /// [`ca_roots`](Self::ca_roots) with options and metadata.
    ///
    /// # Errors
    /// As [`ca_roots`](Self::ca_roots).
    pub async fn ca_roots_with(&self, options: &QueryOptions) -> Result<Answer<CaRoots>, Error> {
        let operation = Operation::new("get the roots of the mesh", "");
        self.read(operation, Url::new(path::AGENT_CA_ROOTS), options)
            .await
    }

    /// Follows the certificates that the mesh trusts.
    pub fn watch_ca_roots(&self, options: QueryOptions) -> Blocking<CaRoots> {
        let agent = self.clone();
        Blocking::new(options, move |options| {
            let agent = agent.clone();
            Box::pin(async move { agent.ca_roots_with(&options).await })
        })
    }

    /// A certificate for the service `name`, with its key. The agent keeps it and has it renewed
    /// in time: [`watch_ca_leaf`](Self::watch_ca_leaf) tells.
    ///
    /// `GET /v1/agent/connect/ca/leaf/NAME`
    ///
    /// # Errors
    /// As every read, see [`ErrorKind`](crate::ErrorKind); `Unsupported` where the mesh is off;
    /// `PermissionDenied` without `service:write`.
    pub async fn ca_leaf(&self, name: &str) -> Result<CaLeaf, Error> {
        Ok(self
            .ca_leaf_with(name, &QueryOptions::default())
            .await?
            .value)
    }

    /// [`ca_leaf`](Self::ca_leaf) with options and metadata.
    ///
    /// # Errors
    /// As [`ca_leaf`](Self::ca_leaf).
    pub async fn ca_leaf_with(
        &self,
        name: &str,
        options: &QueryOptions,
    ) -> Result<Answer<CaLeaf>, Error> {
        let operation = Operation::new("get the certificate of service", name);
        check_name(operation, "service", name)?;
        self.read(operation, Url::named(path::AGENT_CA_LEAF, name), options)
            .await
    }

    /// Follows the certificate of the service `name`.
    pub fn watch_ca_leaf(&self, name: &str, options: QueryOptions) -> Blocking<CaLeaf> {
        let (agent, name) = (self.clone(), name.to_owned());
        Blocking::new(options, move |options| {
            let (agent, name) = (agent.clone(), name.clone());
            Box::pin(async move { agent.ca_leaf_with(&name, &options).await })
        })
    }
}
