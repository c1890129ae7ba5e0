use std::collections::BTreeMap;
use std::path::{Path, PathBuf};

use redb::{
    Database, DatabaseError, ReadableDatabase, ReadableTable, TableDefinition, WriteTransaction,
};

use super::StoreError;
use super::codec::FORMAT;

const ROWS: TableDefinition<'_, &[u8], &[u8]> = TableDefinition::new("rows");
const ABOUT: TableDefinition<'_, &str, u64> = TableDefinition::new("about");
/// The format of the file.
const FORMAT_ENTRY: &str = "format";
/// The number of the newest commit that is in the file.
const APPLIED_ENTRY: &str = "applied";
/// Rows are read once and written in order, so a cache has little to do.
const CACHE_BYTES: usize = 1024 * 1024;

/// Every row up to some commit, in a redb file.
pub(super) struct Table {
    path: PathBuf,
    database: Database,
}

/// Makes an empty file that nobody else can read, if there is none: tokens are in it.
fn create_private(path: &Path) -> std::io::Result<()> {
    let mut options = std::fs::OpenOptions::new();
    options.write(true).create(true).truncate(false);
    #[cfg(unix)]
    std::os::unix::fs::OpenOptionsExt::mode(&mut options, super::journal::PRIVATE);
    options.open(path).map(drop)
}

/// What the newest of many commits says about each key.
pub(super) type Merged = BTreeMap<Vec<u8>, Option<Vec<u8>>>;

impl Table {
    /// Opens the file at `path`, which is created when it does not exist.
    pub(super) fn open(path: &Path) -> Result<Self, StoreError> {
        create_private(path).map_err(StoreError::storage("open", path))?;
        let database = Database::builder().set_cache_size(CACHE_BYTES).create(path);
        let database = database.map_err(|error| match error {
            DatabaseError::DatabaseAlreadyOpen => StoreError::Locked(path.into()),
            error => StoreError::storage("open", path)(error),
        })?;
        let table = Self {
            path: path.into(),
            database,
        };
        table.check_format()?;
        Ok(table)
    }

    fn check_format(&self) -> Result<(), StoreError> {
        let found = self.about(FORMAT_ENTRY)?.unwrap_or(u64::from(FORMAT));
        if found <= u64::from(FORMAT) {
            return Ok(());
        }
        Err(StoreError::NewerFormat {
            path: self.path.clone(),
            found: u8::try_from(found).unwrap_or(u8::MAX),
            supported: FORMAT,
        })
    }

    /// The number of the newest commit that is in the table; 0 for a new one.
    pub(super) fn applied(&self) -> Result<u64, StoreError> {
        Ok(self.about(APPLIED_ENTRY)?.unwrap_or(0))
    }

    fn about(&self, entry: &str) -> Result<Option<u64>, StoreError> {
        let read = || -> Result<Option<u64>, redb::Error> {
            match self.database.begin_read()?.open_table(ABOUT) {
                Ok(table) => Ok(table.get(entry)?.map(|value| value.value())),
                Err(redb::TableError::TableDoesNotExist(_)) => Ok(None),
                Err(error) => Err(error.into()),
            }
        };
        read().map_err(StoreError::storage("read", &self.path))
    }

    /// Hands every row to `each`, by key.
    pub(super) fn read(
        &self,
        mut each: impl FnMut(&[u8], &[u8]) -> Result<(), StoreError>,
    ) -> Result<(), StoreError> {
        let mut read = || -> Result<Result<(), StoreError>, redb::Error> {
            let transaction = self.database.begin_read()?;
            let table = match transaction.open_table(ROWS) {
                Ok(table) => table,
                Err(redb::TableError::TableDoesNotExist(_)) => return Ok(Ok(())),
                Err(error) => return Err(error.into()),
            };
            for row in table.iter()? {
                let (key, value) = row?;
                if let Err(stop) = each(key.value(), value.value()) {
                    return Ok(Err(stop));
                }
            }
            Ok(Ok(()))
        };
        read().map_err(StoreError::storage("read", &self.path))?
    }

    /// Writes what all commits up to the one numbered `applied` say; durable when it returns.
    pub(super) fn write(&self, rows: &Merged, applied: u64) -> Result<(), StoreError> {
        let write = || -> Result<(), redb::Error> {
            let mut transaction = self.database.begin_write()?;
            // After a crash the file is then opened without a walk over all of it.
            transaction.set_quick_repair(true);
            write_rows(&transaction, rows)?;
            write_about(&transaction, applied)?;
            transaction.commit()?;
            Ok(())
        };
        write().map_err(StoreError::storage("write", &self.path))
    }

    /// Writes that `rows` are all there is, as of the commit numbered `applied`; durable when it
    /// returns. Of two rows with the same key the later one counts.
    pub(super) fn replace(
        &self,
        rows: impl Iterator<Item = (Vec<u8>, Option<Vec<u8>>)>,
        applied: u64,
    ) -> Result<(), StoreError> {
        let write = || -> Result<(), redb::Error> {
            let mut transaction = self.database.begin_write()?;
            transaction.set_quick_repair(true);
            transaction.delete_table(ROWS)?;
            let mut table = transaction.open_table(ROWS)?;
            for (key, value) in rows {
                match value {
                    Some(value) => table.insert(key.as_slice(), value.as_slice())?,
                    None => table.remove(key.as_slice())?,
                };
            }
            drop(table);
            write_about(&transaction, applied)?;
            transaction.commit()?;
            Ok(())
        };
        write().map_err(StoreError::storage("write", &self.path))
    }
}

fn write_about(transaction: &WriteTransaction, applied: u64) -> Result<(), redb::Error> {
    let mut about = transaction.open_table(ABOUT)?;
    about.insert(FORMAT_ENTRY, u64::from(FORMAT))?;
    about.insert(APPLIED_ENTRY, applied)?;
    Ok(())
}

fn write_rows(transaction: &WriteTransaction, rows: &Merged) -> Result<(), redb::Error> {
    let mut table = transaction.open_table(ROWS)?;
    for (key, value) in rows {
        match value {
            Some(value) => table.insert(key.as_slice(), value.as_slice())?,
            None => table.remove(key.as_slice())?,
        };
    }
    Ok(())
}

impl std::fmt::Debug for Table {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.debug_struct("Table")
            .field("path", &self.path)
            .finish_non_exhaustive()
    }
}
