//! Checks by node, by service and by status.

use quorate_wire::consul::HealthStatus;
use quorate_wire::consul::health::HealthCheck;
use quorate_wire::consul::path;

use super::Health;
use crate::answer::Answer;
use crate::blocking::Blocking;
use crate::call::Operation;
use crate::catalog::named;
use crate::error::Error;
use crate::options::QueryOptions;

/// The state that every check is in.
const ANY: &str = "any";

impl Health {
    /// The checks of a node, those of its services too; none if there is no such node.
    ///
    /// `GET /v1/health/node/NODE`
    ///
    /// # Errors
    /// `InvalidArgument` for a name that can't be addressed, else as every read, see
    /// [`ErrorKind`](crate::ErrorKind).
    pub async fn node(&self, node: &str) -> Result<Vec<HealthCheck>, Error> {
        Ok(self.node_with(node, &QueryOptions::default()).await?.value)
    }

    /// [`node`](Self::node) with options and metadata.
    ///
    /// # Errors
    /// As [`node`](Self::node); `InvalidArgument` for a filter that the server can't read.
    pub async fn node_with(
        &self,
        node: &str,
        options: &QueryOptions,
    ) -> Result<Answer<Vec<HealthCheck>>, Error> {
        let operation = Operation::new("list the checks of node", node);
        let url = named(operation, path::HEALTH_NODE, "node")?;
        self.client.list(operation, url, options).await
    }

    /// The checks of all instances of a service, without those of their nodes.
    ///
    /// `GET /v1/health/checks/NAME`
    ///
    /// # Errors
    /// As [`node`](Self::node).
    pub async fn checks(&self, service: &str) -> Result<Vec<HealthCheck>, Error> {
        let options = QueryOptions::default();
        Ok(self.checks_with(service, &options).await?.value)
    }

    /// [`checks`](Self::checks) with options and metadata.
    ///
    /// # Errors
    /// As [`node`](Self::node); `InvalidArgument` for a filter that the server can't read.
    pub async fn checks_with(
        &self,
        service: &str,
        options: &QueryOptions,
    ) -> Result<Answer<Vec<HealthCheck>>, Error> {
        let operation = Operation::new("list the checks of service", service);
        let url = named(operation, path::HEALTH_CHECKS, "service")?;
        self.client.list(operation, url, options).await
    }

    /// The checks that are like this: passing, warning or critical.
    ///
    /// `GET /v1/health/state/STATE`
    ///
    /// # Errors
    /// As every read, see [`ErrorKind`](crate::ErrorKind).
    pub async fn state(&self, status: &HealthStatus) -> Result<Vec<HealthCheck>, Error> {
        let options = QueryOptions::default();
        Ok(self.state_with(status, &options).await?.value)
    }

    /// [`state`](Self::state) with options and metadata.
    ///
    /// # Errors
    /// As every read; `InvalidArgument` for a filter that the server can't read.
    pub async fn state_with(
        &self,
        status: &HealthStatus,
        options: &QueryOptions,
    ) -> Result<Answer<Vec<HealthCheck>>, Error> {
        self.in_state(status.as_str(), options).await
    }

    /// Every check there is.
    ///
    /// `GET /v1/health/state/any`
    ///
    /// # Errors
    /// As every read, see [`ErrorKind`](crate::ErrorKind).
    pub async fn any(&self) -> Result<Vec<HealthCheck>, Error> {
        Ok(self.any_with(&QueryOptions::default()).await?.value)
    }

    /// [`any`](Self::any) with options and metadata.
    ///
    /// # Errors
    /// As every read; `InvalidArgument` for a filter that the server can't read.
    pub async fn any_with(
        &self,
        options: &QueryOptions,
    ) -> Result<Answer<Vec<HealthCheck>>, Error> {
        self.in_state(ANY, options).await
    }

    /// Follows the checks of a node.
    pub fn watch_node(&self, node: &str) -> Blocking<Vec<HealthCheck>> {
        self.watch_node_with(node, QueryOptions::default())
    }

    /// [`watch_node`](Self::watch_node) with options; their index is where it starts.
    pub fn watch_node_with(&self, node: &str, options: QueryOptions) -> Blocking<Vec<HealthCheck>> {
        let (health, node) = (self.clone(), node.to_owned());
        Blocking::new(options, move |options| {
            let (health, node) = (health.clone(), node.clone());
            Box::pin(async move { health.node_with(&node, &options).await })
        })
    }

    /// Follows the checks of a service.
    pub fn watch_checks(&self, service: &str) -> Blocking<Vec<HealthCheck>> {
        self.watch_checks_with(service, QueryOptions::default())
    }

    /// [`watch_checks`](Self::watch_checks) with options; their index is where it starts.
    pub fn watch_checks_with(
        &self,
        service: &str,
        options: QueryOptions,
    ) -> Blocking<Vec<HealthCheck>> {
        let (health, service) = (self.clone(), service.to_owned());
        Blocking::new(options, move |options| {
            let (health, service) = (health.clone(), service.clone());
            Box::pin(async move { health.checks_with(&service, &options).await })
        })
    }

    /// Follows the checks that are like this.
    pub fn watch_state(&self, status: &HealthStatus) -> Blocking<Vec<HealthCheck>> {
        self.watch_state_with(status, QueryOptions::default())
    }

    /// [`watch_state`](Self::watch_state) with options; their index is where it starts.
    pub fn watch_state_with(
        &self,
        status: &HealthStatus,
        options: QueryOptions,
    ) -> Blocking<Vec<HealthCheck>> {
        self.watch_in_state(status.as_str(), options)
    }

    /// Follows every check there is.
    pub fn watch_any(&self) -> Blocking<Vec<HealthCheck>> {
        self.watch_any_with(QueryOptions::default())
    }

    /// [`watch_any`](Self::watch_any) with options; their index is where it starts.
    pub fn watch_any_with(&self, options: QueryOptions) -> Blocking<Vec<HealthCheck>> {
        self.watch_in_state(ANY, options)
    }

    fn watch_in_state(&self, state: &str, options: QueryOptions) -> Blocking<Vec<HealthCheck>> {
        let (health, state) = (self.clone(), state.to_owned());
        Blocking::new(options, move |options| {
            let (health, state) = (health.clone(), state.clone());
            Box::pin(async move { health.in_state(&state, &options).await })
        })
    }

    async fn in_state(
        &self,
        state: &str,
        options: &QueryOptions,
    ) -> Result<Answer<Vec<HealthCheck>>, Error> {
        let operation = Operation::new("list the checks in state", state);
        let url = named(operation, path::HEALTH_STATE, "state")?;
        self.client.list(operation, url, options).await
    }
}
