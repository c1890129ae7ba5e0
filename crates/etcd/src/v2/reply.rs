//! One answer, and what it means for the call.

use bytes::Bytes;
use http::{HeaderMap, StatusCode};
use quorate_net::http::{HttpResponse, Verdict};
use quorate_wire::etcd2::{Event, Meta};
use serde::de::DeserializeOwned;

use super::answer::Answer;
use super::call::Operation;
use super::error::{Class, Error, ErrorKind, is_transient, refused};

/// An answer with any status.
#[derive(Debug)]
pub(crate) struct Reply<'a> {
    pub(crate) operation: Operation<'a>,
    pub(crate) write: bool,
    /// Whether a name and password were sent.
    pub(crate) named: bool,
    pub(crate) peer: String,
    pub(crate) status: StatusCode,
    pub(crate) headers: HeaderMap,
    pub(crate) body: Bytes,
}

impl Reply<'_> {
    /// Itself, unless the status is no success.
    pub(crate) fn success(self) -> Result<Self, Error> {
        if self.status.is_success() {
            Ok(self)
        } else {
            Err(self.refused())
        }
    }

    /// The error that this answer is.
    pub(crate) fn refused(&self) -> Error {
        let operation = self.operation.to_string();
        let status = self.status.as_u16();
        let error = refused(operation, status, &self.body, self.write, self.named);
        if self.status.is_redirection() {
            let location = self.headers.get(http::header::LOCATION);
            let location = location.and_then(|value| value.to_str().ok());
            let text = location.unwrap_or("nowhere");
            return error
                .with_peer(Some(&self.peer))
                .with_detail(format_args!("a redirect to {text} is not followed"));
        }
        error.with_peer(Some(&self.peer))
    }

    /// What the headers say.
    pub(crate) fn meta(&self) -> Meta {
        meta_of(&self.headers)
    }

    /// Reads the body of a success.
    pub(crate) fn json<T: DeserializeOwned>(self) -> Result<Answer<T>, Error> {
        let reply = self.success()?;
        let value = reply.decode()?;
        Ok(Answer::new(value, reply.meta()))
    }

    /// Reads the body, whatever the status.
    pub(crate) fn decode<T: DeserializeOwned>(&self) -> Result<T, Error> {
        serde_json::from_slice(&self.body)
            .map_err(|source| self.unexpected("the body").with_source(source))
    }

    /// Reads the event of a success.
    pub(crate) fn event(self) -> Result<Answer<Event>, Error> {
        self.json()
    }

    /// An answer that no etcd gives.
    pub(crate) fn unexpected(&self, what: &str) -> Error {
        let mut class = Class::unknown(self.write, ErrorKind::Protocol);
        class.kind = ErrorKind::Protocol;
        let start = &self.body[..self.body.len().min(200)];
        let start = String::from_utf8_lossy(start);
        Error::new(class, self.operation.to_string())
            .with_peer(Some(&self.peer))
            .with_status(self.status.as_u16())
            .with_detail(format_args!("{what}: {start:?}"))
    }
}

pub(crate) fn meta_of(headers: &HeaderMap) -> Meta {
    Meta::from_headers(|name| headers.get(name).and_then(|value| value.to_str().ok()))
}

/// Whether a read is to be sent again because of this answer.
pub(crate) fn judge_read(response: &HttpResponse, answers: &[u16]) -> Verdict {
    let status = response.status.as_u16();
    if answers.contains(&status) || !is_transient(status, &response.body) {
        Verdict::Done
    } else {
        Verdict::Retry { after: None }
    }
}
