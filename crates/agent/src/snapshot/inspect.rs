use std::collections::BTreeMap;
use std::io::Read;

use super::SnapshotError;
use super::load::{Keep, KeptRow, Loader};

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
/// # Errors
/// When it can't be read, or its checksums are not right.
pub fn inspect(mut reader: impl Read) -> Result<Inspection, SnapshotError> {
    let mut loader = Loader::<Counts>::default();
    let mut piece = vec![0; PIECE];
    loop {
        let count = reader.read(&mut piece).map_err(SnapshotError::Read)?;
        if count == 0 {
            break;
        }
        loader.push(&piece[..count])?;
    }
    let loaded = loader.finish_any()?;
    let mut tables: Vec<TableCount> = loaded.kept.tables.into_values().collect();
    tables.sort_by_key(|table| std::cmp::Reverse(table.bytes));
    let meta = loaded.meta;
    Ok(Inspection {
        id: meta.id,
        index: meta.index,
        term: meta.term,
        version: meta.version,
        size: meta.size,
        tables: (!loaded.foreign).then_some(tables),
    })
}

/// Counts the rows and forgets them.
#[derive(Debug, Default)]
struct Counts {
    tables: BTreeMap<&'static str, TableCount>,
}

impl Keep for Counts {
    fn keep(&mut self, row: KeptRow<'_>) -> Result<(), SnapshotError> {
        let name = table_name(row.0.table);
        let table = self.tables.entry(name).or_insert(TableCount {
            name,
            rows: 0,
            bytes: 0,
        });
        table.rows += 1;
        table.bytes += u64::try_from(row.0.len()).unwrap_or_default();
        Ok(())
    }
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
