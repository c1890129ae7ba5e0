/// Why a file is no snapshot that can be used, in Consul's words where it has any.
#[derive(Clone, Debug, PartialEq, Eq, thiserror::Error)]
#[non_exhaustive]
pub enum SnapshotError {
    /// It is not compressed as a snapshot is.
    #[error("failed to decompress snapshot: {0}")]
    Compression(&'static str),
    /// Its compressed data were changed.
    #[error("gzip: invalid checksum")]
    Checksum,
    /// It is not, or not whole, the archive that a snapshot is.
    #[error("failed to read snapshot file: failed reading snapshot: {0}")]
    Archive(&'static str),
    /// It has a file that no snapshot has.
    #[error("failed to read snapshot file: unexpected file {0:?} in snapshot")]
    UnexpectedFile(String),
    /// A file in it is longer than allowed.
    #[error("failed to read snapshot file: {name} has more than {limit} bytes")]
    TooLong {
        /// The file.
        name: &'static str,
        /// The most that is read of it.
        limit: usize,
    },
    /// What it says of itself can't be read.
    #[error("failed to read snapshot file: failed to decode snapshot metadata: {0}")]
    Metadata(String),
    /// Its state ends too early.
    #[error("failed to read snapshot file: failed to read or write snapshot data: unexpected EOF")]
    Cut,
    /// Its files are not those that were written.
    #[error("failed to read snapshot file: failed checking integrity of snapshot: {0}")]
    Integrity(String),
    /// Its state is not what the reader takes.
    #[error("failed to restore snapshot: {0}")]
    State(String),
}
