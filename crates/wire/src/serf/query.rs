//! Questions to all members.

use std::collections::BTreeMap;

use bytes::Bytes;

use crate::msgpack::{Decode, DecodeError, Encode, Reader, Writer, record};

record! {
    /// Asks members a question. The message that is made of it has 1,024 bytes at most.
    #[derive(Clone, Debug, Default, PartialEq, Eq)]
    pub struct Query {
        /// Names of members that are asked. Empty for all.
        filter_nodes: Vec<String> = "FilterNodes",
        /// Regular expressions, not anchored, for the tags of members that are asked. Empty for all.
        filter_tags: BTreeMap<String, String> = "FilterTags",
        /// Its name. May not begin with `_serf_`.
        name: String = "Name",
        /// What comes with it.
        payload: Bytes = "Payload",
        /// How many other members pass each answer on too, so that a lost packet does less harm.
        relay_factor: u8 = "RelayFactor",
        /// Whether members say that they received it.
        request_ack: bool = "RequestAck",
        /// How long answers are taken, in nanoseconds. 0 for what suits the size of the cluster.
        timeout: i64 = "Timeout",
    }
    listed as ["FilterNodes", "FilterTags", "RequestAck", "RelayFactor", "Timeout", "Name", "Payload"]
}

/// What a record of a query tells.
#[derive(Clone, Debug, Default, PartialEq, Eq, Hash)]
#[non_exhaustive]
pub enum QueryRecordKind {
    /// A member received the question.
    Ack,
    /// A member answers.
    Response,
    /// The time is over: nothing comes after this.
    #[default]
    Done,
    /// A word that is not documented.
    Other(String),
}

impl Encode for QueryRecordKind {
    fn encode(&self, writer: &mut Writer) {
        writer.text(match self {
            Self::Ack => "ack",
            Self::Response => "response",
            Self::Done => "done",
            Self::Other(word) => word,
        });
    }
}

impl Decode for QueryRecordKind {
    fn decode(reader: &mut Reader<'_>) -> Result<Self, DecodeError> {
        Ok(match &*reader.text()? {
            "ack" => Self::Ack,
            "response" => Self::Response,
            "done" => Self::Done,
            word => Self::Other(word.to_owned()),
        })
    }
}

record! {
    /// What comes of a query. Near the end real agents send many whose sender is empty: they mean nothing.
    #[derive(Clone, Debug, Default, PartialEq, Eq)]
    pub struct QueryRecord {
        /// Who sent it. Empty with `done`.
        from: String = "From",
        /// The answer. Empty otherwise.
        payload: Bytes = "Payload",
        /// What it tells.
        kind: QueryRecordKind = "Type",
    }
}
