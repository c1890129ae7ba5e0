use std::io::{self, Write};
use std::pin::Pin;
use std::task::{Context, Poll};
use std::time::{SystemTime, UNIX_EPOCH};

use bytes::Bytes;
use flate2::Compression;
use flate2::write::GzEncoder;
use futures_core::Stream;
use sha2::Digest;

use super::meta::{Configuration, Meta, Server, VERSION};
use super::sums::Sums;
use super::{META, STATE, SUMS, state, tar};
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
    stage: Stage,
    meta: Meta,
    /// When it was begun, in seconds since 1970.
    time: u64,
    sums: Sums,
    encoder: GzEncoder<Vec<u8>>,
    /// The row in the works.
    buffer: Vec<u8>,
}

#[derive(Clone, Copy, Debug, PartialEq, Eq)]
enum Stage {
    /// The rows are measured: an archive says in front how long a file is.
    Measure,
    /// The rows are written.
    Write,
    Done,
}

impl Saver {
    pub(crate) fn new(state: &State, node: &Node, port: u16) -> Self {
        let since = SystemTime::now().duration_since(UNIX_EPOCH);
        let since = since.unwrap_or_default();
        let index = state.indexes().last();
        let server = Server {
            suffrage: 0,
            id: node.id.clone(),
            address: format!("{}:{port}", node.address),
        };
        Self {
            rows: state.rows().map(Row::Consul).collect(),
            at: 0,
            stage: Stage::Measure,
            meta: Meta {
                version: VERSION,
                id: format!("1-{index}-{}", since.as_millis()),
                index,
                term: 1,
                peers: None,
                configuration: Configuration {
                    servers: Some(vec![server]),
                },
                configuration_index: 1,
                size: len(state::FORMAT),
            },
            time: since.as_secs(),
            sums: Sums::default(),
            encoder: GzEncoder::new(Vec::new(), Compression::fast()),
            buffer: Vec::new(),
        }
    }

    /// The next piece; an empty one while there is none yet, `None` at the end.
    fn next_piece(&mut self) -> io::Result<Option<Bytes>> {
        match self.stage {
            Stage::Measure => self.measure()?,
            Stage::Write => self.write()?,
            Stage::Done => return Ok(None),
        }
        let piece = std::mem::take(self.encoder.get_mut());
        Ok(Some(piece.into()))
    }

    fn measure(&mut self) -> io::Result<()> {
        let mut done = 0;
        while done < PIECE
            && let Some(row) = self.rows.get(self.at)
        {
            self.buffer.clear();
            state::write(&mut self.buffer, row);
            self.meta.size += len(&self.buffer);
            done += self.buffer.len() + 1;
            self.at += 1;
        }
        if self.at == self.rows.len() {
            self.begin()?;
        }
        Ok(())
    }

    fn begin(&mut self) -> io::Result<()> {
        let mut meta = serde_json::to_vec(&self.meta)?;
        meta.push(b'\n');
        self.sums.meta.update(&meta);
        self.file(META, &meta)?;
        let header = tar::header(STATE, self.meta.size, self.time);
        self.encoder.write_all(&header)?;
        self.sums.state.update(state::FORMAT);
        self.encoder.write_all(state::FORMAT)?;
        self.at = 0;
        self.stage = Stage::Write;
        Ok(())
    }

    /// A whole file.
    fn file(&mut self, name: &str, content: &[u8]) -> io::Result<()> {
        let size = len(content);
        let header = tar::header(name, size, self.time);
        self.encoder.write_all(&header)?;
        self.encoder.write_all(content)?;
        self.pad(size)
    }

    fn pad(&mut self, size: u64) -> io::Result<()> {
        let zeros = [0; tar::BLOCK];
        self.encoder.write_all(&zeros[..tar::padding(size)])
    }

    fn write(&mut self) -> io::Result<()> {
        let mut done = 0;
        while done < PIECE
            && let Some(row) = self.rows.get(self.at)
        {
            self.buffer.clear();
            state::write(&mut self.buffer, row);
            self.sums.state.update(&self.buffer);
            self.encoder.write_all(&self.buffer)?;
            done += self.buffer.len() + 1;
            self.at += 1;
        }
        if self.at == self.rows.len() {
            self.pad(self.meta.size)?;
            let sums = std::mem::take(&mut self.sums).text();
            self.file(SUMS, sums.as_bytes())?;
            self.encoder.write_all(&[0; 2 * tar::BLOCK])?;
            self.encoder.try_finish()?;
            self.stage = Stage::Done;
        }
        Ok(())
    }
}

impl Stream for Saver {
    type Item = io::Result<Bytes>;

    fn poll_next(mut self: Pin<&mut Self>, cx: &mut Context<'_>) -> Poll<Option<Self::Item>> {
        match self.next_piece() {
            Ok(Some(piece)) if piece.is_empty() => {
                // Others have their turn before the work goes on.
                cx.waker().wake_by_ref();
                Poll::Pending
            }
            piece => Poll::Ready(piece.transpose()),
        }
    }
}

fn len(bytes: &[u8]) -> u64 {
    u64::try_from(bytes.len()).unwrap_or(u64::MAX)
}
