//! Instances of services with their health.

use quorate_wire::consul::health::ServiceEntry;
use quorate_wire::consul::path;

use super::{Health, ServiceQuery};
use crate::answer::Answer;
use crate::blocking::Blocking;
use crate::call::Operation;
use crate::catalog::named;
use crate::error::Error;
use crate::options::QueryOptions;

/// One of the three endpoints, and what it is asked for.
#[derive(Clone, Copy)]
struct Endpoint {
    path: &'static str,
    verb: &'static str,
    /// Whether servers look at tags.
    takes_tags: bool,
}

const SERVICE: Endpoint = Endpoint {
    path: path::HEALTH_SERVICE,
    verb: "get the health of service",
    takes_tags: true,
};
const CONNECT: Endpoint = Endpoint {
    path: path::HEALTH_CONNECT,
    verb: "get the health of the proxies of service",
    takes_tags: false,
};
const INGRESS: Endpoint = Endpoint {
    path: path::HEALTH_INGRESS,
    verb: "get the health of the ingress gateways of service",
    takes_tags: false,
};

impl Health {
    /// The instances of a service, each with its node and all checks that concern it: a name, or
    /// a [`ServiceQuery`] for only those that work or have certain tags.
    ///
    /// `GET /v1/health/service/NAME`
    ///
    /// # Errors
    /// `InvalidArgument` for a name that can't be addressed, else as every read, see
    /// [`ErrorKind`](crate::ErrorKind).
    pub async fn service(
        &self,
        query: impl Into<ServiceQuery>,
    ) -> Result<Vec<ServiceEntry>, Error> {
        let options = QueryOptions::default();
        Ok(self.service_with(query, &options).await?.value)
    }

    /// [`service`](Self::service) with options and metadata: sorted by `near`, only on nodes with
    /// `node_meta`, only those that a `filter` keeps, from the agent's cache.
    ///
    /// # Errors
    /// As [`service`](Self::service); `InvalidArgument` for a filter that the server can't read.
    pub async fn service_with(
        &self,
        query: impl Into<ServiceQuery>,
        options: &QueryOptions,
    ) -> Result<Answer<Vec<ServiceEntry>>, Error> {
        self.entries(SERVICE, &query.into(), options).await
    }

    /// The instances that speak Connect for a service: its proxies, and its instances that need
    /// none.
    ///
    /// `GET /v1/health/connect/NAME`
    ///
    /// # Errors
    /// As [`service`](Self::service); `InvalidArgument` for tags, which servers ignore here.
    pub async fn connect(
        &self,
        query: impl Into<ServiceQuery>,
    ) -> Result<Vec<ServiceEntry>, Error> {
        let options = QueryOptions::default();
        Ok(self.connect_with(query, &options).await?.value)
    }

    /// [`connect`](Self::connect) with options and metadata.
    ///
    /// # Errors
    /// As [`service`](Self::service); `InvalidArgument` for a filter that the server can't read.
    pub async fn connect_with(
        &self,
        query: impl Into<ServiceQuery>,
        options: &QueryOptions,
    ) -> Result<Answer<Vec<ServiceEntry>>, Error> {
        self.entries(CONNECT, &query.into(), options).await
    }

    /// The ingress gateways that lead to a service.
    ///
    /// `GET /v1/health/ingress/NAME`
    ///
    /// # Errors
    /// As [`service`](Self::service); `InvalidArgument` for tags, which servers ignore here.
    pub async fn ingress(
        &self,
        query: impl Into<ServiceQuery>,
    ) -> Result<Vec<ServiceEntry>, Error> {
        let options = QueryOptions::default();
        Ok(self.ingress_with(query, &options).await?.value)
    }

    /// [`ingress`](Self::ingress) with options and metadata.
    ///
    /// # Errors
    /// As [`service`](Self::service); `InvalidArgument` for a filter that the server can't read.
    pub async fn ingress_with(
        &self,
        query: impl Into<ServiceQuery>,
        options: &QueryOptions,
    ) -> Result<Answer<Vec<ServiceEntry>>, Error> {
        self.entries(INGRESS, &query.into(), options).await
    }

    /// Follows the instances of a service and their health.
    pub fn watch_service(&self, query: impl Into<ServiceQuery>) -> Blocking<Vec<ServiceEntry>> {
        self.watch_service_with(query, QueryOptions::default())
    }

    /// [`watch_service`](Self::watch_service) with options; their index is where it starts.
    pub fn watch_service_with(
        &self,
        query: impl Into<ServiceQuery>,
        options: QueryOptions,
    ) -> Blocking<Vec<ServiceEntry>> {
        self.watch(SERVICE, query.into(), options)
    }

    /// Follows the instances that speak Connect for a service, and their health.
    pub fn watch_connect(&self, query: impl Into<ServiceQuery>) -> Blocking<Vec<ServiceEntry>> {
        self.watch_connect_with(query, QueryOptions::default())
    }

    /// [`watch_connect`](Self::watch_connect) with options; their index is where it starts.
    pub fn watch_connect_with(
        &self,
        query: impl Into<ServiceQuery>,
        options: QueryOptions,
    ) -> Blocking<Vec<ServiceEntry>> {
        self.watch(CONNECT, query.into(), options)
    }

    /// Follows the ingress gateways of a service and their health.
    pub fn watch_ingress(&self, query: impl Into<ServiceQuery>) -> Blocking<Vec<ServiceEntry>> {
        self.watch_ingress_with(query, QueryOptions::default())
    }

    /// [`watch_ingress`](Self::watch_ingress) with options; their index is where it starts.
    pub fn watch_ingress_with(
        &self,
        query: impl Into<ServiceQuery>,
        options: QueryOptions,
    ) -> Blocking<Vec<ServiceEntry>> {
        self.watch(INGRESS, query.into(), options)
    }

    fn watch(
        &self,
        endpoint: Endpoint,
        query: ServiceQuery,
        options: QueryOptions,
    ) -> Blocking<Vec<ServiceEntry>> {
        let health = self.clone();
        Blocking::new(options, move |options| {
            let (health, query) = (health.clone(), query.clone());
            Box::pin(async move { health.entries(endpoint, &query, &options).await })
        })
    }

    async fn entries(
        &self,
        endpoint: Endpoint,
        query: &ServiceQuery,
        options: &QueryOptions,
    ) -> Result<Answer<Vec<ServiceEntry>>, Error> {
        let operation = Operation::new(endpoint.verb, &query.name);
        let mut url = named(operation, endpoint.path, "service")?;
        if !(query.tags.is_empty() || endpoint.takes_tags) {
            let why = "tags: servers do not select proxies and gateways by tags";
            return Err(Error::invalid(operation.to_string(), why));
        }
        query.add_to(&mut url);
        self.client.list(operation, url, options).await
    }
}
