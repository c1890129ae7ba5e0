//! How healthy a service is by its agent.

use serde::{Deserialize, Serialize};

use super::service::AgentService;
use crate::consul::health::HealthCheck;
use crate::consul::health_status::HealthStatus;
use crate::consul::null;

/// An instance of a service with its checks, and what they come to.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
#[serde(rename_all = "PascalCase")]
#[non_exhaustive]
pub struct ServiceHealth {
    /// The worst of its checks, and of those of its node.
    pub aggregated_status: HealthStatus,
    /// The instance.
    pub service: AgentService,
    /// Its checks.
    #[serde(default, deserialize_with = "null::empty")]
    pub checks: Vec<HealthCheck>,
}
