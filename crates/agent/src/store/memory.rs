use super::{Store, StoreError};
use crate::engine::Row;

/// A store that keeps nothing: every run starts empty.
#[derive(Clone, Copy, Debug, Default)]
pub struct MemoryStore;

impl Store for MemoryStore {
    fn load(&mut self) -> Result<Vec<Row>, StoreError> {
        Ok(Vec::new())
    }

    fn replace(&mut self, _rows: &[Row]) -> Result<(), StoreError> {
        Ok(())
    }

    fn commit(&mut self, _rows: &[Row]) -> Result<(), StoreError> {
        Ok(())
    }
}
