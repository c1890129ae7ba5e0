//! What to ask, and what may be done to get an answer.

use std::fmt;
use std::time::Duration;

use bytes::Bytes;
use http::header::{CONTENT_LENGTH, HOST};
use http::uri::PathAndQuery;
use http::{HeaderMap, HeaderValue, Method, Uri};

use super::upload::{Idle, RequestBody, Upload};
use crate::endpoint::EndpointId;
use crate::error::{Failure, NetErrorKind, Phase};

/// Whether a request may be sent again when it is not known what the first one did.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
#[non_exhaustive]
pub enum Replay {
    /// Doing it twice is the same as doing it once: reads, renewals, unconditional writes of the
    /// same value.
    Safe,
    /// Only if no byte of it was sent: compare-and-set, acquire, create.
    NotSent,
}

/// A request to any server of the client's set, or to one of them.
#[derive(Clone)]
#[non_exhaustive]
pub struct HttpRequest {
    /// The method.
    pub method: Method,
    /// The path with its query, percent-encoded, starting with `/`.
    pub path_and_query: String,
    /// The headers besides `Host` and `Content-Length`, which are set when sending.
    pub headers: HeaderMap,
    /// The body. Its length is always sent, never chunks.
    pub body: Bytes,
    /// What may be done when the answer is lost.
    pub replay: Replay,
    /// The time for one attempt, instead of the client's; `Duration::MAX` for no limit.
    pub attempt_timeout: Option<Duration>,
    /// The time for all attempts, instead of the client's; `Duration::MAX` for no limit.
    pub overall_timeout: Option<Duration>,
    /// The most attempts, instead of the client's.
    pub max_attempts: Option<u32>,
    /// The time between two chunks of a response read by [`open`](super::HttpClient::open),
    /// instead of the time for one attempt; `Duration::MAX` for no limit.
    pub chunk_timeout: Option<Duration>,
    /// The longest response body, instead of the client's.
    pub max_response_bytes: Option<u64>,
    /// The only server that may answer, for what concerns that server itself.
    pub endpoint: Option<EndpointId>,
}

impl HttpRequest {
    /// A request with the client's limits. Reads (`GET`, `HEAD`) are [`Replay::Safe`], everything
    /// else is [`Replay::NotSent`].
    pub fn new(method: Method, path_and_query: impl Into<String>) -> Self {
        let replay = if method.is_safe() {
            Replay::Safe
        } else {
            Replay::NotSent
        };
        Self {
            method,
            path_and_query: path_and_query.into(),
            headers: HeaderMap::new(),
            body: Bytes::new(),
            replay,
            attempt_timeout: None,
            overall_timeout: None,
            max_attempts: None,
            chunk_timeout: None,
            max_response_bytes: None,
            endpoint: None,
        }
    }

    /// A `GET`.
    pub fn get(path_and_query: impl Into<String>) -> Self {
        Self::new(Method::GET, path_and_query)
    }

    /// A `PUT` with a body.
    pub fn put(path_and_query: impl Into<String>, body: impl Into<Bytes>) -> Self {
        Self::new(Method::PUT, path_and_query).with_body(body)
    }

    /// A `DELETE`.
    pub fn delete(path_and_query: impl Into<String>) -> Self {
        Self::new(Method::DELETE, path_and_query)
    }

    /// Replaces all headers.
    #[must_use]
    pub fn with_headers(mut self, headers: HeaderMap) -> Self {
        self.headers = headers;
        self
    }

    /// Sets the body.
    #[must_use]
    pub fn with_body(mut self, body: impl Into<Bytes>) -> Self {
        self.body = body.into();
        self
    }

    /// Sets whether it may be sent again.
    #[must_use]
    pub fn with_replay(mut self, replay: Replay) -> Self {
        self.replay = replay;
        self
    }

    /// Sets the time for one attempt.
    #[must_use]
    pub fn with_attempt_timeout(mut self, limit: Duration) -> Self {
        self.attempt_timeout = Some(limit);
        self
    }

    /// Sets the time for all attempts.
    #[must_use]
    pub fn with_overall_timeout(mut self, limit: Duration) -> Self {
        self.overall_timeout = Some(limit);
        self
    }

    /// Sets the most attempts; 1 means that nothing is repeated.
    #[must_use]
    pub fn with_max_attempts(mut self, max: u32) -> Self {
        self.max_attempts = Some(max);
        self
    }

    /// Sets the time between two chunks.
    #[must_use]
    pub fn with_chunk_timeout(mut self, limit: Duration) -> Self {
        self.chunk_timeout = Some(limit);
        self
    }

    /// Sets the longest response body.
    #[must_use]
    pub fn with_max_response_bytes(mut self, max: u64) -> Self {
        self.max_response_bytes = Some(max);
        self
    }

    /// Sends it to this server only.
    #[must_use]
    pub fn with_endpoint(mut self, id: EndpointId) -> Self {
        self.endpoint = Some(id);
        self
    }
}

impl fmt::Debug for HttpRequest {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        // Header values may be tokens and bodies may be secrets.
        f.debug_struct("HttpRequest")
            .field("method", &self.method)
            .field("path_and_query", &self.path_and_query)
            .field("headers", &self.headers.keys().collect::<Vec<_>>())
            .field("body", &format_args!("{} bytes", self.body.len()))
            .field("replay", &self.replay)
            .field("attempt_timeout", &self.attempt_timeout)
            .field("overall_timeout", &self.overall_timeout)
            .field("endpoint", &self.endpoint)
            .finish_non_exhaustive()
    }
}

/// A request made ready: what is the same in every attempt is computed once.
pub(crate) struct Plan {
    method: Method,
    uri: Uri,
    headers: HeaderMap,
    own_host: bool,
    body: Bytes,
    /// Instead of `body`, until it is sent.
    upload: Option<Upload>,
    idle: Option<Idle>,
    pub(crate) replay: Replay,
}

impl Plan {
    pub(crate) fn new(request: HttpRequest) -> Result<Self, Failure> {
        let HttpRequest {
            method,
            path_and_query,
            mut headers,
            body,
            replay,
            ..
        } = request;
        if !path_and_query.starts_with('/') {
            return Err(invalid("the path must start with `/`"));
        }
        let path = PathAndQuery::from_maybe_shared(Bytes::from(path_and_query)).map_err(invalid)?;
        let own_host = headers.contains_key(HOST);
        // hyper leaves the length of an empty body out; some servers then wait for chunks, and
        // others answer 411.
        if body.is_empty() && !method.is_safe() {
            headers.insert(CONTENT_LENGTH, HeaderValue::from_static("0"));
        } else {
            headers.remove(CONTENT_LENGTH);
        }
        Ok(Self {
            method,
            uri: path.into(),
            headers,
            own_host,
            body,
            upload: None,
            idle: None,
            replay,
        })
    }

    /// As [`Plan::new`], with a body that can be sent once.
    pub(crate) fn upload(request: HttpRequest, upload: Upload) -> Result<Self, Failure> {
        let mut plan = Self::new(request)?;
        plan.headers.remove(CONTENT_LENGTH);
        plan.upload = Some(upload);
        plan.replay = Replay::NotSent;
        plan.idle = Some(Idle::default());
        Ok(plan)
    }

    /// Whether its body can be sent only once.
    pub(super) fn is_upload(&self) -> bool {
        self.idle.is_some()
    }

    /// Whether its body has been given away.
    pub(crate) fn is_spent(&self) -> bool {
        self.is_upload() && self.upload.is_none()
    }

    /// What its body is at, if that is an upload.
    pub(super) fn idle(&self) -> Option<&Idle> {
        self.idle.as_ref()
    }

    /// The request as it goes to the server that is called `host`.
    pub(crate) fn for_host(&mut self, host: &HeaderValue) -> http::Request<RequestBody> {
        if !self.own_host {
            self.headers.insert(HOST, host.clone());
        }
        let body = match (self.upload.take(), &self.idle) {
            (Some(upload), Some(idle)) => RequestBody::upload(upload, idle.clone()),
            _ => RequestBody::whole(self.body.clone()),
        };
        let mut request = http::Request::new(body);
        *request.method_mut() = self.method.clone();
        *request.uri_mut() = self.uri.clone();
        *request.headers_mut() = self.headers.clone();
        request
    }
}

fn invalid(source: impl Into<crate::error::BoxError>) -> Failure {
    Failure::new(Phase::Prepare, NetErrorKind::Request, source)
}

#[cfg(test)]
mod tests {
    use super::*;

    fn planned(request: HttpRequest) -> http::Request<RequestBody> {
        let Ok(mut plan) = Plan::new(request) else {
            panic!("must be a valid request")
        };
        plan.for_host(&HeaderValue::from_static("server:1"))
    }

    #[test]
    fn an_empty_write_states_its_length_and_a_read_has_none() {
        let put = planned(HttpRequest::put("/v1/kv/a", ""));
        assert_eq!(put.headers()[CONTENT_LENGTH], "0");
        assert_eq!(put.headers()[HOST], "server:1");
        let get = planned(HttpRequest::get("/v1/kv/a?raw"));
        assert!(!get.headers().contains_key(CONTENT_LENGTH));
        assert_eq!(get.uri(), "/v1/kv/a?raw");
    }

    #[test]
    fn a_length_or_host_of_the_caller_cannot_contradict_the_body() {
        let mut headers = HeaderMap::new();
        headers.insert(CONTENT_LENGTH, HeaderValue::from_static("999"));
        headers.insert(HOST, HeaderValue::from_static("mine"));
        let put = planned(HttpRequest::put("/", "abc").with_headers(headers));
        assert!(
            !put.headers().contains_key(CONTENT_LENGTH),
            "hyper sets the true length"
        );
        assert_eq!(put.headers()[HOST], "mine");
    }

    #[test]
    fn a_path_with_a_forbidden_byte_is_refused() {
        for path in ["", "v1/kv", "/a b", "/a\r\nX: y", "http://elsewhere/"] {
            let failure = Plan::new(HttpRequest::get(path)).err().unwrap();
            assert_eq!(failure.kind, NetErrorKind::Request, "{path:?}");
        }
    }

    #[test]
    fn printing_a_request_shows_no_header_value_and_no_body() {
        let mut headers = HeaderMap::new();
        headers.insert("x-consul-token", HeaderValue::from_static("hunter2"));
        let request = HttpRequest::put("/v1/kv/a", "hunter3").with_headers(headers);
        let text = format!("{request:?}");
        assert!(!text.contains("hunter"), "{text}");
        assert!(text.contains("x-consul-token"), "{text}");
    }
}
