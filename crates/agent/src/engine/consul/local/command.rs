use std::sync::Arc;
use std::time::Duration;

use super::entry::{LocalCheck, LocalService};
use crate::engine::consul::command::NodeSpec;

/// A write of the agent's own services and checks.
#[derive(Clone, Debug)]
pub struct LocalWrite {
    /// The agent's node. It is put into the catalog if it is not there.
    pub node: Arc<NodeSpec>,
    /// The time since 1970: what a stored expiry is measured against.
    pub clock: Duration,
    /// How long an output without a new status may be kept from the catalog; zero writes it at
    /// once.
    pub defer: Duration,
    /// What is written.
    pub change: LocalChange,
}

/// What is written to the agent's own services and checks.
#[derive(Clone, Debug)]
#[non_exhaustive]
pub enum LocalChange {
    /// The agent starts: TTLs go on where they stood, and what is run from here on is critical
    /// until the first run says otherwise.
    Start,
    /// `PUT /v1/agent/service/register`.
    RegisterService(Box<ServiceRegistration>),
    /// `PUT /v1/agent/service/deregister/:id`.
    DeregisterService(String),
    /// `PUT /v1/agent/check/register`.
    RegisterCheck(Box<LocalCheck>),
    /// `PUT /v1/agent/check/deregister/:id`.
    DeregisterCheck(String),
    /// `PUT /v1/agent/check/update/:id` and its shorter forms.
    Report {
        /// The check.
        id: String,
        /// Its status.
        status: String,
        /// Its output.
        output: String,
    },
    /// A check was run.
    Ran {
        /// The check.
        id: String,
        /// Which registration of it.
        registration: u64,
        /// Its status.
        status: String,
        /// Its output.
        output: String,
    },
    /// `PUT /v1/agent/maintenance` and `PUT /v1/agent/service/maintenance/:id`.
    Maintenance {
        /// The service; `None` for the node.
        service_id: Option<String>,
        /// Whether it begins.
        enable: bool,
        /// Why; empty for a text that says that nobody said.
        reason: String,
    },
    /// Makes the catalog agree with the agent.
    Sync,
    /// Removes the services whose checks have been critical for too long.
    Reap,
}

/// A service to register, with its checks.
#[derive(Clone, Debug, Default)]
pub struct ServiceRegistration {
    /// The service.
    pub service: LocalService,
    /// Its checks.
    pub checks: Vec<LocalCheck>,
    /// Its sidecar, registered with it.
    pub sidecar: Option<SidecarSpec>,
    /// Whether checks of it that are not among `checks` go.
    pub replace_checks: bool,
}

/// A sidecar to register.
#[derive(Clone, Debug, Default)]
pub struct SidecarSpec {
    /// The service; port 0 takes a free one.
    pub service: LocalService,
    /// Its checks; `None` for those that every sidecar has.
    pub checks: Option<Vec<LocalCheck>>,
}
