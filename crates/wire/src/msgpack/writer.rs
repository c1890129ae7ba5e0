//! Writing one object.

use rmp::encode::{self, ByteBuf};

/// Writes values one after the other, each in its shortest form.
#[derive(Clone, Debug, Default)]
pub struct Writer {
    bytes: ByteBuf,
    old: bool,
}

impl Writer {
    /// Nothing is written yet.
    #[must_use]
    pub fn new() -> Self {
        Self::default()
    }

    /// Writes as the format was before 2013, after these bytes: text and bytes look the same, and
    /// there is no `str8`. So do the messages of gossip.
    #[must_use]
    pub fn old(begin: &[u8]) -> Self {
        Self {
            bytes: ByteBuf::from_vec(begin.to_vec()),
            old: true,
        }
    }

    /// What was written.
    #[must_use]
    pub fn into_bytes(self) -> Vec<u8> {
        self.bytes.into_vec()
    }

    /// Writes the head of a map of so many pairs, up to 2^32 - 1.
    pub fn map(&mut self, pairs: usize) {
        let Ok(_) = encode::write_map_len(&mut self.bytes, length(pairs));
    }

    /// Writes the head of a list of so many values, up to 2^32 - 1.
    pub fn list(&mut self, values: usize) {
        let Ok(_) = encode::write_array_len(&mut self.bytes, length(values));
    }

    /// Writes bytes that are values already.
    pub fn raw(&mut self, bytes: &[u8]) {
        self.bytes.as_mut_vec().extend_from_slice(bytes);
    }

    /// Writes text.
    pub fn text(&mut self, text: &str) {
        if self.old {
            return self.old_bytes(text.as_bytes());
        }
        let Ok(()) = encode::write_str(&mut self.bytes, text);
    }

    /// Writes bytes.
    pub fn bytes(&mut self, bytes: &[u8]) {
        if self.old {
            return self.old_bytes(bytes);
        }
        let Ok(()) = encode::write_bin(&mut self.bytes, bytes);
    }

    fn old_bytes(&mut self, bytes: &[u8]) {
        let head = self.bytes.as_mut_vec();
        match (u8::try_from(bytes.len()), u16::try_from(bytes.len())) {
            (Ok(len @ 0..=31), _) => head.push(0xa0 | len),
            (_, Ok(len)) => {
                head.push(0xda);
                head.extend_from_slice(&len.to_be_bytes());
            }
            _ => {
                head.push(0xdb);
                head.extend_from_slice(&length(bytes.len()).to_be_bytes());
            }
        }
        head.extend_from_slice(bytes);
    }

    /// Writes a number without a sign.
    pub fn unsigned(&mut self, value: u64) {
        let Ok(_) = encode::write_uint(&mut self.bytes, value);
    }

    /// Writes a number with a sign.
    pub fn signed(&mut self, value: i64) {
        let Ok(_) = encode::write_sint(&mut self.bytes, value);
    }

    /// Writes a number with a fraction, always in 64 bits.
    pub fn float(&mut self, value: f64) {
        let Ok(()) = encode::write_f64(&mut self.bytes, value);
    }

    /// Writes yes or no.
    pub fn boolean(&mut self, value: bool) {
        let Ok(()) = encode::write_bool(&mut self.bytes, value);
    }

    /// Writes what stands for nothing.
    pub fn nil(&mut self) {
        let Ok(()) = encode::write_nil(&mut self.bytes);
    }
}

/// A length as the format can hold it. Nothing that is sent comes near the limit.
fn length(len: usize) -> u32 {
    u32::try_from(len).unwrap_or(u32::MAX)
}
