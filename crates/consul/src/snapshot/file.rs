use std::io;
use std::path::Path;
use std::pin::Pin;
use std::task::{Context, Poll, ready};

use quorate_net::new_file::NewFile;
use quorate_wire::consul::snapshot::{SnapshotMeta, SnapshotReader};
use tokio::fs::File;
use tokio::io::{AsyncRead, AsyncReadExt, AsyncSeekExt, ReadBuf};

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

/// Saves into a file that is there when it is whole.
pub(super) async fn save(
    mut stream: SnapshotStream,
    path: &Path,
    mut progress: impl FnMut(u64) + Send,
) -> Result<SavedSnapshot, Error> {
    let unwritable = |error: io::Error| {
        let why = format_args!("path: {} can't be written", path.display());
        Error::invalid("save a snapshot", why).with_source(error)
    };
    let mut file = NewFile::create(path).await.map_err(unwritable)?;
    while let Some(piece) = stream.next().await? {
        file.write_all(&piece).await.map_err(unwritable)?;
        progress(stream.bytes());
    }
    file.finish().await.map_err(unwritable)?;
    Ok(SavedSnapshot {
        bytes: stream.bytes(),
        meta: stream.snapshot_meta().cloned().unwrap_or_default(),
    })
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
