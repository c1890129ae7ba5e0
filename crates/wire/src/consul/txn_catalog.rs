//! Operations of transactions on the catalog: nodes, services and checks.

use serde::{Deserialize, Serialize, Serializer};

use super::catalog::Node;
use super::health::{HealthCheck, HealthCheckRef};
use super::service::{NodeService, NodeServiceRef};

/// What an operation does with a node, service or check of the catalog.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash, Serialize, Deserialize)]
#[serde(rename_all = "kebab-case")]
#[non_exhaustive]
pub enum CatalogVerb {
    /// Writes. Answers what it is then.
    Set,
    /// Writes if its `ModifyIndex` is that of the operation; 0 means that it must not exist.
    Cas,
    /// Reads; fails if it does not exist.
    Get,
    /// Removes. Answers no row.
    Delete,
    /// Removes if its `ModifyIndex` is that of the operation. Answers no row.
    DeleteCas,
}

impl CatalogVerb {
    /// Whether the verb changes nothing.
    #[must_use]
    pub fn is_read(self) -> bool {
        self == Self::Get
    }

    /// The verb on the wire.
    #[must_use]
    pub fn as_str(self) -> &'static str {
        match self {
            Self::Set => "set",
            Self::Cas => "cas",
            Self::Get => "get",
            Self::Delete => "delete",
            Self::DeleteCas => "delete-cas",
        }
    }
}

/// An operation on a node.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "PascalCase")]
#[non_exhaustive]
pub struct NodeOp {
    /// What is done.
    pub verb: CatalogVerb,
    /// The node: by its name, or for `get` by its id; its `ModifyIndex` is what `cas` and
    /// `delete-cas` compare.
    #[serde(default)]
    pub node: Node,
}

impl NodeOp {
    /// `verb` on `node`.
    #[must_use]
    pub fn new(verb: CatalogVerb, node: Node) -> Self {
        Self { verb, node }
    }

    /// Sets the `ModifyIndex` that is compared.
    #[must_use]
    pub fn with_index(mut self, index: u64) -> Self {
        self.node.modify_index = index;
        self
    }
}

/// An operation on a service.
///
/// Servers take over id, name, tags, address, port, labels, weights and tag override; kind, proxy,
/// Connect and further addresses of a service are left out of what a transaction writes.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
#[serde(rename_all = "PascalCase")]
#[non_exhaustive]
pub struct ServiceOp {
    /// What is done.
    pub verb: CatalogVerb,
    /// The name of its node.
    #[serde(default)]
    pub node: String,
    /// The service; its `ModifyIndex` is what `cas` and `delete-cas` compare. Every verb but `get`
    /// needs its name.
    #[serde(default)]
    pub service: NodeService,
}

impl ServiceOp {
    /// `verb` on `service` of `node`.
    #[must_use]
    pub fn new(verb: CatalogVerb, node: impl Into<String>, service: NodeService) -> Self {
        Self {
            verb,
            node: node.into(),
            service,
        }
    }

    /// Sets the `ModifyIndex` that is compared.
    #[must_use]
    pub fn with_index(mut self, index: u64) -> Self {
        self.service.modify_index = index;
        self
    }
}

/// An operation on a check.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "PascalCase")]
#[non_exhaustive]
pub struct CheckOp {
    /// What is done.
    pub verb: CatalogVerb,
    /// The check, with the name of its node; its `ModifyIndex` is what `cas` and `delete-cas`
    /// compare.
    #[serde(default)]
    pub check: HealthCheck,
}

impl CheckOp {
    /// `verb` on `check`, which names its node.
    #[must_use]
    pub fn new(verb: CatalogVerb, check: HealthCheck) -> Self {
        Self { verb, check }
    }

    /// Sets the `ModifyIndex` that is compared.
    #[must_use]
    pub fn with_index(mut self, index: u64) -> Self {
        self.check.modify_index = index;
        self
    }
}

/// A service as transactions show it: tags that were never set are `null`.
pub(super) fn service<S: Serializer>(
    service: &Option<NodeService>,
    serializer: S,
) -> Result<S::Ok, S::Error> {
    let shown = service.as_ref().map(|it| {
        let shown = it.as_service_ref();
        NodeServiceRef {
            tags: shown.tags.filter(|tags| !tags.is_empty()),
            ..shown
        }
    });
    shown.serialize(serializer)
}

/// A check likewise.
pub(super) fn check<S: Serializer>(
    check: &Option<HealthCheck>,
    serializer: S,
) -> Result<S::Ok, S::Error> {
    let shown = check.as_ref().map(|it| {
        let shown = it.as_check_ref();
        HealthCheckRef {
            service_tags: shown.service_tags.filter(|tags| !tags.is_empty()),
            ..shown
        }
    });
    shown.serialize(serializer)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn verbs_have_the_names_of_the_wire() {
        for verb in ["set", "cas", "get", "delete", "delete-cas"] {
            let read: CatalogVerb = serde_json::from_value(verb.into()).unwrap();
            assert_eq!(read.as_str(), verb);
            assert_eq!(serde_json::to_value(read).unwrap(), verb);
        }
    }

    #[test]
    fn an_index_travels_in_the_thing_itself() {
        let op = NodeOp::new(CatalogVerb::Cas, Node::new("n", "a")).with_index(7);
        let json = serde_json::to_value(&op).unwrap();
        assert_eq!(json["Node"]["ModifyIndex"], 7);
        let op = CheckOp::new(CatalogVerb::DeleteCas, HealthCheck::default()).with_index(7);
        assert_eq!(
            serde_json::to_value(&op).unwrap()["Check"]["ModifyIndex"],
            7
        );
    }
}
