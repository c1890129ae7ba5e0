use std::cmp::Reverse;
use std::collections::BTreeMap;
use std::io::{self, Read};

use quorate_wire::consul::snapshot::{SnapshotError, SnapshotReader, StateSink};

use super::state::{RawRow, Reader};

/// What is read at once.
const PIECE: usize = 64 * 1024;

/// What a snapshot says of itself, and how much is in it.
#[derive(Clone, Debug, PartialEq, Eq)]
#[non_exhaustive]
pub struct Inspection {
    /// Its id: the term, the index, and the milliseconds since 1970 when it was made.
    pub id: String,
    /// The index of the newest write in it.
    pub index: u64,
    /// The term of the leader that wrote it.
    pub term: u64,
    /// The version of its form.
    pub version: u64,
    /// The bytes of the state, decompressed.
    pub size: u64,
    /// How much of what is in it, the largest number of bytes in front; `None` for a snapshot of
    /// a real server, whose state only that can read.
    pub tables: Option<Vec<TableCount>>,
}

/// How much of one thing is in a snapshot.
#[derive(Clone, Debug, PartialEq, Eq)]
#[non_exhaustive]
pub struct TableCount {
    /// What it is: `keys`, `sessions`, `nodes`, …
    pub name: &'static str,
    /// How many.
    pub rows: u64,
    /// How many bytes they take in the state.
    pub bytes: u64,
}

/// Reads a snapshot to its end and says what is in it, without restoring anything: also one of a
/// real server.
///
/// ```
/// let empty: &[u8] = &[];
/// let error = quorate_agent::snapshot::inspect(empty).unwrap_err();
/// assert_eq!(error.to_string(), "failed to decompress snapshot: EOF");
/// ```
///
/// # Errors
/// Those of `reader`; `InvalidData` around a [`SnapshotError`] when it is no snapshot, or its
/// checksums are not right.
pub fn inspect(mut reader: impl Read) -> io::Result<Inspection> {
    let invalid = |error: SnapshotError| io::Error::new(io::ErrorKind::InvalidData, error);
    let mut inspector = Inspector::default();
    let mut piece = vec![0; PIECE];
    loop {
        let count = match reader.read(&mut piece) {
            Ok(0) => break,
            Err(error) if error.kind() == io::ErrorKind::Interrupted => continue,
            read => read?,
        };
        inspector.push(&piece[..count]).map_err(invalid)?;
    }
    inspector.finish().map_err(invalid)
}

/// [`inspect`] for whoever has the snapshot piece by piece.
#[derive(Debug)]
pub struct Inspector(SnapshotReader<Counts>);

impl Default for Inspector {
    fn default() -> Self {
        Self(SnapshotReader::new(Counts::default()))
    }
}

impl Inspector {
    /// Takes the next bytes of the snapshot.
    ///
    /// # Errors
    /// When it is no snapshot. Inspecting ends with it.
    pub fn push(&mut self, bytes: &[u8]) -> Result<(), SnapshotError> {
        self.0.push(bytes)
    }

    /// The snapshot has ended: what is in it.
    ///
    /// # Errors
    /// When it was not whole, or was changed.
    pub fn finish(self) -> Result<Inspection, SnapshotError> {
        let (meta, mut counts) = self.0.finish()?;
        counts.reader.finish().map_err(SnapshotError::State)?;
        let foreign = counts.reader.is_foreign();
        let mut tables: Vec<TableCount> = counts.tables.into_values().collect();
        tables.sort_by_key(|table| Reverse(table.bytes));
        Ok(Inspection {
            id: meta.id,
            index: meta.index,
            term: meta.term,
            version: meta.version,
            size: meta.size,
            tables: (!foreign).then_some(tables),
        })
    }
}

/// Counts the rows and forgets them.
#[derive(Debug, Default)]
struct Counts {
    reader: Reader,
    tables: BTreeMap<&'static str, TableCount>,
}

impl StateSink for Counts {
    fn take(&mut self, bytes: &[u8]) -> Result<(), String> {
        let Self { reader, tables } = self;
        reader.push(bytes, |row| {
            count(tables, row);
            Ok(())
        })
    }
}

fn count(tables: &mut BTreeMap<&'static str, TableCount>, row: RawRow<'_>) {
    let name = table_name(row.table);
    let table = tables.entry(name).or_insert(TableCount {
        name,
        rows: 0,
        bytes: 0,
    });
    table.rows += 1;
    table.bytes += u64::try_from(row.len()).unwrap_or_default();
}

/// The tables by the numbers that they are stored under.
fn table_name(table: u8) -> &'static str {
    match table {
        1 => "indexes",
        2 => "keys",
        3 => "tombstones",
        4 => "sessions",
        5 => "nodes",
        6 => "services",
        7 => "checks",
        11 => "coordinates",
        12 => "queries",
        13 => "config entries",
        14 => "intentions",
        15 => "acl tokens",
        16 => "acl policies",
        17 => "acl roles",
        18 => "acl auth methods",
        19 => "acl binding rules",
        20 => "acl bootstrap",
        22 => "autopilot",
        23 => "connect ca",
        _ => "others",
    }
}

#[cfg(test)]
#[allow(clippy::unwrap_used, reason = "tests fail by panicking")]
mod tests {
    use quorate_wire::consul::snapshot::{SnapshotMeta, SnapshotWriter};

    use super::*;

    #[test]
    fn a_snapshot_of_a_real_server_is_whole_and_its_tables_are_unknown() {
        // How the state of a real server begins, and more of it than one row of ours has.
        let mut state = b"\x81\xa9LastIndex\xcd\x01\x0c\x00\x8d\xa7Address\xa9".to_vec();
        state.resize(3000, 0x81);
        let mut meta = SnapshotMeta::default();
        meta.size = 3000;
        meta.index = 268;
        let mut writer = SnapshotWriter::new(&meta, 1).unwrap();
        writer.state(&state).unwrap();
        let archive = [writer.take(), writer.finish().unwrap()].concat();
        let found = inspect(archive.as_slice()).unwrap();
        assert_eq!((found.index, found.size, found.tables), (268, 3000, None));
    }
}
