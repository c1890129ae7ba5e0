//! Which services are behind which gateways: what configuration entries say of it, seen from the
//! catalog.

use std::collections::{BTreeMap, BTreeSet};

use quorate_wire::consul::ConfigEntry;
use quorate_wire::consul::catalog::{GatewayService, ServiceName};
use quorate_wire::consul::config_entry::{ConfigKind, IngressListener};
use quorate_wire::consul::service::ServiceKind;

use super::Instance;
use crate::engine::consul::discovery_chain::protocol_of;
use crate::engine::consul::index::Table;
use crate::engine::consul::kv::Found;
use crate::engine::consul::state::State;

/// What stands for any service.
const ANY: &str = "*";
/// The service that the agent itself is, which no gateway leads to unless it is named.
const CONSUL: &str = "consul";

const GATEWAYS: [ConfigKind; 2] = [ConfigKind::IngressGateway, ConfigKind::TerminatingGateway];

/// What a gateway leads to, by service and port.
type Links = BTreeMap<(String, i64), GatewayService>;

impl State {
    /// The services behind a gateway, by its name in any case; those that it leads to because of a
    /// wildcard too.
    #[must_use]
    pub fn gateway_services(&self, gateway: &str) -> Found<Vec<GatewayService>> {
        let mut links = Links::new();
        let mut index = self.catalog.last_gateway_change.max(1);
        for kind in GATEWAYS {
            let entry = self.config_entries.get(kind.as_str(), gateway);
            if entry.is_some_and(|entry| self.link_all(entry, &mut links)) {
                let services = self.table_index(Table::Services);
                let entries = self.table_index(Table::ConfigEntries);
                index = index.max(services).max(entries);
            }
        }
        Found::new(links.into_values().collect(), index)
    }

    /// The ingress gateways that lead to a service, for those who ask for their health.
    #[must_use]
    pub fn ingress_instances_with_health(&self, name: &str) -> Found<Vec<Instance<'_>>> {
        let mut found = Vec::new();
        let mut index = self.catalog.last_gateway_change.max(1);
        for gateway in self.gateways_of(&ConfigKind::IngressGateway, &name.to_lowercase()) {
            let instances = self.instances_of_kind(&gateway, &ServiceKind::IngressGateway);
            let exists = !instances.is_empty();
            if exists || self.catalog.last_extinction > 0 {
                index = index.max(self.service_index(&gateway, exists, true));
            }
            found.extend(instances);
        }
        Found::new(found, index)
    }

    /// The names of the ingress gateways that lead to a service, in lower case.
    #[must_use]
    pub fn ingress_gateways_of(&self, name: &str) -> BTreeSet<String> {
        self.gateways_of(&ConfigKind::IngressGateway, &name.to_lowercase())
    }

    /// The names of the terminating gateways that lead to a service, in lower case.
    #[must_use]
    pub fn terminating_gateways_of(&self, name: &str) -> BTreeSet<String> {
        self.gateways_of(&ConfigKind::TerminatingGateway, &name.to_lowercase())
    }

    /// The terminating gateways that lead to a service, whose name is in lower case.
    pub(super) fn terminating_instances(&self, name: &str) -> Vec<Instance<'_>> {
        let gateways = self.gateways_of(&ConfigKind::TerminatingGateway, name);
        let gateways = gateways.iter();
        let instances = gateways
            .flat_map(|gateway| self.instances_of_kind(gateway, &ServiceKind::TerminatingGateway));
        instances.collect()
    }

    fn instances_of_kind(&self, name: &str, kind: &ServiceKind) -> Vec<Instance<'_>> {
        let mut instances = self.catalog.with_nodes(self.catalog.instances(name));
        instances.retain(|instance| instance.service.kind == *kind);
        instances
    }

    /// The gateways of a kind that lead to a service, whose name is in lower case.
    fn gateways_of(&self, kind: &ConfigKind, service: &str) -> BTreeSet<String> {
        let entries = self.config_entries.of_kind(kind.as_str());
        let leading = entries.into_iter().filter(|entry| {
            let mut links = Links::new();
            self.link_all(entry, &mut links);
            links.keys().any(|(name, _)| name.to_lowercase() == service)
        });
        leading.map(|entry| entry.name().to_lowercase()).collect()
    }

    /// Adds what an entry leads to; whether part of that comes from a wildcard.
    fn link_all(&self, entry: &ConfigEntry, links: &mut Links) -> bool {
        let mut any = Vec::new();
        match entry {
            ConfigEntry::IngressGateway(gateway) => {
                for listener in &gateway.listeners {
                    for service in &listener.services {
                        let mut link = ingress_link(entry, listener, &service.name);
                        link.hosts.clone_from(&service.hosts);
                        collect(link, links, &mut any);
                    }
                }
            }
            ConfigEntry::TerminatingGateway(gateway) => {
                for service in &gateway.services {
                    let mut link = link(entry, ServiceKind::TerminatingGateway, &service.name);
                    link.ca_file.clone_from(&service.ca_file);
                    link.cert_file.clone_from(&service.cert_file);
                    link.key_file.clone_from(&service.key_file);
                    link.sni.clone_from(&service.sni);
                    collect(link, links, &mut any);
                }
            }
            _ => {}
        }
        for link in &any {
            self.link_any(link, links);
        }
        !any.is_empty()
    }

    /// Adds what a wildcard stands for: every typical service that speaks the listener's protocol
    /// and is not named beside it.
    fn link_any(&self, wildcard: &GatewayService, links: &mut Links) {
        for (_, instances) in self.catalog.service_names() {
            let typical = instances.values().find(|it| it.kind.is_typical());
            let Some(service) = typical.filter(|it| it.name != CONSUL) else {
                continue;
            };
            let speaks = wildcard.protocol.is_empty()
                || protocol_of(&self.config_entries, &service.name)
                    .is_ok_and(|protocol| protocol == wildcard.protocol);
            let place = (service.name.clone(), wildcard.port);
            if speaks && !links.contains_key(&place) {
                let mut link = wildcard.clone();
                link.service = named(&service.name);
                link.from_wildcard = true;
                links.insert(place, link);
            }
        }
    }
}

fn collect(link: GatewayService, links: &mut Links, any: &mut Vec<GatewayService>) {
    if link.service.name == ANY {
        any.push(link);
    } else {
        links.insert((link.service.name.clone(), link.port), link);
    }
}

fn ingress_link(entry: &ConfigEntry, listener: &IngressListener, service: &str) -> GatewayService {
    let mut link = link(entry, ServiceKind::IngressGateway, service);
    link.port = listener.port;
    link.protocol.clone_from(&listener.protocol);
    link
}

fn link(entry: &ConfigEntry, kind: ServiceKind, service: &str) -> GatewayService {
    let mut link = GatewayService::default();
    link.gateway = named(entry.name());
    link.service = named(service);
    link.gateway_kind = kind;
    link.create_index = entry.modify_index();
    link.modify_index = entry.modify_index();
    link
}

fn named(name: &str) -> ServiceName {
    ServiceName::new(name)
}
