//! The token of a connection.

use std::fmt;

use crate::msgpack::{Decode, DecodeError, Encode, Reader, Writer};

/// Shows the agent's token. An agent without one refuses every token but the empty one.
#[derive(Clone, Default, PartialEq, Eq)]
pub struct Auth {
    /// The token. Never printed.
    pub auth_key: String,
}

const FIELDS: &[&str] = &["AuthKey"];

impl fmt::Debug for Auth {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("Auth").finish_non_exhaustive()
    }
}

impl Encode for Auth {
    fn encode(&self, writer: &mut Writer) {
        writer.map(1);
        writer.text(FIELDS[0]);
        writer.text(&self.auth_key);
    }
}

impl Decode for Auth {
    fn decode(reader: &mut Reader<'_>) -> Result<Self, DecodeError> {
        let mut auth = Self::default();
        reader.structure(FIELDS, |_, reader| {
            auth.auth_key = reader.text()?.into();
            Ok(())
        })?;
        Ok(auth)
    }
}
