//! A response that is read as it comes in.

use std::fmt;
use std::sync::Arc;
use std::time::Duration;

use bytes::{Bytes, BytesMut};
use http::{HeaderMap, StatusCode};
use hyper::body::Incoming;
use tokio::time::Instant;

use super::client::Inner;
use super::connection::Connection;
use super::exchange::{Progress, next_chunk};
use crate::deadline::within;
use crate::endpoint::EndpointId;
use crate::error::{Account, Failure, NetError, NetErrorKind, Phase};

/// The head of a response, and its body chunk by chunk.
///
/// Nothing is read ahead: a slow reader slows the server down. When the body has been read to its
/// end the connection serves other requests; dropping the stream before that closes it.
pub struct HttpBodyStream {
    /// The status. Any, including redirects and errors.
    pub status: StatusCode,
    /// The headers.
    pub headers: HeaderMap,
    /// The server that answers.
    pub endpoint: EndpointId,
    client: Arc<Inner>,
    /// `None` after the end or an error.
    open: Option<(Connection, Incoming)>,
    progress: Progress,
    chunk_timeout: Duration,
    started: Instant,
}

impl HttpBodyStream {
    pub(super) fn new(
        client: Arc<Inner>,
        endpoint: EndpointId,
        response: http::Response<Incoming>,
        connection: Connection,
        mut progress: Progress,
        chunk_timeout: Duration,
    ) -> Self {
        let (head, body) = response.into_parts();
        progress.phase = Phase::Body;
        Self {
            status: head.status,
            headers: head.headers,
            endpoint,
            client,
            open: Some((connection, body)),
            progress,
            chunk_timeout,
            started: Instant::now(),
        }
    }

    /// The next bytes, never none; `None` at the end, and after an error.
    ///
    /// # Errors
    ///
    /// [`NetError`] when the connection breaks, or no chunk comes within the time for one.
    ///
    /// # Cancel safety
    ///
    /// Safe: dropping the future loses nothing, and the next call goes on.
    pub async fn next_chunk(&mut self) -> Result<Option<Bytes>, NetError> {
        let Some((connection, body)) = &mut self.open else {
            return Ok(None);
        };
        let until = Instant::now().checked_add(self.chunk_timeout);
        let failure = match within(until, next_chunk(connection, body, &self.progress)).await {
            Some(Ok(Some(chunk))) => return Ok(Some(chunk)),
            Some(Ok(None)) => {
                self.finish().await;
                return Ok(None);
            }
            Some(Err(failure)) => failure,
            None => Failure::timeout(Phase::Body).with_sent(true),
        };
        self.open = None;
        Err(self.error(failure))
    }

    /// Reads the rest of the body, up to `max` bytes.
    ///
    /// # Errors
    ///
    /// As [`next_chunk`](Self::next_chunk), and `TooLarge` when there is more.
    pub async fn collect(mut self, max: u64) -> Result<Bytes, NetError> {
        let mut all = BytesMut::new();
        while let Some(chunk) = self.next_chunk().await? {
            let length = u64::try_from(all.len() + chunk.len()).unwrap_or(u64::MAX);
            if length > max {
                let text = format!("the body has {length} bytes or more, and the limit is {max}");
                let failure = Failure::new(Phase::Body, NetErrorKind::TooLarge, text);
                return Err(self.error(failure.with_sent(true)));
            }
            all.extend_from_slice(&chunk);
        }
        Ok(all.freeze())
    }

    /// Gives the connection back.
    async fn finish(&mut self) {
        // The body has ended, and looking at the connection does not wait: a future dropped here
        // has nothing left to lose.
        if let Some((mut connection, _)) = self.open.take()
            && connection.is_usable().await
        {
            self.client.pool.put(self.endpoint, connection);
        }
    }

    fn error(&self, failure: Failure) -> NetError {
        let endpoint = self.client.config.endpoints.get(self.endpoint);
        NetError::new(
            failure,
            Account {
                sent: true,
                attempts: 1,
                elapsed: self.started.elapsed(),
                endpoint: endpoint.map(ToString::to_string),
            },
        )
    }
}

impl fmt::Debug for HttpBodyStream {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("HttpBodyStream")
            .field("status", &self.status)
            .field("headers", &self.headers)
            .field("endpoint", &self.endpoint)
            .finish_non_exhaustive()
    }
}
