//! What a backend does for snapshots.

use std::fmt::Debug;
use std::io;
use std::pin::Pin;

use bytes::Bytes;
use futures_core::Stream;

use super::{BoxFuture, BoxStream};
use crate::{Result, SnapshotInfo};

/// The whole state in one piece.
pub trait SnapshotBackend: Debug + Send + Sync {
    /// Starts to save everything.
    fn save(&self) -> BoxFuture<'_, Result<Pin<Box<dyn SnapshotSource>>>>;

    /// Puts what a snapshot holds in the place of everything. `length` is how long it is, where
    /// that is known.
    fn restore(
        &self,
        snapshot: BoxStream<'static, io::Result<Bytes>>,
        length: Option<u64>,
    ) -> BoxFuture<'_, Result<()>>;
}

/// A snapshot on its way: its bytes, as they come. A stream that ended without an error was whole.
pub trait SnapshotSource: Stream<Item = Result<Bytes>> + Send {
    /// What the snapshot says of itself, once all of it has come.
    fn info(&self) -> Option<SnapshotInfo>;
}
