//! Setting and deleting entries. What would break a discovery chain or a gateway is refused.

use std::collections::BTreeSet;
use std::sync::Arc;

use quorate_wire::consul::config_entry::IngressGateway;
use quorate_wire::consul::{ConfigEntry, ConfigKind};

use super::super::command::Reply;
use super::super::discovery_chain::protocol_of;
use super::super::index::Table;
use super::super::refusal::Refusal;
use super::super::row::Row;
use super::super::state::{State, Step};
use super::check::{check, refuse_if};
use super::{ConfigEntries, ConfigId, id_of, topic_of};
use crate::engine::Time;
use crate::engine::change::Changes;
use crate::quote::quote;

/// The kinds that a discovery chain is made of, besides the defaults.
const CHAIN_KINDS: [ConfigKind; 3] = [
    ConfigKind::ServiceRouter,
    ConfigKind::ServiceSplitter,
    ConfigKind::ServiceResolver,
];

impl State {
    /// `false` when `cas` is not the ModifyIndex of the entry; 0 stands for none.
    pub(in super::super) fn set_config_entry(
        &mut self,
        mut entry: ConfigEntry,
        cas: Option<u64>,
        now: Time,
        changes: &mut Changes,
    ) -> Result<Reply, Refusal> {
        check(&mut entry)?;
        let mut step = Step::begin(self, now, changes);
        let id = id_of(entry.kind().as_str(), entry.name());
        let old = step.state.config_entries.get(&id.0, &id.1);
        let created = old.map(|old| old.create_index());
        let found = old.map_or(0, |old| old.modify_index());
        if cas.is_some_and(|cas| cas != found) {
            return Ok(Reply::Applied(false));
        }
        entry.set_indexes(created.unwrap_or(step.index), step.index);
        let entry = Arc::new(entry);
        let mut proposed = step.state.config_entries.clone();
        proposed.put(id.clone(), Arc::clone(&entry));
        check_gateway_names(&proposed, &entry)?;
        check_graph(&proposed, &id, entry.name())?;
        step.state.config_entries = proposed;
        step.store(Row::ConfigEntry(id.clone(), Some(entry)));
        step.touch_config_entry(&id);
        Ok(Reply::Applied(true))
    }

    /// Deletes an entry; it is no error if there is none.
    pub(in super::super) fn delete_config_entry(
        &mut self,
        kind: &str,
        name: &str,
        now: Time,
        changes: &mut Changes,
    ) -> Result<Reply, Refusal> {
        let mut step = Step::begin(self, now, changes);
        let id = id_of(kind, name);
        if step.state.config_entries.get(&id.0, &id.1).is_none() {
            return Ok(Reply::Done);
        }
        let mut proposed = step.state.config_entries.clone();
        proposed.remove(&id);
        check_graph(&proposed, &id, name)?;
        step.state.config_entries = proposed;
        step.store(Row::ConfigEntry(id.clone(), None));
        step.touch_config_entry(&id);
        Ok(Reply::Done)
    }
}

impl Step<'_> {
    fn touch_config_entry(&mut self, (kind, name): &ConfigId) {
        self.wake(topic_of(kind, Some(name)));
        self.wake(topic_of(kind, None));
        self.touch(Table::ConfigEntries);
        let gateways = [ConfigKind::IngressGateway, ConfigKind::TerminatingGateway];
        if gateways.iter().any(|gateway| gateway.as_str() == &**kind) {
            self.state.catalog.last_gateway_change = self.index;
        }
    }
}

/// A service is one kind of gateway at most.
fn check_gateway_names(entries: &ConfigEntries, entry: &ConfigEntry) -> Result<(), Refusal> {
    let other = match entry.kind() {
        ConfigKind::IngressGateway => ConfigKind::TerminatingGateway,
        ConfigKind::TerminatingGateway => ConfigKind::IngressGateway,
        _ => return Ok(()),
    };
    let name = entry.name();
    let taken = entries.get(other.as_str(), name).is_some();
    refuse_if(taken, || {
        let (kind, name, other) = (
            quote(entry.kind().as_str()),
            quote(name),
            quote(other.as_str()),
        );
        format!(
            "cannot create a {kind} config entry with name {name}, a {other} config entry with that name already exists"
        )
    })
}

/// Every chain can still be compiled, and every gateway's listener speaks as its services do.
fn check_graph(entries: &ConfigEntries, (kind, _): &ConfigId, name: &str) -> Result<(), Refusal> {
    let mut services = BTreeSet::new();
    match ConfigKind::from(&**kind) {
        ConfigKind::ProxyDefaults => {}
        ConfigKind::TerminatingGateway => return Ok(()),
        ConfigKind::IngressGateway => {
            return match entries.get(kind, name).map(|it| &**it) {
                Some(ConfigEntry::IngressGateway(gateway)) => {
                    check_ingress(entries, gateway, |_| false)
                }
                _ => Ok(()),
            };
        }
        _ => {
            // The one that is written is told first.
            protocol_of(entries, name)?;
        }
    }
    for kind in &CHAIN_KINDS {
        services.extend(
            entries
                .of_kind(kind.as_str())
                .into_iter()
                .map(|it| it.name()),
        );
    }
    for service in services {
        protocol_of(entries, service)?;
    }
    for entry in entries.of_kind(ConfigKind::IngressGateway.as_str()) {
        if let ConfigEntry::IngressGateway(gateway) = &**entry {
            // A listener that passes bytes on stays so when its services come to speak more, until
            // these are routed or split.
            check_ingress(entries, gateway, |service| !is_routed(entries, service))?;
        }
    }
    Ok(())
}

/// Whether requests to a service are looked into on their way.
fn is_routed(entries: &ConfigEntries, service: &str) -> bool {
    let mut kinds = [ConfigKind::ServiceRouter, ConfigKind::ServiceSplitter].into_iter();
    kinds.any(|kind| entries.get(kind.as_str(), service).is_some())
}

/// A listener speaks as its services do; `passes` says of whom it may pass on bytes instead.
fn check_ingress(
    entries: &ConfigEntries,
    gateway: &IngressGateway,
    passes: impl Fn(&str) -> bool,
) -> Result<(), Refusal> {
    for listener in &gateway.listeners {
        for service in listener.services.iter().filter(|it| it.name != "*") {
            let protocol = protocol_of(entries, &service.name)?;
            let passed = listener.protocol == "tcp" && passes(&service.name);
            refuse_if(protocol != listener.protocol && !passed, || {
                format!(
                    "service {} has protocol {}, which does not match defined listener protocol {}",
                    quote(&service.name),
                    quote(&protocol),
                    quote(&listener.protocol),
                )
            })?;
        }
    }
    Ok(())
}
