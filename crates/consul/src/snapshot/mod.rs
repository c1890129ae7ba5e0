//! Snapshots: `/v1/snapshot`.

mod file;
mod stream;

use std::path::Path;

use http::Method;
use quorate_net::http::Upload;
use quorate_wire::consul::path;
use tokio::fs::File;

use crate::call::Operation;
use crate::client::Client;
use crate::error::Error;
use crate::options::{QueryOptions, WriteOptions};
use crate::url::Url;
pub use file::SavedSnapshot;
pub use stream::SnapshotStream;

/// Snapshots: the servers' whole state in one file.
///
/// A snapshot is only ever in memory piece by piece. It is a secret: it holds all keys, and all
/// tokens of the access rules.
///
/// ```
/// # #[tokio::main(flavor = "current_thread")] async fn main() -> Result<(), Box<dyn std::error::Error>> {
/// # let agent = quorate_agent::Agent::start(Default::default()).await?;
/// # let client = quorate_consul::Client::builder().dialer(agent.dialer()).build()?;
/// # let directory = tempfile::tempdir()?;
/// # let path = directory.path().join("backup.snap");
/// client.kv().put("config/port", "8080").await?;
/// let saved = client.snapshot().save_to(&path).await?;
/// println!("{} bytes, as of index {}", saved.bytes, saved.meta.index);
///
/// client.kv().delete_tree("").await?;
/// client.snapshot().restore_from(&path).await?;
/// assert!(client.kv().get("config/port").await?.is_some());
/// # Ok(())
/// # }
/// ```
#[derive(Clone, Debug)]
pub struct Snapshots {
    client: Client,
}

impl Snapshots {
    pub(crate) fn new(client: Client) -> Self {
        Self { client }
    }

    /// Starts to save: the state as it is when the server gets to it, piece by piece.
    ///
    /// What comes is verified on the way, so a stream that has ended without an error was whole.
    ///
    /// `GET /v1/snapshot`
    ///
    /// # Errors
    /// `PermissionDenied` for tokens that may not do everything, else see
    /// [`ErrorKind`](crate::ErrorKind).
    pub async fn save(&self) -> Result<SnapshotStream, Error> {
        self.save_with(&QueryOptions::default()).await
    }

    /// [`save`](Self::save) with options: with [`Stale`](crate::Consistency::Stale) any server
    /// answers, also while there is no leader.
    ///
    /// The time of one attempt bounds how long nothing may come; nothing bounds the whole.
    ///
    /// # Errors
    /// As [`save`](Self::save).
    pub async fn save_with(&self, options: &QueryOptions) -> Result<SnapshotStream, Error> {
        let operation = Operation::new("save a snapshot", "");
        let call = self
            .client
            .read(operation, Url::new(path::SNAPSHOT), options);
        let streamed = self.client.open(call, None).await?;
        Ok(SnapshotStream::new(streamed))
    }

    /// Saves into a file, which is replaced only when the whole snapshot is there, verified and
    /// durable.
    ///
    /// # Errors
    /// As [`save`](Self::save); `Protocol` when what came is no whole snapshot, and
    /// `InvalidArgument` when the file can't be written.
    ///
    /// # Cancel safety
    /// Dropping the future leaves the file as it was.
    pub async fn save_to(&self, path: impl AsRef<Path>) -> Result<SavedSnapshot, Error> {
        let options = QueryOptions::default();
        self.save_to_with(path, &options, |_| {}).await
    }

    /// [`save_to`](Self::save_to) with options, and with word of the bytes that were saved so far.
    ///
    /// # Errors
    /// As [`save_to`](Self::save_to).
    ///
    /// # Cancel safety
    /// As [`save_to`](Self::save_to).
    pub async fn save_to_with(
        &self,
        path: impl AsRef<Path>,
        options: &QueryOptions,
        progress: impl FnMut(u64) + Send,
    ) -> Result<SavedSnapshot, Error> {
        let stream = self.save_with(options).await?;
        file::save(stream, path.as_ref(), progress).await
    }

    /// Puts the state of a snapshot in the place of all that the servers have. Blocked reads
    /// return at once, and indexes may be lower afterwards.
    ///
    /// Real servers restore only snapshots of real servers, and embedded agents only those of
    /// embedded agents.
    ///
    /// `PUT /v1/snapshot`
    ///
    /// # Errors
    /// `InvalidArgument` when it is no whole snapshot, or of another program: then nothing was
    /// changed. `Indeterminate` when the answer was lost.
    ///
    /// # Cancel safety
    /// Dropping the future while the snapshot is sent changes nothing; later it may happen all the
    /// same.
    pub async fn restore(&self, snapshot: Upload) -> Result<(), Error> {
        self.restore_with(snapshot, &WriteOptions::default()).await
    }

    /// [`restore`](Self::restore) with options. The time of one attempt bounds how long nothing
    /// may move, and only a timeout that is set here the whole.
    ///
    /// # Errors
    /// As [`restore`](Self::restore).
    pub async fn restore_with(
        &self,
        snapshot: Upload,
        options: &WriteOptions,
    ) -> Result<(), Error> {
        let operation = Operation::new("restore a snapshot", "");
        let url = Url::new(path::SNAPSHOT);
        let call = self.client.write(operation, Method::PUT, url, options);
        let reply = self.client.upload(call, snapshot, None).await?;
        reply.success().map(drop)
    }

    /// Restores a file, which is verified before any of it is sent.
    ///
    /// # Errors
    /// As [`restore`](Self::restore); `InvalidArgument` when the file can't be read.
    pub async fn restore_from(&self, path: impl AsRef<Path>) -> Result<(), Error> {
        let options = WriteOptions::default();
        self.restore_from_with(path, &options, |_| {}).await
    }

    /// [`restore_from`](Self::restore_from) with options, and with word of the bytes that were
    /// sent so far.
    ///
    /// # Errors
    /// As [`restore_from`](Self::restore_from).
    pub async fn restore_from_with(
        &self,
        path: impl AsRef<Path>,
        options: &WriteOptions,
        progress: impl FnMut(u64) + Send + 'static,
    ) -> Result<(), Error> {
        let path = path.as_ref();
        let operation = Operation::new("restore a snapshot", "");
        let unreadable = |error: std::io::Error| {
            let why = format_args!("path: {} can't be read", path.display());
            Error::invalid(operation.to_string(), why).with_source(error)
        };
        let mut file = File::open(path).await.map_err(unreadable)?;
        let length = file::verify(&mut file).await.map_err(unreadable)?;
        let reader = file::Counted::new(file, progress);
        let upload = Upload::from_reader(reader).with_length(length);
        self.restore_with(upload, options).await
    }
}
