//! Services, their instances and their checks.

use std::collections::BTreeMap;
use std::io::{self, Write};

use quorate::{CheckResult, HealthStatus, Instance, InstanceSet, ServiceSummary};
use serde::Serialize;

use super::rows::{Column, Rows, Tone};
use super::{Style, View};

/// A service in a list.
#[derive(Clone, Debug, Serialize)]
pub(crate) struct SummaryRow {
    name: String,
    tags: Vec<String>,
}

impl SummaryRow {
    pub(crate) const COLUMNS: &[Column<Self>] = &[
        Column::new("NAME", |row| row.name.clone()),
        Column::new("TAGS", |row| row.tags.join(",")),
    ];
}

impl From<ServiceSummary> for SummaryRow {
    fn from(summary: ServiceSummary) -> Self {
        Self {
            name: summary.name,
            tags: summary.tags,
        }
    }
}

/// An instance.
#[derive(Clone, Debug, Serialize)]
pub(crate) struct InstanceRow {
    /// Its service, where that is not plain.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub(super) service: Option<String>,
    node: String,
    id: String,
    address: String,
    port: u16,
    pub(super) status: &'static str,
    tags: Vec<String>,
    meta: BTreeMap<String, String>,
    /// `address:port`.
    #[serde(skip)]
    shown: String,
}

impl InstanceRow {
    const COLUMNS: &[Column<Self>] = &[
        Column::new("ID", |row| row.id.clone()),
        Column::new("ADDRESS", |row| row.shown.clone()),
        Column::new("STATUS", |row: &Self| row.status.to_owned()).toned(|row| tone(row.status)),
        Column::new("NODE", |row| row.node.clone()),
        Column::new("TAGS", |row| row.tags.join(",")),
    ];

    /// Those of a node.
    pub(super) const OF_NODE: &[Column<Self>] = &[
        Column::new("SERVICE", |row| row.service.clone().unwrap_or_default()),
        Column::new("ID", |row| row.id.clone()),
        Column::new("ADDRESS", |row| row.shown.clone()),
        Column::new("STATUS", |row: &Self| row.status.to_owned()).toned(|row| tone(row.status)),
        Column::new("TAGS", |row| row.tags.join(",")),
    ];

    fn line(&self, out: &mut dyn Write, style: &Style, sign: &str) -> io::Result<()> {
        let text = format!("{} {} {} {}", self.id, self.shown, self.status, self.node);
        writeln!(out, "{sign} {}", style.line(&text))
    }
}

impl From<&Instance> for InstanceRow {
    fn from(instance: &Instance) -> Self {
        Self {
            service: None,
            node: instance.node.clone(),
            id: instance.id.clone(),
            address: instance.address.clone(),
            port: instance.port,
            status: instance.status.as_str(),
            tags: instance.tags.clone(),
            meta: instance.meta.clone(),
            shown: instance.to_string(),
        }
    }
}

/// What a check said.
#[derive(Clone, Debug, Serialize)]
pub(crate) struct CheckRow {
    node: String,
    instance: Option<String>,
    id: String,
    name: String,
    status: &'static str,
    output: String,
}

impl CheckRow {
    pub(super) const COLUMNS: &[Column<Self>] = &[
        Column::new("CHECK", |row| row.id.clone()),
        Column::new("INSTANCE", |row| row.instance.clone().unwrap_or_default()),
        Column::new("STATUS", |row: &Self| row.status.to_owned()).toned(|row| tone(row.status)),
        Column::new("NODE", |row| row.node.clone()),
        Column::new("OUTPUT", |row| row.output.trim_end().to_owned()),
    ];
}

impl From<CheckResult> for CheckRow {
    fn from(check: CheckResult) -> Self {
        Self {
            node: check.node,
            instance: check.instance,
            id: check.id,
            name: check.name,
            status: check.status.as_str(),
            output: check.output,
        }
    }
}

/// The colour of a status.
pub(super) fn tone(status: &str) -> Tone {
    if status == HealthStatus::Passing.as_str() {
        Tone::Good
    } else if status == HealthStatus::Warning.as_str() {
        Tone::Doubtful
    } else {
        Tone::Bad
    }
}

/// A service with its instances and checks.
#[derive(Debug, Serialize)]
pub(crate) struct ServiceView {
    pub(crate) name: String,
    pub(crate) instances: Vec<InstanceRow>,
    pub(crate) checks: Vec<CheckRow>,
}

impl View for ServiceView {
    fn text(&self, out: &mut dyn Write, style: &Style) -> io::Result<()> {
        Rows::new(self.instances.clone(), InstanceRow::COLUMNS).text(out, style)?;
        if !self.checks.is_empty() {
            writeln!(out)?;
        }
        Rows::new(self.checks.clone(), CheckRow::COLUMNS).text(out, style)
    }
}

/// A set of instances, and how it differs from the one before.
#[derive(Debug, Serialize)]
#[serde(tag = "event", rename_all = "kebab-case")]
pub(crate) enum SetView {
    /// The instances as they are from now on.
    Instances {
        instances: Vec<InstanceRow>,
        added: Vec<InstanceRow>,
        removed: Vec<InstanceRow>,
    },
}

impl From<&InstanceSet> for SetView {
    fn from(set: &InstanceSet) -> Self {
        let rows = |some: &[Instance]| some.iter().map(InstanceRow::from).collect();
        Self::Instances {
            instances: rows(&set.instances),
            added: rows(&set.added),
            removed: rows(&set.removed),
        }
    }
}

impl View for SetView {
    fn text(&self, out: &mut dyn Write, style: &Style) -> io::Result<()> {
        let Self::Instances {
            instances,
            added,
            removed,
        } = self;
        let same = |one: &InstanceRow, other: &InstanceRow| {
            (&one.node, &one.id) == (&other.node, &other.id)
        };
        for gone in removed {
            if !added.iter().any(|row| same(row, gone)) {
                gone.line(out, style, &style.bad("-").to_string())?;
            }
        }
        for row in added {
            let sign = match removed.iter().any(|gone| same(gone, row)) {
                true => style.title("~").to_string(),
                false => style.good("+").to_string(),
            };
            row.line(out, style, &sign)?;
        }
        let count = instances.len();
        writeln!(out, "{}", style.faint(format!("= {count} instances")))
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn an_instance_that_changed_is_one_line() {
        let mut before = Instance::new("n", "web-1", "10.0.0.7");
        before.port = 80;
        let mut now = before.clone();
        now.status = HealthStatus::Critical;
        let mut set = InstanceSet::default();
        set.instances = vec![now.clone()];
        set.added = vec![now, Instance::new("n", "web-2", "10.0.0.8")];
        set.removed = vec![before, Instance::new("n", "web-3", "10.0.0.9")];
        let view = SetView::from(&set);
        let mut out = Vec::new();
        view.text(&mut out, &Style::PLAIN).unwrap();
        let expected = "- web-3 10.0.0.9:0 passing n\n~ web-1 10.0.0.7:80 critical n\n\
                        + web-2 10.0.0.8:0 passing n\n= 1 instances\n";
        assert_eq!(String::from_utf8(out).unwrap(), expected);
        let json = serde_json::to_string(&view).unwrap();
        let start = r#"{"event":"instances","instances":[{"node":"n","id":"web-1","address":"10.0.0.7","port":80,"status":"critical""#;
        assert!(json.starts_with(start), "{json}");
    }
}
