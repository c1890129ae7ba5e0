use quorate_wire::consul::health::{Definition, HealthCheckRef};
use serde::{Deserialize, Deserializer, Serialize};

/// A check of a node or of a service.
#[derive(Clone, Debug, Default, PartialEq, Eq, Serialize, Deserialize)]
#[serde(default)]
pub struct Check {
    /// The name of its node.
    pub node: String,
    /// The id, unique within its node.
    pub check_id: String,
    /// A name for people.
    pub name: String,
    /// `passing`, `warning` or `critical`, or whatever else was registered.
    pub status: String,
    /// The operator's remarks.
    pub notes: String,
    /// What the check said last.
    pub output: String,
    /// The service that it checks; empty for the node itself.
    pub service_id: String,
    /// That service's name.
    pub service_name: String,
    /// That service's tags.
    pub service_tags: Vec<String>,
    /// How it is run; empty when something outside runs it.
    pub check_type: String,
    /// How it is run in detail.
    #[serde(deserialize_with = "null_is_empty")]
    pub definition: Definition,
    /// The index of its registration.
    pub create_index: u64,
    /// The index of its last change.
    pub modify_index: u64,
}

fn null_is_empty<'de, D: Deserializer<'de>>(deserializer: D) -> Result<Definition, D::Error> {
    Ok(Option::deserialize(deserializer)?.unwrap_or_default())
}

impl Check {
    /// The check as the encoder takes it.
    #[must_use]
    pub fn as_check_ref(&self) -> HealthCheckRef<'_> {
        HealthCheckRef {
            node: &self.node,
            check_id: &self.check_id,
            name: &self.name,
            status: &self.status,
            notes: &self.notes,
            output: &self.output,
            service_id: &self.service_id,
            service_name: &self.service_name,
            service_tags: Some(&self.service_tags),
            r#type: &self.check_type,
            definition: &self.definition,
            create_index: self.create_index,
            modify_index: self.modify_index,
        }
    }
}
