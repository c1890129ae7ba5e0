//! Who has a name, if two claim it.

use std::collections::BTreeMap;

use bytes::Bytes;

use super::MessageKind;
use crate::msgpack::{Body as _, DecodeError, bodies};

bodies! {
    /// A member as another one knows it.
    pub ConflictMember {
        /// Its address, 4 or 16 bytes.
        addr: Bytes = "Addr",
        /// The Serf protocol that it speaks.
        delegate: u8 = "DelegateCur",
        /// The newest Serf protocol that it understands.
        delegate_max: u8 = "DelegateMax",
        /// The oldest Serf protocol that it understands.
        delegate_min: u8 = "DelegateMin",
        /// Its name.
        name: String = "Name",
        /// Its port.
        port: u16 = "Port",
        /// The memberlist protocol that it speaks.
        protocol: u8 = "ProtocolCur",
        /// The newest memberlist protocol that it understands.
        protocol_max: u8 = "ProtocolMax",
        /// The oldest memberlist protocol that it understands.
        protocol_min: u8 = "ProtocolMin",
        /// Serf's number for its status.
        status: u8 = "Status",
        /// Its tags.
        tags: BTreeMap<String, String> = "Tags",
    }
}

impl ConflictMember {
    /// The payload of an answer.
    pub fn to_payload(&self) -> Vec<u8> {
        self.encode(MessageKind::ConflictResponse.byte())
    }

    /// From the payload of an answer.
    ///
    /// # Errors
    ///
    /// [`DecodeError`] when it is something else.
    pub fn from_payload(payload: &[u8]) -> Result<Self, DecodeError> {
        match payload.split_first() {
            Some((&kind, body)) if kind == MessageKind::ConflictResponse.byte() => {
                Self::decode(body)
            }
            Some((&kind, _)) => Err(DecodeError::Kind(kind)),
            None => Err(DecodeError::Truncated),
        }
    }
}
