//! Nodes, and what runs on them.

use std::collections::BTreeMap;
use std::io::{self, Write};

use quorate::{Node, NodeDetails, NodeSet};
use serde::Serialize;

use super::rows::{Column, Rows};
use super::service::{CheckRow, InstanceRow, tone};
use super::{Style, View};

/// A node.
#[derive(Clone, Debug, Serialize)]
pub(crate) struct NodeRow {
    name: String,
    address: String,
    status: &'static str,
    id: Option<String>,
    meta: BTreeMap<String, String>,
}

impl NodeRow {
    pub(crate) const COLUMNS: &[Column<Self>] = &[
        Column::new("NAME", |row| row.name.clone()),
        Column::new("ADDRESS", |row| row.address.clone()),
        Column::new("STATUS", |row: &Self| row.status.to_owned()).toned(|row| tone(row.status)),
        Column::new("META", |row| {
            let pairs = row.meta.iter().map(|(name, text)| format!("{name}={text}"));
            pairs.collect::<Vec<_>>().join(",")
        }),
    ];

    fn line(&self, out: &mut dyn Write, style: &Style, sign: &str) -> io::Result<()> {
        let text = format!("{} {} {}", self.name, self.address, self.status);
        writeln!(out, "{sign} {}", style.line(&text))
    }
}

impl From<&Node> for NodeRow {
    fn from(node: &Node) -> Self {
        Self {
            name: node.name.clone(),
            address: node.address.clone(),
            status: node.status.as_str(),
            id: node.id.clone(),
            meta: node.meta.clone(),
        }
    }
}

/// A node with its services and checks.
#[derive(Debug, Serialize)]
pub(crate) struct NodeView {
    #[serde(flatten)]
    node: NodeRow,
    services: Vec<InstanceRow>,
    checks: Vec<CheckRow>,
}

impl From<NodeDetails> for NodeView {
    fn from(details: NodeDetails) -> Self {
        let services = details.services.iter().map(|service| {
            let mut row = InstanceRow::from(&service.instance);
            row.service = Some(service.name.clone());
            row
        });
        Self {
            node: NodeRow::from(&details.node),
            services: services.collect(),
            checks: details.checks.into_iter().map(CheckRow::from).collect(),
        }
    }
}

impl View for NodeView {
    fn text(&self, out: &mut dyn Write, style: &Style) -> io::Result<()> {
        Rows::new(vec![self.node.clone()], NodeRow::COLUMNS).text(out, style)?;
        if !self.services.is_empty() {
            writeln!(out)?;
            Rows::new(self.services.clone(), InstanceRow::OF_NODE).text(out, style)?;
        }
        if !self.checks.is_empty() {
            writeln!(out)?;
            Rows::new(self.checks.clone(), CheckRow::COLUMNS).text(out, style)?;
        }
        Ok(())
    }
}

/// A set of nodes, and how it differs from the one before.
#[derive(Debug, Serialize)]
#[serde(tag = "event", rename_all = "kebab-case")]
pub(crate) enum NodesView {
    /// The nodes as they are from now on.
    Nodes {
        nodes: Vec<NodeRow>,
        added: Vec<NodeRow>,
        removed: Vec<NodeRow>,
    },
}

impl From<&NodeSet> for NodesView {
    fn from(set: &NodeSet) -> Self {
        let rows = |some: &[Node]| some.iter().map(NodeRow::from).collect();
        Self::Nodes {
            nodes: rows(&set.nodes),
            added: rows(&set.added),
            removed: rows(&set.removed),
        }
    }
}

impl View for NodesView {
    fn text(&self, out: &mut dyn Write, style: &Style) -> io::Result<()> {
        let Self::Nodes {
            nodes,
            added,
            removed,
        } = self;
        for gone in removed {
            if !added.iter().any(|row| row.name == gone.name) {
                gone.line(out, style, &style.bad("-").to_string())?;
            }
        }
        for row in added {
            let sign = match removed.iter().any(|gone| gone.name == row.name) {
                true => style.title("~").to_string(),
                false => style.good("+").to_string(),
            };
            row.line(out, style, &sign)?;
        }
        writeln!(out, "{}", style.faint(format!("= {} nodes", nodes.len())))
    }
}
