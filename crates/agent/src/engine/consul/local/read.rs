use std::sync::Arc;

use super::entry::{LocalCheck, LocalService};
use crate::engine::consul::state::State;

impl State {
    /// The agent's own services by id.
    pub fn local_services(&self) -> impl Iterator<Item = &Arc<LocalService>> {
        self.local.services.values()
    }

    /// One of the agent's own services, by its exact id.
    #[must_use]
    pub fn local_service(&self, id: &str) -> Option<&Arc<LocalService>> {
        self.local.services.get(id)
    }

    /// The agent's own checks by id.
    pub fn local_checks(&self) -> impl Iterator<Item = &Arc<LocalCheck>> {
        self.local.checks.values()
    }

    /// One of the agent's own checks, by its exact id.
    #[must_use]
    pub fn local_check(&self, id: &str) -> Option<&Arc<LocalCheck>> {
        self.local.checks.get(id)
    }
}
