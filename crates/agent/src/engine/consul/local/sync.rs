use std::collections::BTreeSet;
use std::sync::Arc;

use quorate_wire::consul::health::SERF_HEALTH;

use super::entry::LocalService;
use super::push::is_same_but_output;
use crate::engine::change::Topic;
use crate::engine::consul::catalog::PartKey;
use crate::engine::consul::refusal::Refusal;
use crate::engine::consul::row::Row;
use crate::engine::consul::state::Step;

/// The service that the agent itself is.
const CONSUL: &str = "consul";

impl Step<'_> {
    /// Makes the catalog agree with the agent: what is missing there or was edited is written
    /// again, and what the agent does not know goes.
    pub(super) fn sync_local(&mut self) -> Result<(), Refusal> {
        self.remove_strangers();
        let services: Vec<_> = self.state.local.services.keys().cloned().collect();
        for id in services {
            self.adopt_tags(&id);
            self.push_service(&id)?;
        }
        let checks: Vec<_> = self.state.local.checks.keys().cloned().collect();
        for id in checks {
            if !self.waits(&id) {
                self.push_check(&id)?;
            }
        }
        Ok(())
    }

    /// Whether all that the catalog lacks of a check is an output that may wait.
    fn waits(&self, id: &str) -> bool {
        let stored = self.state.catalog.check(&self.own_key(id));
        let known = self.state.local.checks.get(id);
        let same = known
            .zip(stored)
            .is_some_and(|(known, stored)| is_same_but_output(&known.check, stored));
        same && self.state.local.deferred.get(id).is_some()
    }

    /// Others may change the tags of a service that allows it.
    fn adopt_tags(&mut self, id: &str) {
        let Some(known) = self.state.local.services.get(id).cloned() else {
            return;
        };
        let stored = self.state.catalog.service(&self.own_key(id));
        let Some(stored) = stored.filter(|_| known.service.enable_tag_override) else {
            return;
        };
        if stored.tags == known.service.tags {
            return;
        }
        let mut service = LocalService::clone(&known);
        service.service.tags.clone_from(&stored.tags);
        let service = Arc::new(service);
        let services = &mut self.state.local.services;
        services.insert_mut(id.into(), Arc::clone(&service));
        self.store(Row::LocalService(id.into(), Some(service)));
        self.wake(Topic::LocalService(id.into()));
    }

    /// Removes what the catalog has of this node and the agent does not know.
    fn remove_strangers(&mut self) {
        let (node, consul) = self.own_key(CONSUL);
        let (_, serf) = self.own_key(SERF_HEALTH);
        let local = &self.state.local;
        let mut known: BTreeSet<Box<str>> = local.services.keys().map(|id| lower(id)).collect();
        known.insert(consul);
        let services = self.state.catalog.services_of(&node);
        let services = services.map(|(key, _)| key);
        let strangers = services.filter(|(_, id)| !known.contains(id)).cloned();
        let services: Vec<PartKey> = strangers.collect();
        let mut known: BTreeSet<Box<str>> = local.checks.keys().map(|id| lower(id)).collect();
        known.insert(serf);
        let checks = self.state.catalog.checks_of(&node);
        let checks = checks.map(|(key, _)| key);
        let strangers = checks.filter(|(_, id)| !known.contains(id)).cloned();
        let checks: Vec<PartKey> = strangers.collect();
        for key in services {
            self.remove_service(&key);
        }
        for key in checks {
            self.remove_check(&key);
        }
    }
}

fn lower(id: &str) -> Box<str> {
    id.to_lowercase().into()
}
