//! What a program says about its own health.

use quorate_wire::consul::agent::{HealthStatus, TtlUpdate};
use quorate_wire::consul::path;

use super::{Agent, check_name};
use crate::call::Operation;
use crate::error::Error;
use crate::options::WriteOptions;
use crate::url::Url;

impl Agent {
    /// Says that the TTL check with this id passes, and why. The check stays so until its TTL is
    /// over. Sent again when the answer is lost.
    ///
    /// `PUT /v1/agent/check/update/ID`, which takes notes of any length: at most 4 KiB are kept.
    ///
    /// # Errors
    /// `InvalidArgument` when there is no TTL check with this id; otherwise as every write, see
    /// [`ErrorKind`](crate::ErrorKind).
    pub async fn pass_ttl(&self, id: &str, note: &str) -> Result<(), Error> {
        self.update_ttl(id, &HealthStatus::Passing, note).await
    }

    /// Says that the TTL check with this id warns; as [`pass_ttl`](Self::pass_ttl).
    ///
    /// # Errors
    /// As [`pass_ttl`](Self::pass_ttl).
    pub async fn warn_ttl(&self, id: &str, note: &str) -> Result<(), Error> {
        self.update_ttl(id, &HealthStatus::Warning, note).await
    }

    /// Says that the TTL check with this id fails; as [`pass_ttl`](Self::pass_ttl).
    ///
    /// # Errors
    /// As [`pass_ttl`](Self::pass_ttl).
    pub async fn fail_ttl(&self, id: &str, note: &str) -> Result<(), Error> {
        self.update_ttl(id, &HealthStatus::Critical, note).await
    }

    /// Says how the TTL check with this id is, and why; as [`pass_ttl`](Self::pass_ttl). For words
    /// of a configuration, [`HealthStatus::from_alias`] reads `pass`, `warn` and `fail` too.
    ///
    /// # Errors
    /// As [`pass_ttl`](Self::pass_ttl); `InvalidArgument` for a status other than passing, warning
    /// and critical.
    pub async fn update_ttl(
        &self,
        id: &str,
        status: &HealthStatus,
        output: &str,
    ) -> Result<(), Error> {
        self.update_ttl_with(id, status, output, &WriteOptions::default())
            .await
    }

    /// [`update_ttl`](Self::update_ttl) with options; only the token and the timeout matter here.
    ///
    /// # Errors
    /// As [`update_ttl`](Self::update_ttl).
    pub async fn update_ttl_with(
        &self,
        id: &str,
        status: &HealthStatus,
        output: &str,
        options: &WriteOptions,
    ) -> Result<(), Error> {
        let operation = Operation::new("update check", id);
        check_name(operation, "check", id)?;
        if matches!(status, HealthStatus::Maintenance | HealthStatus::Other(_)) {
            let why = format_args!("status: {status:?} is none of passing, warning and critical");
            return Err(Error::invalid(operation.to_string(), why));
        }
        let update = TtlUpdate::new(status.clone(), output);
        let url = Url::named(path::AGENT_CHECK_UPDATE, id);
        self.write_json(operation, url, &update, options).await
    }
}
