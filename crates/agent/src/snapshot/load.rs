use quorate_wire::consul::snapshot::{SnapshotError, StateSink};

use super::FOREIGN;
use super::state::Reader;
use crate::engine::Row;
use crate::engine::consul;

/// Collects the rows of a snapshot.
#[derive(Debug, Default)]
pub(crate) struct Rows {
    reader: Reader,
    rows: Vec<consul::Row>,
}

impl StateSink for Rows {
    fn take(&mut self, bytes: &[u8]) -> Result<(), String> {
        let Self { reader, rows } = self;
        reader.push(bytes, |row| {
            if let Some(Row::Consul(row)) = row.decode()? {
                rows.push(row);
            }
            Ok(())
        })
    }
}

impl Rows {
    /// The rows, if the state was whole, and written by this program.
    pub(crate) fn finish(mut self) -> Result<Vec<consul::Row>, SnapshotError> {
        self.reader.finish().map_err(SnapshotError::State)?;
        if self.reader.is_foreign() {
            return Err(SnapshotError::State(FOREIGN.to_owned()));
        }
        Ok(self.rows)
    }
}
