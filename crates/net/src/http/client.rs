//! The client: a pool, a connector, and what to do when they fail.

use std::fmt;
use std::sync::Arc;
use std::time::Duration;

use tokio::time::Instant;

use super::body::HttpBodyStream;
use super::config::{ConfigError, HttpConfig};
use super::exchange::{Progress, collect, exchange};
use super::pool::Pool;
use super::request::{HttpRequest, Plan};
use super::response::{HttpResponse, Verdict};
use super::upload::Upload;
use crate::deadline::{Timeouts, within};
use crate::endpoint::EndpointSet;
use crate::error::{Account, Failure, NetError};
use crate::retry::{Retry, Turn};
use crate::transport::{Connector, Protocol};

/// Sends requests to a set of servers. Cloning it is cheap, and clones share the connections.
///
/// There are no tasks behind it: a connection works while somebody waits for it, and all are
/// closed when the last clone and the last [`HttpBodyStream`] are dropped.
#[derive(Clone)]
pub struct HttpClient(Arc<Inner>);

pub(super) struct Inner {
    pub(super) config: HttpConfig,
    pub(super) connector: Connector,
    pub(super) pool: Pool,
}

impl HttpClient {
    /// Builds a client. Certificates are read now; connections are made when they are needed.
    ///
    /// # Errors
    ///
    /// [`ConfigError`] when TLS cannot be set up as asked, or a server cannot be reached by any
    /// means given.
    pub fn new(config: HttpConfig) -> Result<Self, ConfigError> {
        let HttpConfig {
            endpoints,
            dial,
            tls,
            timeouts,
            ..
        } = &config;
        let connector = Connector::new(
            endpoints,
            dial.clone(),
            tls,
            Protocol::Http1,
            timeouts.connect,
        )?;
        let pool = Pool::new(
            endpoints.len(),
            config.max_idle_per_endpoint,
            config.idle_timeout,
        );
        Ok(Self(Arc::new(Inner {
            config,
            connector,
            pool,
        })))
    }

    /// The servers, and what is known about them.
    pub fn endpoints(&self) -> &EndpointSet {
        &self.0.config.endpoints
    }

    /// The time limits of requests that have none of their own.
    pub fn timeouts(&self) -> Timeouts {
        self.0.config.timeouts
    }

    /// How many connections wait for their next request.
    pub fn idle_connections(&self) -> usize {
        self.0.pool.idle()
    }

    /// Sends a request and reads the whole response.
    ///
    /// `classify` looks at each response: most are [`Verdict::Done`], whatever their status.
    ///
    /// # Errors
    ///
    /// [`NetError`] when no response came in time, or none that can be read. Its
    /// [`sent`](NetError::sent) says whether a server may have acted on the request.
    ///
    /// # Cancel safety
    ///
    /// Dropping the future closes the connection that it used. A server that had the request may
    /// act on it all the same.
    pub async fn send(
        &self,
        request: HttpRequest,
        classify: impl Fn(&HttpResponse) -> Verdict,
    ) -> Result<HttpResponse, NetError> {
        let inner = &*self.0;
        let mut retry = Retry::new(&inner.config.endpoints, inner.config.policy(&request));
        let limit = request
            .max_response_bytes
            .unwrap_or(inner.config.max_response_bytes);
        let mut plan = Plan::new(request).map_err(not_sent)?;
        loop {
            let turn = retry.turn().await;
            match inner.attempt(&mut plan, &turn, limit).await {
                Ok(response) => {
                    if !retry.answered(&turn, classify(&response)) {
                        return Ok(response);
                    }
                }
                Err(failure) => retry.failed(&turn, failure, plan.replay)?,
            }
        }
    }

    /// Sends a request whose body is read while it is sent, and reads the whole response. The
    /// request's own body is left out.
    ///
    /// The clock of the attempt starts anew with whatever the server takes, and stands still while
    /// the next piece of the body is not there: it bounds how long the server takes nothing, and
    /// then how long it takes to answer. The overall clock bounds the whole only if the request
    /// names one; the client's own bounds how long servers are tried until one is connected. After
    /// that nothing is repeated.
    ///
    /// # Errors
    ///
    /// As [`send`](Self::send); `Request` when the source of the body fails, or is not as long as
    /// stated.
    ///
    /// # Cancel safety
    ///
    /// As [`send`](Self::send).
    pub async fn upload(
        &self,
        request: HttpRequest,
        upload: Upload,
    ) -> Result<HttpResponse, NetError> {
        let inner = &*self.0;
        let clocks = UploadClocks {
            quiet: request
                .attempt_timeout
                .unwrap_or(inner.config.timeouts.attempt),
            until: request
                .overall_timeout
                .and_then(|limit| Instant::now().checked_add(limit)),
        };
        let mut retry = Retry::new(&inner.config.endpoints, inner.config.policy(&request));
        let limit = request
            .max_response_bytes
            .unwrap_or(inner.config.max_response_bytes);
        let mut plan = Plan::upload(request, upload).map_err(not_sent)?;
        loop {
            let turn = retry.turn().await;
            match inner.upload(&mut plan, &turn, limit, clocks).await {
                Ok(response) => {
                    retry.answered(&turn, Verdict::Done);
                    return Ok(response);
                }
                Err(failure) if plan.is_spent() => {
                    return Err(retry.failed_for_good(&turn, failure));
                }
                Err(failure) => retry.failed(&turn, failure, plan.replay)?,
            }
        }
    }

    /// Sends a request and hands the body of its response over as it comes in.
    ///
    /// Until the head of the response is there, this is [`send`](Self::send). After that nothing
    /// is repeated, and `max_response_bytes` and the clocks of the request no longer count: each
    /// chunk has the request's `chunk_timeout`.
    ///
    /// # Errors
    ///
    /// As [`send`](Self::send).
    ///
    /// # Cancel safety
    ///
    /// As [`send`](Self::send).
    pub async fn open(&self, request: HttpRequest) -> Result<HttpBodyStream, NetError> {
        let inner = &self.0;
        let mut retry = Retry::new(&inner.config.endpoints, inner.config.policy(&request));
        let attempt_timeout = request
            .attempt_timeout
            .unwrap_or(inner.config.timeouts.attempt);
        let chunk_timeout = request.chunk_timeout.unwrap_or(attempt_timeout);
        let mut plan = Plan::new(request).map_err(not_sent)?;
        loop {
            let turn = retry.turn().await;
            match Inner::open(inner, &mut plan, &turn, chunk_timeout).await {
                Ok(stream) => {
                    retry.answered(&turn, Verdict::Done);
                    return Ok(stream);
                }
                Err(failure) => retry.failed(&turn, failure, plan.replay)?,
            }
        }
    }
}

impl Inner {
    /// One attempt within its time.
    async fn attempt(
        &self,
        plan: &mut Plan,
        turn: &Turn,
        limit: u64,
    ) -> Result<HttpResponse, Failure> {
        let mut progress = Progress::new();
        let whole = self.whole(plan, turn, limit, &mut progress);
        match within(turn.step.until, whole).await {
            Some(result) => result,
            None => Err(Failure::timeout(progress.phase).with_sent(progress.sent())),
        }
    }

    /// One attempt to send a body that is read meanwhile.
    async fn upload(
        &self,
        plan: &mut Plan,
        turn: &Turn,
        limit: u64,
        clocks: UploadClocks,
    ) -> Result<HttpResponse, Failure> {
        let mut progress = Progress::new();
        let idle = plan.idle().cloned().unwrap_or_default();
        let whole = self.whole(plan, turn, limit, &mut progress);
        match within(clocks.until, idle.guard(clocks.quiet, whole)).await {
            Some(Some(result)) => result,
            Some(None) | None => Err(Failure::timeout(progress.phase).with_sent(progress.sent())),
        }
    }

    async fn whole(
        &self,
        plan: &mut Plan,
        turn: &Turn,
        limit: u64,
        progress: &mut Progress,
    ) -> Result<HttpResponse, Failure> {
        let Self {
            pool, connector, ..
        } = self;
        let (response, mut connection) =
            exchange(pool, connector, plan, turn.endpoint, turn.now, progress).await?;
        let (head, mut body) = response.into_parts();
        let body = collect(&mut connection, &mut body, limit, progress).await?;
        if connection.is_usable().await {
            pool.put(turn.endpoint, connection);
        }
        let (status, headers) = (head.status, head.headers);
        Ok(HttpResponse {
            status,
            headers,
            body,
            endpoint: turn.endpoint,
        })
    }

    async fn open(
        this: &Arc<Self>,
        plan: &mut Plan,
        turn: &Turn,
        chunk_timeout: Duration,
    ) -> Result<HttpBodyStream, Failure> {
        let Self {
            pool, connector, ..
        } = &**this;
        let mut progress = Progress::new();
        let head = exchange(
            pool,
            connector,
            plan,
            turn.endpoint,
            turn.now,
            &mut progress,
        );
        match within(turn.step.until, head).await {
            Some(Ok((response, connection))) => {
                let client = Arc::clone(this);
                let endpoint = turn.endpoint;
                let limit = chunk_timeout;
                Ok(HttpBodyStream::new(
                    client, endpoint, response, connection, progress, limit,
                ))
            }
            Some(Err(failure)) => Err(failure),
            None => Err(Failure::timeout(progress.phase).with_sent(progress.sent())),
        }
    }
}

/// The clocks of a request whose body is read while it is sent.
#[derive(Clone, Copy)]
struct UploadClocks {
    /// How long nothing may move.
    quiet: Duration,
    /// When it must be over.
    until: Option<Instant>,
}

/// The error for a request that cannot be sent as it is.
fn not_sent(failure: Failure) -> NetError {
    NetError::new(failure, Account::default())
}

impl fmt::Debug for HttpClient {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("HttpClient")
            .field("endpoints", self.endpoints())
            .field("idle_connections", &self.idle_connections())
            .finish_non_exhaustive()
    }
}
