//! Answers, with the headers that Consul gives them.

use std::sync::Arc;

use bytes::Bytes;
use http::header::{CONNECTION, CONTENT_ENCODING, CONTENT_TYPE, HeaderName, HeaderValue, VARY};
use http::{HeaderMap, Response, StatusCode};
use http_body_util::Full;
use hyper::ext::ReasonPhrase;
use quorate_wire::consul::json;
use serde::Serialize;

use super::stream::{ReplyBody, Source, Streamed};
use super::{gzip, pretty};
use crate::serve::Progress;

const INDEX: HeaderName = HeaderName::from_static("x-consul-index");
const KNOWN_LEADER: HeaderName = HeaderName::from_static("x-consul-knownleader");
const LAST_CONTACT: HeaderName = HeaderName::from_static("x-consul-lastcontact");

const JSON: HeaderValue = HeaderValue::from_static("application/json");
const TEXT: HeaderValue = HeaderValue::from_static("text/plain; charset=utf-8");
const BINARY: HeaderValue = HeaderValue::from_static("application/octet-stream");
const HTML: HeaderValue = HeaderValue::from_static("text/html; charset=utf-8");
const ACCEPT_ENCODING: HeaderValue = HeaderValue::from_static("Accept-Encoding");
const GZIP: HeaderValue = HeaderValue::from_static("gzip");
const TRUE: HeaderValue = HeaderValue::from_static("true");
const FALSE: HeaderValue = HeaderValue::from_static("false");
const ZERO: HeaderValue = HeaderValue::from_static("0");
const CLOSE: HeaderValue = HeaderValue::from_static("close");

/// The one header of Consul's that is no JSON.
pub(crate) const EFFECTIVE_CONSISTENCY: &str = "x-consul-effective-consistency";

/// More than any answer has, so that the map is allocated once.
const HEADERS: usize = 8;

/// How much of a text Go looks at.
const SNIFFED: usize = 512;

/// Whether no text has this byte.
fn is_binary(byte: &u8) -> bool {
    matches!(byte, 0..=8 | 0x0b | 0x0e..=0x1a | 0x1c..=0x1f)
}

/// How the client wants its answer.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub(crate) struct Style {
    /// Compressed.
    pub(crate) gzip: bool,
    /// With indented JSON.
    pub(crate) pretty: bool,
    /// With the headers of Consul 0.7, whose clients read each as a JSON value.
    pub(crate) of_old: bool,
}

/// An answer that ends a request early.
pub(crate) type Refused = Box<Reply>;

/// One answer.
#[derive(Debug)]
pub(crate) struct Reply {
    status: StatusCode,
    headers: HeaderMap,
    body: Bytes,
    /// Instead of `body`.
    stream: Option<Box<Source>>,
    content: Content,
}

#[derive(Clone, Copy, Debug, PartialEq, Eq)]
enum Content {
    Json,
    /// Anything else that an endpoint answers.
    Other,
    /// What is answered before any endpoint is found: never compressed, without `Vary`.
    Outside,
}

impl Reply {
    fn new(status: StatusCode, content: Content, body: Bytes) -> Self {
        Self {
            status,
            headers: HeaderMap::with_capacity(HEADERS),
            body,
            stream: None,
            content,
        }
    }

    fn within(
        status: StatusCode,
        content: Content,
        kind: Option<HeaderValue>,
        body: Bytes,
    ) -> Self {
        let mut reply = Self::new(status, content, body);
        if let Some(kind) = kind {
            reply.headers.insert(CONTENT_TYPE, kind);
        }
        reply.headers.insert(VARY, ACCEPT_ENCODING);
        reply
    }

    /// Status 200 with JSON, which must be compact.
    pub(crate) fn json(json: impl Into<Bytes>) -> Self {
        Self::within(StatusCode::OK, Content::Json, Some(JSON), json.into())
    }

    /// Status 200 with `value` as JSON.
    pub(crate) fn object<T: Serialize + ?Sized>(value: &T) -> Self {
        // Nothing that is answered has other keys than texts, which is all that can fail.
        Self::json(json::encode(value).unwrap_or_default())
    }

    /// Status 200 with `true` or `false`.
    pub(crate) fn flag(yes: bool) -> Self {
        let text: &'static [u8] = if yes { b"true" } else { b"false" };
        Self::json(Bytes::from_static(text))
    }

    /// A refusal in words.
    ///
    /// Consul leaves it to Go to guess what it is, which takes control characters near its start
    /// for no text.
    pub(crate) fn text(status: StatusCode, text: impl Into<Bytes>) -> Self {
        let text = text.into();
        let kind = match text.iter().take(SNIFFED).any(is_binary) {
            true => BINARY,
            false => TEXT,
        };
        Self::within(status, Content::Other, Some(kind), text)
    }

    /// Status 400 in words.
    pub(crate) fn bad_request(text: impl Into<Bytes>) -> Self {
        Self::text(StatusCode::BAD_REQUEST, text)
    }

    /// Status 500 in words: what Consul's servers answer, user errors included.
    pub(crate) fn server_error(text: impl Into<Bytes>) -> Self {
        Self::text(StatusCode::INTERNAL_SERVER_ERROR, text)
    }

    /// Status 413 in words; the connection is closed after it.
    pub(crate) fn too_large(text: impl Into<Bytes>) -> Self {
        Self::text(StatusCode::PAYLOAD_TOO_LARGE, text).with(CONNECTION, CLOSE)
    }

    /// An answer without a body.
    pub(crate) fn empty(status: StatusCode) -> Self {
        Self::within(status, Content::Other, None, Bytes::new())
    }

    /// Status 200 with the bytes as they are, which no browser may run.
    pub(crate) fn raw(value: Bytes) -> Self {
        let kind = HeaderValue::from_static("text/plain");
        let policy = HeaderName::from_static("content-security-policy");
        let sniffing = HeaderName::from_static("x-content-type-options");
        Self::within(StatusCode::OK, Content::Other, Some(kind), value)
            .with(policy, HeaderValue::from_static("sandbox"))
            .with(sniffing, HeaderValue::from_static("nosniff"))
    }

    /// An answer that is sent piece by piece.
    pub(crate) fn stream(status: StatusCode, kind: Option<HeaderValue>, source: Source) -> Self {
        let mut reply = Self::within(status, Content::Other, kind, Bytes::new());
        reply.stream = Some(Box::new(source));
        reply
    }

    /// What is answered before any endpoint is found.
    pub(crate) fn outside(status: StatusCode) -> Self {
        Self::new(status, Content::Outside, Bytes::new())
    }

    /// As [`Reply::outside`], in words.
    pub(crate) fn outside_text(status: StatusCode, text: &'static str) -> Self {
        let mut reply = Self::outside(status).with(CONTENT_TYPE, TEXT);
        reply.body = Bytes::from_static(text.as_bytes());
        reply
    }

    /// As [`Reply::outside`], as a page.
    pub(crate) fn outside_html(status: StatusCode, html: String) -> Self {
        let mut reply = Self::outside(status).with(CONTENT_TYPE, HTML);
        reply.body = html.into();
        reply
    }

    /// Changes the status.
    pub(crate) fn with_status(mut self, status: StatusCode) -> Self {
        self.status = status;
        self
    }

    /// Adds a header.
    pub(crate) fn with(mut self, name: HeaderName, value: HeaderValue) -> Self {
        self.headers.insert(name, value);
        self
    }

    /// Closes the connection after the answer.
    pub(crate) fn closing(self) -> Self {
        self.with(CONNECTION, CLOSE)
    }

    /// Adds the headers of a read that can block.
    pub(crate) fn with_index(mut self, index: u64) -> Self {
        self.headers.insert(INDEX, HeaderValue::from(index));
        self.with_leader()
    }

    /// Adds the index, and nothing that servers would have to say.
    pub(crate) fn with_index_alone(self, index: u64) -> Self {
        self.with(INDEX, HeaderValue::from(index))
    }

    /// Adds the headers of a read that can't block.
    pub(crate) fn with_leader(mut self) -> Self {
        self.headers.insert(KNOWN_LEADER, TRUE);
        self.headers.insert(LAST_CONTACT, ZERO);
        self
    }

    /// Adds the headers that some endpoints of Consul send with an error: of a read that never
    /// took place.
    pub(crate) fn with_no_leader(mut self) -> Self {
        self.headers.insert(INDEX, HeaderValue::from(1));
        self.headers.insert(KNOWN_LEADER, FALSE);
        self.headers.insert(LAST_CONTACT, ZERO);
        self
    }

    /// The same answer once more. It must be no stream.
    pub(crate) fn copy(&self) -> Self {
        Self {
            status: self.status,
            headers: self.headers.clone(),
            body: self.body.clone(),
            stream: None,
            content: self.content,
        }
    }

    /// Whether the body is sent piece by piece.
    pub(crate) fn is_stream(&self) -> bool {
        self.stream.is_some()
    }

    /// The words of an answer that says that something failed.
    pub(crate) fn server_error_text(&self) -> Option<String> {
        let failed = self.status.is_client_error() || self.status.is_server_error();
        let told = failed && self.content == Content::Other && !self.body.is_empty();
        told.then(|| String::from_utf8_lossy(&self.body).trim().to_owned())
    }

    /// Whether it is an answer and no refusal.
    pub(crate) fn is_ok(&self) -> bool {
        self.status.is_success()
    }

    /// Whether the connection is closed after the answer.
    pub(crate) fn closes(&self) -> bool {
        self.headers.contains_key(CONNECTION)
    }

    /// The answer as it is sent.
    pub(crate) fn finish(mut self, style: Style, progress: &Arc<Progress>) -> Response<ReplyBody> {
        if style.of_old {
            self.headers.remove(EFFECTIVE_CONSISTENCY);
        }
        let body = match self.stream.take() {
            None => ReplyBody::Whole(Full::new(self.whole(style))),
            Some(source) => {
                if style.gzip {
                    self.headers.insert(CONTENT_ENCODING, GZIP);
                }
                let streamed = Streamed::new(*source, style.gzip, progress.clone());
                ReplyBody::Stream(Box::new(streamed))
            }
        };
        self.head(body)
    }

    /// An answer that is no stream, as it is sent.
    pub(crate) fn finish_whole(mut self, style: Style) -> Response<Bytes> {
        if style.of_old {
            self.headers.remove(EFFECTIVE_CONSISTENCY);
        }
        let body = self.whole(style);
        self.head(body)
    }

    fn head<B>(self, body: B) -> Response<B> {
        let mut response = Response::new(body);
        if self.status == StatusCode::PAYLOAD_TOO_LARGE {
            // Go still calls it by its old name.
            let reason = ReasonPhrase::from_static(b"Request Entity Too Large");
            response.extensions_mut().insert(reason);
        }
        *response.status_mut() = self.status;
        *response.headers_mut() = self.headers;
        response
    }

    fn whole(&mut self, style: Style) -> Bytes {
        if style.pretty && self.content == Content::Json {
            self.body = pretty::indent(&self.body).into();
        }
        if style.gzip && self.content != Content::Outside && !self.body.is_empty() {
            self.body = gzip::compress(&self.body);
            self.headers.insert(CONTENT_ENCODING, GZIP);
        }
        std::mem::take(&mut self.body)
    }
}
