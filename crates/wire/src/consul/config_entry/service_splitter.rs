use std::collections::BTreeMap;

use serde::{Deserialize, Serialize, Serializer};
use serde_json::Value;

use super::kind::Tag;
use crate::consul::nullable::{or_default, or_null};

/// Which part of a service's requests goes where: `service-splitter`.
#[derive(Clone, Debug, Default, PartialEq, Serialize, Deserialize)]
#[serde(rename_all = "PascalCase", default)]
#[non_exhaustive]
pub struct ServiceSplitter {
    kind: Tag<3>,
    /// The service; its protocol must be `http`, `http2` or `grpc`.
    pub name: String,
    /// The parts; at least one, and their weights sum up to 100.
    #[serde(serialize_with = "or_null", deserialize_with = "or_default")]
    pub splits: Vec<ServiceSplit>,
    /// The operator's labels.
    #[serde(
        skip_serializing_if = "BTreeMap::is_empty",
        deserialize_with = "or_default"
    )]
    pub meta: BTreeMap<String, String>,
    /// Fields of later servers.
    #[serde(flatten)]
    pub extra: BTreeMap<String, Value>,
    /// The index of its creation; 0 before it is stored.
    pub create_index: u64,
    /// The index of its last change; 0 before it is stored.
    pub modify_index: u64,
}

impl ServiceSplitter {
    /// A splitter of a service, without parts.
    #[must_use]
    pub fn new(name: impl Into<String>) -> Self {
        Self {
            name: name.into(),
            ..Self::default()
        }
    }

    /// Adds a part.
    #[must_use]
    pub fn with_split(mut self, split: ServiceSplit) -> Self {
        self.splits.push(split);
        self
    }
}

/// One part of the requests.
#[derive(Clone, Debug, Default, PartialEq, Serialize, Deserialize)]
#[serde(rename_all = "PascalCase", default)]
#[non_exhaustive]
pub struct ServiceSplit {
    /// Per cent of the requests, in hundredths at the finest.
    #[serde(serialize_with = "write_weight")]
    pub weight: f32,
    /// The service; the splitter's own when empty.
    #[serde(skip_serializing_if = "String::is_empty")]
    pub service: String,
    /// A subset that the service's resolver defines.
    #[serde(skip_serializing_if = "String::is_empty")]
    pub service_subset: String,
    /// An enterprise field, empty otherwise.
    #[serde(skip_serializing_if = "String::is_empty")]
    pub namespace: String,
    /// Fields of later servers.
    #[serde(flatten)]
    pub extra: BTreeMap<String, Value>,
}

impl ServiceSplit {
    /// A part of the requests for the splitter's own service, in per cent.
    #[must_use]
    pub fn new(weight: f32) -> Self {
        Self {
            weight,
            ..Self::default()
        }
    }

    /// Sends it to another service.
    #[must_use]
    pub fn with_service(mut self, service: impl Into<String>) -> Self {
        self.service = service.into();
        self
    }

    /// Sends it to a subset.
    #[must_use]
    pub fn with_subset(mut self, subset: impl Into<String>) -> Self {
        self.service_subset = subset.into();
        self
    }
}

/// A number as Go writes it: whole ones without a point.
#[expect(clippy::cast_possible_truncation, reason = "the range is checked")]
pub(crate) fn write_weight<S: Serializer>(weight: &f32, serializer: S) -> Result<S::Ok, S::Error> {
    const EXACT: f32 = 16_777_216.0;
    if weight.fract() == 0.0 && weight.abs() < EXACT {
        serializer.serialize_i32(*weight as i32)
    } else {
        serializer.serialize_f32(*weight)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn weights_are_written_as_go_writes_them() {
        for (weight, text) in [(100.0, "100"), (33.33, "33.33"), (0.0, "0"), (12.5, "12.5")] {
            let json = serde_json::to_string(&ServiceSplit::new(weight)).unwrap();
            assert_eq!(json, format!("{{\"Weight\":{text}}}"));
            let again: ServiceSplit = serde_json::from_str(&json).unwrap();
            assert_eq!(again, ServiceSplit::new(weight));
        }
    }
}
