//! Compressing answers for clients that ask for it.

use std::cell::RefCell;
use std::io::{self, Write};

use bytes::Bytes;
use flate2::write::GzEncoder;
use flate2::{Compress, Compression, Crc, FlushCompress, Status};
use http::HeaderMap;
use http::header::ACCEPT_ENCODING;

/// Below this, compressing gains nothing worth its time: the bytes are stored as they are, which
/// is gzip too.
const MIN_DEFLATE_BYTES: usize = 512;
/// The most that one stored block holds.
const MAX_STORED_BYTES: usize = 0xffff;
/// Magic, deflate, no flags, no time, fastest, unknown system.
const HEAD: [u8; 10] = [0x1f, 0x8b, 8, 0, 0, 0, 0, 0, 4, 255];
/// The head, one block's head and the trailer.
const OVERHEAD: usize = 10 + 5 + 8;

/// Whether the request takes gzip: like Consul, only if it names it, and not with `q=0`.
pub(crate) fn is_accepted(headers: &HeaderMap) -> bool {
    headers.get_all(ACCEPT_ENCODING).iter().any(|value| {
        let codings = value.to_str().unwrap_or_default().split(',');
        codings.into_iter().any(|coding| {
            let mut parts = coding.split(';').map(str::trim);
            let named = parts
                .next()
                .is_some_and(|name| name.eq_ignore_ascii_case("gzip"));
            named && !parts.any(is_zero_weight)
        })
    })
}

fn is_zero_weight(parameter: &str) -> bool {
    let weight = parameter
        .strip_prefix("q=")
        .or(parameter.strip_prefix("Q="));
    weight.is_some_and(|weight| {
        weight
            .trim()
            .parse::<f32>()
            .is_ok_and(|weight| weight <= 0.0)
    })
}

/// `body` as a gzip stream.
pub(crate) fn compress(body: &[u8]) -> Bytes {
    let mut out = Vec::with_capacity(body.len().min(MAX_STORED_BYTES) + OVERHEAD);
    out.extend_from_slice(&HEAD);
    if body.len() < MIN_DEFLATE_BYTES {
        store(body, &mut out);
    } else {
        deflate(body, &mut out);
    }
    let mut crc = Crc::new();
    crc.update(body);
    out.extend_from_slice(&crc.sum().to_le_bytes());
    // The length modulo 2^32, as the format wants it.
    let [a, b, c, d, ..] = body.len().to_le_bytes();
    out.extend_from_slice(&[a, b, c, d]);
    out.into()
}

/// One final block with the bytes as they are.
fn store(body: &[u8], out: &mut Vec<u8>) {
    let length = u16::try_from(body.len()).unwrap_or(u16::MAX);
    out.push(1);
    out.extend_from_slice(&length.to_le_bytes());
    out.extend_from_slice(&(!length).to_le_bytes());
    out.extend_from_slice(body);
}

thread_local! {
    /// The compressor's tables are large: they are made once in each thread that needs them.
    static COMPRESSOR: RefCell<Option<Compress>> = const { RefCell::new(None) };
}

fn deflate(body: &[u8], out: &mut Vec<u8>) {
    COMPRESSOR.with_borrow_mut(|compressor| {
        let compressor =
            compressor.get_or_insert_with(|| Compress::new(Compression::fast(), false));
        compressor.reset();
        let mut rest = body;
        loop {
            out.reserve(rest.len() / 2 + 64);
            let before = compressor.total_in();
            let status = compressor.compress_vec(rest, out, FlushCompress::Finish);
            let taken = usize::try_from(compressor.total_in() - before).unwrap_or(rest.len());
            rest = &rest[taken.min(rest.len())..];
            // Its only error is misuse of the flush argument.
            if !matches!(status, Ok(Status::Ok | Status::BufError)) {
                break;
            }
        }
    });
}

/// Compresses an answer that is sent piece by piece. Each piece can be read as soon as it is there.
pub(crate) struct Packer(GzEncoder<Vec<u8>>);

impl Default for Packer {
    fn default() -> Self {
        Self(GzEncoder::new(Vec::new(), Compression::fast()))
    }
}

impl Packer {
    /// The next piece, compressed and flushed.
    pub(crate) fn pack(&mut self, piece: &[u8]) -> io::Result<Bytes> {
        self.0.write_all(piece)?;
        self.0.flush()?;
        Ok(std::mem::take(self.0.get_mut()).into())
    }

    /// The end of the stream.
    pub(crate) fn finish(self) -> io::Result<Bytes> {
        Ok(self.0.finish()?.into())
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use std::io::Read;

    fn accepts(value: &str) -> bool {
        let mut headers = HeaderMap::new();
        headers.insert(ACCEPT_ENCODING, value.parse().unwrap());
        is_accepted(&headers)
    }

    #[test]
    fn gzip_is_sent_only_to_who_names_it() {
        assert!(accepts("gzip") && accepts("deflate, GZIP;q=0.5") && accepts("br,gzip"));
        assert!(!accepts("identity, *;q=0.5") && !accepts("gzip;q=0") && !accepts("gzip; q=0.0"));
        assert!(!accepts("x-gzip") && !is_accepted(&HeaderMap::new()));
    }

    #[test]
    fn what_is_compressed_reads_back_the_same() {
        let noise: Vec<u8> = (0..300_000u32)
            .map(|n| n.wrapping_mul(2_654_435_761).to_be_bytes()[0])
            .collect();
        for length in [0, 1, 88, 511, 512, 513, 70_000, 300_000] {
            for body in [&vec![b'a'; length], &noise[..length].to_vec()] {
                let packed = compress(body);
                let mut read = Vec::new();
                flate2::read::GzDecoder::new(&packed[..])
                    .read_to_end(&mut read)
                    .unwrap();
                assert!(read == *body, "{length}");
            }
        }
        assert!(compress(&vec![b'a'; 70_000]).len() < 1000);
    }
}
