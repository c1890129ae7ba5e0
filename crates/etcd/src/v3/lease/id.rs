//! What tells leases apart.

use std::fmt;
use std::num::NonZeroI64;
use std::str::FromStr;

/// The id of a lease. It is shown as etcd's own tools show it, in hexadecimal.
///
/// ```
/// use quorate_etcd::v3::LeaseId;
///
/// let id: LeaseId = "694d77aa9e38260f".parse().expect("hexadecimal");
/// assert_eq!(id.to_string(), "694d77aa9e38260f");
/// assert_eq!(id.number(), 7587852521871779343);
/// ```
#[derive(Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub struct LeaseId(NonZeroI64);

impl LeaseId {
    /// The id with that number; `None` for 0, which means no lease.
    #[must_use]
    pub fn of(number: i64) -> Option<Self> {
        NonZeroI64::new(number).map(Self)
    }

    /// Its number, as it is sent.
    #[must_use]
    pub fn number(self) -> i64 {
        self.0.get()
    }
}

impl fmt::Display for LeaseId {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        fmt::LowerHex::fmt(&self.0.get(), f)
    }
}

impl fmt::Debug for LeaseId {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "LeaseId({self})")
    }
}

/// A text is not the id of a lease.
#[derive(Clone, Copy, Debug, PartialEq, Eq, thiserror::Error)]
#[error("the id of a lease has 1 to 16 hexadecimal digits, and is not 0")]
pub struct LeaseIdError;

impl FromStr for LeaseId {
    type Err = LeaseIdError;

    fn from_str(text: &str) -> Result<Self, LeaseIdError> {
        let digits = text.bytes().all(|byte| byte.is_ascii_hexdigit());
        let number = u64::from_str_radix(text, 16).map_err(|_| LeaseIdError)?;
        let number = i64::from_be_bytes(number.to_be_bytes());
        Self::of(number).filter(|_| digits).ok_or(LeaseIdError)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn an_id_is_read_back_as_it_is_shown() {
        for number in [1, -1, i64::MAX, i64::MIN] {
            let id = LeaseId::of(number).unwrap();
            assert_eq!(id.to_string().parse(), Ok(id));
        }
        for text in ["", "0", "x", "+1", "10000000000000000"] {
            assert_eq!(text.parse::<LeaseId>(), Err(LeaseIdError), "{text}");
        }
    }
}
