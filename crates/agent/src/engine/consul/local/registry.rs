use std::sync::Arc;
use std::time::Duration;

use rpds::RedBlackTreeMapSync;

use super::deadlines::Deadlines;
use super::entry::{LocalCheck, LocalService};
use crate::engine::Time;
use crate::engine::consul::command::NodeSpec;
use crate::engine::consul::row::Row;

/// The agent's own services and checks, by id, and their timers.
#[derive(Clone, Debug, Default)]
pub(in crate::engine::consul) struct Local {
    /// The agent's node, as the last write named it.
    pub(super) node: Arc<NodeSpec>,
    /// How long an output may wait, as the last write said.
    pub(super) defer: Duration,
    pub(super) services: RedBlackTreeMapSync<Box<str>, Arc<LocalService>>,
    pub(super) checks: RedBlackTreeMapSync<Box<str>, Arc<LocalCheck>>,
    /// When the TTLs expire.
    pub(super) expiries: Deadlines,
    /// When outputs that wait go to the catalog.
    pub(super) deferred: Deadlines,
    /// Since when checks have been critical.
    pub(super) critical_since: RedBlackTreeMapSync<Box<str>, Time>,
}

impl Local {
    pub(in crate::engine::consul) fn next_deadline(&self) -> Option<Time> {
        let next = [self.expiries.next(), self.deferred.next()];
        next.into_iter().flatten().min()
    }

    pub(in crate::engine::consul) fn restore_service(
        &mut self,
        id: Box<str>,
        service: Arc<LocalService>,
    ) {
        self.services.insert_mut(id, service);
    }

    /// Its TTL stands still until the agent says that it starts.
    pub(in crate::engine::consul) fn restore_check(
        &mut self,
        id: Box<str>,
        check: Arc<LocalCheck>,
    ) {
        self.checks.insert_mut(id, check);
    }

    pub(in crate::engine::consul) fn rows(&self) -> impl Iterator<Item = Row> + '_ {
        let services = self.services.iter();
        let services = services.map(|(id, it)| Row::LocalService(id.clone(), Some(Arc::clone(it))));
        let checks = self.checks.iter();
        let checks = checks.map(|(id, it)| Row::LocalCheck(id.clone(), Some(Arc::clone(it))));
        services.chain(checks)
    }

    /// The ids of the checks of a service.
    pub(super) fn checks_of(&self, service_id: &str) -> Vec<Box<str>> {
        let checks = self.checks.iter();
        let checks = checks.filter(|(_, it)| it.check.service_id == service_id);
        checks.map(|(id, _)| id.clone()).collect()
    }

    /// Forgets the timers of a check.
    pub(super) fn stop(&mut self, id: &str) {
        self.expiries.clear(id);
        self.deferred.clear(id);
        self.critical_since.remove_mut(id);
    }
}
