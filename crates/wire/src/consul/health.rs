//! Health checks: `/v1/health/…`.

use serde::{Deserialize, Serialize, Serializer};

use super::catalog::{Node, NodeRef};
pub use super::definition::Definition;
use super::health_status::HealthStatus;
use super::null::empty;
use super::service::{NodeService, NodeServiceRef};

/// A check passes.
pub const PASSING: &str = "passing";
/// A check warns.
pub const WARNING: &str = "warning";
/// A check fails; sessions bound to it end.
pub const CRITICAL: &str = "critical";
/// The check that every node of a gossip pool has.
pub const SERF_HEALTH: &str = "serfHealth";
/// The check of a node that is in maintenance.
pub const NODE_MAINTENANCE: &str = "_node_maintenance";
/// How the ids of the checks of services in maintenance begin; the service's id follows.
pub const SERVICE_MAINTENANCE_PREFIX: &str = "_service_maintenance:";

/// How `checks` are together: in maintenance if one of them says so, else the worst of them; passing
/// when there are none. Consul's own clients compute it like this.
#[must_use]
pub fn aggregated_status<'a>(checks: impl IntoIterator<Item = &'a HealthCheck>) -> HealthStatus {
    let mut worst = HealthStatus::Passing;
    for check in checks {
        let status = if check.is_maintenance() {
            HealthStatus::Maintenance
        } else {
            check.status.clone()
        };
        if status.severity() > worst.severity() {
            worst = status;
        }
    }
    worst
}

/// A check of a node or of a service.
#[derive(Clone, Debug, Default, PartialEq, Eq, Deserialize)]
#[serde(rename_all = "PascalCase", default)]
#[non_exhaustive]
pub struct HealthCheck {
    /// The node's name.
    pub node: String,
    /// The check's id, unique within its node.
    #[serde(rename = "CheckID")]
    pub check_id: String,
    /// A name for people.
    pub name: String,
    /// How it is.
    #[serde(deserialize_with = "empty_is_critical")]
    pub status: HealthStatus,
    /// The operator's remarks.
    pub notes: String,
    /// What the check said last.
    pub output: String,
    /// The service it belongs to; empty for a check of the node.
    #[serde(rename = "ServiceID")]
    pub service_id: String,
    /// That service's name.
    pub service_name: String,
    /// That service's tags.
    #[serde(deserialize_with = "empty")]
    pub service_tags: Vec<String>,
    /// What kind of check it is: empty, `ttl`, `http`, …
    pub r#type: String,
    /// How it is run; empty for an agent's own checks.
    #[serde(deserialize_with = "empty")]
    pub definition: Definition,
    /// The index of its registration.
    pub create_index: u64,
    /// The index of its last change.
    pub modify_index: u64,
}

/// A status that is left out is critical, as servers have it.
fn empty_is_critical<'de, D: serde::Deserializer<'de>>(
    deserializer: D,
) -> Result<HealthStatus, D::Error> {
    let status = Option::<HealthStatus>::deserialize(deserializer)?;
    let given = status.filter(|status| !status.as_str().is_empty());
    Ok(given.unwrap_or_default())
}

/// A borrowed [`HealthCheck`], for encoding without a copy.
#[derive(Clone, Copy, Debug, Serialize)]
#[serde(rename_all = "PascalCase")]
#[expect(missing_docs, reason = "the fields are those of HealthCheck")]
pub struct HealthCheckRef<'a> {
    pub node: &'a str,
    #[serde(rename = "CheckID")]
    pub check_id: &'a str,
    pub name: &'a str,
    pub status: &'a str,
    pub notes: &'a str,
    pub output: &'a str,
    #[serde(rename = "ServiceID")]
    pub service_id: &'a str,
    pub service_name: &'a str,
    /// `None` is `null`, as transactions show no tags.
    pub service_tags: Option<&'a [String]>,
    pub r#type: &'a str,
    pub definition: &'a Definition,
    pub create_index: u64,
    pub modify_index: u64,
}

impl HealthCheck {
    /// A check of a node, to be registered.
    #[must_use]
    pub fn new(check_id: impl Into<String>, status: HealthStatus) -> Self {
        let check_id = check_id.into();
        Self {
            name: check_id.clone(),
            check_id,
            status,
            ..Self::default()
        }
    }

    /// Sets the name for people.
    #[must_use]
    pub fn with_name(mut self, name: impl Into<String>) -> Self {
        self.name = name.into();
        self
    }

    /// Sets the node, which transactions need to know.
    #[must_use]
    pub fn with_node(mut self, node: impl Into<String>) -> Self {
        self.node = node.into();
        self
    }

    /// Makes it a check of the service with this id.
    #[must_use]
    pub fn with_service_id(mut self, id: impl Into<String>) -> Self {
        self.service_id = id.into();
        self
    }

    /// Sets the operator's remarks.
    #[must_use]
    pub fn with_notes(mut self, notes: impl Into<String>) -> Self {
        self.notes = notes.into();
        self
    }

    /// Sets what the check says.
    #[must_use]
    pub fn with_output(mut self, output: impl Into<String>) -> Self {
        self.output = output.into();
        self
    }

    /// Sets how it is run, for whoever runs the checks of the catalog.
    #[must_use]
    pub fn with_definition(mut self, definition: Definition) -> Self {
        self.definition = definition;
        self
    }

    /// Whether it takes its node or its service out of use.
    #[must_use]
    pub fn is_maintenance(&self) -> bool {
        self.check_id == NODE_MAINTENANCE || self.check_id.starts_with(SERVICE_MAINTENANCE_PREFIX)
    }

    /// The check as the encoder takes it.
    #[must_use]
    pub fn as_check_ref(&self) -> HealthCheckRef<'_> {
        HealthCheckRef {
            node: &self.node,
            check_id: &self.check_id,
            name: &self.name,
            status: self.status.as_str(),
            notes: &self.notes,
            output: &self.output,
            service_id: &self.service_id,
            service_name: &self.service_name,
            service_tags: Some(&self.service_tags),
            r#type: &self.r#type,
            definition: &self.definition,
            create_index: self.create_index,
            modify_index: self.modify_index,
        }
    }
}

impl Serialize for HealthCheck {
    fn serialize<S: Serializer>(&self, serializer: S) -> Result<S::Ok, S::Error> {
        self.as_check_ref().serialize(serializer)
    }
}

/// An instance of a service with its node and its checks: those of the node, then its own.
#[derive(Clone, Debug, Default, PartialEq, Serialize, Deserialize)]
#[serde(rename_all = "PascalCase", default)]
#[non_exhaustive]
pub struct ServiceEntry {
    /// The node.
    pub node: Node,
    /// The instance.
    pub service: NodeService,
    /// The node's checks and the instance's own.
    #[serde(deserialize_with = "empty")]
    pub checks: Vec<HealthCheck>,
}

/// A borrowed [`ServiceEntry`], for encoding without a copy; the checks are anything that is
/// written as their list.
#[derive(Clone, Copy, Debug, Serialize)]
#[serde(rename_all = "PascalCase")]
#[expect(missing_docs, reason = "the fields are those of ServiceEntry")]
pub struct ServiceEntryRef<'a, Checks> {
    pub node: NodeRef<'a>,
    pub service: NodeServiceRef<'a>,
    pub checks: Checks,
}

impl ServiceEntry {
    /// How the instance is, by all its checks.
    #[must_use]
    pub fn status(&self) -> HealthStatus {
        aggregated_status(&self.checks)
    }

    /// Where to reach the instance: its own address, or that of its node.
    #[must_use]
    pub fn effective_address(&self) -> &str {
        if self.service.address.is_empty() {
            &self.node.address
        } else {
            &self.service.address
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn checks(pairs: &[(&str, &str)]) -> Vec<HealthCheck> {
        let check =
            |(id, status): &(&str, &str)| HealthCheck::new(*id, HealthStatus::from(*status));
        pairs.iter().map(check).collect()
    }

    #[test]
    fn the_worst_check_counts_and_maintenance_above_all() {
        for (given, status) in [
            (&[][..], HealthStatus::Passing),
            (&[("a", "passing")], HealthStatus::Passing),
            (&[("a", "passing"), ("b", "warning")], HealthStatus::Warning),
            (
                &[("a", "critical"), ("b", "warning")],
                HealthStatus::Critical,
            ),
            (
                &[("a", "critical"), ("_node_maintenance", "critical")],
                HealthStatus::Maintenance,
            ),
            (
                &[("_service_maintenance:web", "critical"), ("a", "critical")],
                HealthStatus::Maintenance,
            ),
            (&[("a", "odd")], HealthStatus::Other("odd".into())),
        ] {
            assert_eq!(aggregated_status(&checks(given)), status, "{given:?}");
        }
    }

    #[test]
    fn a_check_without_a_status_is_critical() {
        for json in ["{}", r#"{"Status":""}"#, r#"{"Status":null}"#] {
            let check: HealthCheck = serde_json::from_str(json).unwrap();
            assert_eq!(check.status, HealthStatus::Critical, "{json}");
        }
        let check: HealthCheck = serde_json::from_str(r#"{"Status":"odd"}"#).unwrap();
        assert_eq!(check.status, HealthStatus::Other("odd".into()));
    }

    #[test]
    fn an_instance_without_an_address_is_reached_at_its_nodes() {
        let mut entry = ServiceEntry {
            node: Node::new("n", "10.0.0.1"),
            ..ServiceEntry::default()
        };
        assert_eq!(entry.effective_address(), "10.0.0.1");
        entry.service.address = "10.0.0.2".into();
        assert_eq!(entry.effective_address(), "10.0.0.2");
    }
}
