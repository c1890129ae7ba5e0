//! What a snapshot holds.

use std::io::{self, Write};

use quorate::{SnapshotInfo, SnapshotTable};
use serde::Serialize;

use super::rows::{Column, Rows};
use super::{Style, View};

/// A snapshot.
#[derive(Debug, Serialize)]
pub(crate) struct SnapshotView {
    /// What was done with it; nothing where it was only looked at.
    #[serde(skip)]
    verb: Option<&'static str>,
    id: String,
    index: u64,
    term: u64,
    version: u64,
    bytes: u64,
    state_bytes: u64,
    /// Missing where nobody here can read the state.
    #[serde(skip_serializing_if = "Option::is_none")]
    tables: Option<Vec<TableRow>>,
}

/// How much of one thing is in it.
#[derive(Clone, Debug, Serialize)]
struct TableRow {
    name: String,
    rows: u64,
    bytes: u64,
}

const COLUMNS: &[Column<TableRow>] = &[
    Column::new("WHAT", |row| row.name.clone()),
    Column::new("COUNT", |row| row.rows.to_string()),
    Column::new("BYTES", |row| row.bytes.to_string()),
];

impl SnapshotView {
    /// All that is known of it.
    pub(crate) fn inspected(info: SnapshotInfo) -> Self {
        Self::new(None, info)
    }

    /// That it was saved or restored.
    pub(crate) fn done(verb: &'static str, info: SnapshotInfo) -> Self {
        Self::new(Some(verb), info)
    }

    fn new(verb: Option<&'static str>, info: SnapshotInfo) -> Self {
        let tables = info.tables;
        Self {
            verb,
            id: info.id,
            index: info.index,
            term: info.term,
            version: info.version,
            bytes: info.bytes,
            state_bytes: info.state_bytes,
            tables: tables.map(|tables| tables.into_iter().map(TableRow::from).collect()),
        }
    }
}

impl From<SnapshotTable> for TableRow {
    fn from(table: SnapshotTable) -> Self {
        Self {
            name: table.name,
            rows: table.rows,
            bytes: table.bytes,
        }
    }
}

impl View for SnapshotView {
    fn text(&self, out: &mut dyn Write, style: &Style) -> io::Result<()> {
        let id = style.line(&self.id);
        if let Some(verb) = self.verb {
            let (bytes, index) = (self.bytes, self.index);
            return writeln!(out, "{verb} {bytes} bytes, as of index {index} ({id})");
        }
        writeln!(out, "ID       {id}")?;
        writeln!(out, "Index    {}", self.index)?;
        writeln!(out, "Term     {}", self.term)?;
        writeln!(out, "Version  {}", self.version)?;
        writeln!(out, "Size     {} bytes", self.bytes)?;
        writeln!(out, "State    {} bytes", self.state_bytes)?;
        match &self.tables {
            Some(tables) => {
                writeln!(out)?;
                Rows::new(tables.clone(), COLUMNS).text(out, style)
            }
            None => Ok(()),
        }
    }
}
