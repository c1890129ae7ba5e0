//! One answer, and what it means for the call.

use std::time::Duration;

use bytes::Bytes;
use http::header::RETRY_AFTER;
use http::{HeaderMap, StatusCode};
use quorate_net::http::{HttpResponse, Verdict};
use quorate_wire::consul::{QueryMeta, meta};

use crate::answer::Answer;
use crate::call::Operation;
use crate::error::{Class, Error, ErrorKind, Refusal, from_status, is_transient};
use crate::gzip;

/// The most of a failed answer's body that is looked at, decompressed.
const MAX_REFUSAL_BYTES: usize = 64 * 1024;

/// An answer with any status; its body is decompressed.
#[derive(Debug)]
pub(crate) struct Reply<'a> {
    pub(crate) operation: Operation<'a>,
    pub(crate) write: bool,
    pub(crate) peer: &'a str,
    pub(crate) status: StatusCode,
    pub(crate) headers: HeaderMap,
    pub(crate) body: Bytes,
}

impl Reply<'_> {
    /// Itself, unless the status is no success.
    pub(crate) fn success(self) -> Result<Self, Error> {
        if self.status == StatusCode::OK || self.status.is_success() {
            Ok(self)
        } else {
            Err(self.refused())
        }
    }

    /// Whether it says that a key is absent: a 404 of the KV store has an index, and one of
    /// something that is no Consul, or of a proxy, has none.
    pub(crate) fn is_absent(&self) -> bool {
        self.status == StatusCode::NOT_FOUND && self.headers.contains_key(meta::INDEX)
    }

    /// The error that this answer is.
    pub(crate) fn refused(&self) -> Error {
        let text = String::from_utf8_lossy(&self.body);
        let refusal = Refusal {
            status: self.status.as_u16(),
            text: text.trim(),
            after: retry_after(&self.headers),
        };
        from_status(refusal, self.operation.to_string(), self.write).with_peer(Some(self.peer))
    }

    /// What the headers say.
    pub(crate) fn meta(&self) -> QueryMeta {
        meta_of(&self.headers)
    }

    /// Reads the body.
    pub(crate) fn decode<T, E>(
        &self,
        decode: impl FnOnce(&[u8]) -> Result<T, E>,
    ) -> Result<T, Error>
    where
        E: std::error::Error + Send + Sync + 'static,
    {
        decode(&self.body).map_err(|source| self.unexpected("the body").with_source(source))
    }

    /// Reads the body of a success, with the metadata beside it.
    pub(crate) fn answer<T, E>(
        self,
        decode: impl FnOnce(&[u8]) -> Result<T, E>,
    ) -> Result<Answer<T>, Error>
    where
        E: std::error::Error + Send + Sync + 'static,
    {
        let reply = self.success()?;
        let value = reply.decode(decode)?;
        Ok(Answer::new(value, reply.meta()))
    }

    /// Reads a body of `true` or `false`.
    pub(crate) fn truth(self) -> Result<bool, Error> {
        let reply = self.success()?;
        match reply.body.trim_ascii() {
            b"true" => Ok(true),
            b"false" => Ok(false),
            _ => Err(reply.unexpected("neither true nor false")),
        }
    }

    /// An answer that no Consul gives.
    pub(crate) fn unexpected(&self, what: &str) -> Error {
        let mut class = Class::unknown(self.write, ErrorKind::Protocol);
        class.kind = ErrorKind::Protocol;
        Error::new(class, self.operation.to_string())
            .with_peer(Some(self.peer))
            .with_status(self.status.as_u16())
            .with_detail(format_args!("{what}: {}", Excerpt(&self.body)))
    }
}

/// The start of a body, for an error.
struct Excerpt<'a>(&'a [u8]);

impl std::fmt::Display for Excerpt<'_> {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        let start = &self.0[..self.0.len().min(200)];
        write!(f, "{:?}", String::from_utf8_lossy(start))?;
        if start.len() < self.0.len() {
            write!(f, " … ({} bytes)", self.0.len())?;
        }
        Ok(())
    }
}

pub(crate) fn meta_of(headers: &HeaderMap) -> QueryMeta {
    QueryMeta::from_headers(|name| headers.get(name).and_then(|value| value.to_str().ok()))
}

/// Whether a read is to be sent again because of this answer.
pub(crate) fn judge_read(response: &HttpResponse) -> Verdict {
    if response.status == StatusCode::OK {
        return Verdict::Done;
    }
    if !(response.status.is_server_error() || response.status.as_u16() == 429) {
        return Verdict::Done;
    }
    let body = gzip::decoded(&response.headers, response.body.clone(), MAX_REFUSAL_BYTES);
    let text = body.unwrap_or_default();
    if is_transient(response.status.as_u16(), &String::from_utf8_lossy(&text)) {
        Verdict::Retry {
            after: retry_after(&response.headers),
        }
    } else {
        Verdict::Done
    }
}

/// `Retry-After` in whole seconds; its form of a date is not used by any Consul.
fn retry_after(headers: &HeaderMap) -> Option<Duration> {
    let text = headers.get(RETRY_AFTER)?.to_str().ok()?;
    text.trim().parse().ok().map(Duration::from_secs)
}
