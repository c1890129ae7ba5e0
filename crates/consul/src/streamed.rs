//! An answer that is read as it comes in.

use bytes::Bytes;
use quorate_net::http::HttpBodyStream;
use quorate_wire::consul::QueryMeta;

use crate::call::Operation;
use crate::error::Error;
use crate::reply::meta_of;

/// The body of a successful answer, piece by piece.
///
/// Nothing is read ahead: a slow reader slows the server down. Dropping it closes the connection.
#[derive(Debug)]
pub(crate) struct Streamed {
    operation: String,
    peer: String,
    body: HttpBodyStream,
}

impl Streamed {
    pub(crate) fn new(operation: Operation<'_>, peer: String, body: HttpBodyStream) -> Self {
        Self {
            operation: operation.to_string(),
            peer,
            body,
        }
    }

    /// What the headers say.
    pub(crate) fn meta(&self) -> QueryMeta {
        meta_of(&self.body.headers)
    }

    /// The call, for errors about what was read.
    pub(crate) fn operation(&self) -> &str {
        &self.operation
    }

    /// The server that answers.
    pub(crate) fn peer(&self) -> &str {
        &self.peer
    }

    /// The next bytes, never none; `None` at the end, and after an error.
    ///
    /// Cancel safe: a call that is dropped loses nothing.
    pub(crate) async fn next_chunk(&mut self) -> Result<Option<Bytes>, Error> {
        let next = self.body.next_chunk().await;
        next.map_err(|error| Error::of_net(error, self.operation.clone(), false))
    }
}
