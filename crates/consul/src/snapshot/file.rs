use std::io;
use std::path::{Path, PathBuf};
use std::pin::Pin;
use std::task::{Context, Poll, ready};

use quorate_wire::consul::snapshot::{SnapshotMeta, SnapshotReader};
use tokio::fs::File;
use tokio::io::{AsyncRead, AsyncReadExt, AsyncSeekExt, AsyncWriteExt, ReadBuf};

use super::stream::SnapshotStream;
use crate::error::Error;

/// What is read of a file at once.
const PIECE: usize = 64 * 1024;

/// A snapshot that was saved into a file.
#[derive(Clone, Debug, PartialEq, Eq)]
#[non_exhaustive]
pub struct SavedSnapshot {
    /// The length of the file.
    pub bytes: u64,
    /// What the snapshot says of itself.
    pub meta: SnapshotMeta,
}

/// Writes to a file beside `path`, which takes its place in the end.
pub(super) async fn save(
    mut stream: SnapshotStream,
    path: &Path,
    mut progress: impl FnMut(u64) + Send,
) -> Result<SavedSnapshot, Error> {
    let unwritable = |error: io::Error| {
        let why = format_args!("path: {} can't be written", path.display());
        Error::invalid("save a snapshot", why).with_source(error)
    };
    let mut partial = Partial::create(path).await.map_err(unwritable)?;
    while let Some(piece) = stream.next().await? {
        partial.file.write_all(&piece).await.map_err(unwritable)?;
        progress(stream.bytes());
    }
    partial.finish(path).await.map_err(unwritable)?;
    Ok(SavedSnapshot {
        bytes: stream.bytes(),
        meta: stream.snapshot_meta().cloned().unwrap_or_default(),
    })
}

/// A file that is not finished. It is removed when nobody finishes it.
struct Partial {
    file: File,
    path: Option<PathBuf>,
}

impl Partial {
    async fn create(target: &Path) -> io::Result<Self> {
        let mut name = std::ffi::OsString::from(".");
        name.push(target.file_name().ok_or(io::ErrorKind::InvalidInput)?);
        name.push(format!(".{}.partial", std::process::id()));
        let path = target.with_file_name(name);
        let mut options = File::options();
        options.write(true).create(true).truncate(true);
        #[cfg(unix)]
        // It is a secret.
        options.mode(0o600);
        let file = options.open(&path).await?;
        Ok(Self {
            file,
            path: Some(path),
        })
    }

    async fn finish(mut self, target: &Path) -> io::Result<()> {
        self.file.flush().await?;
        self.file.sync_all().await?;
        if let Some(path) = &self.path {
            tokio::fs::rename(path, target).await?;
        }
        self.path = None;
        let folder = target.parent().filter(|it| !it.as_os_str().is_empty());
        // Some systems can't do that, and the file itself is safe already.
        if let Ok(folder) = File::open(folder.unwrap_or(Path::new("."))).await {
            let _ = folder.sync_all().await;
        }
        Ok(())
    }
}

impl Drop for Partial {
    fn drop(&mut self) {
        if let Some(path) = self.path.take() {
            // One that can't be removed now can't be removed at all.
            let _ = std::fs::remove_file(path);
        }
    }
}

/// Reads a file to its end, back to its start, and gives its length, if it is a whole snapshot.
pub(super) async fn verify(file: &mut File) -> io::Result<u64> {
    let invalid = |error| io::Error::new(io::ErrorKind::InvalidData, error);
    let mut reader = SnapshotReader::new(());
    let mut piece = vec![0; PIECE];
    let mut length = 0;
    loop {
        let count = file.read(&mut piece).await?;
        if count == 0 {
            break;
        }
        length += u64::try_from(count).unwrap_or_default();
        reader.push(&piece[..count]).map_err(invalid)?;
    }
    reader.finish().map_err(invalid)?;
    file.rewind().await?;
    Ok(length)
}

/// A file that tells how much of it was read.
pub(super) struct Counted {
    file: File,
    read: u64,
    progress: Box<dyn FnMut(u64) + Send>,
}

impl Counted {
    pub(super) fn new(file: File, progress: impl FnMut(u64) + Send + 'static) -> Self {
        Self {
            file,
            read: 0,
            progress: Box::new(progress),
        }
    }
}

impl AsyncRead for Counted {
    fn poll_read(
        self: Pin<&mut Self>,
        cx: &mut Context<'_>,
        buffer: &mut ReadBuf<'_>,
    ) -> Poll<io::Result<()>> {
        let this = self.get_mut();
        let before = buffer.filled().len();
        ready!(Pin::new(&mut this.file).poll_read(cx, buffer))?;
        let count = buffer.filled().len() - before;
        this.read += u64::try_from(count).unwrap_or_default();
        (this.progress)(this.read);
        Poll::Ready(Ok(()))
    }
}
