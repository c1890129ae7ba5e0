//! What is sent to a client: whole answers and records, within a bound of time.

use std::sync::Arc;
use std::time::Duration;

use quorate_net::transport::Stream;
use quorate_wire::msgpack::Encode;
use quorate_wire::serf::ResponseHeader;
use tokio::io::{AsyncWriteExt, WriteHalf};
use tokio::sync::Mutex;
use tokio::time::timeout;
use tokio_util::sync::CancellationToken;

use super::connection::Ended;

/// How long a client may not take any byte before its connection is closed.
const WRITE_TIMEOUT: Duration = Duration::from_secs(10);

/// The way to a client, shared by all who tell it something.
#[derive(Clone)]
pub(super) struct Outgoing {
    stream: Arc<Mutex<WriteHalf<Stream>>>,
    closed: CancellationToken,
}

impl Outgoing {
    pub(super) fn new(stream: WriteHalf<Stream>) -> Self {
        Self {
            stream: Arc::new(Mutex::new(stream)),
            closed: CancellationToken::new(),
        }
    }

    /// Sends whole answers or records. When that fails the connection is closed for all.
    pub(super) async fn send(&self, bytes: &[u8]) -> Result<(), Ended> {
        let mut stream = self.stream.lock().await;
        let mut rest = bytes;
        while !rest.is_empty() {
            let written = timeout(WRITE_TIMEOUT, stream.write(rest)).await;
            let ended = match written {
                Ok(Ok(count)) if count > 0 => {
                    rest = rest.get(count..).unwrap_or_default();
                    continue;
                }
                Ok(Ok(_)) => Ended::Cut,
                Ok(Err(error)) => error.into(),
                Err(_) => Ended::NotTaken,
            };
            self.close();
            return Err(ended);
        }
        Ok(())
    }

    pub(super) fn close(&self) {
        self.closed.cancel();
    }

    pub(super) async fn closed(&self) {
        self.closed.cancelled().await;
    }
}

/// An answer without a body.
pub(super) fn header(seq: u64, error: &str) -> Vec<u8> {
    let error = error.to_owned();
    ResponseHeader { error, seq }.to_msgpack()
}

/// An answer, or a record of a stream.
pub(super) fn with_body(seq: u64, error: &str, body: &impl Encode) -> Vec<u8> {
    let mut bytes = header(seq, error);
    bytes.extend(body.to_msgpack());
    bytes
}
