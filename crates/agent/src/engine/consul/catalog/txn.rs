//! Operations of transactions on nodes, services and checks.

use std::sync::Arc;

use quorate_wire::consul::txn::CatalogVerb;

use super::proxy_rules::check_service;
use super::tables::PartKey;
use super::write::{check_node, check_node_id};
use super::{Check, Node, Service};
use crate::engine::consul::command::{CheckSpec, NodeSpec, ServiceSpec};
use crate::engine::consul::refusal::Refusal;
use crate::engine::consul::state::{State, Step};
use crate::engine::consul::txn::TxnRow;
use crate::quote::quote;

/// An operation on something of the catalog.
#[derive(Clone, Debug)]
#[non_exhaustive]
pub enum CatalogOp {
    /// On a node.
    Node(Box<NodeOp>),
    /// On a service.
    Service(Box<ServiceOp>),
    /// On a check.
    Check(Box<CheckOp>),
}

/// An operation on a node.
#[derive(Clone, Debug, Default)]
pub struct NodeOp {
    /// What is done, as the client wrote it.
    pub verb: String,
    /// The node; `get` finds it by its id, if that is given.
    pub node: NodeSpec,
    /// The ModifyIndex that is compared.
    pub index: u64,
}

/// An operation on a service.
#[derive(Clone, Debug, Default)]
pub struct ServiceOp {
    /// What is done, as the client wrote it.
    pub verb: String,
    /// The name of its node.
    pub node: String,
    /// The service.
    pub service: ServiceSpec,
    /// The ModifyIndex that is compared.
    pub index: u64,
}

/// An operation on a check.
#[derive(Clone, Debug, Default)]
pub struct CheckOp {
    /// What is done, as the client wrote it.
    pub verb: String,
    /// The check, with the name of its node.
    pub check: CheckSpec,
    /// The ModifyIndex that is compared.
    pub index: u64,
}

impl CatalogOp {
    /// Whether the operation changes nothing.
    #[must_use]
    pub fn is_read(&self) -> bool {
        verb(match self {
            Self::Node(op) => &op.verb,
            Self::Service(op) => &op.verb,
            Self::Check(op) => &op.verb,
        })
        .is_some_and(CatalogVerb::is_read)
    }
}

impl NodeOp {
    fn stale(&self, done: &str) -> String {
        let name = quote(&self.node.name);
        format!("failed to {done} node {name}, index is stale")
    }
}

impl ServiceOp {
    fn key(&self) -> PartKey {
        let id = first_of(&self.service.id, &self.service.name);
        (lower(&self.node), lower(id))
    }

    fn named(&self) -> String {
        let id = first_of(&self.service.id, &self.service.name);
        format!("service {} on node {}", quote(id), quote(&self.node))
    }
}

impl CheckOp {
    fn key(&self) -> PartKey {
        let id = first_of(&self.check.id, &self.check.name);
        (lower(&self.check.node), lower(id))
    }

    fn named(&self) -> String {
        let id = first_of(&self.check.id, &self.check.name);
        format!("check {} on node {}", quote(id), quote(&self.check.node))
    }
}

fn verb(word: &str) -> Option<CatalogVerb> {
    let all = [
        CatalogVerb::Set,
        CatalogVerb::Cas,
        CatalogVerb::Get,
        CatalogVerb::Delete,
        CatalogVerb::DeleteCas,
    ];
    all.into_iter().find(|verb| verb.as_str() == word)
}

fn first_of<'a>(id: &'a str, name: &'a str) -> &'a str {
    if id.is_empty() { name } else { id }
}

fn lower(text: &str) -> Box<str> {
    text.to_lowercase().into()
}

/// Whether something whose ModifyIndex is `current` is not what the client compares it with.
fn is_stale(current: Option<u64>, compared: u64) -> bool {
    current.unwrap_or(0) != compared
}

/// A refusal in the words that it has within a transaction.
fn words(refusal: &Refusal) -> String {
    match refusal {
        Refusal::MissingServiceId => {
            "failed inserting service: object missing primary index".into()
        }
        Refusal::MissingCheckId(_) => "failed inserting check: object missing primary index".into(),
        Refusal::UnknownService(_) => "Missing service registration".into(),
        Refusal::ReservedNode { .. } => {
            let text = refusal.to_string();
            text.replacen("failed inserting node: ", "", 1)
        }
        other => other.to_string(),
    }
}

impl State {
    /// What the real server looks at before it runs anything.
    pub(in crate::engine::consul) fn check_catalog_op(&self, op: &CatalogOp) -> Result<(), String> {
        if op.is_read() {
            return Ok(());
        }
        let checked = match op {
            CatalogOp::Node(op) => check_node(&op.node),
            CatalogOp::Service(op) => check_service(&op.service),
            CatalogOp::Check(_) => Ok(()),
        };
        checked.map_err(|refusal| words(&refusal))
    }
}

impl Step<'_> {
    pub(in crate::engine::consul) fn run_catalog_op(
        &mut self,
        op: &CatalogOp,
        rows: &mut Vec<TxnRow>,
    ) -> Result<(), String> {
        let row = match op {
            CatalogOp::Node(op) => self.run_on_node(op)?.map(TxnRow::Node),
            CatalogOp::Service(op) => self.run_on_service(op)?.map(TxnRow::Service),
            CatalogOp::Check(op) => self.run_on_check(op)?.map(TxnRow::Check),
        };
        rows.extend(row);
        Ok(())
    }

    fn run_on_node(&mut self, op: &NodeOp) -> Result<Option<Arc<Node>>, String> {
        let name = lower(&op.node.name);
        let current = self.state.catalog.node(&name).map(|it| it.modify_index);
        match verb(&op.verb) {
            None => Err(format!("unknown Node verb {}", quote(&op.verb))),
            Some(CatalogVerb::Get) => self.get_node(op).map(Some),
            Some(CatalogVerb::Cas) if is_stale(current, op.index) => Err(op.stale("set")),
            Some(CatalogVerb::DeleteCas) if current.is_none() || is_stale(current, op.index) => {
                Err(op.stale("delete"))
            }
            Some(CatalogVerb::Delete | CatalogVerb::DeleteCas) => {
                self.remove_node(&name);
                Ok(None)
            }
            Some(_) => {
                let put = self.put_node(&name, &op.node);
                put.map_err(|refusal| words(&refusal))?;
                Ok(self.state.catalog.node(&name).cloned())
            }
        }
    }

    fn get_node(&self, op: &NodeOp) -> Result<Arc<Node>, String> {
        let catalog = &self.state.catalog;
        let (id, name) = (&op.node.id, &op.node.name);
        let found = if id.is_empty() {
            catalog.node(&lower(name))
        } else {
            check_node_id(id).map_err(|problem| {
                format!("node lookup by ID failed, wrong UUID: {problem} for '{id}'")
            })?;
            catalog.node_with_id(id)
        };
        let missing = || format!("node {} doesn't exist", quote(name));
        found.cloned().ok_or_else(missing)
    }

    fn run_on_service(&mut self, op: &ServiceOp) -> Result<Option<Arc<Service>>, String> {
        let key = op.key();
        let current = self.state.catalog.service(&key).cloned();
        let index = current.as_ref().map(|it| it.modify_index);
        let stale = |done: &str| format!("failed to {done} {}, index is stale", op.named());
        match verb(&op.verb) {
            None => Err(format!("unknown Service verb {}", quote(&op.verb))),
            Some(CatalogVerb::Get) => {
                let missing = || format!("{} doesn't exist", op.named());
                current.ok_or_else(missing).map(Some)
            }
            Some(CatalogVerb::Cas) if is_stale(index, op.index) => Err(stale("set")),
            Some(CatalogVerb::DeleteCas) if index.is_none() || is_stale(index, op.index) => {
                Err(stale("delete"))
            }
            Some(CatalogVerb::Delete | CatalogVerb::DeleteCas) => {
                self.remove_service(&key);
                Ok(None)
            }
            Some(_) => {
                self.require_node(&key.0)?;
                let put = self.put_service(&key.0, &op.node, op.service.clone());
                put.map_err(|refusal| words(&refusal))?;
                Ok(self.state.catalog.service(&key).cloned())
            }
        }
    }

    fn run_on_check(&mut self, op: &CheckOp) -> Result<Option<Arc<Check>>, String> {
        let key = op.key();
        let current = self.state.catalog.check(&key).cloned();
        let index = current.as_ref().map(|it| it.modify_index);
        let stale = |done: &str| format!("failed to {done} {}, index is stale", op.named());
        match verb(&op.verb) {
            None => Err(format!("unknown Check verb {}", quote(&op.verb))),
            Some(CatalogVerb::Get) => {
                let missing = || format!("{} doesn't exist", op.named());
                current.ok_or_else(missing).map(Some)
            }
            Some(CatalogVerb::Cas) if is_stale(index, op.index) => Err(stale("set")),
            Some(CatalogVerb::DeleteCas) if index.is_none() || is_stale(index, op.index) => {
                Err(stale("delete"))
            }
            Some(CatalogVerb::Delete | CatalogVerb::DeleteCas) => {
                self.remove_check(&key);
                Ok(None)
            }
            // Consul forgets to say that there is no such node.
            Some(CatalogVerb::Cas) if self.state.catalog.node(&key.0).is_none() => Ok(None),
            Some(_) => {
                self.require_node(&key.0)?;
                let put = self.put_check(&key.0, &op.check.node, op.check.clone());
                put.map_err(|refusal| words(&refusal))?;
                Ok(self.state.catalog.check(&key).cloned())
            }
        }
    }

    fn require_node(&self, node: &str) -> Result<(), String> {
        match self.state.catalog.node(node) {
            Some(_) => Ok(()),
            None => Err(Refusal::UnknownNode.to_string()),
        }
    }
}
