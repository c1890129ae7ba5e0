//! What the queries about keys carry.

use bytes::Bytes;

use super::MessageKind;
use crate::msgpack::{Body as _, DecodeError, bodies};

bodies! {
    /// What is to be done with a key; which of it, the name of the query says.
    pub KeyRequest {
        /// The key; empty when all are asked for.
        key: Bytes = "Key",
    }

    /// What a member did.
    pub KeyResponse {
        /// Its keys, base64, if they were asked for.
        keys: Vec<String> = "Keys",
        /// Why it failed.
        message: String = "Message",
        /// The key that it encrypts with, base64, if keys were asked for.
        primary_key: String = "PrimaryKey",
        /// Whether it was done.
        result: bool = "Result",
    }
}

impl KeyRequest {
    /// The payload of a query.
    pub fn to_payload(&self) -> Vec<u8> {
        self.encode(MessageKind::KeyRequest.byte())
    }

    /// From the payload of a query.
    ///
    /// # Errors
    ///
    /// [`DecodeError`] when it is something else.
    pub fn from_payload(payload: &[u8]) -> Result<Self, DecodeError> {
        Self::decode(payload.get(1..).unwrap_or_default())
    }
}

impl KeyResponse {
    /// The payload of an answer.
    pub fn to_payload(&self) -> Vec<u8> {
        self.encode(MessageKind::KeyResponse.byte())
    }

    /// From the payload of an answer.
    ///
    /// # Errors
    ///
    /// [`DecodeError`] when it is something else.
    pub fn from_payload(payload: &[u8]) -> Result<Self, DecodeError> {
        match payload.split_first() {
            Some((&kind, body)) if kind == MessageKind::KeyResponse.byte() => Self::decode(body),
            Some((&kind, _)) => Err(DecodeError::Kind(kind)),
            None => Err(DecodeError::Truncated),
        }
    }
}
