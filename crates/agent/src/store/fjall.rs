use std::collections::HashSet;
use std::path::{Path, PathBuf};

use fjall::{Database, Keyspace, KeyspaceCreateOptions, PersistMode};

use super::{Store, StoreError, codec};
use crate::engine::Row;

/// Rows in a directory, by the LSM engine fjall.
///
/// Everything lives in one keyspace with the table as the first byte of the key. Rows are read
/// once, at the start, so there is no cache worth its memory.
pub struct FjallStore {
    directory: PathBuf,
    database: Database,
    rows: Keyspace,
}

impl FjallStore {
    /// Opens the store in `directory`, which is created when it does not exist.
    ///
    /// # Errors
    /// When the directory can't be used, is in use, or has a format newer than this program's.
    pub fn open(directory: impl AsRef<Path>) -> Result<Self, StoreError> {
        let directory = directory.as_ref().to_path_buf();
        let failed = |error| storage("open", &directory, error);
        let database = Database::builder(&directory)
            .cache_size(256 * 1024)
            .worker_threads(1)
            .manual_journal_persist(true)
            .max_journaling_size(64 * 1024 * 1024)
            .open()
            .map_err(failed)?;
        let rows = database.keyspace("rows", || {
            KeyspaceCreateOptions::default()
                .manual_journal_persist(true)
                .max_memtable_size(8 * 1024 * 1024)
        });
        let rows = rows.map_err(failed)?;
        let store = Self {
            directory,
            database,
            rows,
        };
        store.check_format()?;
        Ok(store)
    }

    fn check_format(&self) -> Result<(), StoreError> {
        let found = self.rows.get(codec::FORMAT_KEY);
        match found
            .map_err(|error| storage("read", &self.directory, error))?
            .as_deref()
        {
            None => {
                let mut batch = self
                    .database
                    .batch()
                    .durability(Some(PersistMode::SyncData));
                batch.insert(&self.rows, codec::FORMAT_KEY, [codec::FORMAT]);
                batch
                    .commit()
                    .map_err(|error| storage("write", &self.directory, error))
            }
            Some([found]) if *found <= codec::FORMAT => Ok(()),
            Some(found) => Err(StoreError::NewerFormat {
                directory: self.directory.clone(),
                found: found.first().copied().unwrap_or(u8::MAX),
                supported: codec::FORMAT,
            }),
        }
    }
}

impl Store for FjallStore {
    fn load(&mut self) -> Result<Vec<Row>, StoreError> {
        let mut rows = Vec::new();
        for guard in self.rows.range(vec![1]..) {
            let (key, value) = guard
                .into_inner()
                .map_err(|error| storage("read", &self.directory, error))?;
            rows.push(codec::decode(&key, &value)?);
        }
        Ok(rows)
    }

    fn commit(&mut self, rows: &[Row]) -> Result<(), StoreError> {
        let mut batch = self
            .database
            .batch()
            .durability(Some(PersistMode::SyncData));
        // All rows of a batch get the same sequence number, so a key may be in it only once.
        let mut seen = HashSet::with_capacity(rows.len());
        for row in rows.iter().rev() {
            let (key, value) = codec::encode(row);
            if !seen.insert(key.clone()) {
                continue;
            }
            match value {
                Some(value) => batch.insert(&self.rows, key, value),
                None => batch.remove(&self.rows, key),
            }
        }
        batch
            .commit()
            .map_err(|error| storage("write", &self.directory, error))
    }
}

impl std::fmt::Debug for FjallStore {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        let directory = &self.directory;
        f.debug_struct("FjallStore")
            .field("directory", directory)
            .finish_non_exhaustive()
    }
}

fn storage(action: &'static str, directory: &Path, error: fjall::Error) -> StoreError {
    if matches!(error, fjall::Error::Locked) {
        return StoreError::Locked(directory.into());
    }
    StoreError::Storage {
        action,
        directory: directory.into(),
        source: Box::new(error),
    }
}
