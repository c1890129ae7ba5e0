//! What a client sends: one object after the other, within bounds of bytes and time.

use std::io;
use std::time::Duration;

use bytes::{Bytes, BytesMut};
use quorate_net::transport::Stream;
use quorate_wire::msgpack::Splitter;
use tokio::io::{AsyncReadExt, ReadHalf};
use tokio::time::timeout;

use super::connection::Ended;

/// The largest object of a client of whom nothing is known yet.
const STRANGERS: usize = 4 * 1024;
/// The largest object of the others.
const KNOWN: usize = 1024 * 1024;
/// How long an object may take once its first byte is there.
const OBJECT_TIMEOUT: Duration = Duration::from_secs(60);
/// How much is read at once.
const PIECE: usize = 8 * 1024;

pub(super) struct Objects {
    stream: ReadHalf<Stream>,
    buffer: BytesMut,
    splitter: Splitter,
}

impl Objects {
    pub(super) fn new(stream: ReadHalf<Stream>) -> Self {
        Self {
            stream,
            buffer: BytesMut::new(),
            splitter: Splitter::new(STRANGERS),
        }
    }

    /// Takes larger objects from now on.
    pub(super) fn trust(&mut self) {
        self.splitter.set_limit(KNOWN);
    }

    /// The next object; `None` when the client has closed the connection after a whole one.
    ///
    /// # Cancel safety
    /// Safe: what was read stays here.
    pub(super) async fn next(&mut self) -> Result<Option<Bytes>, Ended> {
        if self.buffer.is_empty() && self.read().await? == 0 {
            return Ok(None);
        }
        let rest = timeout(OBJECT_TIMEOUT, self.rest()).await;
        rest.map_err(|_| Ended::TooSlow)?.map(Some)
    }

    async fn rest(&mut self) -> Result<Bytes, Ended> {
        loop {
            if let Some(length) = self.splitter.scan(&self.buffer)? {
                return Ok(self.buffer.split_to(length).freeze());
            }
            if self.read().await? == 0 {
                return Err(Ended::Cut);
            }
        }
    }

    async fn read(&mut self) -> io::Result<usize> {
        self.buffer.reserve(PIECE);
        // The buffer may have more room than was asked for.
        let most = u64::try_from(PIECE).unwrap_or(u64::MAX);
        let mut piece = (&mut self.stream).take(most);
        piece.read_buf(&mut self.buffer).await
    }
}
