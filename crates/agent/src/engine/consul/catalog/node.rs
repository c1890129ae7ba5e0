use std::collections::BTreeMap;

use quorate_wire::consul::catalog::NodeRef;
use serde::{Deserialize, Serialize};

/// A node of the catalog.
#[derive(Clone, Debug, Default, PartialEq, Eq, Serialize, Deserialize)]
#[serde(default)]
pub struct Node {
    /// A UUID, or empty for an external node.
    pub id: String,
    /// The name.
    pub node: String,
    /// The IP address or host name.
    pub address: String,
    /// Further addresses.
    pub tagged_addresses: Option<BTreeMap<String, String>>,
    /// The operator's labels.
    pub meta: Option<BTreeMap<String, String>>,
    /// The index of its registration.
    pub create_index: u64,
    /// The index of its last change.
    pub modify_index: u64,
}

impl Node {
    /// The node as the encoder takes it.
    #[must_use]
    pub fn as_node_ref<'a>(&'a self, datacenter: &'a str) -> NodeRef<'a> {
        NodeRef {
            id: &self.id,
            node: &self.node,
            address: &self.address,
            datacenter,
            tagged_addresses: self.tagged_addresses.as_ref(),
            meta: self.meta.as_ref(),
            create_index: self.create_index,
            modify_index: self.modify_index,
        }
    }

    /// Whether it has all of these labels.
    #[must_use]
    pub fn has_labels(&self, labels: &[(String, String)]) -> bool {
        let has = |(name, value): &(String, String)| {
            let meta = self.meta.as_ref();
            meta.and_then(|meta| meta.get(name)) == Some(value)
        };
        labels.iter().all(has)
    }
}
