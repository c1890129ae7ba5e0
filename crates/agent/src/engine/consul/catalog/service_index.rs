//! The index of each service: what a reader of one service waits for.

use super::Service;
use super::tables::{Catalog, PartKey};
use crate::engine::change::Topic;
use crate::engine::consul::index::Table;
use crate::engine::consul::state::{State, Step};

/// What of an instance changed.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum Cause {
    /// The instance, or its node.
    Itself,
    /// A check of it, or of its node.
    Health,
}

impl Catalog {
    /// Forgets when services changed. A stored state does not say; every service counts as changed
    /// when anything in the catalog was, so that nobody who waited misses a change.
    pub(super) fn restart_indexes(&mut self, newest: u64) {
        let names: Vec<Box<str>> = self.service_names().map(|(name, _)| name.into()).collect();
        for name in names {
            self.service_indexes.insert_mut(name, newest);
        }
        let names: Vec<Box<str>> = self.connected_names().map(Into::into).collect();
        for name in names {
            self.connect_indexes.insert_mut(name, newest);
        }
        self.last_extinction = newest;
    }
}

impl State {
    /// Takes the catalog as complete after all stored rows were read.
    pub(crate) fn restart_service_indexes(&mut self) {
        let newest = self.catalog_index(true);
        let newest = if newest > 1 { newest } else { 0 };
        self.catalog.restart_indexes(newest);
        self.catalog.last_gateway_change = self.indexes.table(Table::ConfigEntries);
    }

    /// The index of the newest change of any node or service, and if asked for of any check.
    pub(super) fn catalog_index(&self, checks: bool) -> u64 {
        let nodes = self.table_index(Table::Nodes);
        let index = nodes.max(self.table_index(Table::Services));
        match checks {
            true => index.max(self.table_index(Table::Checks)),
            false => index,
        }
    }

    /// The index of a service, whose name is in lower case. One that has no instances is where any
    /// service last lost its last one, or until that happens wherever anything is.
    pub(super) fn service_index(&self, name: &str, exists: bool, checks: bool) -> u64 {
        if !exists && self.catalog.last_extinction > 0 {
            return self.catalog.last_extinction;
        }
        let own = self.catalog.service_indexes.get(name).copied();
        own.unwrap_or_else(|| self.catalog_index(checks))
    }
}

impl State {
    /// The index of what speaks Connect for a service, whose name is in lower case, and of the
    /// gateways; 0 when nothing ever did.
    pub(super) fn connect_index(&self, name: &str) -> u64 {
        let catalog = &self.catalog;
        let own = catalog.connect_indexes.get(name).copied();
        own.unwrap_or_default().max(catalog.last_gateway_change)
    }
}

impl Step<'_> {
    /// Says that something of an instance changed.
    pub(super) fn touch_service(&mut self, service: &Service, cause: Cause) {
        let name: Box<str> = service.name.to_lowercase().into();
        let indexes = &mut self.state.catalog.service_indexes;
        indexes.insert_mut(name.clone(), self.index);
        self.changes.indexes_moved = true;
        self.wake_service(service, cause, name);
    }

    fn wake_service(&mut self, service: &Service, cause: Cause, name: Box<str>) {
        let connect = service.speaks_connect_for();
        let connect: Option<Box<str>> = connect.map(|name| name.to_lowercase().into());
        if let Some(connect) = &connect {
            let indexes = &mut self.state.catalog.connect_indexes;
            indexes.insert_mut(connect.clone(), self.index);
        }
        if cause == Cause::Itself {
            self.wake(Topic::Service(name.clone()));
            if let Some(connect) = &connect {
                self.wake(Topic::Connect(connect.clone()));
            }
        }
        self.wake(Topic::ServiceHealth(name));
        if let Some(connect) = connect {
            self.wake(Topic::ConnectHealth(connect));
        }
    }

    /// Says that something changed that all instances on a node share.
    pub(super) fn touch_services_of(&mut self, node: &str, cause: Cause) {
        let services = self.state.catalog.services_of(node);
        let services: Vec<_> = services.map(|(_, service)| service.clone()).collect();
        for service in services {
            self.touch_service(&service, cause);
        }
    }

    /// Says that an instance is gone. With the last one the service is, which concerns everybody
    /// who waits for one that does not exist.
    pub(super) fn service_left(&mut self, service: &Service) {
        let name: Box<str> = service.name.to_lowercase().into();
        if self.state.catalog.instances(&name).is_some() {
            return self.touch_service(service, Cause::Itself);
        }
        let catalog = &mut self.state.catalog;
        catalog.service_indexes.remove_mut(&*name);
        catalog.last_extinction = self.index;
        self.changes.indexes_moved = true;
        self.wake_service(service, Cause::Itself, name);
        self.wake(Topic::ServiceGone);
    }

    /// Says that a check changed, or is gone.
    pub(super) fn touch_check(&mut self, key: &PartKey, service_id: &str) {
        if service_id.is_empty() {
            return self.touch_services_of(&key.0, Cause::Health);
        }
        let instance = (key.0.clone(), service_id.to_lowercase().into());
        let service = self.state.catalog.service(&instance).cloned();
        if let Some(service) = service {
            self.touch_service(&service, Cause::Health);
        }
    }
}
