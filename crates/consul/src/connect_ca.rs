//! The certificate authority of the mesh: `/v1/connect/ca`.

use http::Method;
use quorate_wire::consul::{CaConfiguration, CaRoots, path};

use crate::answer::Answer;
use crate::blocking::Blocking;
use crate::call::{Effect, Operation};
use crate::client::Client;
use crate::error::Error;
use crate::intention::body_of;
use crate::options::{QueryOptions, WriteOptions};
use crate::url::Url;

/// The certificate authority of Consul's mesh.
///
/// A server whose mesh is off, which is the default and always so on an embedded agent, refuses
/// all of this with `Unsupported`.
///
/// ```
/// # #[tokio::main(flavor = "current_thread")] async fn main() -> Result<(), Box<dyn std::error::Error>> {
/// # let agent = quorate_agent::Agent::start(Default::default()).await?;
/// # let client = quorate_consul::Client::builder().dialer(agent.dialer()).build()?;
/// use quorate_consul::ErrorKind;
///
/// match client.connect_ca().roots().await {
///     Ok(roots) => println!("identities are of {}", roots.trust_domain),
///     Err(error) => assert_eq!(error.kind(), ErrorKind::Unsupported, "the mesh is off"),
/// }
/// # Ok(())
/// # }
/// ```
#[derive(Clone, Debug)]
pub struct ConnectCa {
    client: Client,
}

impl ConnectCa {
    pub(crate) fn new(client: Client) -> Self {
        Self { client }
    }

    /// The authorities that are trusted.
    ///
    /// `GET /v1/connect/ca/roots`
    ///
    /// # Errors
    /// `Unsupported` when the mesh is off, else see [`ErrorKind`](crate::ErrorKind).
    pub async fn roots(&self) -> Result<CaRoots, Error> {
        Ok(self.roots_with(&QueryOptions::default()).await?.value)
    }

    /// [`roots`](Self::roots) with options and metadata.
    ///
    /// # Errors
    /// As [`roots`](Self::roots).
    pub async fn roots_with(&self, options: &QueryOptions) -> Result<Answer<CaRoots>, Error> {
        let operation = Operation::new("get the trusted authorities", "");
        let call = self
            .client
            .read(operation, Url::new(path::CONNECT_CA_ROOTS), options);
        let reply = self.client.execute(call).await?;
        reply.answer(|body| serde_json::from_slice(body))
    }

    /// The certificates of the authorities that are trusted, in PEM, one after the other.
    ///
    /// `GET /v1/connect/ca/roots?pem=true`
    ///
    /// # Errors
    /// As [`roots`](Self::roots).
    pub async fn roots_pem(&self) -> Result<String, Error> {
        self.roots_pem_with(&QueryOptions::default()).await
    }

    /// [`roots_pem`](Self::roots_pem) with options.
    ///
    /// # Errors
    /// As [`roots`](Self::roots).
    pub async fn roots_pem_with(&self, options: &QueryOptions) -> Result<String, Error> {
        let operation = Operation::new("get the trusted certificates", "");
        let mut url = Url::new(path::CONNECT_CA_ROOTS);
        url.pair("pem", "true");
        let call = self.client.read(operation, url, options);
        let reply = self.client.execute(call).await?.success()?;
        reply.decode(|body| std::str::from_utf8(body).map(str::to_owned))
    }

    /// How certificates are made.
    ///
    /// `GET /v1/connect/ca/configuration`
    ///
    /// # Errors
    /// As [`roots`](Self::roots).
    pub async fn configuration(&self) -> Result<CaConfiguration, Error> {
        self.configuration_with(&QueryOptions::default()).await
    }

    /// [`configuration`](Self::configuration) with options.
    ///
    /// # Errors
    /// As [`roots`](Self::roots).
    pub async fn configuration_with(
        &self,
        options: &QueryOptions,
    ) -> Result<CaConfiguration, Error> {
        let operation = Operation::new("get the configuration of the authority", "");
        let url = Url::new(path::CONNECT_CA_CONFIGURATION);
        let call = self.client.read(operation, url, options);
        let reply = self.client.execute(call).await?;
        Ok(reply.answer(|body| serde_json::from_slice(body))?.value)
    }

    /// Changes how certificates are made. Another provider, or another key, replaces the
    /// authority. Repeated when the answer is lost.
    ///
    /// `PUT /v1/connect/ca/configuration`
    ///
    /// # Errors
    /// `Unsupported` when the mesh is off; `InvalidArgument` for settings that the provider
    /// refuses.
    pub async fn set_configuration(&self, configuration: &CaConfiguration) -> Result<(), Error> {
        let options = WriteOptions::default();
        self.set_configuration_with(configuration, &options).await
    }

    /// [`set_configuration`](Self::set_configuration) with options.
    ///
    /// # Errors
    /// As [`set_configuration`](Self::set_configuration).
    pub async fn set_configuration_with(
        &self,
        configuration: &CaConfiguration,
        options: &WriteOptions,
    ) -> Result<(), Error> {
        let operation = Operation::new("configure the authority", &configuration.provider);
        let url = Url::new(path::CONNECT_CA_CONFIGURATION);
        let mut call = self.client.write(operation, Method::PUT, url, options);
        let mut sent = configuration.clone();
        // Only servers write it, and they read texts only.
        sent.state = None;
        call.body = body_of(operation, &sent)?;
        call.effect = Effect::Idempotent;
        self.client.execute(call).await?.success().map(drop)
    }

    /// Follows the authorities that are trusted.
    pub fn watch_roots(&self) -> Blocking<CaRoots> {
        let api = self.clone();
        Blocking::new(QueryOptions::default(), move |options| {
            let api = api.clone();
            Box::pin(async move { api.roots_with(&options).await })
        })
    }
}
