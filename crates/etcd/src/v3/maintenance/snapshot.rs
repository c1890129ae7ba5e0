//! The whole database of a server, piece by piece.

use std::path::Path;
use std::time::Duration;

use bytes::Bytes;
use quorate_etcd_proto::etcdserverpb as pb;
use quorate_etcd_proto::prost::Message as _;
use quorate_net::new_file::NewFile;
use tokio::time::timeout;

use super::{Maintenance, SNAPSHOT};
use crate::v3::call::{Call, Operation};
use crate::v3::channel::Inbound;
use crate::v3::error::{Class, Error, ErrorKind, Outcome, RetryAdvice, judge};
use crate::v3::link::of_status;

/// How long the next piece may take.
const PIECE: Duration = Duration::from_secs(30);
const OPERATION: &str = "save a snapshot";

/// The database of a server as it was at one moment, as a file for `etcdutl snapshot restore`. From
/// [`Maintenance::snapshot`].
#[derive(Debug)]
#[must_use = "nothing is read unless it is polled"]
pub struct Snapshot {
    inbound: Inbound,
    remaining: Option<u64>,
}

impl Maintenance {
    /// Begins to read the database of the server.
    ///
    /// `Maintenance.Snapshot`
    ///
    /// # Errors
    /// What any read answers.
    ///
    /// # Cancel safety
    /// Safe: nothing is changed.
    pub async fn snapshot(&self) -> Result<Snapshot, Error> {
        let operation = Operation::new(OPERATION, "");
        let call = Call::new(operation, &SNAPSHOT, &pb::SnapshotRequest {});
        let call = call.within(Some(PIECE)).of_a_member(self.endpoint);
        Ok(Snapshot {
            inbound: self.client.link().download(&call).await?,
            remaining: None,
        })
    }

    /// Writes the database of the server into a file, which is there as a whole or not at all.
    /// Tells how many bytes it has.
    ///
    /// `Maintenance.Snapshot`
    ///
    /// # Errors
    /// As [`snapshot`](Self::snapshot) and [`Snapshot::next`]; `InvalidArgument` with the cause if
    /// the file can't be written.
    ///
    /// # Cancel safety
    /// No file is left behind.
    pub async fn save_snapshot(&self, path: &Path) -> Result<u64, Error> {
        let mut snapshot = self.snapshot().await?;
        let wrong = |error: std::io::Error| {
            let why = format_args!("path: `{}` can't be written", path.display());
            Error::invalid(OPERATION, why).with_source(error)
        };
        let mut file = NewFile::create(path).await.map_err(wrong)?;
        let mut size = 0;
        while let Some(piece) = snapshot.next().await? {
            size += u64::try_from(piece.len()).unwrap_or_default();
            file.write_all(&piece).await.map_err(wrong)?;
        }
        file.finish().await.map_err(wrong)?;
        Ok(size)
    }
}

impl Snapshot {
    /// The next piece; `None` after the last.
    ///
    /// # Errors
    /// What breaks the connection; `Protocol` if less comes than was announced. There is no going
    /// on after that.
    ///
    /// # Cancel safety
    /// Safe: no piece is lost.
    pub async fn next(&mut self) -> Result<Option<Bytes>, Error> {
        let class = Class::new(
            ErrorKind::Unavailable,
            Outcome::DidNotHappen,
            RetryAdvice::IfIdempotent,
        );
        let Ok(message) = timeout(PIECE, self.inbound.message()).await else {
            return Err(Error::new(class, OPERATION).with_detail("the server stands still"));
        };
        let message = message.map_err(|status| {
            let judged = judge(status.code(), status.message(), false);
            of_status(judged.class, OPERATION.to_owned(), &status)
        })?;
        let Some(body) = message else {
            return match self.remaining {
                Some(0) => Ok(None),
                _ => Err(Error::protocol(OPERATION, false, "it ended before its end")),
            };
        };
        let response = pb::SnapshotResponse::decode(body).map_err(|error| {
            Error::protocol(OPERATION, false, "a piece can't be decoded").with_source(error)
        })?;
        self.remaining = Some(response.remaining_bytes);
        Ok(Some(response.blob))
    }

    /// How many bytes come after the pieces so far; `None` before the first.
    #[must_use]
    pub fn remaining(&self) -> Option<u64> {
        self.remaining
    }
}
