use serde::{Deserialize, Serialize};

use crate::quote::quote_byte;

/// What a real server does not restore, and so no harm comes of trying.
pub(super) const VERSION: u64 = 100;

/// `meta.json`, with the fields of a real server's.
#[derive(Clone, Debug, Default, Serialize, Deserialize)]
#[serde(rename_all = "PascalCase", default)]
pub(super) struct Meta {
    pub(super) version: u64,
    #[serde(rename = "ID")]
    pub(super) id: String,
    pub(super) index: u64,
    pub(super) term: u64,
    pub(super) peers: Option<String>,
    pub(super) configuration: Configuration,
    pub(super) configuration_index: u64,
    /// The length of `state.bin`.
    pub(super) size: u64,
}

/// The servers of the cluster: one.
#[derive(Clone, Debug, Default, Serialize, Deserialize)]
#[serde(rename_all = "PascalCase", default)]
pub(super) struct Configuration {
    pub(super) servers: Option<Vec<Server>>,
}

#[derive(Clone, Debug, Default, Serialize, Deserialize)]
#[serde(rename_all = "PascalCase", default)]
pub(super) struct Server {
    pub(super) suffrage: u64,
    #[serde(rename = "ID")]
    pub(super) id: String,
    pub(super) address: String,
}

impl Meta {
    /// Reads the file, or says in Go's words what is wrong with it.
    pub(super) fn read(text: &[u8]) -> Result<Self, String> {
        let mut values = serde_json::Deserializer::from_slice(text).into_iter();
        let meta = match values.next() {
            Some(Ok(meta)) => meta,
            Some(Err(error)) if !error.is_eof() => return Err(error.to_string()),
            _ => return Err("unexpected end of JSON input".to_owned()),
        };
        let rest = text.get(values.byte_offset()..).unwrap_or_default();
        match rest.trim_ascii().first() {
            None => Ok(meta),
            Some(byte) => {
                let byte = quote_byte(*byte);
                Err(format!("invalid character {byte} after top-level value"))
            }
        }
    }
}
