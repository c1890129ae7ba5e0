//! The name of a cluster, around everything else.

use super::Kind;
use crate::msgpack::DecodeError;

/// A name that keeps clusters apart which can reach each other: a member drops whatever carries
/// another one. The empty one, the default, is not sent at all.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct Label(String);

/// A label that is too long.
#[derive(Clone, Debug, PartialEq, Eq, thiserror::Error)]
#[error("a label of {len} bytes exceeds the limit of 255")]
pub struct LabelError {
    len: usize,
}

impl Label {
    /// A label of at most 255 bytes.
    ///
    /// # Errors
    ///
    /// [`LabelError`] when it is longer.
    pub fn new(label: impl Into<String>) -> Result<Self, LabelError> {
        let label = label.into();
        match u8::try_from(label.len()) {
            Ok(_) => Ok(Self(label)),
            Err(_) => Err(LabelError { len: label.len() }),
        }
    }

    /// The text.
    pub fn as_str(&self) -> &str {
        &self.0
    }

    /// The text as the cipher authenticates it.
    pub(super) fn as_bytes(&self) -> &[u8] {
        self.0.as_bytes()
    }

    /// How many bytes it adds.
    pub(super) fn overhead(&self) -> usize {
        if self.0.is_empty() {
            0
        } else {
            2 + self.0.len()
        }
    }

    /// What precedes a packet or a stream.
    pub fn header(&self) -> Vec<u8> {
        let mut header = Vec::new();
        if let Some(len) = u8::try_from(self.0.len()).ok().filter(|len| *len > 0) {
            header.extend_from_slice(&[Kind::Label.byte(), len]);
            header.extend_from_slice(self.as_bytes());
        }
        header
    }

    /// What follows the label; an error if it is another one.
    pub(super) fn strip<'a>(&self, bytes: &'a [u8]) -> Result<&'a [u8], DecodeError> {
        let foreign = DecodeError::Malformed("the label of another cluster");
        if bytes.first() != Some(&Kind::Label.byte()) {
            return if self.0.is_empty() {
                Ok(bytes)
            } else {
                Err(foreign)
            };
        }
        let len = usize::from(*bytes.get(1).ok_or(DecodeError::Truncated)?);
        let (label, rest) = bytes[2..]
            .split_at_checked(len)
            .ok_or(DecodeError::Truncated)?;
        if len == 0 || label != self.as_bytes() {
            return Err(foreign);
        }
        Ok(rest)
    }
}
