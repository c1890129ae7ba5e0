//! Several messages in one packet.

use super::Kind;
use crate::msgpack::{DecodeError, Reader};

/// How many messages one compound message holds.
pub const MAX_PARTS: usize = 255;

/// One message that holds `parts`: at most [`MAX_PARTS`], each below 64 KiB; others are left out.
pub fn join<P: AsRef<[u8]>>(parts: &[P]) -> Vec<u8> {
    let fitting = parts
        .iter()
        .filter_map(|part| Some((u16::try_from(part.as_ref().len()).ok()?, part.as_ref())));
    let fitting: Vec<_> = fitting.take(MAX_PARTS).collect();
    let count = u8::try_from(fitting.len()).unwrap_or(u8::MAX);
    let mut out = vec![Kind::Compound.byte(), count];
    for (len, _) in &fitting {
        out.extend_from_slice(&len.to_be_bytes());
    }
    for (_, part) in &fitting {
        out.extend_from_slice(part);
    }
    out
}

/// The messages within what follows the byte that names a compound message. If it was cut off,
/// those that are whole.
///
/// # Errors
///
/// [`DecodeError::Truncated`] when not even the lengths are whole.
pub fn split(body: &[u8]) -> Result<Vec<&[u8]>, DecodeError> {
    let mut from = Reader::new(body);
    let count = usize::from(from.take(1)?[0]);
    let lengths = from.take(2 * count)?;
    let lengths = lengths.chunks_exact(2);
    let mut parts = Vec::with_capacity(count);
    for length in lengths {
        let length = usize::from(u16::from_be_bytes([length[0], length[1]]));
        match from.take(length) {
            Ok(part) => parts.push(part),
            Err(_) => break,
        }
    }
    Ok(parts)
}
