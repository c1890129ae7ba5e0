use super::service_index::Cause;
use super::tables::PartKey;
use crate::engine::change::Topic;
use crate::engine::consul::index::Table;
use crate::engine::consul::row::Row;
use crate::engine::consul::state::Step;

impl Step<'_> {
    pub(super) fn remove_node(&mut self, node: &str) {
        if self.state.catalog.node(node).is_none() {
            return;
        }
        self.remove_coordinates(node);
        for id in self.state.sessions.of_node(node) {
            self.end_session(id);
        }
        let services = self.state.catalog.services_of(node);
        for key in services.map(|(key, _)| key.clone()).collect::<Vec<_>>() {
            self.remove_service(&key);
        }
        let checks = self.state.catalog.checks_of(node);
        for key in checks.map(|(key, _)| key.clone()).collect::<Vec<_>>() {
            self.remove_check(&key);
        }
        self.state.catalog.remove_node(node);
        self.store(Row::Node(node.into(), None));
        self.touch_node(node);
    }

    pub(in crate::engine::consul) fn remove_service(&mut self, key: &PartKey) {
        if self.state.catalog.service(key).is_none() {
            return;
        }
        let checks = self.state.catalog.part_checks(key);
        let ids = checks.iter().map(|check| check.check_id.to_lowercase());
        for id in ids.collect::<Vec<_>>() {
            self.remove_check(&(key.0.clone(), id.into()));
        }
        let Some(service) = self.state.catalog.remove_service(key) else {
            return;
        };
        self.store(Row::Service(key.clone(), None));
        self.wake(Topic::Node(key.0.clone()));
        self.touch(Table::Services);
        self.touch(Table::Checks);
        self.service_left(&service);
    }

    /// Removes a check. One of a node concerns all its services, and moves the index of the
    /// services, although nobody is woken who waits for that.
    pub(in crate::engine::consul) fn remove_check(&mut self, key: &PartKey) {
        let Some(check) = self.state.catalog.remove_check(key) else {
            return;
        };
        self.store(Row::Check(key.clone(), None));
        self.wake_check_readers(key, &check);
        if check.service_id.is_empty() {
            self.state.indexes.touch(Table::Services, self.index);
        }
        self.touch_check(key, &check.service_id);
        self.touch(Table::Checks);
        self.end_sessions_of_check(key);
    }

    pub(super) fn end_sessions_of_check(&mut self, (node, check): &PartKey) {
        for id in self.state.sessions.of_check(node, check) {
            self.end_session(id);
        }
    }

    /// Says that a node's own fields changed, or that it is gone.
    pub(super) fn touch_node(&mut self, node: &str) {
        self.wake(Topic::Node(node.into()));
        self.touch(Table::Nodes);
        self.touch_services_of(node, Cause::Itself);
    }
}
