//! Where the engine's rows are kept between two runs.
//!
//! A [`Store`] knows nothing of protocols: it loads rows at the start, and makes batches of
//! changed rows durable. [`FjallStore`] keeps them in a directory, [`MemoryStore`] nowhere.

mod codec;
mod error;
mod fjall;
mod memory;

pub use error::StoreError;
pub use fjall::FjallStore;
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
}
