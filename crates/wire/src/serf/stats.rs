//! How an agent is.

use std::collections::BTreeMap;

use crate::msgpack::{Decode, DecodeError, Encode, Reader, Writer};

/// How an agent is: sections with names and values, all of them text. Which there are depends on
/// the version of the agent; `agent`, `runtime`, `serf`, `tags` and `event_handlers` are usual.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct Stats {
    /// Values by section and name.
    pub sections: BTreeMap<String, BTreeMap<String, String>>,
}

impl Stats {
    /// A value, if there is one.
    #[must_use]
    pub fn get(&self, section: &str, name: &str) -> Option<&str> {
        self.sections.get(section)?.get(name).map(String::as_str)
    }
}

impl Encode for Stats {
    fn encode(&self, writer: &mut Writer) {
        self.sections.encode(writer);
    }
}

impl Decode for Stats {
    fn decode(reader: &mut Reader<'_>) -> Result<Self, DecodeError> {
        Ok(Self {
            sections: Decode::decode(reader)?,
        })
    }
}
