//! The catalog: `/v1/catalog`.

mod node;
mod register;
mod service;

use std::collections::BTreeMap;

use quorate_wire::consul::path::{self, check_key};
use serde::de::DeserializeOwned;

use crate::answer::Answer;
use crate::blocking::Blocking;
use crate::call::Operation;
use crate::client::Client;
use crate::error::Error;
use crate::options::QueryOptions;
use crate::url::Url;

/// Services by name, each with the tags of its instances.
pub type ServiceTags = BTreeMap<String, Vec<String>>;

/// The catalog: which nodes and services there are.
///
/// What agents registered, and what was registered here, from outside. The services and checks
/// of a node with an agent belong to that agent, which undoes what others change of them; register
/// those with the agent. For instances that work, ask [`Health`](crate::Health) instead.
///
/// Names of nodes and services match in any case.
///
/// ```
/// # #[tokio::main(flavor = "current_thread")] async fn main() -> Result<(), Box<dyn std::error::Error>> {
/// # let agent = quorate_agent::Agent::start(Default::default()).await?;
/// # let client = quorate_consul::Client::builder().dialer(agent.dialer()).build()?;
/// use quorate_consul::{DeregisterRequest, NodeService, RegisterRequest};
///
/// let catalog = client.catalog();
/// let search = NodeService::new("search").with_port(9200).with_tags(["primary"]);
/// let external = RegisterRequest::new("search-1", "10.0.0.7").with_service(search);
/// catalog.register(&external).await?;
///
/// let instances = catalog.service_tagged("search", &["primary"]).await?;
/// assert_eq!(instances[0].effective_address(), "10.0.0.7");
/// assert!(catalog.services().await?.contains_key("search"));
///
/// catalog.deregister(&DeregisterRequest::node("search-1")).await?;
/// assert!(catalog.node("search-1").await?.is_none());
/// # Ok(())
/// # }
/// ```
#[derive(Clone, Debug)]
pub struct Catalog {
    client: Client,
}

impl Catalog {
    pub(crate) fn new(client: Client) -> Self {
        Self { client }
    }

    /// The names of the datacenters that are known, the nearest first. Works without a leader.
    ///
    /// `GET /v1/catalog/datacenters`
    ///
    /// # Errors
    /// As every read, see [`ErrorKind`](crate::ErrorKind).
    pub async fn datacenters(&self) -> Result<Vec<String>, Error> {
        Ok(self.datacenters_with(&QueryOptions::default()).await?.value)
    }

    /// [`datacenters`](Self::datacenters) with options and metadata. It can't block.
    ///
    /// # Errors
    /// As [`datacenters`](Self::datacenters).
    pub async fn datacenters_with(
        &self,
        options: &QueryOptions,
    ) -> Result<Answer<Vec<String>>, Error> {
        let operation = Operation::new("list the datacenters", "");
        self.list(operation, Url::new(path::CATALOG_DATACENTERS), options)
            .await
    }

    /// Every service by name, with the tags of all its instances.
    ///
    /// `GET /v1/catalog/services`
    ///
    /// # Errors
    /// As every read, see [`ErrorKind`](crate::ErrorKind).
    pub async fn services(&self) -> Result<ServiceTags, Error> {
        Ok(self.services_with(&QueryOptions::default()).await?.value)
    }

    /// [`services`](Self::services) with options and metadata. Servers send the tags in no order;
    /// here they are sorted.
    ///
    /// # Errors
    /// As [`services`](Self::services).
    pub async fn services_with(
        &self,
        options: &QueryOptions,
    ) -> Result<Answer<ServiceTags>, Error> {
        let operation = Operation::new("list the services", "");
        let url = Url::new(path::CATALOG_SERVICES);
        let answer: Answer<ServiceTags> = self.list(operation, url, options).await?;
        Ok(answer.map(|mut services| {
            services.values_mut().for_each(|tags| tags.sort());
            services
        }))
    }

    /// Follows the services and their tags.
    pub fn watch_services(&self) -> Blocking<ServiceTags> {
        self.watch_services_with(QueryOptions::default())
    }

    /// [`watch_services`](Self::watch_services) with options; their index is where it starts.
    pub fn watch_services_with(&self, options: QueryOptions) -> Blocking<ServiceTags> {
        let catalog = self.clone();
        Blocking::new(options, move |options| {
            let catalog = catalog.clone();
            Box::pin(async move { catalog.services_with(&options).await })
        })
    }

    async fn list<T: DeserializeOwned + Default>(
        &self,
        operation: Operation<'_>,
        url: Url,
        options: &QueryOptions,
    ) -> Result<Answer<T>, Error> {
        self.client.list(operation, url, options).await
    }
}

impl Client {
    /// A read of a list or an object; `null` is an empty one.
    pub(crate) async fn list<T: DeserializeOwned + Default>(
        &self,
        operation: Operation<'_>,
        url: Url,
        options: &QueryOptions,
    ) -> Result<Answer<T>, Error> {
        let mut call = self.read(operation, url, options);
        call.listing = true;
        let answer = self.execute(call).await?;
        answer
            .answer(|body| serde_json::from_slice::<Option<T>>(body).map(Option::unwrap_or_default))
    }
}

/// The path of an endpoint with a name behind it, unless the name would not arrive as it is.
pub(crate) fn named(operation: Operation<'_>, endpoint: &str, field: &str) -> Result<Url, Error> {
    check_key(operation.subject).map_err(|error| {
        Error::invalid(operation.to_string(), format_args!("{field}: {error}")).with_source(error)
    })?;
    Ok(Url::named(endpoint, operation.subject))
}
