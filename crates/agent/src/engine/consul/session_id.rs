use std::fmt;
use std::str::FromStr;

use serde::{Deserialize, Deserializer, Serialize, Serializer};

use super::refusal::BadUuid;

/// A session's id: a UUID, shown as 36 characters in lower case. Ordered as its text is.
#[derive(Clone, Copy, Default, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub struct SessionId([u8; 16]);

impl SessionId {
    /// The smallest id.
    pub(crate) const MIN: Self = Self([0; 16]);
    /// The greatest id.
    pub(crate) const MAX: Self = Self([0xff; 16]);

    /// An id of 16 bytes, which must be random: the engine draws none itself.
    #[must_use]
    pub const fn from_bytes(bytes: [u8; 16]) -> Self {
        Self(bytes)
    }

    /// The 16 bytes.
    #[must_use]
    pub const fn to_bytes(self) -> [u8; 16] {
        self.0
    }

    /// The session that `text` names: `None` when no session can have that name although Consul
    /// accepts it.
    ///
    /// # Errors
    /// When Consul refuses the text: it is not 36 characters, or not hexadecimal.
    pub fn named(text: &str) -> Result<Option<Self>, BadUuid> {
        if text.len() != 36 {
            return Err(BadUuid::Length);
        }
        let digits: Vec<u8> = text.bytes().filter(|byte| *byte != b'-').collect();
        let hyphens = text.len() - digits.len();
        if hyphens > 4 {
            return Err(BadUuid::Hyphens(hyphens));
        }
        if !digits.len().is_multiple_of(2) {
            return Err(BadUuid::Odd);
        }
        if let Some(bad) = digits.iter().find(|byte| !byte.is_ascii_hexdigit()) {
            return Err(BadUuid::Digit(*bad));
        }
        let dashes = [8, 13, 18, 23];
        let shaped = dashes.iter().all(|at| text.as_bytes()[*at] == b'-') && digits.len() == 32;
        Ok(shaped.then(|| Self::from_digits(&digits)))
    }

    fn from_digits(digits: &[u8]) -> Self {
        let mut bytes = [0; 16];
        for (byte, pair) in bytes.iter_mut().zip(digits.chunks_exact(2)) {
            *byte = hex_value(pair[0]) << 4 | hex_value(pair[1]);
        }
        Self(bytes)
    }
}

fn hex_value(digit: u8) -> u8 {
    match digit {
        b'0'..=b'9' => digit - b'0',
        b'a'..=b'f' => digit - b'a' + 10,
        _ => digit.wrapping_sub(b'A').wrapping_add(10),
    }
}

impl FromStr for SessionId {
    type Err = BadUuid;

    fn from_str(text: &str) -> Result<Self, BadUuid> {
        Self::named(text)?.ok_or(BadUuid::Length)
    }
}

impl fmt::Display for SessionId {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        for (at, byte) in self.0.iter().enumerate() {
            if matches!(at, 4 | 6 | 8 | 10) {
                f.write_str("-")?;
            }
            write!(f, "{byte:02x}")?;
        }
        Ok(())
    }
}

impl fmt::Debug for SessionId {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        fmt::Display::fmt(self, f)
    }
}

impl Serialize for SessionId {
    fn serialize<S: Serializer>(&self, serializer: S) -> Result<S::Ok, S::Error> {
        serializer.collect_str(self)
    }
}

impl<'de> Deserialize<'de> for SessionId {
    fn deserialize<D: Deserializer<'de>>(deserializer: D) -> Result<Self, D::Error> {
        let text = String::deserialize(deserializer)?;
        text.parse().map_err(serde::de::Error::custom)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_session_id_is_read_as_it_is_shown() {
        let id = SessionId::from_bytes(*b"0123456789abcdef");
        assert_eq!(id.to_string(), "30313233-3435-3637-3839-616263646566");
        assert_eq!(SessionId::named(&id.to_string()), Ok(Some(id)));
        assert_eq!(
            SessionId::named(&id.to_string().to_uppercase()),
            Ok(Some(id))
        );
    }

    #[test]
    fn malformed_ids_are_refused_as_consul_refuses_them() {
        assert_eq!(SessionId::named("zz"), Err(BadUuid::Length));
        assert_eq!(SessionId::named(&"z".repeat(36)), Err(BadUuid::Digit(b'z')));
        assert_eq!(SessionId::named(&"1".repeat(36)), Ok(None));
        assert_eq!(
            SessionId::named("ffffffff_ffff-4fff-bfff-ffffffffffff"),
            Err(BadUuid::Odd)
        );
        assert_eq!(
            SessionId::named("-----1111111-1111111-1111111-1111111"),
            Err(BadUuid::Hyphens(8))
        );
        assert_eq!(
            SessionId::named("1é111111-1111-1111-1111-11111111111"),
            Err(BadUuid::Digit(0xc3))
        );
    }
}
