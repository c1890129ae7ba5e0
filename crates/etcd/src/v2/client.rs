//! The client: connections, the password, and what every call has in common.

use std::fmt;
use std::sync::Arc;
use std::time::Duration;

use http::header::{AUTHORIZATION, CONTENT_TYPE};
use http::{HeaderMap, HeaderValue};
use quorate_net::endpoint::EndpointId;
use quorate_net::http::{HttpBodyStream, HttpClient, HttpRequest, HttpResponse, Replay, Verdict};
use quorate_net::secret::Secret;
use quorate_net::task::TaskGroup;
use quorate_wire::etcd2::{MemberList, path};

use super::auth::Auth;
use super::builder::{ClientBuilder, basic_auth};
use super::call::{Call, Effect, Operation};
use super::cluster::Cluster;
use super::error::{Class, Error, ErrorKind, Outcome, RetryAdvice};
use super::health::HealthApi;
use super::keys::Keys;
use super::limits::Limits;
use super::member::Members;
use super::redirect;
use super::reply::{Reply, judge_read, meta_of};
use super::stats::Stats;

/// A client of etcd's v2 API.
///
/// Cloning is cheap and shares the connections, which end with the last clone. Only locks,
/// semaphores and elections have tasks; [`close`](Self::close) ends those in good order.
///
/// With several addresses the first that works serves all calls; when it fails, the next takes
/// over. Reads are repeated while their time lasts, on any address, when a connection breaks or
/// the servers have no leader. Writes are repeated only if no byte of them was sent; a write whose
/// answer was lost is [`ErrorKind::Indeterminate`].
///
/// A 307 of an old server is followed to its leader with method, body and password. 301 and 302
/// never are: they would lose the value.
#[derive(Clone)]
pub struct Client {
    pub(crate) inner: Arc<Inner>,
}

/// What all clones share.
pub(crate) struct Inner {
    pub(crate) cluster: Arc<Cluster>,
    /// The headers of every call: the name and password.
    pub(crate) headers: HeaderMap,
    pub(crate) limits: Limits,
    /// The cluster that must answer.
    pub(crate) expected: Option<u64>,
    /// The tasks of locks, semaphores and elections.
    pub(crate) tasks: TaskGroup,
}

impl Client {
    /// A client of one server, or of several separated by commas, with defaults for all else.
    ///
    /// Addresses look like `http://127.0.0.1:2379`, `https://etcd:2379`, `etcd:2379` or `etcd`.
    /// Nothing is sent and no connection made.
    ///
    /// # Errors
    /// [`ErrorKind::InvalidArgument`] names the address that can't be read.
    pub fn new(address: &str) -> Result<Self, Error> {
        Self::builder().address(address).build()
    }

    /// A builder, to set everything.
    pub fn builder() -> ClientBuilder {
        ClientBuilder::new()
    }

    pub(crate) fn from_inner(inner: Inner) -> Self {
        Self {
            inner: Arc::new(inner),
        }
    }

    /// The same connections with another name and password.
    ///
    /// # Errors
    /// [`ErrorKind::InvalidArgument`] if the name has a colon, or either a control character.
    pub fn with_basic_auth(&self, user: &str, password: impl Into<Secret>) -> Result<Self, Error> {
        let mut headers = self.inner.headers.clone();
        headers.insert(AUTHORIZATION, basic_auth(user, &password.into())?);
        Ok(self.with_headers(headers))
    }

    /// The same connections without a name and password.
    #[must_use]
    pub fn without_auth(&self) -> Self {
        let mut headers = self.inner.headers.clone();
        headers.remove(AUTHORIZATION);
        self.with_headers(headers)
    }

    fn with_headers(&self, headers: HeaderMap) -> Self {
        let Inner {
            cluster,
            limits,
            expected,
            tasks,
            ..
        } = &*self.inner;
        Self::from_inner(Inner {
            cluster: Arc::clone(cluster),
            headers,
            limits: *limits,
            expected: *expected,
            tasks: tasks.clone(),
        })
    }

    /// Keys and directories: `/v2/keys`.
    #[must_use]
    pub fn keys(&self) -> Keys {
        Keys::new(self.clone())
    }

    /// The members of the cluster: `/v2/members`.
    #[must_use]
    pub fn members(&self) -> Members {
        Members::new(self.clone())
    }

    /// What servers count: `/v2/stats`.
    #[must_use]
    pub fn stats(&self) -> Stats {
        Stats::new(self.clone())
    }

    /// Whether servers work: `/health`.
    #[must_use]
    pub fn health(&self) -> HealthApi {
        HealthApi::new(self.clone())
    }

    /// Users, roles, and whether they count: `/v2/auth`.
    #[must_use]
    pub fn auth(&self) -> Auth {
        Auth::new(self.clone())
    }

    /// The addresses of the servers: those that were named, then those that [`sync`](Self::sync)
    /// found.
    #[must_use]
    pub fn addresses(&self) -> Vec<String> {
        self.inner.cluster.addresses()
    }

    /// The bounds of this client.
    #[must_use]
    pub fn limits(&self) -> &Limits {
        &self.inner.limits
    }

    /// Asks for the members and takes their addresses into the set, besides those that were named.
    /// Returns all addresses. [`ClientBuilder::sync_every`] does it by itself.
    ///
    /// `GET /v2/members`
    ///
    /// # Errors
    /// What any read answers. The addresses stay as they are then.
    ///
    /// # Cancel safety
    /// The addresses stay as they are.
    pub async fn sync(&self) -> Result<Vec<String>, Error> {
        let operation = Operation::new("look up the members", "");
        let call = Call::read(operation, path::MEMBERS);
        let list: MemberList = self.execute_now(call).await?.json()?.value;
        let learnt = self.inner.cluster.learn(&list.members);
        learnt.map_err(|error| {
            Error::invalid(operation.to_string(), "an address cannot be used").with_source(error)
        })?;
        Ok(self.addresses())
    }

    /// Ends the tasks of locks, semaphores and elections: what they hold is given back. Waits for
    /// up to `grace`; returns how many had to be ended without that. Other calls go on to work.
    ///
    /// # Cancel safety
    /// The tasks stay asked to end.
    pub async fn close(&self, grace: Duration) -> usize {
        self.inner.tasks.shutdown(grace).await
    }

    /// Sends a call and returns its answer, whatever the status.
    pub(crate) async fn execute<'a>(&self, call: Call<'a>) -> Result<Reply<'a>, Error> {
        if self.inner.cluster.is_due()
            && let Err(error) = Box::pin(self.sync()).await
        {
            tracing::debug!(%error, "the members could not be looked up");
        }
        let reply = self.execute_now(call).await?;
        if super::error::is_no_route(reply.status.as_u16(), &reply.body) {
            return Err(Box::pin(self.without_v2(&reply)).await);
        }
        Ok(reply)
    }

    async fn execute_now<'a>(&self, call: Call<'a>) -> Result<Reply<'a>, Error> {
        let (operation, write) = (call.operation, call.is_write());
        let mut http = self.inner.cluster.http();
        let mut request = self.request(&call);
        for _ in 0..=redirect::MAX {
            let sent = send(&http, request.clone(), &call).await;
            let response =
                sent.map_err(|error| Error::of_net(error, operation.to_string(), write))?;
            if !redirect::keeps_the_body(response.status) {
                return self.reply(&http, response, &call);
            }
            http = self.follow(http, &response, &mut request, operation)?;
        }
        let class = Class::refused(ErrorKind::Protocol);
        Err(Error::new(class, operation.to_string()).with_detail("too many redirects"))
    }

    /// Turns the request to where an answer sends it.
    fn follow(
        &self,
        http: HttpClient,
        response: &HttpResponse,
        request: &mut HttpRequest,
        operation: Operation<'_>,
    ) -> Result<HttpClient, Error> {
        let from = http.endpoints().get(response.endpoint);
        let refuse = |error: super::error::BoxError| {
            let class = Class::refused(ErrorKind::Protocol);
            Error::new(class, operation.to_string())
                .with_peer(from.map(|endpoint| endpoint.as_str()))
                .with_status(response.status.as_u16())
                .with_detail(error)
        };
        let tls = from.is_some_and(|endpoint| endpoint.is_tls());
        let target = redirect::target(&response.headers, tls).map_err(|e| refuse(e.into()))?;
        request.path_and_query = target.path;
        match target.endpoint {
            Some(endpoint) => {
                request.endpoint = None;
                let toward = self.inner.cluster.toward(&endpoint);
                toward.map_err(|error| refuse(error.into()))
            }
            None => {
                request.endpoint = Some(response.endpoint);
                Ok(http)
            }
        }
    }

    /// Sends a read whose answer is read as it comes in.
    pub(crate) async fn open(
        &self,
        call: &Call<'_>,
        chunk_timeout: Duration,
    ) -> Result<(HttpClient, HttpBodyStream), Error> {
        let http = self.inner.cluster.http();
        let request = self.request(call).with_chunk_timeout(chunk_timeout);
        let opened = http.open(request).await;
        match opened {
            Ok(stream) => Ok((http, stream)),
            Err(error) => Err(Error::of_net(error, call.operation.to_string(), false)),
        }
    }

    /// The call as HTTP.
    fn request(&self, call: &Call<'_>) -> HttpRequest {
        let mut request = HttpRequest::new(call.method.clone(), call.url.clone());
        request.headers = self.inner.headers.clone();
        if let Some(kind) = call.content_type {
            let kind = HeaderValue::from_static(kind);
            request.headers.insert(CONTENT_TYPE, kind);
        }
        request.body = call.body.clone();
        request.overall_timeout = call.timeout;
        request.endpoint = call.endpoint;
        request.replay = match call.effect {
            Effect::Read | Effect::Idempotent => Replay::Safe,
            Effect::Write => Replay::NotSent,
        };
        request
    }

    fn reply<'a>(
        &self,
        http: &HttpClient,
        response: HttpResponse,
        call: &Call<'a>,
    ) -> Result<Reply<'a>, Error> {
        let HttpResponse {
            status,
            headers,
            body,
            endpoint,
        } = response;
        let reply = Reply {
            operation: call.operation,
            write: call.is_write(),
            named: self.is_named(),
            peer: peer(http, endpoint),
            status,
            headers,
            body,
        };
        self.check_cluster(&reply)?;
        Ok(reply)
    }

    pub(crate) fn is_named(&self) -> bool {
        self.inner.headers.contains_key(AUTHORIZATION)
    }

    fn check_cluster(&self, reply: &Reply<'_>) -> Result<(), Error> {
        let (Some(expected), Some(found)) =
            (self.inner.expected, meta_of(&reply.headers).cluster_id)
        else {
            return Ok(());
        };
        if expected == found {
            return Ok(());
        }
        let outcome = match (reply.write, reply.status.is_success()) {
            (true, true) => Outcome::Happened,
            _ => Outcome::DidNotHappen,
        };
        let class = Class::new(ErrorKind::ClusterChanged, outcome, RetryAdvice::Never);
        Err(Error::new(class, reply.operation.to_string())
            .with_peer(Some(&reply.peer))
            .with_detail(format_args!("cluster {found:x} instead of {expected:x}")))
    }

    /// The error of a server that has no v2 API, with its version.
    async fn without_v2(&self, reply: &Reply<'_>) -> Error {
        let error = reply.refused();
        let call = Call::read(Operation::new("ask for the version", ""), path::VERSION);
        let version = match self
            .execute_now(call.with_timeout(Some(Duration::from_secs(2))))
            .await
        {
            Ok(reply) if reply.status.is_success() => {
                quorate_wire::etcd2::Version::decode(&reply.body).ok()
            }
            _ => None,
        };
        let Some(version) = version else {
            return error;
        };
        let remedy = match version.server_numbers() {
            Some((3, 3..=5)) => "start it with --enable-v2",
            _ => "the last that have it are 3.4 and 3.5 with --enable-v2",
        };
        let server = version.server;
        error.with_detail(format_args!("etcd {server} has no v2 API here: {remedy}"))
    }
}

pub(crate) fn peer(http: &HttpClient, id: EndpointId) -> String {
    let endpoint = http.endpoints().get(id);
    endpoint.map(ToString::to_string).unwrap_or_default()
}

async fn send(
    http: &HttpClient,
    request: HttpRequest,
    call: &Call<'_>,
) -> Result<HttpResponse, quorate_net::NetError> {
    if call.effect == Effect::Read {
        http.send(request, |response| judge_read(response, call.answers))
            .await
    } else {
        http.send(request, |_| Verdict::Done).await
    }
}

impl fmt::Debug for Client {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("Client")
            .field("addresses", &self.addresses())
            .field("named", &self.is_named())
            .field("limits", &self.inner.limits)
            .finish_non_exhaustive()
    }
}
