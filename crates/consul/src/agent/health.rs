//! How healthy services are by their agent.

use quorate_wire::consul::agent::ServiceHealth;
use quorate_wire::consul::path;
use serde::de::DeserializeOwned;

use super::{Agent, check_name, is_missing};
use crate::answer::Answer;
use crate::call::Operation;
use crate::error::Error;
use crate::options::QueryOptions;
use crate::url::Url;

impl Agent {
    /// How healthy the instance with this id is, or `None` if the agent has none. The worst of its
    /// checks and those of the node counts.
    ///
    /// The agent answers 200, 429 or 503 for passing, warning and everything worse, which are all
    /// answers here.
    ///
    /// `GET /v1/agent/health/service/id/ID`
    ///
    /// # Errors
    /// As every read, see [`ErrorKind`](crate::ErrorKind); `PermissionDenied` without
    /// `service:read`.
    pub async fn service_health(&self, id: &str) -> Result<Option<ServiceHealth>, Error> {
        let options = QueryOptions::default();
        Ok(self.service_health_with(id, &options).await?.value)
    }

    /// [`service_health`](Self::service_health) with options; only the token and the timeout
    /// matter here.
    ///
    /// # Errors
    /// As [`service_health`](Self::service_health).
    pub async fn service_health_with(
        &self,
        id: &str,
        options: &QueryOptions,
    ) -> Result<Answer<Option<ServiceHealth>>, Error> {
        let operation = Operation::new("get the health of service", id);
        check_name(operation, "service", id)?;
        let url = Url::named(path::AGENT_HEALTH_BY_ID, id);
        self.health(operation, url, options).await
    }

    /// How healthy the instances of the service `name` are that the agent has; none if it has
    /// none.
    ///
    /// `GET /v1/agent/health/service/name/NAME`
    ///
    /// # Errors
    /// As [`service_health`](Self::service_health).
    pub async fn service_health_by_name(&self, name: &str) -> Result<Vec<ServiceHealth>, Error> {
        let options = QueryOptions::default();
        let answer = self.service_health_by_name_with(name, &options).await?;
        Ok(answer.value)
    }

    /// [`service_health_by_name`](Self::service_health_by_name) with options; only the token and
    /// the timeout matter here.
    ///
    /// # Errors
    /// As [`service_health`](Self::service_health).
    pub async fn service_health_by_name_with(
        &self,
        name: &str,
        options: &QueryOptions,
    ) -> Result<Answer<Vec<ServiceHealth>>, Error> {
        let operation = Operation::new("get the health of the instances of service", name);
        check_name(operation, "service", name)?;
        let url = Url::named(path::AGENT_HEALTH_BY_NAME, name);
        let found: Answer<Option<Vec<ServiceHealth>>> =
            self.health(operation, url, options).await?;
        Ok(found.map(Option::unwrap_or_default))
    }

    async fn health<T: DeserializeOwned>(
        &self,
        operation: Operation<'_>,
        url: Url,
        options: &QueryOptions,
    ) -> Result<Answer<Option<T>>, Error> {
        let mut call = self.client.read_local(operation, url, options);
        // What others answer while they are overloaded is an answer of this one.
        call.any_status = true;
        let reply = self.client.execute(call).await?;
        if is_missing(&reply) {
            return Ok(Answer::new(None, reply.meta()));
        }
        let is_answer = matches!(reply.status.as_u16(), 200 | 429 | 503);
        match reply.decode(|body| serde_json::from_slice(body)) {
            Ok(health) if is_answer => Ok(Answer::new(Some(health), reply.meta())),
            // A limit or a proxy, and not the health of anything.
            Ok(_) | Err(_) if reply.status.as_u16() != 200 => Err(reply.refused()),
            Ok(_) => Err(reply.refused()),
            Err(error) => Err(error),
        }
    }
}
