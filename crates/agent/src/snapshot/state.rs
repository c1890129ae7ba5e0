//! `state.bin`: a line that names the format, then the rows, each with the lengths of its key and
//! its value in front, as the store keeps them.

use crate::engine::Row;
use crate::store::{decode_row, encode_row};

/// How the file starts.
pub(super) const FORMAT: &[u8; 16] = b"quorate state 1\n";
/// The lengths in front of a row.
const LENGTHS: usize = 8;
/// The longest key or value that is read; no request can write a longer one.
const MAX_PART: usize = 1024 * 1024 * 1024;

/// What belongs to the agent itself and not to the cluster: its services, its checks, and its
/// tokens stay when a snapshot is restored, and stand in none.
const OF_THE_AGENT: [u8; 4] = [8, 9, 10, 21];

/// Appends a row, unless it is of the agent itself.
pub(super) fn write(out: &mut Vec<u8>, row: &Row) {
    let (key, Some(value)) = encode_row(row) else {
        return;
    };
    let lengths = (u32::try_from(key.len()), u32::try_from(value.len()));
    let (Ok(key_length), Ok(value_length)) = lengths else {
        return;
    };
    if key
        .first()
        .is_some_and(|table| OF_THE_AGENT.contains(table))
    {
        return;
    }
    out.extend_from_slice(&key_length.to_be_bytes());
    out.extend_from_slice(&value_length.to_be_bytes());
    out.extend_from_slice(&key);
    out.extend_from_slice(&value);
}

/// A row as it stands in the file.
#[derive(Clone, Copy, Debug)]
pub(super) struct RawRow<'a> {
    /// The number of its table.
    pub(super) table: u8,
    pub(super) key: &'a [u8],
    pub(super) value: &'a [u8],
}

impl RawRow<'_> {
    /// The row, unless it is of an agent itself.
    pub(super) fn decode(&self) -> Result<Option<Row>, String> {
        if OF_THE_AGENT.contains(&self.table) {
            return Ok(None);
        }
        let row = decode_row(self.key, self.value);
        row.map(Some)
    }

    /// How many bytes it takes in the file.
    pub(super) fn len(&self) -> usize {
        LENGTHS + self.key.len() + self.value.len()
    }
}

/// Reads the file piece by piece.
#[derive(Debug, Default)]
pub(super) struct Reader {
    /// What came in and is not yet a whole row.
    rest: Vec<u8>,
    started: bool,
    foreign: bool,
}

impl Reader {
    /// Whether the file is of another program.
    pub(super) fn is_foreign(&self) -> bool {
        self.foreign
    }

    /// Hands every row that is whole by now to `each`.
    pub(super) fn push(
        &mut self,
        bytes: &[u8],
        mut each: impl FnMut(RawRow<'_>) -> Result<(), String>,
    ) -> Result<(), String> {
        if self.foreign {
            return Ok(());
        }
        self.rest.extend_from_slice(bytes);
        let mut at = 0;
        if !self.started {
            let Some(format) = self.rest.first_chunk::<16>() else {
                return Ok(());
            };
            self.started = true;
            self.foreign = format != FORMAT;
            if self.foreign {
                self.rest = Vec::new();
                return Ok(());
            }
            at = FORMAT.len();
        }
        while let Some(row) = next(&self.rest[at..])? {
            at += row.len();
            each(row)?;
        }
        self.rest.drain(..at);
        Ok(())
    }

    /// The file has ended.
    pub(super) fn finish(&mut self) -> Result<(), String> {
        if !self.started && !FORMAT.starts_with(&self.rest) {
            self.foreign = true;
        }
        if self.foreign || (self.started && self.rest.is_empty()) {
            return Ok(());
        }
        Err("its last row is cut short".to_owned())
    }
}

/// The first row, if it is whole.
fn next(bytes: &[u8]) -> Result<Option<RawRow<'_>>, String> {
    let Some((lengths, rest)) = bytes.split_first_chunk::<LENGTHS>() else {
        return Ok(None);
    };
    let [a, b, c, d, e, f, g, h] = *lengths;
    let length = |bytes| usize::try_from(u32::from_be_bytes(bytes)).unwrap_or(usize::MAX);
    let (key, value) = (length([a, b, c, d]), length([e, f, g, h]));
    if key == 0 || key > MAX_PART || value > MAX_PART {
        return Err(format!(
            "a row with a key of {key} bytes and a value of {value}"
        ));
    }
    let Some((key, rest)) = rest.split_at_checked(key) else {
        return Ok(None);
    };
    Ok(rest.get(..value).map(|value| RawRow {
        table: key[0],
        key,
        value,
    }))
}
