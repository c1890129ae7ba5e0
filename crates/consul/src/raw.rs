//! Any endpoint, typed or not.

use std::fmt;
use std::sync::Arc;

use bytes::Bytes;
use quorate_wire::consul::{QueryMeta, path};
use serde::de::DeserializeOwned;

use crate::answer::Answer;
use crate::blocking::Blocking;
use crate::call::{Effect, Operation};
use crate::client::Client;
use crate::error::Error;
use crate::options::QueryOptions;
use crate::reply::Reply;
use crate::url::Url;

/// An HTTP method that Consul has.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, Hash)]
#[non_exhaustive]
pub enum Method {
    /// `GET`
    #[default]
    Get,
    /// `PUT`
    Put,
    /// `POST`
    Post,
    /// `DELETE`
    Delete,
    /// `OPTIONS`
    Options,
}

impl From<Method> for http::Method {
    fn from(method: Method) -> Self {
        match method {
            Method::Get => Self::GET,
            Method::Put => Self::PUT,
            Method::Post => Self::POST,
            Method::Delete => Self::DELETE,
            Method::Options => Self::OPTIONS,
        }
    }
}

/// A request to any path.
///
/// ```
/// # #[tokio::main(flavor = "current_thread")] async fn main() -> Result<(), Box<dyn std::error::Error>> {
/// # let agent = quorate_agent::Agent::start(Default::default()).await?;
/// # let client = quorate_consul::Client::builder().dialer(agent.dialer()).build()?;
/// use quorate_consul::{Method, RawRequest};
///
/// client.kv().put("jobs/a/state", "running").await?;
/// let folders = RawRequest::new(Method::Get, "/v1/kv/jobs/")
///     .with_flag("keys")
///     .with_param("separator", "/");
/// let answer = client.raw().request(folders).await?;
/// assert_eq!(answer.body, r#"["jobs/a/"]"#);
/// # Ok(())
/// # }
/// ```
#[derive(Clone, Debug, Default)]
#[must_use]
pub struct RawRequest {
    method: Method,
    path: String,
    params: Vec<(String, Option<String>)>,
    body: Bytes,
    query: QueryOptions,
    idempotent: bool,
}

impl RawRequest {
    /// A request with an empty body. The path is sent as it is, so it must be percent-encoded
    /// already, see [`encode`](Self::encode).
    pub fn new(method: Method, path: impl Into<String>) -> Self {
        Self {
            method,
            path: path.into(),
            ..Self::default()
        }
    }

    /// Percent-encodes a name for use in a path; slashes too.
    #[must_use]
    pub fn encode(name: &str) -> String {
        path::encode_segment(name).into_owned()
    }

    /// Adds a query parameter. Name and value are encoded here.
    pub fn with_param(mut self, name: impl Into<String>, value: impl Into<String>) -> Self {
        self.params.push((name.into(), Some(value.into())));
        self
    }

    /// Adds a query parameter without a value.
    pub fn with_flag(mut self, name: impl Into<String>) -> Self {
        self.params.push((name.into(), None));
        self
    }

    /// Sets the body. Its length is always sent, never chunks.
    pub fn with_body(mut self, body: impl Into<Bytes>) -> Self {
        self.body = body.into();
        self
    }

    /// Sets token, timeout, datacenter and everything else that a read may carry.
    pub fn with_options(mut self, options: QueryOptions) -> Self {
        self.query = options;
        self
    }

    /// Says that doing it twice is the same as doing it once, so that it is sent again when its
    /// answer was lost. `GET` always is.
    pub fn idempotent(mut self) -> Self {
        self.idempotent = true;
        self
    }
}

/// An answer with any status.
#[derive(Clone)]
#[non_exhaustive]
pub struct RawAnswer {
    /// The HTTP status: 404, 403 and 500 too.
    pub status: u16,
    /// What the headers say. Don't take the index from an answer that failed.
    pub meta: QueryMeta,
    /// The body, decompressed.
    pub body: Bytes,
    headers: http::HeaderMap,
    asked: Arc<Asked>,
}

/// What was asked of whom, for errors.
struct Asked {
    path: String,
    peer: String,
    write: bool,
}

impl RawAnswer {
    fn new(reply: Reply<'_>) -> Self {
        let meta = reply.meta();
        let asked = Asked {
            path: reply.operation.subject.to_owned(),
            peer: reply.peer.to_owned(),
            write: reply.write,
        };
        Self {
            status: reply.status.as_u16(),
            meta,
            body: reply.body,
            headers: reply.headers,
            asked: Arc::new(asked),
        }
    }

    /// Whether the status is a success.
    #[must_use]
    pub fn is_success(&self) -> bool {
        (200..300).contains(&self.status)
    }

    /// The body of a success, read as JSON.
    ///
    /// ```
    /// # #[tokio::main(flavor = "current_thread")] async fn main() -> Result<(), Box<dyn std::error::Error>> {
    /// # let agent = quorate_agent::Agent::start(Default::default()).await?;
    /// # let client = quorate_consul::Client::builder().dialer(agent.dialer()).build()?;
    /// #[derive(serde::Deserialize)]
    /// #[serde(rename_all = "PascalCase")]
    /// struct Node {
    ///     node: String,
    /// }
    ///
    /// let nodes: Vec<Node> = client.raw().get("/v1/catalog/nodes").await?.json()?;
    /// assert_eq!(nodes[0].node, client.agent().node_name().await?);
    /// # Ok(())
    /// # }
    /// ```
    ///
    /// # Errors
    /// What a typed call says of a status that is no success, see
    /// [`ErrorKind`](crate::ErrorKind); `Protocol` for a body that is no such JSON.
    pub fn json<T: DeserializeOwned>(&self) -> Result<T, Error> {
        let reply = self.reply().success()?;
        reply.decode(|body| serde_json::from_slice(body))
    }

    /// The body as text, whatever the status: that of a failure says why.
    ///
    /// # Errors
    /// `Protocol` if it is no UTF-8.
    pub fn text(&self) -> Result<&str, Error> {
        std::str::from_utf8(&self.body)
            .map_err(|source| self.reply().unexpected("the body").with_source(source))
    }

    fn reply(&self) -> Reply<'_> {
        Reply {
            operation: Operation::new("request", &self.asked.path),
            write: self.asked.write,
            peer: &self.asked.peer,
            status: http::StatusCode::from_u16(self.status).unwrap_or_default(),
            headers: self.headers.clone(),
            body: self.body.clone(),
        }
    }

    /// The answer itself if its status is a success.
    ///
    /// # Errors
    /// What a typed call says of any other status, see [`ErrorKind`](crate::ErrorKind).
    pub fn success(self) -> Result<Self, Error> {
        self.reply().success()?;
        Ok(self)
    }

    /// All headers that are text, in the order in which they came.
    pub fn headers(&self) -> impl Iterator<Item = (&str, &str)> {
        let all = self.headers.iter();
        all.filter_map(|(name, value)| Some((name.as_str(), value.to_str().ok()?)))
    }

    /// A header by its name, if it is there and is text.
    #[must_use]
    pub fn header(&self, name: &str) -> Option<&str> {
        self.headers.get(name)?.to_str().ok()
    }
}

impl fmt::Debug for RawAnswer {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        // Bodies may be secrets.
        f.debug_struct("RawAnswer")
            .field("status", &self.status)
            .field("meta", &self.meta)
            .field("body", &format_args!("{} bytes", self.body.len()))
            .finish_non_exhaustive()
    }
}

/// Requests to any path, for what has no method of its own.
///
/// Statuses are data here: only a request that got no answer is an error. Paths below `/v1/agent/`
/// go to the client's first address only.
///
/// ```
/// # #[tokio::main(flavor = "current_thread")] async fn main() -> Result<(), Box<dyn std::error::Error>> {
/// # let agent = quorate_agent::Agent::start(Default::default()).await?;
/// # let client = quorate_consul::Client::builder().dialer(agent.dialer()).build()?;
/// let answer = client.raw().get("/v1/catalog/nodes").await?;
/// assert!(answer.is_success() && answer.body.starts_with(b"[{"));
/// let answer = client.raw().get("/v1/no/such/path").await?;
/// assert_eq!(answer.status, 404);
/// # Ok(())
/// # }
/// ```
#[derive(Clone, Debug)]
pub struct Raw {
    client: Client,
}

impl Raw {
    pub(crate) fn new(client: Client) -> Self {
        Self { client }
    }

    /// `GET PATH`
    ///
    /// # Errors
    /// As [`request`](Self::request).
    pub async fn get(&self, path: &str) -> Result<RawAnswer, Error> {
        self.request(RawRequest::new(Method::Get, path)).await
    }

    /// `PUT PATH` with a body.
    ///
    /// # Errors
    /// As [`request`](Self::request).
    pub async fn put(&self, path: &str, body: impl Into<Bytes>) -> Result<RawAnswer, Error> {
        self.request(RawRequest::new(Method::Put, path).with_body(body))
            .await
    }

    /// `DELETE PATH`
    ///
    /// # Errors
    /// As [`request`](Self::request).
    pub async fn delete(&self, path: &str) -> Result<RawAnswer, Error> {
        self.request(RawRequest::new(Method::Delete, path)).await
    }

    /// Sends a request and returns the answer, whatever its status.
    ///
    /// # Errors
    /// `InvalidArgument` for a path that is not absolute or not encoded; `Unavailable`, `Timeout`
    /// or `Indeterminate` when no answer came.
    ///
    /// # Cancel safety
    /// Dropping the future does not take back a request that was sent.
    pub async fn request(&self, request: RawRequest) -> Result<RawAnswer, Error> {
        let reply = self.send(&request).await?;
        Ok(RawAnswer::new(reply))
    }

    /// Follows any path that blocks on an index: its body now, and whenever it changes.
    ///
    /// # Errors
    /// None here; each [`next`](Blocking::next) has those of [`request`](Self::request), and a
    /// status that is no success is an error there.
    pub fn watch(&self, request: RawRequest) -> Blocking<Bytes> {
        let raw = self.clone();
        Blocking::new(request.query.clone(), move |options| {
            let (raw, request) = (raw.clone(), request.clone().with_options(options));
            Box::pin(async move {
                let reply = raw.send(&request).await?.success()?;
                let meta = reply.meta();
                Ok(Answer::new(reply.body, meta))
            })
        })
    }

    async fn send<'a>(&'a self, request: &'a RawRequest) -> Result<Reply<'a>, Error> {
        let operation = Operation::new("request", &request.path);
        check_path(operation)?;
        let mut url = Url::new(&request.path);
        for (name, value) in &request.params {
            let name = path::encode_segment(name);
            match value {
                Some(value) => url.pair(&name, value),
                None => url.flag(&name),
            }
        }
        let mut call = if request.path.starts_with("/v1/agent/") {
            self.client.read_local(operation, url, &request.query)
        } else {
            self.client.read(operation, url, &request.query)
        };
        call.method = request.method.into();
        call.body = request.body.clone();
        match request.method {
            Method::Get | Method::Options => {}
            _ if request.idempotent => call.effect = Effect::Idempotent,
            _ => call.effect = Effect::Write,
        }
        self.client.execute(call).await
    }
}

fn check_path(operation: Operation<'_>) -> Result<(), Error> {
    let path = operation.subject;
    let why = if !path.starts_with('/') {
        "path: it must start with a slash"
    } else if path.contains(['?', '#']) {
        "path: it must end before the query, parameters are set on their own"
    } else if !path.bytes().all(|byte| byte.is_ascii_graphic()) {
        "path: it is not percent-encoded"
    } else {
        return Ok(());
    };
    Err(Error::invalid(operation.to_string(), why))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_path_must_be_ready_to_be_sent() {
        for path in ["/v1/x", "/v1/kv/a%20b"] {
            assert!(check_path(Operation::new("request", path)).is_ok());
        }
        for path in [
            "",
            "v1/x",
            "/v1/x?a=b",
            "/v1/a b",
            "/v1/ä",
            "/v1/a\n",
            "/v1/x#f",
        ] {
            let error = check_path(Operation::new("request", path)).unwrap_err();
            assert_eq!(error.kind(), crate::ErrorKind::InvalidArgument, "{path:?}");
        }
        assert_eq!(RawRequest::encode("a/b c"), "a%2Fb%20c");
    }
}
