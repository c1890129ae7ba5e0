//! Where the engine's rows are kept between two runs.
//!
//! A [`Store`] knows nothing of protocols: it loads rows at the start, and makes batches of
//! changed rows durable. [`FileStore`] keeps them in a directory, [`MemoryStore`] nowhere.

mod codec;
mod error;
mod etcd2;
mod etcd3;
mod file;
mod frame;
mod journal;
mod memory;
mod table;

pub(crate) use codec::{decode_row, encode_row};
pub use error::StoreError;
pub use file::FileStore;
pub use memory::MemoryStore;

use crate::engine::Row;

/// Keeps rows. Used by one thread at a time.
pub trait Store: Send + std::fmt::Debug {
    /// Every row that was committed and is not gone, in any order.
    ///
    /// # Errors
    /// When the rows can't be read, or not understood.
    fn load(&mut self) -> Result<Vec<Row>, StoreError>;

    /// Makes all of `rows` durable, or none of them. When two are of the same key, the later one
    /// counts. After this returned `Ok`, the rows survive the end of the process and a power
    /// failure, as far as the file system keeps its word.
    ///
    /// # Errors
    /// When writing failed. Whether the rows are then durable is unknown until the next start,
    /// and no other commit may be tried.
    fn commit(&mut self, rows: &[Row]) -> Result<(), StoreError>;

    /// Makes `rows` all that there is, durably, or leaves everything as it was.
    ///
    /// # Errors
    /// When writing failed. Whether the rows have taken the place of the old ones is then unknown
    /// until the next start, and no commit may be tried.
    fn replace(&mut self, rows: &[Row]) -> Result<(), StoreError>;

    /// Does what keeps the store small and quick to open, if it is time. Called between commits,
    /// when nobody waits for an answer; may take some ten milliseconds.
    ///
    /// # Errors
    /// When writing failed. Everything that was committed is still durable, but no other commit
    /// may be tried.
    fn tidy(&mut self) -> Result<(), StoreError> {
        Ok(())
    }
}
