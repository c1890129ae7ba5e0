//! Taking a node or a service out of service for a while.

use quorate_wire::consul::path;

use super::{Agent, check_name};
use crate::call::Operation;
use crate::error::Error;
use crate::options::WriteOptions;
use crate::url::Url;

impl Agent {
    /// Takes the node out of service: a critical check (`_node_maintenance`) keeps everything on
    /// it out of answers to "who is healthy". It lasts beyond a restart of the agent. While it is
    /// on, doing it again changes nothing, not even the reason.
    ///
    /// `PUT /v1/agent/maintenance?enable=true`
    ///
    /// # Errors
    /// As every write, see [`ErrorKind`](crate::ErrorKind); `PermissionDenied` without
    /// `node:write`.
    pub async fn enable_maintenance(&self, reason: &str) -> Result<(), Error> {
        self.enable_maintenance_with(reason, &WriteOptions::default())
            .await
    }

    /// [`enable_maintenance`](Self::enable_maintenance) with options; only the token and the
    /// timeout matter here.
    ///
    /// # Errors
    /// As [`enable_maintenance`](Self::enable_maintenance).
    pub async fn enable_maintenance_with(
        &self,
        reason: &str,
        options: &WriteOptions,
    ) -> Result<(), Error> {
        let operation = Operation::new("begin the maintenance of the node", "");
        let url = maintenance(Url::new(path::AGENT_MAINTENANCE), Some(reason));
        self.write(operation, url, options).await
    }

    /// Brings the node back into service; nothing happens if it is in it.
    ///
    /// `PUT /v1/agent/maintenance?enable=false`
    ///
    /// # Errors
    /// As [`enable_maintenance`](Self::enable_maintenance).
    pub async fn disable_maintenance(&self) -> Result<(), Error> {
        self.disable_maintenance_with(&WriteOptions::default())
            .await
    }

    /// [`disable_maintenance`](Self::disable_maintenance) with options; only the token and the
    /// timeout matter here.
    ///
    /// # Errors
    /// As [`enable_maintenance`](Self::enable_maintenance).
    pub async fn disable_maintenance_with(&self, options: &WriteOptions) -> Result<(), Error> {
        let operation = Operation::new("end the maintenance of the node", "");
        let url = maintenance(Url::new(path::AGENT_MAINTENANCE), None);
        self.write(operation, url, options).await
    }

    /// Takes one of the agent's services out of service, as
    /// [`enable_maintenance`](Self::enable_maintenance) does the node; the check is called
    /// `_service_maintenance:` and the service's id.
    ///
    /// `PUT /v1/agent/service/maintenance/ID?enable=true`
    ///
    /// # Errors
    /// `NotFound` when the agent has no such service; otherwise as every write, see
    /// [`ErrorKind`](crate::ErrorKind); `PermissionDenied` without `service:write`.
    pub async fn enable_service_maintenance(&self, id: &str, reason: &str) -> Result<(), Error> {
        self.enable_service_maintenance_with(id, reason, &WriteOptions::default())
            .await
    }

    /// [`enable_service_maintenance`](Self::enable_service_maintenance) with options; only the
    /// token and the timeout matter here.
    ///
    /// # Errors
    /// As [`enable_service_maintenance`](Self::enable_service_maintenance).
    pub async fn enable_service_maintenance_with(
        &self,
        id: &str,
        reason: &str,
        options: &WriteOptions,
    ) -> Result<(), Error> {
        let operation = Operation::new("begin the maintenance of service", id);
        check_name(operation, "service", id)?;
        let url = Url::named(path::AGENT_SERVICE_MAINTENANCE, id);
        self.write(operation, maintenance(url, Some(reason)), options)
            .await
    }

    /// Brings one of the agent's services back into service; nothing happens if it is in it.
    ///
    /// `PUT /v1/agent/service/maintenance/ID?enable=false`
    ///
    /// # Errors
    /// As [`enable_service_maintenance`](Self::enable_service_maintenance).
    pub async fn disable_service_maintenance(&self, id: &str) -> Result<(), Error> {
        self.disable_service_maintenance_with(id, &WriteOptions::default())
            .await
    }

    /// [`disable_service_maintenance`](Self::disable_service_maintenance) with options; only the
    /// token and the timeout matter here.
    ///
    /// # Errors
    /// As [`enable_service_maintenance`](Self::enable_service_maintenance).
    pub async fn disable_service_maintenance_with(
        &self,
        id: &str,
        options: &WriteOptions,
    ) -> Result<(), Error> {
        let operation = Operation::new("end the maintenance of service", id);
        check_name(operation, "service", id)?;
        let url = Url::named(path::AGENT_SERVICE_MAINTENANCE, id);
        self.write(operation, maintenance(url, None), options).await
    }
}

/// On with a reason, or off.
fn maintenance(mut url: Url, reason: Option<&str>) -> Url {
    url.pair("enable", if reason.is_some() { "true" } else { "false" });
    if let Some(reason) = reason.filter(|reason| !reason.is_empty()) {
        url.pair("reason", reason);
    }
    url
}
