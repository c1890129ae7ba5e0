use std::fs;
use std::path::{Path, PathBuf};

use super::codec;
use super::journal::{Journal, sync_entry};
use super::table::{Merged, Table};
use super::{Store, StoreError};
use crate::engine::Row;

/// How large the journal grows before its commits move to the table. It bounds the time that
/// opening takes, and the time of one move: some ten milliseconds each.
const JOURNAL_BYTES: usize = 4 * 1024 * 1024;

/// Rows in a directory: the newest commits in a journal, all others in a table.
///
/// A commit appends to `journal` and syncs it, which is as little as a durable write can cost.
/// Now and then the journal's rows move to `rows.redb` in one transaction, which also notes the
/// number of the newest commit in it: a crash in between repeats the move and changes nothing.
#[derive(Debug)]
pub struct FileStore {
    table_path: PathBuf,
    journal: Journal,
    /// There is none until the journal was full for the first time.
    table: Option<Table>,
}

impl FileStore {
    /// Opens the store in `directory`, which is created when it does not exist.
    ///
    /// # Errors
    /// When the directory can't be used, is in use, or has a format newer than this program's.
    pub fn open(directory: impl AsRef<Path>) -> Result<Self, StoreError> {
        let directory = directory.as_ref();
        fs::create_dir_all(directory).map_err(StoreError::storage("open", directory))?;
        let journal = Journal::open(&directory.join("journal"))?;
        let table_path = directory.join("rows.redb");
        let table = table_path
            .exists()
            .then(|| Table::open(&table_path))
            .transpose()?;
        Ok(Self {
            table_path,
            journal,
            table,
        })
    }

    /// The table, which is made when it is needed for the first time.
    fn table(&mut self) -> Result<&Table, StoreError> {
        let table = match self.table.take() {
            Some(table) => table,
            None => {
                let table = Table::open(&self.table_path)?;
                // The journal is about to rely on it.
                let synced = sync_entry(&self.table_path);
                synced.map_err(StoreError::storage("write", &self.table_path))?;
                table
            }
        };
        Ok(self.table.insert(table))
    }

    /// Moves everything from the journal to the table.
    fn move_to_table(&mut self) -> Result<(), StoreError> {
        let newest = self.journal.newest();
        let mut rows = Merged::new();
        self.journal.read(|frame| {
            for (key, value) in frame.rows() {
                rows.insert(key.into(), value.map(Into::into));
            }
        })?;
        let table = self.table()?;
        table.write(&rows, newest)?;
        self.journal.rewind(2 * JOURNAL_BYTES)
    }
}

impl Store for FileStore {
    fn load(&mut self) -> Result<Vec<Row>, StoreError> {
        let mut newest = Merged::new();
        let applied = self.table.as_ref().map_or(Ok(0), Table::applied)?;
        self.journal.replay(applied, |frame| {
            for (key, value) in frame.rows() {
                newest.insert(key.into(), value.map(Into::into));
            }
            Ok(())
        })?;
        let path = &self.table_path;
        let mut rows = Vec::new();
        if let Some(table) = &self.table {
            table.read(|key, value| {
                if !newest.contains_key(key) {
                    rows.push(codec::decode(path, key, value)?);
                }
                Ok(())
            })?;
        }
        for (key, value) in &newest {
            if let Some(value) = value {
                rows.push(codec::decode(path, key, value)?);
            }
        }
        Ok(rows)
    }

    fn commit(&mut self, rows: &[Row]) -> Result<(), StoreError> {
        self.journal.append(rows.iter().map(codec::encode_row))
    }

    fn replace(&mut self, rows: &[Row]) -> Result<(), StoreError> {
        // One transaction of the table, which takes in every commit so far. A crash before its end
        // leaves the table and the journal as they were; after it, the journal has nothing new.
        let newest = self.journal.newest();
        let rows = rows.iter().map(codec::encode_row);
        self.table()?.replace(rows, newest)?;
        self.journal.rewind(2 * JOURNAL_BYTES)
    }

    fn tidy(&mut self) -> Result<(), StoreError> {
        if self.journal.len() < JOURNAL_BYTES {
            return Ok(());
        }
        self.move_to_table()
    }
}
