//! The keys with which the cluster encrypts.

use std::collections::BTreeMap;
use std::fmt;

use crate::msgpack::{Decode, DecodeError, Encode, Reader, Writer, record};

/// Names a key, for `install-key`, `use-key` and `remove-key`.
#[derive(Clone, Default, PartialEq, Eq)]
pub struct Key {
    /// 16, 24 or 32 bytes in base64. Never printed.
    pub key: String,
}

const FIELDS: &[&str] = &["Key"];

impl fmt::Debug for Key {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("Key").finish_non_exhaustive()
    }
}

impl Encode for Key {
    fn encode(&self, writer: &mut Writer) {
        writer.map(1);
        writer.text(FIELDS[0]);
        writer.text(&self.key);
    }
}

impl Decode for Key {
    fn decode(reader: &mut Reader<'_>) -> Result<Self, DecodeError> {
        let mut key = Self::default();
        reader.structure(FIELDS, |_, reader| {
            key.key = reader.text()?.into();
            Ok(())
        })?;
        Ok(key)
    }
}

record! {
    /// What the members made of a change of their keyrings. Sent also when some of them refused.
    #[derive(Clone, Default, PartialEq, Eq)]
    pub struct KeyResponse {
        /// How many members have each key. Only `list-keys` tells it.
        keys: Option<BTreeMap<String, u64>> = "Keys",
        /// What members said, by their names.
        messages: BTreeMap<String, String> = "Messages",
        /// How many members refused.
        num_err: u64 = "NumErr",
        /// How many members there are.
        num_nodes: u64 = "NumNodes",
        /// How many members answered.
        num_resp: u64 = "NumResp",
    }
}

/// Says how many keys there are, not which.
impl fmt::Debug for KeyResponse {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("KeyResponse")
            .field("keys", &self.keys.as_ref().map(BTreeMap::len))
            .field("messages", &self.messages)
            .field("num_err", &self.num_err)
            .field("num_nodes", &self.num_nodes)
            .field("num_resp", &self.num_resp)
            .finish()
    }
}
