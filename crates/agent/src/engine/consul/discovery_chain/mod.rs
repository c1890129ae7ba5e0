//! Discovery chains: where requests for a service end up, compiled of the configuration entries.

mod assemble;
mod customization;
mod error;
mod finish;
mod resolve;

use std::collections::{BTreeMap, HashSet};

use quorate_wire::consul::config_entry::ProxyDefaults;
use quorate_wire::consul::discovery_chain::{ChainNode, ChainTarget};
use quorate_wire::consul::{ConfigEntry, ConfigKind, DiscoveryChain, DiscoveryChainOverrides};
use serde_json::Value;

use super::config_entry::ConfigEntries;
use super::index::Table;
use super::kv::Found;
use super::refusal::Refusal;
use super::state::State;
use customization::Customized;
pub use error::ChainError;

/// The namespace of everything.
const NAMESPACE: &str = "default";
/// How a service speaks of which nothing else is said.
const DEFAULT_PROTOCOL: &str = "tcp";

/// Which chain is asked for.
#[derive(Clone, Debug, Default)]
pub struct ChainQuestion {
    /// The service.
    pub service: String,
    /// The datacenter that it is compiled for.
    pub datacenter: String,
    /// The datacenter that asks: what is in it needs no gateway.
    pub own_datacenter: String,
    /// The domain in the names that TLS asks for.
    pub trust_domain: String,
    /// What a proxy has decided for itself.
    pub overrides: DiscoveryChainOverrides,
}

impl State {
    /// Where requests for a service end up.
    ///
    /// # Errors
    /// When the service has no name. Entries that no chain can be made of are never stored.
    pub fn discovery_chain(
        &self,
        question: &ChainQuestion,
    ) -> Result<Found<DiscoveryChain>, ChainError> {
        let chain = Compiler::new(&self.config_entries, question).compile()?;
        Ok(Found::new(chain, self.table_index(Table::ConfigEntries)))
    }
}

/// How a service speaks, if its chain can be made.
pub(super) fn protocol_of(entries: &ConfigEntries, service: &str) -> Result<String, Refusal> {
    let question = ChainQuestion {
        service: service.to_owned(),
        datacenter: "dc1".to_owned(),
        own_datacenter: "dc1".to_owned(),
        ..ChainQuestion::default()
    };
    let chain = Compiler::new(entries, &question).compile();
    chain
        .map(|chain| chain.protocol)
        .map_err(|error| Refusal::ConfigEntry(error.to_string()))
}

/// A chain in the making.
struct Compiler<'a> {
    entries: &'a ConfigEntries,
    question: &'a ChainQuestion,
    /// How the first service of the chain speaks; all others must speak like it.
    protocol: Option<String>,
    /// Whether the chain routes or splits, which only some protocols can.
    advanced: bool,
    customized: Customized,
    nodes: BTreeMap<String, ChainNode>,
    targets: BTreeMap<String, ChainTarget>,
}

impl<'a> Compiler<'a> {
    fn new(entries: &'a ConfigEntries, question: &'a ChainQuestion) -> Self {
        Self {
            entries,
            question,
            protocol: None,
            advanced: false,
            customized: Customized::default(),
            nodes: BTreeMap::new(),
            targets: BTreeMap::new(),
        }
    }

    fn compile(mut self) -> Result<DiscoveryChain, ChainError> {
        if self.question.service.is_empty() {
            return Err(ChainError::MissingService);
        }
        let start = self.assemble()?;
        let own = self.protocol.take().unwrap_or_default();
        if self.advanced && !can_route(&own) {
            return Err(ChainError::NoRouting {
                service: self.question.service.clone(),
                protocol: own,
            });
        }
        self.refuse_circles(&start)?;
        self.flatten_splitters();
        self.drop_unused(&start);
        let mut chain = DiscoveryChain::default();
        chain.protocol = self.overridden_protocol(own);
        let overrides = &self.question.overrides;
        chain.customization_hash = self.customized.hash(overrides).unwrap_or_default();
        chain.service_name.clone_from(&self.question.service);
        NAMESPACE.clone_into(&mut chain.namespace);
        chain.datacenter.clone_from(&self.question.datacenter);
        chain.start_node = start;
        chain.nodes = self.nodes;
        chain.targets = self.targets;
        Ok(chain)
    }

    fn overridden_protocol(&mut self, own: String) -> String {
        let wanted = &self.question.overrides.protocol;
        if wanted.is_empty() || *wanted == own {
            return own;
        }
        self.customized.protocol = true;
        wanted.clone()
    }

    /// Whether the proxy speaks something that can't be routed.
    fn may_not_route(&self) -> bool {
        let wanted = &self.question.overrides.protocol;
        !wanted.is_empty() && !can_route(wanted)
    }

    /// Notes how a service speaks that the chain leads through.
    fn note_protocol(&mut self, service: &str) -> Result<(), ChainError> {
        let protocol = self.protocol_of_service(service);
        let expected = self.protocol.get_or_insert_with(|| protocol.clone());
        if *expected == protocol {
            return Ok(());
        }
        Err(ChainError::Inconsistent {
            chain: self.question.service.clone(),
            service: service.to_owned(),
            protocol,
            expected: expected.clone(),
        })
    }

    fn protocol_of_service(&self, service: &str) -> String {
        let own = match self.entry(&ConfigKind::ServiceDefaults, service) {
            Some(ConfigEntry::ServiceDefaults(defaults)) => Some(defaults.protocol.clone()),
            _ => None,
        };
        let own = own.filter(|protocol| !protocol.is_empty());
        own.or_else(|| self.common_protocol())
            .unwrap_or_else(|| DEFAULT_PROTOCOL.to_owned())
    }

    fn common_protocol(&self) -> Option<String> {
        let config = self.proxy_defaults()?.config.as_ref()?;
        let protocol = config.get("protocol").and_then(Value::as_str)?;
        (!protocol.is_empty()).then(|| protocol.to_owned())
    }

    fn proxy_defaults(&self) -> Option<&'a ProxyDefaults> {
        match self.entry(&ConfigKind::ProxyDefaults, ProxyDefaults::NAME) {
            Some(ConfigEntry::ProxyDefaults(defaults)) => Some(defaults),
            _ => None,
        }
    }

    fn entry(&self, kind: &ConfigKind, name: &str) -> Option<&'a ConfigEntry> {
        self.entries.get(kind.as_str(), name).map(|entry| &**entry)
    }
}

/// Whether requests of a protocol can be told apart.
fn can_route(protocol: &str) -> bool {
    ["http", "http2", "grpc"].contains(&protocol)
}

/// Names that were met on the way, in order.
#[derive(Default)]
struct Trail {
    names: Vec<String>,
    seen: HashSet<String>,
}

impl Trail {
    /// Whether the name is new on the way.
    fn enter(&mut self, name: &str) -> bool {
        self.names.push(name.to_owned());
        self.seen.insert(name.to_owned())
    }

    fn leave(&mut self) {
        if let Some(name) = self.names.pop() {
            self.seen.remove(&name);
        }
    }
}
