//! Autopilot: `/v1/operator/autopilot/…`.

use http::{Method, StatusCode};
use quorate_wire::consul::operator::{AutopilotConfig, AutopilotConfigRequest, AutopilotHealth};
use quorate_wire::consul::path;

use crate::answer::Answer;
use crate::call::{Effect, Operation};
use crate::client::Client;
use crate::error::Error;
use crate::options::{QueryOptions, WriteOptions};
use crate::url::Url;

/// How servers come and go by themselves, and how they are.
#[derive(Clone, Debug)]
pub struct Autopilot {
    client: Client,
}

impl Autopilot {
    pub(super) fn new(client: Client) -> Self {
        Self { client }
    }

    /// The settings.
    ///
    /// `GET /v1/operator/autopilot/configuration`
    ///
    /// # Errors
    /// As every read, see [`ErrorKind`](crate::ErrorKind); `PermissionDenied` without
    /// `operator:read`.
    pub async fn configuration(&self) -> Result<AutopilotConfig, Error> {
        let options = QueryOptions::default();
        Ok(self.configuration_with(&options).await?.value)
    }

    /// [`configuration`](Self::configuration) with options.
    ///
    /// # Errors
    /// As [`configuration`](Self::configuration).
    pub async fn configuration_with(
        &self,
        options: &QueryOptions,
    ) -> Result<Answer<AutopilotConfig>, Error> {
        let operation = Operation::new("ask for the settings of autopilot", "");
        let url = Url::new(path::OPERATOR_AUTOPILOT_CONFIGURATION);
        let call = self.client.read(operation, url, options);
        let reply = self.client.execute(call).await?;
        reply.answer(|body| serde_json::from_slice(body))
    }

    /// Replaces the settings, all of them.
    ///
    /// `PUT /v1/operator/autopilot/configuration`
    ///
    /// # Errors
    /// As every write, see [`ErrorKind`](crate::ErrorKind); `PermissionDenied` without
    /// `operator:write`.
    pub async fn set_configuration(&self, request: &AutopilotConfigRequest) -> Result<(), Error> {
        self.set_configuration_with(request, &WriteOptions::default())
            .await
    }

    /// [`set_configuration`](Self::set_configuration) with options.
    ///
    /// # Errors
    /// As [`set_configuration`](Self::set_configuration).
    pub async fn set_configuration_with(
        &self,
        request: &AutopilotConfigRequest,
        options: &WriteOptions,
    ) -> Result<(), Error> {
        self.set(request, None, options).await.map(drop)
    }

    /// Replaces the settings if their ModifyIndex is still `index`; says whether it was.
    ///
    /// `PUT /v1/operator/autopilot/configuration?cas=INDEX`
    ///
    /// # Errors
    /// As [`set_configuration`](Self::set_configuration).
    pub async fn cas_configuration(
        &self,
        request: &AutopilotConfigRequest,
        index: u64,
    ) -> Result<bool, Error> {
        self.cas_configuration_with(request, index, &WriteOptions::default())
            .await
    }

    /// [`cas_configuration`](Self::cas_configuration) with options.
    ///
    /// # Errors
    /// As [`set_configuration`](Self::set_configuration).
    pub async fn cas_configuration_with(
        &self,
        request: &AutopilotConfigRequest,
        index: u64,
        options: &WriteOptions,
    ) -> Result<bool, Error> {
        self.set(request, Some(index), options).await
    }

    async fn set(
        &self,
        request: &AutopilotConfigRequest,
        cas: Option<u64>,
        options: &WriteOptions,
    ) -> Result<bool, Error> {
        let operation = Operation::new("change the settings of autopilot", "");
        let mut url = Url::new(path::OPERATOR_AUTOPILOT_CONFIGURATION);
        if let Some(index) = cas {
            url.pair("cas", &index.to_string());
        }
        let body = serde_json::to_vec(request)
            .map_err(|error| Error::invalid(operation.to_string(), "request").with_source(error))?;
        let mut call = self.client.write(operation, Method::PUT, url, options);
        call.body = body.into();
        if cas.is_none() {
            call.effect = Effect::Idempotent;
        }
        self.client.execute(call).await?.truth()
    }

    /// How the servers are. That one is not well is an answer, not an error.
    ///
    /// `GET /v1/operator/autopilot/health`
    ///
    /// # Errors
    /// As every read, see [`ErrorKind`](crate::ErrorKind); `PermissionDenied` without
    /// `operator:read`.
    pub async fn health(&self) -> Result<AutopilotHealth, Error> {
        Ok(self.health_with(&QueryOptions::default()).await?.value)
    }

    /// [`health`](Self::health) with options.
    ///
    /// # Errors
    /// As [`health`](Self::health).
    pub async fn health_with(
        &self,
        options: &QueryOptions,
    ) -> Result<Answer<AutopilotHealth>, Error> {
        let operation = Operation::new("ask how the servers are", "");
        let url = Url::new(path::OPERATOR_AUTOPILOT_HEALTH);
        let mut call = self.client.read(operation, url, options);
        call.answers = &[StatusCode::TOO_MANY_REQUESTS];
        let reply = self.client.execute(call).await?;
        // A server that limits rates says the same, but not in JSON.
        let unwell = reply.status == StatusCode::TOO_MANY_REQUESTS && reply.body.starts_with(b"{");
        if !unwell {
            return reply.answer(|body| serde_json::from_slice(body));
        }
        let health = reply.decode(|body| serde_json::from_slice(body))?;
        Ok(Answer::new(health, reply.meta()))
    }
}
