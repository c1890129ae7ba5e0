//! Nodes on Consul: those of the catalog, with their checks.

use std::collections::BTreeMap;
use std::pin::Pin;
use std::task::{Context, Poll};

use futures_core::Stream;
use quorate_consul::wire::service::NodeService as NativeService;
use quorate_consul::{self as native, Blocking, CatalogNode, HealthCheck, QueryOptions};

use super::{ConsulBackend, health};
use crate::backend::{BoxFuture, BoxStream, NodeBackend};
use crate::{Instance, Node, NodeDetails, NodeService, NodeSet, Result};

/// Only the checks of nodes, not those of services.
const OF_NODES: &str = "ServiceID == \"\"";

impl NodeBackend for ConsulBackend {
    /// `GET /v1/catalog/nodes`, `GET /v1/health/state/any`
    fn list(&self) -> BoxFuture<'_, Result<Vec<Node>>> {
        Box::pin(async move {
            let error = |error| self.error(error, "list the nodes");
            let nodes = self.client.catalog().nodes_with(&self.query(None)).await;
            let nodes = nodes.map_err(error)?.value;
            let checks = self.client.health().any_with(&self.of_nodes()).await;
            Ok(merged(&nodes, &checks.map_err(error)?.value))
        })
    }

    /// `GET /v1/catalog/node/:node`, `GET /v1/health/node/:node`
    fn get<'a>(&'a self, name: &'a str) -> BoxFuture<'a, Result<Option<NodeDetails>>> {
        Box::pin(async move {
            let error = |error| self.error(error, format!("get node `{name}`"));
            let query = self.query(None);
            let found = self.client.catalog().node_with(name, &query).await;
            let Some(found) = found.map_err(error)?.value else {
                return Ok(None);
            };
            // It may have been found by its UUID.
            let node = &found.node.node;
            let checks = self.client.health().node_with(node, &query).await;
            Ok(Some(details(&found, checks.map_err(error)?.value)))
        })
    }

    /// Both of `list`, blocking.
    fn watch(&self) -> Result<BoxStream<'static, Result<NodeSet>>> {
        let catalog = self.client.catalog();
        let health = self.client.health();
        Ok(Box::pin(NodeSets {
            backend: self.clone(),
            nodes: Latest::of(catalog.watch_nodes_with(self.query(None))),
            checks: Latest::of(health.watch_any_with(self.of_nodes())),
            last: None,
        }))
    }
}

impl ConsulBackend {
    pub(super) fn of_nodes(&self) -> QueryOptions {
        self.query(None).with_filter(OF_NODES)
    }
}

/// The nodes with how they are.
fn merged(nodes: &[native::Node], checks: &[HealthCheck]) -> Vec<Node> {
    let mut by_node: BTreeMap<&str, Vec<&HealthCheck>> = BTreeMap::new();
    for check in checks {
        by_node.entry(&check.node).or_default().push(check);
    }
    let mut merged: Vec<_> = nodes
        .iter()
        .map(|node| {
            let checks = by_node.get(node.node.as_str());
            described(node, checks.into_iter().flatten().copied())
        })
        .collect();
    merged.sort_by(|one, other| one.name.cmp(&other.name));
    merged
}

fn described<'a>(node: &native::Node, checks: impl IntoIterator<Item = &'a HealthCheck>) -> Node {
    let mut described = Node::new(node.node.as_str(), node.address.as_str());
    described.id = Some(node.id.clone()).filter(|id| !id.is_empty());
    described.meta = node.meta.clone().unwrap_or_default();
    // Labels without a text are the server's own.
    described.meta.retain(|_, text| !text.is_empty());
    described.status = health::together(checks);
    described
}

fn details(found: &CatalogNode, checks: Vec<HealthCheck>) -> NodeDetails {
    let of_node = checks.iter().filter(|check| check.service_id.is_empty());
    let mut details = NodeDetails::new(described(&found.node, of_node));
    for service in found.services.values() {
        details
            .services
            .push(on_node(&found.node, service, &checks));
    }
    details.checks = health::results(checks);
    details
}

fn on_node(node: &native::Node, service: &NativeService, checks: &[HealthCheck]) -> NodeService {
    let address = match service.address.as_str() {
        "" => &node.address,
        own => own,
    };
    let mut instance = Instance::new(node.node.as_str(), service.id.as_str(), address);
    instance.port = u16::try_from(service.port).unwrap_or_default();
    instance.tags.clone_from(&service.tags);
    instance.meta = service.meta.clone().unwrap_or_default();
    let concern =
        |check: &&HealthCheck| check.service_id.is_empty() || check.service_id == service.id;
    instance.status = health::together(checks.iter().filter(concern));
    NodeService::new(service.service.as_str(), instance)
}

/// The nodes and their checks, each followed by itself.
struct NodeSets {
    backend: ConsulBackend,
    nodes: Latest<native::Node>,
    checks: Latest<HealthCheck>,
    last: Option<Vec<Node>>,
}

/// What one of them is now.
struct Latest<T> {
    blocking: Pin<Box<Blocking<Vec<T>>>>,
    value: Option<Vec<T>>,
}

impl<T: Clone + PartialEq + Send + Unpin> Latest<T> {
    fn of(blocking: Blocking<Vec<T>>) -> Self {
        Self {
            blocking: Box::pin(blocking),
            value: None,
        }
    }

    /// Ready when it has changed, or could not be asked.
    fn poll(&mut self, cx: &mut Context<'_>) -> Poll<Result<(), native::Error>> {
        match self.blocking.as_mut().poll_next(cx) {
            Poll::Ready(Some(Ok(change))) => {
                self.value = Some(change.value);
                Poll::Ready(Ok(()))
            }
            Poll::Ready(Some(Err(error))) => Poll::Ready(Err(error)),
            Poll::Ready(None) | Poll::Pending => Poll::Pending,
        }
    }
}

impl Stream for NodeSets {
    type Item = Result<NodeSet>;

    fn poll_next(self: Pin<&mut Self>, cx: &mut Context<'_>) -> Poll<Option<Self::Item>> {
        let this = self.get_mut();
        loop {
            let (nodes, checks) = (this.nodes.poll(cx), this.checks.poll(cx));
            if nodes.is_pending() && checks.is_pending() {
                return Poll::Pending;
            }
            for polled in [nodes, checks] {
                if let Poll::Ready(Err(error)) = polled {
                    let error = this.backend.error(error, "watch the nodes");
                    return Poll::Ready(Some(Err(error)));
                }
            }
            if let (Some(nodes), Some(checks)) = (&this.nodes.value, &this.checks.value) {
                let now = merged(nodes, checks);
                if this.last.as_ref() != Some(&now) {
                    let set = NodeSet::after(this.last.as_deref().unwrap_or_default(), now);
                    this.last = Some(set.nodes.clone());
                    return Poll::Ready(Some(Ok(set)));
                }
            }
        }
    }
}
