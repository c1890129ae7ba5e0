use std::io;
use std::pin::Pin;
use std::task::{Context, Poll};
use std::time::{SystemTime, UNIX_EPOCH};

use bytes::Bytes;
use futures_core::Stream;
use quorate_wire::consul::snapshot::{SnapshotError, SnapshotMeta, SnapshotServer, SnapshotWriter};

use super::{VERSION, state};
use crate::consul::Node;
use crate::engine::Row;
use crate::engine::consul::State;

/// About how much is compressed before others have their turn.
const PIECE: usize = 256 * 1024;

/// Makes the archive of one state, piece by piece, no faster than the pieces are taken.
///
/// It holds on to the state as it was, which shares all that has not changed since, and to a
/// pointer for each row.
#[derive(Debug)]
pub(crate) struct Saver {
    rows: Vec<Row>,
    /// The next row.
    at: usize,
    meta: SnapshotMeta,
    /// When it was begun, in seconds since 1970.
    time: u64,
    stage: Stage,
    /// The row in the works.
    buffer: Vec<u8>,
}

#[derive(Debug)]
enum Stage {
    /// The rows are measured: an archive says in front how long a file is.
    Measure,
    /// The rows are written.
    Write(Box<SnapshotWriter>),
    Done,
}

impl Saver {
    pub(crate) fn new(state: &State, node: &Node, port: u16) -> Self {
        let since = SystemTime::now().duration_since(UNIX_EPOCH);
        let since = since.unwrap_or_default();
        let index = state.indexes().last();
        let mut server = SnapshotServer::default();
        server.id.clone_from(&node.id);
        server.address = format!("{}:{port}", node.address);
        let mut meta = SnapshotMeta::default();
        meta.version = VERSION;
        meta.id = format!("1-{index}-{}", since.as_millis());
        (meta.index, meta.term, meta.configuration_index) = (index, 1, 1);
        meta.configuration.servers = Some(vec![server]);
        meta.size = len(state::FORMAT);
        Self {
            rows: state.rows().map(Row::Consul).collect(),
            at: 0,
            meta,
            time: since.as_secs(),
            stage: Stage::Measure,
            buffer: Vec::new(),
        }
    }

    /// The next piece; an empty one while there is none yet, `None` at the end.
    fn next_piece(&mut self) -> Result<Option<Vec<u8>>, SnapshotError> {
        match std::mem::replace(&mut self.stage, Stage::Done) {
            Stage::Measure => {
                let mut size = 0;
                let more = self.each(|row| {
                    size += len(row);
                    Ok(())
                })?;
                self.meta.size += size;
                self.stage = if more {
                    Stage::Measure
                } else {
                    self.at = 0;
                    let mut writer = SnapshotWriter::new(&self.meta, self.time)?;
                    writer.state(state::FORMAT)?;
                    Stage::Write(Box::new(writer))
                };
                Ok(Some(Vec::new()))
            }
            Stage::Write(mut writer) => {
                if !self.each(|row| writer.state(row))? {
                    return writer.finish().map(Some);
                }
                let piece = writer.take();
                self.stage = Stage::Write(writer);
                Ok(Some(piece))
            }
            Stage::Done => Ok(None),
        }
    }

    /// Goes through the next rows, and says whether there are more.
    fn each(
        &mut self,
        mut each: impl FnMut(&[u8]) -> Result<(), SnapshotError>,
    ) -> Result<bool, SnapshotError> {
        let mut done = 0;
        while done < PIECE
            && let Some(row) = self.rows.get(self.at)
        {
            self.buffer.clear();
            state::write(&mut self.buffer, row);
            each(&self.buffer)?;
            done += self.buffer.len() + 1;
            self.at += 1;
        }
        Ok(self.at < self.rows.len())
    }
}

impl Stream for Saver {
    type Item = io::Result<Bytes>;

    fn poll_next(mut self: Pin<&mut Self>, cx: &mut Context<'_>) -> Poll<Option<Self::Item>> {
        match self.next_piece() {
            Ok(None) => Poll::Ready(None),
            Ok(Some(piece)) if piece.is_empty() => {
                // Others have their turn before the work goes on.
                cx.waker().wake_by_ref();
                Poll::Pending
            }
            Ok(Some(piece)) => Poll::Ready(Some(Ok(piece.into()))),
            Err(error) => Poll::Ready(Some(Err(io::Error::other(error)))),
        }
    }
}

fn len(bytes: &[u8]) -> u64 {
    u64::try_from(bytes.len()).unwrap_or(u64::MAX)
}
