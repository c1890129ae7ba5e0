//! Answers, with the headers that etcd gives them.

use bytes::Bytes;
use http::header::{
    ACCESS_CONTROL_ALLOW_HEADERS, ACCESS_CONTROL_ALLOW_METHODS, ACCESS_CONTROL_ALLOW_ORIGIN, ALLOW,
    CONNECTION, CONTENT_TYPE, HeaderName, HeaderValue, X_CONTENT_TYPE_OPTIONS,
};
use http::{HeaderMap, Response, StatusCode};
use http_body_util::Full;
use quorate_wire::etcd2::json::{Escapes, encode_as};
use quorate_wire::etcd2::{ErrorBody, MessageBody, Meta};
use serde::Serialize;

use crate::consul::ReplyBody;

const JSON: HeaderValue = HeaderValue::from_static("application/json");
const TEXT: HeaderValue = HeaderValue::from_static("text/plain; charset=utf-8");
const ANY: HeaderValue = HeaderValue::from_static("*");
const METHODS: HeaderValue = HeaderValue::from_static("POST, GET, OPTIONS, PUT, DELETE");
const HEADERS: HeaderValue = HeaderValue::from_static("accept, content-type, authorization");
const NO_SNIFF: HeaderValue = HeaderValue::from_static("nosniff");
const CLOSE: HeaderValue = HeaderValue::from_static("close");

/// More than any answer has, so that the map is allocated once.
const MAX_HEADERS: usize = 10;

/// An answer that ends a request early.
pub(super) type Refused = Box<Reply>;

/// One answer.
#[derive(Debug)]
pub(crate) struct Reply {
    status: StatusCode,
    headers: HeaderMap,
    body: Bytes,
}

impl Reply {
    /// An answer without a body. Browsers may read every answer, wherever the page comes from.
    pub(crate) fn new(status: StatusCode) -> Self {
        let mut headers = HeaderMap::with_capacity(MAX_HEADERS);
        headers.insert(ACCESS_CONTROL_ALLOW_HEADERS, HEADERS);
        headers.insert(ACCESS_CONTROL_ALLOW_METHODS, METHODS);
        headers.insert(ACCESS_CONTROL_ALLOW_ORIGIN, ANY);
        Self {
            status,
            headers,
            body: Bytes::new(),
        }
    }

    /// JSON without a line feed behind it.
    pub(super) fn json<T: Serialize>(status: StatusCode, value: &T) -> Self {
        let reply = Self::new(status).with(CONTENT_TYPE, JSON);
        reply.with_body(encode(value))
    }

    /// JSON with a line feed behind it.
    pub(super) fn line<T: Serialize>(status: StatusCode, value: &T) -> Self {
        let mut body = encode(value);
        body.push(b'\n');
        let reply = Self::new(status).with(CONTENT_TYPE, JSON);
        reply.with_body(body)
    }

    /// JSON that is there already.
    pub(crate) fn encoded(status: StatusCode, body: Vec<u8>) -> Self {
        let reply = Self::new(status).with(CONTENT_TYPE, JSON);
        reply.with_body(body)
    }

    /// The head of an answer whose body follows.
    pub(crate) fn head() -> Self {
        Self::new(StatusCode::OK).with(CONTENT_TYPE, JSON)
    }

    /// Plain text, as it is.
    pub(super) fn text(body: impl Into<Bytes>) -> Self {
        let reply = Self::new(StatusCode::OK).with(CONTENT_TYPE, TEXT);
        reply.with_body(body)
    }

    /// What Go's `http.Error` answers.
    pub(super) fn plain_error(status: StatusCode, text: &'static str) -> Self {
        let reply = Self::new(status).with(CONTENT_TYPE, TEXT);
        let reply = reply.with(X_CONTENT_TYPE_OPTIONS, NO_SNIFF);
        reply.with_body(format!("{text}\n"))
    }

    /// There is nothing at this path.
    pub(super) fn not_found() -> Self {
        Self::plain_error(StatusCode::NOT_FOUND, "404 page not found")
    }

    /// The path takes other methods.
    pub(super) fn not_allowed(allow: &'static str) -> Self {
        let reply = Self::plain_error(StatusCode::METHOD_NOT_ALLOWED, "Method Not Allowed");
        match allow {
            "" => reply,
            allow => reply.with(ALLOW, HeaderValue::from_static(allow)),
        }
    }

    /// A refusal of anything but keys.
    pub(super) fn message(status: StatusCode, message: impl Into<String>) -> Self {
        Self::json(status, &MessageBody::new(message))
    }

    /// The agent could not do what it should have.
    pub(super) fn server_error() -> Self {
        Self::message(StatusCode::INTERNAL_SERVER_ERROR, "Internal Server Error")
    }

    /// Whoever asks may not do that.
    pub(super) fn no_access() -> Self {
        Self::message(StatusCode::UNAUTHORIZED, "Insufficient credentials")
    }

    /// A refusal of keys.
    pub(super) fn of_key_error(body: &ErrorBody) -> Self {
        let status = StatusCode::from_u16(body.code().status());
        Self::line(status.unwrap_or(StatusCode::BAD_REQUEST), body)
    }

    /// Changes the status.
    pub(super) fn with_status(mut self, status: StatusCode) -> Self {
        self.status = status;
        self
    }

    pub(super) fn with_body(mut self, body: impl Into<Bytes>) -> Self {
        self.body = body.into();
        self
    }

    /// Adds a header.
    pub(crate) fn with(mut self, name: HeaderName, value: HeaderValue) -> Self {
        self.headers.insert(name, value);
        self
    }

    /// Adds the headers of etcd's own.
    pub(super) fn with_meta(mut self, meta: Meta) -> Self {
        meta.to_headers(|name, value| {
            if let Ok(value) = HeaderValue::from_str(value) {
                self.headers.insert(HeaderName::from_static(name), value);
            }
        });
        self
    }

    /// What Go's server answers itself: not for pages of elsewhere.
    pub(super) fn before_any_endpoint(mut self) -> Self {
        for name in [
            ACCESS_CONTROL_ALLOW_HEADERS,
            ACCESS_CONTROL_ALLOW_METHODS,
            ACCESS_CONTROL_ALLOW_ORIGIN,
        ] {
            self.headers.remove(name);
        }
        self
    }

    /// Closes the connection after the answer.
    pub(crate) fn closing(self) -> Self {
        self.with(CONNECTION, CLOSE)
    }

    /// Whether the connection is closed after the answer.
    pub(crate) fn closes(&self) -> bool {
        self.headers.contains_key(CONNECTION)
    }

    /// The answer as it is sent.
    pub(crate) fn finish(self) -> Response<ReplyBody> {
        let (head, body) = self.split();
        head.map(|()| ReplyBody::Whole(Full::new(body)))
    }

    /// The head, and the body.
    pub(crate) fn split(self) -> (Response<()>, Bytes) {
        let mut head = Response::new(());
        *head.status_mut() = self.status;
        *head.headers_mut() = self.headers;
        (head, self.body)
    }
}

/// `value` as JSON, as Go writes it.
pub(super) fn encode<T: Serialize>(value: &T) -> Vec<u8> {
    // Nothing that is answered has other keys than texts, which is all that can fail.
    let json = encode_as(value, Escapes::Long).unwrap_or_default();
    escape_replacements(json)
}

/// Go writes what stands for a byte that is no text as an escape.
fn escape_replacements(json: Vec<u8>) -> Vec<u8> {
    const REPLACEMENT: &str = "\u{fffd}";
    match str::from_utf8(&json) {
        Ok(text) if text.contains(REPLACEMENT) => text.replace(REPLACEMENT, "\\ufffd").into(),
        _ => json,
    }
}
