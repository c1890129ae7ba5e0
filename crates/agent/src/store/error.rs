use std::path::PathBuf;

/// Why a store can't do its work.
#[derive(Debug, thiserror::Error)]
#[non_exhaustive]
pub enum StoreError {
    /// The directory can't be opened, read or written.
    #[error("{action} the store in {}", directory.display())]
    Storage {
        /// What failed: `open`, `read` or `write`.
        action: &'static str,
        /// Where the store is.
        directory: PathBuf,
        /// The reason.
        source: Box<dyn std::error::Error + Send + Sync>,
    },
    /// Another process or another store of this one has the directory open.
    #[error("the store in {} is open elsewhere", .0.display())]
    Locked(PathBuf),
    /// The directory was written by a newer version of this program.
    #[error("the store in {} has format {found}, this program reads up to {supported}", directory.display())]
    NewerFormat {
        /// Where the store is.
        directory: PathBuf,
        /// The format of the directory.
        found: u8,
        /// The newest format that is understood.
        supported: u8,
    },
    /// A row is not what it should be.
    #[error("a row of table {table:?} in the store is damaged: {problem}")]
    Damaged {
        /// The table of the row.
        table: &'static str,
        /// What is wrong with it.
        problem: String,
    },
}
