//! Where objects end in a stream that has no lengths and no separators.

use super::MAX_DEPTH;

/// Finds the end of an object whose bytes arrive in pieces, without reading any of them twice.
///
/// Serf's RPC is objects back to back: the only way to know where one ends is to walk through it.
/// The walk stops where the bytes end and goes on from there with the next ones.
///
/// ```
/// use quorate_wire::msgpack::Splitter;
///
/// let mut splitter = Splitter::new(1024);
/// // A list of two texts, of which the second has not fully arrived.
/// let mut bytes = b"\x92\xa3one\xa3t".to_vec();
/// assert_eq!(splitter.scan(&bytes)?, None);
/// bytes.extend(b"wo");
/// assert_eq!(splitter.scan(&bytes)?, Some(9));
/// # Ok::<(), quorate_wire::msgpack::SplitError>(())
/// ```
#[derive(Clone, Debug)]
pub struct Splitter {
    limit: usize,
    /// Where the next value begins, counted from the begin of the object. May lie after the bytes
    /// that are there.
    at: usize,
    /// How many values are still to come in each map and list that is open.
    open: [u64; MAX_DEPTH],
    depth: usize,
}

/// Why a stream can't be split any further. Nothing after it can be understood: the connection has
/// to be ended.
#[derive(Clone, Copy, Debug, PartialEq, Eq, thiserror::Error)]
#[non_exhaustive]
pub enum SplitError {
    /// An object is larger than what is allowed.
    #[error("an object of more than {limit} bytes")]
    TooLarge {
        /// What is allowed, in bytes.
        limit: usize,
    },
    /// Maps and lists are nested too deep.
    #[error("an object nested deeper than {MAX_DEPTH} levels")]
    TooDeep,
    /// A byte that begins no value.
    #[error("the byte c1, which begins no value")]
    Reserved,
}

impl Splitter {
    /// Finds objects of up to so many bytes.
    #[must_use]
    pub fn new(limit: usize) -> Self {
        Self {
            limit,
            at: 0,
            open: [0; MAX_DEPTH],
            depth: 0,
        }
    }

    /// Takes another limit, from the next [`scan`](Self::scan) on.
    pub fn set_limit(&mut self, limit: usize) {
        self.limit = limit;
    }

    /// The length of the object at the begin of `bytes`, or `None` while it has not fully arrived.
    ///
    /// After `None` it has to be called again with the same bytes and more after them; after a length,
    /// with what comes after that object.
    ///
    /// # Errors
    /// [`SplitError`] when the object is larger or deeper than allowed, or is none.
    pub fn scan(&mut self, bytes: &[u8]) -> Result<Option<usize>, SplitError> {
        while !self.complete() {
            let Some(rest) = bytes.get(self.at..).filter(|rest| !rest.is_empty()) else {
                break;
            };
            let Some((len, inside)) = value(rest)? else {
                break;
            };
            self.at = self.at.saturating_add(len);
            self.enter(inside)?;
        }
        // All values before this place were looked at, so an incomplete object is as large as this.
        if self.at > self.limit {
            return Err(SplitError::TooLarge { limit: self.limit });
        }
        let whole = self.complete() && self.at <= bytes.len();
        Ok(whole.then(|| std::mem::take(&mut self.at)))
    }

    /// Whether all values of the object have been seen, if not their bytes.
    fn complete(&self) -> bool {
        self.depth == 0 && self.at > 0
    }

    /// Counts a value, and the values in it.
    fn enter(&mut self, inside: u64) -> Result<(), SplitError> {
        if inside > 0 {
            *self.open.get_mut(self.depth).ok_or(SplitError::TooDeep)? = inside;
            self.depth += 1;
            return Ok(());
        }
        while let Some(last) = self.depth.checked_sub(1) {
            self.open[last] -= 1;
            if self.open[last] > 0 {
                break;
            }
            self.depth = last;
        }
        Ok(())
    }
}

/// How many bytes a value takes without what is in it, and how many values are in it. `None` while
/// the bytes that say so have not arrived.
fn value(bytes: &[u8]) -> Result<Option<(usize, u64)>, SplitError> {
    let head = bytes[0];
    Ok(match head {
        0x00..=0x7f | 0xc0 | 0xc2 | 0xc3 | 0xe0..=0xff => Some((1, 0)),
        0x80..=0x8f => Some((1, 2 * u64::from(head & 0x0f))),
        0x90..=0x9f => Some((1, u64::from(head & 0x0f))),
        0xa0..=0xbf => Some((1 + usize::from(head & 0x1f), 0)),
        0xc1 => return Err(SplitError::Reserved),
        0xcc | 0xd0 => Some((2, 0)),
        0xcd | 0xd1 | 0xd4 => Some((3, 0)),
        0xd5 => Some((4, 0)),
        0xca | 0xce | 0xd2 => Some((5, 0)),
        0xd6 => Some((6, 0)),
        0xcb | 0xcf | 0xd3 => Some((9, 0)),
        0xd7 => Some((10, 0)),
        0xd8 => Some((18, 0)),
        0xc4 | 0xd9 => sized::<1>(bytes, 2),
        0xc5 | 0xda => sized::<2>(bytes, 3),
        0xc6 | 0xdb => sized::<4>(bytes, 5),
        0xc7 => sized::<1>(bytes, 3),
        0xc8 => sized::<2>(bytes, 4),
        0xc9 => sized::<4>(bytes, 6),
        0xdc => count::<2>(bytes).map(|values| (3, values)),
        0xdd => count::<4>(bytes).map(|values| (5, values)),
        0xde => count::<2>(bytes).map(|pairs| (3, 2 * pairs)),
        0xdf => count::<4>(bytes).map(|pairs| (5, 2 * pairs)),
    })
}

fn sized<const N: usize>(bytes: &[u8], head: usize) -> Option<(usize, u64)> {
    let len = usize::try_from(count::<N>(bytes)?).unwrap_or(usize::MAX);
    Some((len.saturating_add(head), 0))
}

/// The number of `N` bytes after the first byte.
fn count<const N: usize>(bytes: &[u8]) -> Option<u64> {
    let number = bytes.get(1..=N)?;
    Some(
        number
            .iter()
            .fold(0, |number, byte| number << 8 | u64::from(*byte)),
    )
}
