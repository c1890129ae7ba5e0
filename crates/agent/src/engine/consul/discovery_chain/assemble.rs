//! Routers and splitters: how a chain begins.

use quorate_wire::consul::config_entry::{
    HttpMatch, RouteDestination, ServiceRoute, ServiceRouter, ServiceSplitter,
};
use quorate_wire::consul::discovery_chain::{ChainNode, ChainRoute, ChainSplit};
use quorate_wire::consul::{ConfigEntry, ConfigKind};

use super::{ChainError, Compiler, NAMESPACE};

/// `name`, or `own` when there is none.
fn or_own<'a>(name: &'a str, own: &'a str) -> &'a str {
    if name.is_empty() { own } else { name }
}

impl<'a> Compiler<'a> {
    /// Makes all nodes, and gives the one that requests begin at. The only router that counts is
    /// that of the chain's own service.
    pub(super) fn assemble(&mut self) -> Result<String, ChainError> {
        let service = &self.question.service;
        match self.entry(&ConfigKind::ServiceRouter, service) {
            Some(ConfigEntry::ServiceRouter(_)) if self.may_not_route() => {
                self.customized.protocol = true;
                self.next_of(service)
            }
            Some(ConfigEntry::ServiceRouter(router)) => self.router(router),
            _ => self.next_of(service),
        }
    }

    fn router(&mut self, router: &'a ServiceRouter) -> Result<String, ChainError> {
        let service = &self.question.service;
        self.advanced = true;
        self.note_protocol(service)?;
        let mut routes = Vec::new();
        for route in &router.routes {
            let next = self.next_of_route(route)?;
            routes.push(chain_route(route.clone(), next));
        }
        let next = self.next_of(service)?;
        routes.push(chain_route(catch_all(service), next));
        let mut node = ChainNode::default();
        "router".clone_into(&mut node.node_type);
        node.name = format!("{}.{NAMESPACE}", router.name);
        node.routes = routes;
        Ok(self.keep(node))
    }

    fn next_of_route(&mut self, route: &ServiceRoute) -> Result<String, ChainError> {
        let (service, subset) = match &route.destination {
            Some(to) => (to.service.as_str(), to.service_subset.as_str()),
            None => ("", ""),
        };
        let service = or_own(service, &self.question.service);
        if subset.is_empty() {
            self.next_of(service)
        } else {
            self.resolver(self.target(service, subset, None))
        }
    }

    /// The splitter of a service, or else its resolver.
    fn next_of(&mut self, service: &str) -> Result<String, ChainError> {
        if let Some(splitter) = self.splitter(service)? {
            return Ok(splitter);
        }
        self.resolver(self.target(service, "", None))
    }

    fn splitter(&mut self, service: &str) -> Result<Option<String>, ChainError> {
        let Some(ConfigEntry::ServiceSplitter(splitter)) =
            self.entry(&ConfigKind::ServiceSplitter, service)
        else {
            return Ok(None);
        };
        if self.may_not_route() {
            self.customized.protocol = true;
            return Ok(None);
        }
        let mut node = ChainNode::default();
        "splitter".clone_into(&mut node.node_type);
        node.name = format!("{}.{NAMESPACE}", splitter.name);
        let key = key_of(&node);
        if self.nodes.contains_key(&key) {
            return Ok(Some(key));
        }
        self.advanced = true;
        self.note_protocol(service)?;
        // Kept before what follows, so that a circle ends here.
        self.keep(node.clone());
        node.splits = self.splits(splitter)?;
        Ok(Some(self.keep(node)))
    }

    fn splits(&mut self, splitter: &'a ServiceSplitter) -> Result<Vec<ChainSplit>, ChainError> {
        let mut splits = Vec::new();
        for split in &splitter.splits {
            let service = or_own(&split.service, &splitter.name);
            let other = service != splitter.name && split.service_subset.is_empty();
            let deeper = if other { self.splitter(service)? } else { None };
            let next = match deeper {
                Some(next) => next,
                None => self.resolver(self.target(service, &split.service_subset, None))?,
            };
            let mut part = ChainSplit::default();
            (part.weight, part.next_node) = (split.weight, next);
            splits.push(part);
        }
        Ok(splits)
    }

    /// Keeps a node, and gives its key.
    pub(super) fn keep(&mut self, node: ChainNode) -> String {
        let key = key_of(&node);
        self.nodes.insert(key.clone(), node);
        key
    }
}

fn key_of(node: &ChainNode) -> String {
    format!("{}:{}", node.node_type, node.name)
}

fn chain_route(definition: ServiceRoute, next_node: String) -> ChainRoute {
    let mut route = ChainRoute::default();
    (route.definition, route.next_node) = (definition, next_node);
    route
}

/// The route behind all others.
fn catch_all(service: &str) -> ServiceRoute {
    let mut own = RouteDestination::service(service);
    NAMESPACE.clone_into(&mut own.namespace);
    ServiceRoute::matching(HttpMatch::path_prefix("/")).to(own)
}
