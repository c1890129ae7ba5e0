//! What a file with a snapshot holds.

use super::fields::Fields;
use super::json::Object;
use super::size::size;
use super::{Answer, line};
use crate::view::rows::{Column, Rows, Tabular};

/// What a file with a snapshot holds.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(crate) struct SnapshotStatus {
    pub(crate) hash: u32,
    pub(crate) revision: i64,
    pub(crate) keys: u64,
    pub(crate) bytes: u64,
}

const COLUMNS: &[Column<SnapshotStatus>] = &[
    Column::new("HASH", |row| format!("{:x}", row.hash)),
    Column::new("REVISION", |row| row.revision.to_string()),
    Column::new("TOTAL KEYS", |row| row.keys.to_string()),
    Column::new("TOTAL SIZE", |row| size(row.bytes)),
];

impl Answer for SnapshotStatus {
    fn simple(&self, out: &mut Vec<u8>, _: bool) {
        let cells: Vec<_> = COLUMNS.iter().map(|column| column.text(self)).collect();
        line(out, cells.join(", ").as_bytes(), false);
    }

    fn fields(&self, out: &mut Fields) -> bool {
        out.field("Hash", self.hash);
        out.field("Revision", self.revision);
        out.field("Keys", self.keys);
        out.field("Size", self.bytes);
        true
    }

    fn json(&self, _: bool) -> String {
        Object::of(|object| {
            object.always("hash", self.hash);
            object.always("revision", self.revision);
            object.always("totalKey", self.keys);
            object.always("totalSize", self.bytes);
        })
    }

    fn rows(&self) -> Option<Box<dyn Tabular>> {
        Some(Box::new(Rows::new(vec![self.clone()], COLUMNS)))
    }
}
