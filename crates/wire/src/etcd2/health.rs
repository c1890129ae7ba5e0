//! Whether a member works: `/health`.

use serde::{Deserialize, Deserializer, Serialize, Serializer};

/// The body of `GET /health`: with status 200 if the member works and 503 if not, then followed by
/// a line feed.
#[derive(Clone, Debug, Default, PartialEq, Eq, Serialize, Deserialize)]
pub struct Health {
    /// Whether it works. A text on the wire.
    #[serde(rename = "health", with = "word")]
    pub healthy: bool,
    /// Why not; empty if it works. Servers before 3.5 don't say.
    #[serde(skip_serializing_if = "Option::is_none", default)]
    pub reason: Option<String>,
}

impl Health {
    /// Writes it as servers do.
    ///
    /// # Errors
    /// None in practice.
    pub fn encode(&self) -> Result<Vec<u8>, serde_json::Error> {
        if self.healthy {
            super::json::encode(self)
        } else {
            super::json::encode_line(self)
        }
    }
}

mod word {
    use super::{Deserialize, Deserializer, Serializer};
    pub(super) fn serialize<S: Serializer>(
        healthy: &bool,
        serializer: S,
    ) -> Result<S::Ok, S::Error> {
        serializer.serialize_str(if *healthy { "true" } else { "false" })
    }

    pub(super) fn deserialize<'de, D: Deserializer<'de>>(
        deserializer: D,
    ) -> Result<bool, D::Error> {
        #[derive(Deserialize)]
        #[serde(untagged)]
        enum Either {
            Flag(bool),
            Word(String),
        }
        Ok(match Either::deserialize(deserializer)? {
            Either::Flag(healthy) => healthy,
            Either::Word(word) => word == "true",
        })
    }
}
