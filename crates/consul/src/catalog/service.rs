//! Services of the catalog.

use quorate_wire::consul::catalog::{CatalogService, GatewayService};
use quorate_wire::consul::path;

use super::{Catalog, named};
use crate::answer::Answer;
use crate::blocking::Blocking;
use crate::call::Operation;
use crate::error::Error;
use crate::options::QueryOptions;

impl Catalog {
    /// The instances of a service, whatever their health; none if there is no such service.
    ///
    /// `GET /v1/catalog/service/NAME`
    ///
    /// # Errors
    /// `InvalidArgument` for a name that can't be addressed, else as every read, see
    /// [`ErrorKind`](crate::ErrorKind).
    pub async fn service(&self, name: &str) -> Result<Vec<CatalogService>, Error> {
        self.service_tagged(name, &[]).await
    }

    /// The instances of a service that have all of these tags, in any case of letters.
    ///
    /// `GET /v1/catalog/service/NAME?tag=…`
    ///
    /// # Errors
    /// As [`service`](Self::service).
    pub async fn service_tagged(
        &self,
        name: &str,
        tags: &[&str],
    ) -> Result<Vec<CatalogService>, Error> {
        let options = QueryOptions::default();
        Ok(self.service_with(name, tags, &options).await?.value)
    }

    /// [`service_tagged`](Self::service_tagged) with options and metadata: sorted by `near`, only
    /// on nodes with `node_meta`, only those that a `filter` keeps, from the agent's cache.
    ///
    /// # Errors
    /// As [`service`](Self::service); `InvalidArgument` for a filter that the server can't read.
    pub async fn service_with(
        &self,
        name: &str,
        tags: &[&str],
        options: &QueryOptions,
    ) -> Result<Answer<Vec<CatalogService>>, Error> {
        let operation = Operation::new("list the instances of service", name);
        self.instances(operation, path::CATALOG_SERVICE, tags, options)
            .await
    }

    /// The instances that speak Connect for a service: its proxies, and its instances that need
    /// none.
    ///
    /// `GET /v1/catalog/connect/NAME`
    ///
    /// # Errors
    /// As [`service`](Self::service).
    pub async fn connect(&self, name: &str) -> Result<Vec<CatalogService>, Error> {
        let options = QueryOptions::default();
        Ok(self.connect_with(name, &options).await?.value)
    }

    /// [`connect`](Self::connect) with options and metadata. Servers do not select proxies by tags.
    ///
    /// # Errors
    /// As [`service`](Self::service); `InvalidArgument` for a filter that the server can't read.
    pub async fn connect_with(
        &self,
        name: &str,
        options: &QueryOptions,
    ) -> Result<Answer<Vec<CatalogService>>, Error> {
        let operation = Operation::new("list the proxies of service", name);
        self.instances(operation, path::CATALOG_CONNECT, &[], options)
            .await
    }

    /// The services behind an ingress or terminating gateway; none if there is no such gateway.
    ///
    /// `GET /v1/catalog/gateway-services/NAME`
    ///
    /// # Errors
    /// As [`service`](Self::service).
    pub async fn gateway_services(&self, gateway: &str) -> Result<Vec<GatewayService>, Error> {
        let options = QueryOptions::default();
        Ok(self.gateway_services_with(gateway, &options).await?.value)
    }

    /// [`gateway_services`](Self::gateway_services) with options and metadata.
    ///
    /// # Errors
    /// As [`service`](Self::service).
    pub async fn gateway_services_with(
        &self,
        gateway: &str,
        options: &QueryOptions,
    ) -> Result<Answer<Vec<GatewayService>>, Error> {
        let operation = Operation::new("list the services behind gateway", gateway);
        let url = named(operation, path::CATALOG_GATEWAY_SERVICES, "gateway")?;
        self.list(operation, url, options).await
    }

    /// Follows the instances of a service, whatever their health.
    pub fn watch_service(&self, name: &str) -> Blocking<Vec<CatalogService>> {
        self.watch_service_with(name, &[], QueryOptions::default())
    }

    /// [`watch_service`](Self::watch_service) with tags and options; their index is where it
    /// starts.
    pub fn watch_service_with(
        &self,
        name: &str,
        tags: &[&str],
        options: QueryOptions,
    ) -> Blocking<Vec<CatalogService>> {
        let (catalog, name) = (self.clone(), name.to_owned());
        let tags: Vec<String> = tags.iter().map(|tag| (*tag).to_owned()).collect();
        Blocking::new(options, move |options| {
            let (catalog, name, tags) = (catalog.clone(), name.clone(), tags.clone());
            Box::pin(async move {
                let tags: Vec<&str> = tags.iter().map(String::as_str).collect();
                catalog.service_with(&name, &tags, &options).await
            })
        })
    }

    /// Follows the instances that speak Connect for a service.
    pub fn watch_connect(&self, name: &str) -> Blocking<Vec<CatalogService>> {
        self.watch_connect_with(name, QueryOptions::default())
    }

    /// [`watch_connect`](Self::watch_connect) with options; their index is where it starts.
    pub fn watch_connect_with(
        &self,
        name: &str,
        options: QueryOptions,
    ) -> Blocking<Vec<CatalogService>> {
        let (catalog, name) = (self.clone(), name.to_owned());
        Blocking::new(options, move |options| {
            let (catalog, name) = (catalog.clone(), name.clone());
            Box::pin(async move { catalog.connect_with(&name, &options).await })
        })
    }

    /// Follows the services behind a gateway.
    pub fn watch_gateway_services(&self, gateway: &str) -> Blocking<Vec<GatewayService>> {
        self.watch_gateway_services_with(gateway, QueryOptions::default())
    }

    /// [`watch_gateway_services`](Self::watch_gateway_services) with options; their index is where
    /// it starts.
    pub fn watch_gateway_services_with(
        &self,
        gateway: &str,
        options: QueryOptions,
    ) -> Blocking<Vec<GatewayService>> {
        let (catalog, gateway) = (self.clone(), gateway.to_owned());
        Blocking::new(options, move |options| {
            let (catalog, gateway) = (catalog.clone(), gateway.clone());
            Box::pin(async move { catalog.gateway_services_with(&gateway, &options).await })
        })
    }

    async fn instances(
        &self,
        operation: Operation<'_>,
        endpoint: &str,
        tags: &[&str],
        options: &QueryOptions,
    ) -> Result<Answer<Vec<CatalogService>>, Error> {
        let mut url = named(operation, endpoint, "service")?;
        for tag in tags {
            url.pair("tag", tag);
        }
        self.list(operation, url, options).await
    }
}
