//! The agent's services.

use std::collections::BTreeMap;

use quorate_wire::consul::agent::{AgentService, ServiceRegistration};
use quorate_wire::consul::path;

use super::watch::ServiceWatch;
use super::{Agent, check_name, is_missing};
use crate::answer::Answer;
use crate::call::Operation;
use crate::error::Error;
use crate::options::{QueryOptions, WriteOptions};
use crate::url::Url;

/// Options of registering a service.
#[derive(Clone, Debug, Default)]
#[non_exhaustive]
pub struct RegisterOptions {
    /// Removes the service's checks that the registration does not name. Default: they stay.
    pub replace_existing_checks: bool,
    /// What every write has.
    pub write: WriteOptions,
}

impl RegisterOptions {
    /// The defaults.
    #[must_use]
    pub fn new() -> Self {
        Self::default()
    }

    /// Removes the service's checks that the registration does not name.
    #[must_use]
    pub fn with_replace_existing_checks(mut self) -> Self {
        self.replace_existing_checks = true;
        self
    }

    /// Sets what every write has.
    #[must_use]
    pub fn with_write(mut self, write: WriteOptions) -> Self {
        self.write = write;
        self
    }
}

impl Agent {
    /// The services that are registered at the agent, by id. Those that were only put into the
    /// catalog are not among them.
    ///
    /// `GET /v1/agent/services`
    ///
    /// # Errors
    /// As every read, see [`ErrorKind`](crate::ErrorKind). Services that the token may not see are
    /// left out.
    pub async fn services(&self) -> Result<BTreeMap<String, AgentService>, Error> {
        Ok(self.services_with(&QueryOptions::default()).await?.value)
    }

    /// [`services`](Self::services) with options; the filter, the token and the timeout matter
    /// here.
    ///
    /// # Errors
    /// As [`services`](Self::services); `InvalidArgument` for a filter that can't be read.
    pub async fn services_with(
        &self,
        options: &QueryOptions,
    ) -> Result<Answer<BTreeMap<String, AgentService>>, Error> {
        let operation = Operation::new("list the agent's services", "");
        self.read(operation, Url::new(path::AGENT_SERVICES), options)
            .await
    }

    /// The service with this id, or `None` if there is none. Its
    /// [`content_hash`](AgentService::content_hash) is a digest of everything about it.
    ///
    /// `GET /v1/agent/service/ID`
    ///
    /// # Errors
    /// As every read, see [`ErrorKind`](crate::ErrorKind); `PermissionDenied` without
    /// `service:read`.
    pub async fn service(&self, id: &str) -> Result<Option<AgentService>, Error> {
        let options = QueryOptions::default();
        Ok(self.service_with(id, &options).await?.value)
    }

    /// [`service`](Self::service) with options; only the token and the timeout matter here.
    ///
    /// # Errors
    /// As [`service`](Self::service).
    pub async fn service_with(
        &self,
        id: &str,
        options: &QueryOptions,
    ) -> Result<Answer<Option<AgentService>>, Error> {
        let operation = Operation::new("get the agent's service", id);
        check_name(operation, "service", id)?;
        let url = Url::named(path::AGENT_SERVICE, id);
        let call = self.client.read_local(operation, url, options);
        let reply = self.client.execute(call).await?;
        if is_missing(&reply) {
            return Ok(Answer::new(None, reply.meta()));
        }
        reply.answer(|body| serde_json::from_slice(body).map(Some))
    }

    /// Follows the service with this id: what it is now, whenever it changes, and `None` once it is
    /// gone.
    pub fn watch_service(&self, id: &str) -> ServiceWatch {
        self.watch_service_with(id, QueryOptions::default())
    }

    /// [`watch_service`](Self::watch_service) with options: the token, the timeout of each
    /// question, and its wait.
    pub fn watch_service_with(&self, id: &str, options: QueryOptions) -> ServiceWatch {
        ServiceWatch::new(self.client.clone(), id, options)
    }

    /// Registers a service with its checks, or changes the one with the same id. It is in the
    /// catalog when this returns. Sent again when the answer is lost.
    ///
    /// The token that the call carries is the one with which the agent keeps the service in the
    /// catalog: that of the options, or of the service, or of the client.
    ///
    /// A check that exists keeps the status that it has. Checks of an earlier registration that
    /// are not named stay, unless
    /// [`replace_existing_checks`](RegisterOptions::replace_existing_checks) is set.
    ///
    /// ```
    /// # #[tokio::main(flavor = "current_thread")] async fn main() -> Result<(), Box<dyn std::error::Error>> {
    /// # let agent = quorate_agent::Agent::start(Default::default()).await?;
    /// # let client = quorate_consul::Client::builder().dialer(agent.dialer()).build()?;
    /// use std::time::Duration;
    /// use quorate_consul::{CheckDefinition, ServiceRegistration};
    ///
    /// let web = ServiceRegistration::new("web")
    ///     .with_port(8080)
    ///     .with_check(CheckDefinition::ttl(Duration::from_secs(30)));
    /// client.agent().register_service(&web).await?;
    /// client.agent().pass_ttl("service:web", "started").await?;
    ///
    /// let services = client.agent().services().await?;
    /// assert_eq!(services["web"].port, 8080);
    /// client.agent().deregister_service("web").await?;
    /// # Ok(())
    /// # }
    /// ```
    ///
    /// `PUT /v1/agent/service/register`
    ///
    /// # Errors
    /// `InvalidArgument` names the field that is wrong, mostly before anything is sent; otherwise
    /// as every write, see [`ErrorKind`](crate::ErrorKind); `PermissionDenied` without
    /// `service:write`.
    pub async fn register_service(&self, service: &ServiceRegistration) -> Result<(), Error> {
        self.register_service_with(service, &RegisterOptions::default())
            .await
    }

    /// [`register_service`](Self::register_service) with options.
    ///
    /// # Errors
    /// As [`register_service`](Self::register_service).
    pub async fn register_service_with(
        &self,
        service: &ServiceRegistration,
        options: &RegisterOptions,
    ) -> Result<(), Error> {
        let operation = Operation::new("register service", service.id());
        service
            .validate()
            .map_err(|error| Error::invalid(operation.to_string(), error))?;
        let mut url = Url::new(path::AGENT_SERVICE_REGISTER);
        if options.replace_existing_checks {
            url.pair("replace-existing-checks", "true");
        }
        let write = options.write.or_token(&service.token);
        self.write_json(operation, url, service, &write).await
    }

    /// Removes the service with this id and its checks. It is no error if there is none. Sent
    /// again when the answer is lost.
    ///
    /// `PUT /v1/agent/service/deregister/ID`
    ///
    /// # Errors
    /// As every write, see [`ErrorKind`](crate::ErrorKind); `PermissionDenied` without
    /// `service:write`.
    pub async fn deregister_service(&self, id: &str) -> Result<(), Error> {
        self.deregister_service_with(id, &WriteOptions::default())
            .await
    }

    /// [`deregister_service`](Self::deregister_service) with options; only the token and the
    /// timeout matter here.
    ///
    /// # Errors
    /// As [`deregister_service`](Self::deregister_service).
    pub async fn deregister_service_with(
        &self,
        id: &str,
        options: &WriteOptions,
    ) -> Result<(), Error> {
        let operation = Operation::new("deregister service", id);
        check_name(operation, "service", id)?;
        let url = Url::named(path::AGENT_SERVICE_DEREGISTER, id);
        self.write(operation, url, options).await
    }
}
