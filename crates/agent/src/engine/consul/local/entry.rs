use std::time::Duration;

use serde::{Deserialize, Serialize};

use super::plan::{CheckKind, CheckPlan};
use crate::engine::consul::catalog::{Check, Service};

/// A service that was registered with this agent.
#[derive(Clone, Debug, Default, PartialEq, Serialize, Deserialize)]
#[serde(default)]
pub struct LocalService {
    /// The service as it goes into the catalog; its indexes are 0.
    pub service: Service,
    /// Whether it was registered as the sidecar of another one, and goes with it.
    pub is_sidecar: bool,
}

/// A check that was registered with this agent.
#[derive(Clone, Debug, Default, PartialEq, Serialize, Deserialize)]
#[serde(default)]
pub struct LocalCheck {
    /// The check as it goes into the catalog; its indexes are 0.
    pub check: Check,
    /// How it is run.
    pub plan: CheckPlan,
    /// Tells registrations of the same id apart: what an earlier one's runner says is ignored.
    pub registration: u64,
    /// When the TTL expires, as time since 1970; `None` when there is no TTL or it has expired.
    pub expires: Option<Duration>,
    /// Whether its output was reported since it was registered.
    pub reported: bool,
}

impl LocalCheck {
    /// Whether a program is run for it.
    #[must_use]
    pub fn is_script(&self) -> bool {
        matches!(self.plan.kind, CheckKind::Script { .. })
    }

    /// Its time to live, if it has one.
    #[must_use]
    pub fn ttl(&self) -> Option<Duration> {
        match self.plan.kind {
            CheckKind::Ttl { ttl } => Some(ttl),
            _ => None,
        }
    }
}
