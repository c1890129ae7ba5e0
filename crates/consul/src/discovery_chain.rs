//! Discovery chains: `/v1/discovery-chain`.

use http::Method;
use quorate_wire::consul::discovery_chain::DiscoveryChainAnswer;
use quorate_wire::consul::{DiscoveryChain, DiscoveryChainOverrides, path};

use crate::answer::Answer;
use crate::blocking::Blocking;
use crate::call::Operation;
use crate::client::Client;
use crate::error::Error;
use crate::intention::body_of;
use crate::options::QueryOptions;
use crate::url::Url;

/// Discovery chains: where requests for a service end up, as the configuration entries say.
///
/// A real server compiles them while its mesh is on; an embedded agent always does.
///
/// ```
/// # #[tokio::main(flavor = "current_thread")] async fn main() -> Result<(), Box<dyn std::error::Error>> {
/// # let agent = quorate_agent::Agent::start(Default::default()).await?;
/// # let client = quorate_consul::Client::builder().dialer(agent.dialer()).build()?;
/// use quorate_consul::wire::config_entry::{ResolverRedirect, ServiceResolver};
///
/// let moved = ServiceResolver::new("old").with_redirect(ResolverRedirect::service("new"));
/// client.config_entries().set(&moved.into()).await?;
/// let chain = client.discovery_chain().get("old").await?;
/// assert_eq!(chain.start_node, "resolver:new.default.dc1");
/// # Ok(())
/// # }
/// ```
#[derive(Clone, Debug)]
pub struct DiscoveryChains {
    client: Client,
}

impl DiscoveryChains {
    pub(crate) fn new(client: Client) -> Self {
        Self { client }
    }

    /// The chain of a service; one that leads to the service itself when nothing is configured.
    ///
    /// `GET /v1/discovery-chain/SERVICE`
    ///
    /// # Errors
    /// `Unsupported` when the mesh is off, else see [`ErrorKind`](crate::ErrorKind).
    pub async fn get(&self, service: &str) -> Result<DiscoveryChain, Error> {
        Ok(self
            .get_with(service, &QueryOptions::default())
            .await?
            .value)
    }

    /// [`get`](Self::get) with options and metadata.
    ///
    /// # Errors
    /// As [`get`](Self::get).
    pub async fn get_with(
        &self,
        service: &str,
        options: &QueryOptions,
    ) -> Result<Answer<DiscoveryChain>, Error> {
        let url = Url::named(path::DISCOVERY_CHAIN, service);
        self.ask(service, url, None, options).await
    }

    /// The chain of a service as seen from another datacenter.
    ///
    /// `GET /v1/discovery-chain/SERVICE?compile-dc=DATACENTER`
    ///
    /// # Errors
    /// As [`get`](Self::get).
    pub async fn get_from(
        &self,
        service: &str,
        datacenter: &str,
        options: &QueryOptions,
    ) -> Result<Answer<DiscoveryChain>, Error> {
        let mut url = Url::named(path::DISCOVERY_CHAIN, service);
        url.pair("compile-dc", datacenter);
        self.ask(service, url, None, options).await
    }

    /// The chain of a service for a proxy that has decided some of it for itself.
    ///
    /// `POST /v1/discovery-chain/SERVICE`
    ///
    /// # Errors
    /// As [`get`](Self::get).
    pub async fn get_overridden(
        &self,
        service: &str,
        overrides: &DiscoveryChainOverrides,
        options: &QueryOptions,
    ) -> Result<Answer<DiscoveryChain>, Error> {
        let url = Url::named(path::DISCOVERY_CHAIN, service);
        self.ask(service, url, Some(overrides), options).await
    }

    async fn ask(
        &self,
        service: &str,
        url: Url,
        overrides: Option<&DiscoveryChainOverrides>,
        options: &QueryOptions,
    ) -> Result<Answer<DiscoveryChain>, Error> {
        let operation = Operation::new("get the discovery chain of", service);
        if service.is_empty() {
            return Err(Error::invalid(
                operation.to_string(),
                "service: it is empty",
            ));
        }
        let mut call = self.client.read(operation, url, options);
        if let Some(overrides) = overrides {
            call.method = Method::POST;
            call.body = body_of(operation, overrides)?;
        }
        let reply = self.client.execute(call).await?;
        let answer = reply.answer(|body| serde_json::from_slice::<DiscoveryChainAnswer>(body))?;
        Ok(answer.map(|answer| answer.chain))
    }

    /// Follows the chain of a service.
    pub fn watch(&self, service: &str) -> Blocking<DiscoveryChain> {
        let (api, service) = (self.clone(), service.to_owned());
        Blocking::new(QueryOptions::default(), move |options| {
            let (api, service) = (api.clone(), service.clone());
            Box::pin(async move { api.get_with(&service, &options).await })
        })
    }
}
