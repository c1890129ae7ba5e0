//! Snapshots: everything in one file.

mod info;
mod stream;
mod upload;

use std::io;
use std::path::Path;
use std::sync::Arc;

use quorate_net::new_file::NewFile;
use tokio::fs::File;
use tokio::io::{AsyncRead, AsyncSeekExt, AsyncWrite, AsyncWriteExt};

pub use info::{SnapshotInfo, SnapshotTable};
pub use stream::SnapshotStream;

use crate::backend::SnapshotBackend;
use crate::gate::Gate;
use crate::{Error, Result};
use upload::Pieces;

const SAVE: &str = "save a snapshot";
const RESTORE: &str = "restore a snapshot";

/// Snapshots of everything that the backend keeps:
/// [`Coordinator::snapshot`](crate::Coordinator::snapshot).
///
/// A snapshot is only ever in memory piece by piece. It is a secret: it holds all keys, and all
/// tokens of the access rules.
///
/// ```
/// # #[cfg(feature = "embedded")]
/// # #[tokio::main(flavor = "current_thread")] async fn main() -> Result<(), Box<dyn std::error::Error>> {
/// # let directory = tempfile::tempdir()?;
/// # let path = directory.path().join("backup.snap");
/// use quorate::SnapshotInfo;
/// use quorate::prelude::*;
///
/// let coordinator = quorate::connect("memory:").await?;
/// let kv = coordinator.kv();
/// kv.put("config/port", "8080").await?;
/// let saved = coordinator.snapshot().save_to(&path).await?;
///
/// let held = SnapshotInfo::read(&path).await?; // asks no server
/// assert_eq!((held.bytes, held.index), (saved.bytes, saved.index));
/// let tables = held.tables.unwrap();
/// assert!(tables.iter().any(|table| table.name == "keys" && table.rows == 1));
///
/// kv.delete("config/port").await?;
/// coordinator.snapshot().restore_from(&path).await?;
/// assert!(kv.get("config/port").await?.is_some());
/// coordinator.close().await?;
/// # Ok(())
/// # }
/// # #[cfg(not(feature = "embedded"))] fn main() {}
/// ```
#[derive(Clone, Debug)]
pub struct Snapshots {
    backend: Arc<dyn SnapshotBackend>,
    gate: Gate,
}

impl Snapshots {
    pub(crate) fn new(backend: Arc<dyn SnapshotBackend>, gate: Gate) -> Self {
        Self { backend, gate }
    }

    /// Starts to save: everything as it is when the server gets to it, piece by piece. Only how
    /// long nothing may come is bounded, not the whole.
    ///
    /// # Errors
    /// `PermissionDenied` for tokens that may not do everything, and those of every read.
    ///
    /// # Cancel safety
    /// Safe: nothing is changed.
    pub async fn save(&self) -> Result<SnapshotStream> {
        let source = self.gate.run(|| SAVE.into(), self.backend.save()).await?;
        Ok(SnapshotStream::new(source, self.gate.closed()))
    }

    /// Saves into a writer, which is flushed in the end, and says what was saved.
    ///
    /// # Errors
    /// As [`save`](Self::save); `Protocol` when what came is no whole snapshot; `InvalidArgument`
    /// when the writer fails.
    ///
    /// # Cancel safety
    /// What was written so far is no whole snapshot.
    pub async fn save_into(&self, writer: &mut (impl AsyncWrite + Unpin)) -> Result<SnapshotInfo> {
        let mut stream = self.save().await?;
        let failed = |error| unwritable("the writer fails", error);
        while let Some(piece) = stream.next().await {
            writer.write_all(&piece?).await.map_err(failed)?;
        }
        writer.flush().await.map_err(failed)?;
        Ok(stream.info().unwrap_or_default())
    }

    /// Saves into a file, which is replaced only when the whole snapshot is there, verified and
    /// durable, and says what was saved. Only its owner may read it.
    ///
    /// # Errors
    /// As [`save`](Self::save); `Protocol` when what came is no whole snapshot; `InvalidArgument`
    /// when the file can't be written.
    ///
    /// # Cancel safety
    /// Dropping the future leaves the file as it was.
    pub async fn save_to(&self, path: impl AsRef<Path>) -> Result<SnapshotInfo> {
        self.save_to_with(path, |_| {}).await
    }

    /// [`save_to`](Self::save_to) with word of the bytes that were saved so far.
    ///
    /// # Errors
    /// As [`save_to`](Self::save_to).
    ///
    /// # Cancel safety
    /// As [`save_to`](Self::save_to).
    pub async fn save_to_with(
        &self,
        path: impl AsRef<Path>,
        mut progress: impl FnMut(u64) + Send,
    ) -> Result<SnapshotInfo> {
        let path = path.as_ref();
        let failed = |error| unwritable(&format!("{} can't be written", path.display()), error);
        let mut stream = self.save().await?;
        let mut file = NewFile::create(path).await.map_err(failed)?;
        while let Some(piece) = stream.next().await {
            file.write_all(&piece?).await.map_err(failed)?;
            progress(stream.bytes());
        }
        file.finish().await.map_err(failed)?;
        Ok(stream.info().unwrap_or_default())
    }

    /// Puts what a snapshot holds in the place of everything. It is read while it is sent. Watches
    /// begin anew.
    ///
    /// Real Consul restores only snapshots of real Consul, and embedded agents only those of
    /// embedded agents.
    ///
    /// # Errors
    /// `InvalidArgument` when it is no whole snapshot, or of another program: then nothing was
    /// changed. `Indeterminate` when the answer was lost. Else those of every write.
    ///
    /// # Cancel safety
    /// Dropping the future while the snapshot is sent changes nothing; later it may happen all the
    /// same.
    pub async fn restore(&self, snapshot: impl AsyncRead + Send + 'static) -> Result<()> {
        let pieces = Pieces::new(snapshot, |_| {});
        let restored = self.backend.restore(Box::pin(pieces), None);
        self.gate.run(|| RESTORE.into(), restored).await
    }

    /// Restores a file, which is verified before any of it is sent, and says what it holds.
    ///
    /// # Errors
    /// As [`restore`](Self::restore); `NotFound` when there is no such file.
    ///
    /// # Cancel safety
    /// As [`restore`](Self::restore).
    pub async fn restore_from(&self, path: impl AsRef<Path>) -> Result<SnapshotInfo> {
        self.restore_from_with(path, |_| {}).await
    }

    /// [`restore_from`](Self::restore_from) with word of the bytes that were sent so far.
    ///
    /// # Errors
    /// As [`restore_from`](Self::restore_from).
    ///
    /// # Cancel safety
    /// As [`restore`](Self::restore).
    pub async fn restore_from_with(
        &self,
        path: impl AsRef<Path>,
        progress: impl FnMut(u64) + Send + Unpin + 'static,
    ) -> Result<SnapshotInfo> {
        self.gate.check(|| RESTORE.into())?;
        let path = path.as_ref();
        let operation = format!("{RESTORE} from {}", path.display());
        let mut file = info::open(path, &operation).await?;
        let info = SnapshotInfo::read_all(&mut file, operation.clone()).await?;
        rewind(&mut file, &operation).await?;
        let pieces = Pieces::new(file, progress);
        let restored = self.backend.restore(Box::pin(pieces), Some(info.bytes));
        self.gate.run(|| operation.clone(), restored).await?;
        Ok(info)
    }
}

async fn rewind(file: &mut File, operation: &str) -> Result<()> {
    match file.rewind().await {
        Ok(_) => Ok(()),
        Err(error) => Err(info::unreadable(operation.to_owned(), error)),
    }
}

/// What was to be saved went nowhere; at the server nothing is changed by that.
fn unwritable(what: &str, error: io::Error) -> Error {
    Error::invalid(SAVE, what).with_source(error)
}
