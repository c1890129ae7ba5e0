//! Compression: LZW with the low bits first and literals of 8 bits.

use bytes::Bytes;
use weezl::{BitOrder, LzwStatus, decode::Decoder, encode::Encoder};

use super::Kind;
use super::push_pull::limited;
use crate::msgpack::{Body as _, DecodeError, bodies};

/// How large a message may become when it is decompressed.
pub const MAX_DECOMPRESSED: usize = 40 << 20;

const LZW: u8 = 0;
const CHUNK: usize = 16 << 10;

bodies! {
    /// A compressed message.
    pub Compressed {
        /// How: 0 is LZW, and there is no other.
        algorithm: u8 = "Algo",
        /// The compressed message.
        buffer: Bytes = "Buf",
    }
}

/// The compressed form of `message`, which may be longer. `None` if it cannot be compressed.
pub fn compress(message: &[u8]) -> Option<Vec<u8>> {
    let buffer = Encoder::new(BitOrder::Lsb, 8).encode(message).ok()?;
    let compressed = Compressed {
        algorithm: LZW,
        buffer: buffer.into(),
    };
    Some(compressed.encode(Kind::Compress.byte()))
}

/// The message within what follows the byte that names the layer.
///
/// # Errors
///
/// [`DecodeError`] when it is no such message or becomes larger than `limit`. It is never held in
/// memory beyond that.
pub fn decompress(body: &[u8], limit: usize) -> Result<Vec<u8>, DecodeError> {
    let compressed = Compressed::decode(body)?;
    if compressed.algorithm != LZW {
        return Err(DecodeError::Malformed("unknown compression"));
    }
    let mut decoder = Decoder::new(BitOrder::Lsb, 8);
    let (mut rest, mut out) = (&compressed.buffer[..], Vec::new());
    let mut chunk = vec![0; CHUNK];
    loop {
        let step = decoder.decode_bytes(rest, &mut chunk);
        rest = &rest[step.consumed_in..];
        limited(
            "a decompressed message",
            (out.len() + step.consumed_out) as u64,
            limit as u64,
        )?;
        out.extend_from_slice(&chunk[..step.consumed_out]);
        match step.status {
            Ok(LzwStatus::Done) => return Ok(out),
            Ok(LzwStatus::Ok) => {}
            Ok(LzwStatus::NoProgress) => return Err(DecodeError::Truncated),
            Err(_) => return Err(DecodeError::Malformed("not LZW")),
        }
    }
}
