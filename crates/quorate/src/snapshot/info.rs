//! What a snapshot holds.

use std::io;
use std::path::Path;

use tokio::fs::File;
use tokio::io::{AsyncRead, AsyncReadExt};

use crate::{Error, ErrorKind, Result};

/// What is read at once.
const PIECE: usize = 64 * 1024;

/// What a snapshot says of itself, and how much is in it.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
#[non_exhaustive]
pub struct SnapshotInfo {
    /// The length of the file.
    pub bytes: u64,
    /// Its id. On Consul: the term, the index, and the milliseconds since 1970 when it was made.
    pub id: String,
    /// The revision of the newest write in it.
    pub index: u64,
    /// The term of the leader that wrote it.
    pub term: u64,
    /// The version of its form. Real Consul writes and restores 1, the embedded agent 100.
    pub version: u64,
    /// The length of the state in it, decompressed.
    pub state_bytes: u64,
    /// How much of what is in it, what takes most first. `None` for a snapshot of a real Consul,
    /// whose state only that can read; where it was not looked for; and without the feature
    /// `embedded`.
    pub tables: Option<Vec<SnapshotTable>>,
}

/// How much of one thing is in a snapshot.
#[derive(Clone, Debug, PartialEq, Eq)]
#[non_exhaustive]
pub struct SnapshotTable {
    /// What it is: `keys`, `sessions`, `nodes`, …
    pub name: String,
    /// How many.
    pub rows: u64,
    /// How many bytes they take in the state.
    pub bytes: u64,
}

impl SnapshotInfo {
    /// Reads a snapshot from a file, verifies it, and says what it holds. No server is asked, and
    /// it is never in memory as a whole.
    ///
    /// # Errors
    /// `NotFound` when there is no such file; `InvalidArgument` when it can't be read, or is no
    /// whole snapshot.
    ///
    /// # Cancel safety
    /// Safe: nothing is changed.
    pub async fn read(path: impl AsRef<Path>) -> Result<Self> {
        let path = path.as_ref();
        let operation = format!("inspect snapshot {}", path.display());
        let file = open(path, &operation).await?;
        Self::read_all(file, operation).await
    }

    /// [`read`](Self::read) from anything that gives the bytes.
    ///
    /// # Errors
    /// As [`read`](Self::read).
    ///
    /// # Cancel safety
    /// As [`read`](Self::read).
    pub async fn read_from(reader: impl AsyncRead + Unpin) -> Result<Self> {
        Self::read_all(reader, "inspect a snapshot".to_owned()).await
    }

    pub(super) async fn read_all(
        mut reader: impl AsyncRead + Unpin,
        operation: String,
    ) -> Result<Self> {
        let mut inspector = Inspector::default();
        let mut piece = vec![0; PIECE];
        let mut bytes = 0;
        loop {
            let count = match reader.read(&mut piece).await {
                Ok(0) => break,
                Ok(count) => count,
                Err(error) => return Err(unreadable(operation, error)),
            };
            bytes += u64::try_from(count).unwrap_or_default();
            if let Err(error) = inspector.push(&piece[..count]) {
                return Err(Error::invalid(operation, error.to_string()).with_source(error));
            }
        }
        match inspector.finish() {
            Ok(inspection) => Ok(Self::new(bytes, inspection)),
            Err(error) => Err(Error::invalid(operation, error.to_string()).with_source(error)),
        }
    }
}

pub(super) async fn open(path: &Path, operation: &str) -> Result<File> {
    let opened = File::open(path).await;
    opened.map_err(|error| unreadable(operation.to_owned(), error))
}

pub(super) fn unreadable(operation: String, error: io::Error) -> Error {
    let kind = match error.kind() {
        io::ErrorKind::NotFound => ErrorKind::NotFound,
        _ => ErrorKind::InvalidArgument,
    };
    Error::new(kind, operation, "the file can't be read").with_source(error)
}

#[cfg(feature = "embedded")]
use quorate_agent::snapshot::{Inspection, Inspector};

#[cfg(feature = "embedded")]
impl SnapshotInfo {
    fn new(bytes: u64, inspection: Inspection) -> Self {
        let table = |table: quorate_agent::snapshot::TableCount| SnapshotTable {
            name: table.name.to_owned(),
            rows: table.rows,
            bytes: table.bytes,
        };
        let tables = inspection.tables;
        Self {
            bytes,
            id: inspection.id,
            index: inspection.index,
            term: inspection.term,
            version: inspection.version,
            state_bytes: inspection.size,
            tables: tables.map(|tables| tables.into_iter().map(table).collect()),
        }
    }
}

#[cfg(not(feature = "embedded"))]
use plain::Inspector;

/// Without the agent nobody here knows the state, so that only the rest is read.
#[cfg(not(feature = "embedded"))]
mod plain {
    use quorate_consul::wire::snapshot::{SnapshotError, SnapshotMeta, SnapshotReader};

    use super::SnapshotInfo;

    pub(super) struct Inspector(SnapshotReader<()>);

    impl Default for Inspector {
        fn default() -> Self {
            Self(SnapshotReader::new(()))
        }
    }

    impl Inspector {
        pub(super) fn push(&mut self, bytes: &[u8]) -> Result<(), SnapshotError> {
            self.0.push(bytes)
        }

        pub(super) fn finish(self) -> Result<SnapshotMeta, SnapshotError> {
            self.0.finish().map(|(meta, ())| meta)
        }
    }

    impl SnapshotInfo {
        pub(super) fn new(bytes: u64, meta: SnapshotMeta) -> Self {
            Self {
                bytes,
                id: meta.id,
                index: meta.index,
                term: meta.term,
                version: meta.version,
                state_bytes: meta.size,
                tables: None,
            }
        }
    }
}
