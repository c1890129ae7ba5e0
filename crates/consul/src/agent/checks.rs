//! The agent's checks.

use std::collections::BTreeMap;

use quorate_wire::consul::agent::CheckRegistration;
use quorate_wire::consul::{HealthCheck, path};

use super::{Agent, check_name};
use crate::answer::Answer;
use crate::call::Operation;
use crate::error::Error;
use crate::options::{QueryOptions, WriteOptions};
use crate::url::Url;

impl Agent {
    /// The checks that are registered at the agent, by id: those of its services, and those of the
    /// node. The check of the pool itself (`serfHealth`) is not among them.
    ///
    /// `GET /v1/agent/checks`
    ///
    /// # Errors
    /// As every read, see [`ErrorKind`](crate::ErrorKind). Checks that the token may not see are
    /// left out.
    pub async fn checks(&self) -> Result<BTreeMap<String, HealthCheck>, Error> {
        Ok(self.checks_with(&QueryOptions::default()).await?.value)
    }

    /// [`checks`](Self::checks) with options; the filter, the token and the timeout matter here.
    ///
    /// # Errors
    /// As [`checks`](Self::checks); `InvalidArgument` for a filter that can't be read.
    pub async fn checks_with(
        &self,
        options: &QueryOptions,
    ) -> Result<Answer<BTreeMap<String, HealthCheck>>, Error> {
        let operation = Operation::new("list the agent's checks", "");
        self.read(operation, Url::new(path::AGENT_CHECKS), options)
            .await
    }

    /// Registers a check of the node or of one of the agent's services, or changes the one with
    /// the same id, which keeps the status that it has. Sent again when the answer is lost.
    ///
    /// The token that the call carries is the one with which the agent keeps the check in the
    /// catalog: that of the options, or of the check, or of the client.
    ///
    /// ```
    /// # #[tokio::main(flavor = "current_thread")] async fn main() -> Result<(), Box<dyn std::error::Error>> {
    /// # let agent = quorate_agent::Agent::start(Default::default()).await?;
    /// # let client = quorate_consul::Client::builder().dialer(agent.dialer()).build()?;
    /// use std::time::Duration;
    /// use quorate_consul::{CheckDefinition, CheckRegistration, HealthStatus};
    ///
    /// let ttl = CheckDefinition::ttl(Duration::from_secs(60)).with_notes("nightly");
    /// client.agent().register_check(&CheckRegistration::new("backup", ttl)).await?;
    /// client.agent().update_ttl("backup", &HealthStatus::Warning, "took long").await?;
    ///
    /// let checks = client.agent().checks().await?;
    /// assert_eq!(checks["backup"].output, "took long");
    /// # Ok(())
    /// # }
    /// ```
    ///
    /// `PUT /v1/agent/check/register`
    ///
    /// # Errors
    /// `InvalidArgument` names the field that is wrong, mostly before anything is sent; `NotFound`
    /// for a service that the agent does not have; `Unsupported` for a script where those are
    /// disabled; otherwise as every write, see [`ErrorKind`](crate::ErrorKind).
    pub async fn register_check(&self, check: &CheckRegistration) -> Result<(), Error> {
        self.register_check_with(check, &WriteOptions::default())
            .await
    }

    /// [`register_check`](Self::register_check) with options; only the token and the timeout
    /// matter here.
    ///
    /// # Errors
    /// As [`register_check`](Self::register_check).
    pub async fn register_check_with(
        &self,
        check: &CheckRegistration,
        options: &WriteOptions,
    ) -> Result<(), Error> {
        let operation = Operation::new("register check", check.id());
        check
            .validate()
            .map_err(|error| Error::invalid(operation.to_string(), error))?;
        let url = Url::new(path::AGENT_CHECK_REGISTER);
        let write = options.or_token(&check.token);
        self.write_json(operation, url, check, &write).await
    }

    /// Removes the check with this id. It is no error if there is none. Sent again when the answer
    /// is lost.
    ///
    /// `PUT /v1/agent/check/deregister/ID`
    ///
    /// # Errors
    /// As every write, see [`ErrorKind`](crate::ErrorKind).
    pub async fn deregister_check(&self, id: &str) -> Result<(), Error> {
        self.deregister_check_with(id, &WriteOptions::default())
            .await
    }

    /// [`deregister_check`](Self::deregister_check) with options; only the token and the timeout
    /// matter here.
    ///
    /// # Errors
    /// As [`deregister_check`](Self::deregister_check).
    pub async fn deregister_check_with(
        &self,
        id: &str,
        options: &WriteOptions,
    ) -> Result<(), Error> {
        let operation = Operation::new("deregister check", id);
        check_name(operation, "check", id)?;
        let url = Url::named(path::AGENT_CHECK_DEREGISTER, id);
        self.write(operation, url, options).await
    }
}
