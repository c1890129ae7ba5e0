//! What came back.

use std::fmt;
use std::time::Duration;

use bytes::Bytes;
use http::{HeaderMap, StatusCode};

use crate::endpoint::EndpointId;

/// A whole response.
#[derive(Clone)]
pub struct HttpResponse {
    /// The status. Any, including redirects and errors.
    pub status: StatusCode,
    /// The headers.
    pub headers: HeaderMap,
    /// The body.
    pub body: Bytes,
    /// The server that answered.
    pub endpoint: EndpointId,
}

impl fmt::Debug for HttpResponse {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        // Bodies may be secrets.
        f.debug_struct("HttpResponse")
            .field("status", &self.status)
            .field("headers", &self.headers)
            .field("body", &format_args!("{} bytes", self.body.len()))
            .field("endpoint", &self.endpoint)
            .finish()
    }
}

/// What a caller makes of a response.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Verdict {
    /// It is the answer.
    Done,
    /// It only says that this server cannot answer now, and the request had no effect or may be
    /// repeated. It is tried again, on the next server or after a pause; when there is no time
    /// left for that, this response is returned.
    Retry {
        /// The pause that the server asks for, if it does.
        after: Option<Duration>,
    },
}
