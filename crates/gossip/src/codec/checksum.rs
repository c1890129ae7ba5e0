//! A checksum around a packet.

use super::Kind;
use crate::msgpack::{DecodeError, Reader};

/// How many bytes it adds.
pub(super) const OVERHEAD: usize = 5;

/// `message` with a checksum in front of it.
pub(super) fn wrap(message: &[u8]) -> Vec<u8> {
    let mut out = vec![Kind::Crc.byte()];
    out.extend_from_slice(&crc32fast::hash(message).to_be_bytes());
    out.extend_from_slice(message);
    out
}

/// The message within what follows the byte that names the layer.
pub(super) fn unwrap(body: &[u8]) -> Result<&[u8], DecodeError> {
    let mut from = Reader::new(body);
    let sum = from.take(4)?;
    if crc32fast::hash(from.rest()).to_be_bytes() != sum {
        return Err(DecodeError::Malformed("the checksum is wrong"));
    }
    Ok(from.rest())
}
