//! Nodes of the catalog.

use quorate_wire::consul::catalog::{CatalogNode, Node, NodeServiceList};
use quorate_wire::consul::path;

use super::{Catalog, named};
use crate::answer::Answer;
use crate::blocking::Blocking;
use crate::call::Operation;
use crate::error::Error;
use crate::options::QueryOptions;
use crate::url::Url;

impl Catalog {
    /// All nodes by name.
    ///
    /// `GET /v1/catalog/nodes`
    ///
    /// # Errors
    /// As every read, see [`ErrorKind`](crate::ErrorKind).
    pub async fn nodes(&self) -> Result<Vec<Node>, Error> {
        Ok(self.nodes_with(&QueryOptions::default()).await?.value)
    }

    /// [`nodes`](Self::nodes) with options and metadata: sorted by `near`, only those with
    /// `node_meta`, only those that a `filter` keeps.
    ///
    /// # Errors
    /// As [`nodes`](Self::nodes); `InvalidArgument` for a filter that the server can't read.
    pub async fn nodes_with(&self, options: &QueryOptions) -> Result<Answer<Vec<Node>>, Error> {
        let operation = Operation::new("list the nodes", "");
        self.list(operation, Url::new(path::CATALOG_NODES), options)
            .await
    }

    /// A node and its services by id; `None` if there is no such node. It is found by its name, its
    /// UUID, or the start of its UUID if no other begins like that.
    ///
    /// `GET /v1/catalog/node/NODE`
    ///
    /// # Errors
    /// `InvalidArgument` for a name that can't be addressed, else as every read, see
    /// [`ErrorKind`](crate::ErrorKind).
    pub async fn node(&self, node: &str) -> Result<Option<CatalogNode>, Error> {
        Ok(self.node_with(node, &QueryOptions::default()).await?.value)
    }

    /// [`node`](Self::node) with options and metadata; a `filter` is about the services.
    ///
    /// # Errors
    /// As [`node`](Self::node); `InvalidArgument` for a filter that the server can't read.
    pub async fn node_with(
        &self,
        node: &str,
        options: &QueryOptions,
    ) -> Result<Answer<Option<CatalogNode>>, Error> {
        let operation = Operation::new("get node", node);
        let url = named(operation, path::CATALOG_NODE, "node")?;
        self.list(operation, url, options).await
    }

    /// A node and the list of its services. Both are missing if there is no such node.
    ///
    /// `GET /v1/catalog/node-services/NODE`
    ///
    /// # Errors
    /// As [`node`](Self::node).
    pub async fn node_services(&self, node: &str) -> Result<NodeServiceList, Error> {
        let options = QueryOptions::default();
        Ok(self.node_services_with(node, &options).await?.value)
    }

    /// [`node_services`](Self::node_services) with options and metadata; a `filter` is about the
    /// services.
    ///
    /// # Errors
    /// As [`node`](Self::node); `InvalidArgument` for a filter that the server can't read.
    pub async fn node_services_with(
        &self,
        node: &str,
        options: &QueryOptions,
    ) -> Result<Answer<NodeServiceList>, Error> {
        let operation = Operation::new("list the services of node", node);
        let url = named(operation, path::CATALOG_NODE_SERVICES, "node")?;
        self.list(operation, url, options).await
    }

    /// Follows the nodes.
    pub fn watch_nodes(&self) -> Blocking<Vec<Node>> {
        self.watch_nodes_with(QueryOptions::default())
    }

    /// [`watch_nodes`](Self::watch_nodes) with options; their index is where it starts.
    pub fn watch_nodes_with(&self, options: QueryOptions) -> Blocking<Vec<Node>> {
        let catalog = self.clone();
        Blocking::new(options, move |options| {
            let catalog = catalog.clone();
            Box::pin(async move { catalog.nodes_with(&options).await })
        })
    }

    /// Follows a node and its services; `None` while there is no such node.
    ///
    /// A real server up to 1.8 tells of a node that left only when the wait of the query is over:
    /// a [wait](QueryOptions::with_wait) shorter than the default of 5 minutes tells earlier.
    pub fn watch_node(&self, node: &str) -> Blocking<Option<CatalogNode>> {
        self.watch_node_with(node, QueryOptions::default())
    }

    /// [`watch_node`](Self::watch_node) with options; their index is where it starts.
    pub fn watch_node_with(
        &self,
        node: &str,
        options: QueryOptions,
    ) -> Blocking<Option<CatalogNode>> {
        let (catalog, node) = (self.clone(), node.to_owned());
        Blocking::new(options, move |options| {
            let (catalog, node) = (catalog.clone(), node.clone());
            Box::pin(async move { catalog.node_with(&node, &options).await })
        })
    }

    /// Follows the list of a node's services, with the caution of
    /// [`watch_node`](Self::watch_node).
    pub fn watch_node_services(&self, node: &str) -> Blocking<NodeServiceList> {
        self.watch_node_services_with(node, QueryOptions::default())
    }

    /// [`watch_node_services`](Self::watch_node_services) with options; their index is where it
    /// starts.
    pub fn watch_node_services_with(
        &self,
        node: &str,
        options: QueryOptions,
    ) -> Blocking<NodeServiceList> {
        let (catalog, node) = (self.clone(), node.to_owned());
        Blocking::new(options, move |options| {
            let (catalog, node) = (catalog.clone(), node.clone());
            Box::pin(async move { catalog.node_services_with(&node, &options).await })
        })
    }
}
