//! The client: connections, the token, and what every call has in common.

use std::fmt;
use std::sync::Arc;
use std::time::Duration;

use http::header::{ACCEPT_ENCODING, CACHE_CONTROL};
use http::{HeaderMap, HeaderName, HeaderValue, StatusCode};
use quorate_net::endpoint::EndpointId;
use quorate_net::http::{HttpClient, HttpRequest, HttpResponse, Replay, Upload, Verdict};
use quorate_wire::consul::{GoDuration, meta};

use crate::acl::Acl;
use crate::agent::Agent;
use crate::builder::ClientBuilder;
use crate::call::{Call, Effect, Operation, blocking_timeout};
use crate::catalog::Catalog;
use crate::config_entry::ConfigEntries;
use crate::connect_ca::ConnectCa;
use crate::coordinate::CoordinateApi;
use crate::discovery_chain::DiscoveryChains;
use crate::error::{Class, Error, ErrorKind};
use crate::event::Event;
use crate::gzip;
use crate::health::Health;
use crate::intention::Intentions;
use crate::kv::Kv;
use crate::limits::Limits;
use crate::operator::Operator;
use crate::options::{QueryOptions, WriteOptions};
use crate::prepared_query::PreparedQueryApi;
use crate::raw::Raw;
use crate::reply::{Reply, judge_read};
use crate::session::SessionApi;
use crate::session_keeper::Tenants;
use crate::snapshot::Snapshots;
use crate::status::Status;
use crate::streamed::Streamed;
use crate::token::{TokenSource, header_of};
use crate::txn::Txn;
use crate::url::Url;

const TOKEN: HeaderName = HeaderName::from_static(meta::TOKEN);

/// The most of a refusal that is read where an answer was to be streamed.
const MAX_REFUSED_BYTES: u64 = 64 * 1024;

/// A client of Consul's HTTP API.
///
/// Cloning is cheap and shares the connections, which end with the last clone. Only sessions that
/// are kept, locks and semaphores have tasks; [`close`](Self::close) ends those in good order.
///
/// With several addresses the first that works serves all calls; when it fails, the next takes
/// over. Calls that concern one agent itself ([`agent`](Self::agent)) always go to the first
/// address. Sessions live on the servers, so session calls do fail over; a session that is created
/// without a node belongs to the node of the agent that created it.
///
/// Reads are repeated while their time lasts, on any address, when a connection breaks or a server
/// says that it can't answer now. Writes are repeated only if no byte of them was sent; a write
/// whose answer was lost is [`ErrorKind::Indeterminate`](crate::ErrorKind).
///
/// ```
/// # #[tokio::main(flavor = "current_thread")] async fn main() -> Result<(), Box<dyn std::error::Error>> {
/// # let config = quorate_agent::AgentConfig::memory().with_consul_http("127.0.0.1:0".parse()?);
/// # let agent = quorate_agent::Agent::start(config).await?;
/// # let address = agent.consul_url().expect("it listens");
/// use quorate_consul::Client;
///
/// let client = Client::new(&address)?; // such as "http://127.0.0.1:8500"
/// client.kv().put("greeting", "hello").await?;
/// let entry = client.kv().get("greeting").await?.expect("just written");
/// assert_eq!(entry.value, "hello");
/// # Ok(())
/// # }
/// ```
#[derive(Clone)]
pub struct Client {
    pub(crate) inner: Arc<Inner>,
}

/// What all clones share.
pub(crate) struct Inner {
    pub(crate) http: HttpClient,
    /// The headers of every call: the fixed token and the password.
    pub(crate) headers: HeaderMap,
    pub(crate) tokens: TokenSource,
    pub(crate) datacenter: Option<String>,
    pub(crate) default_wait: Duration,
    pub(crate) limits: Limits,
    /// Whether to ask for compressed listings.
    pub(crate) compress: bool,
    /// The agent that agent-local calls go to.
    pub(crate) home: EndpointId,
    /// The tasks of sessions, locks and semaphores.
    pub(crate) tenants: Tenants,
}

impl Client {
    /// A client of one server, or of several separated by commas, with defaults for all else.
    ///
    /// Addresses look like `http://127.0.0.1:8500`, `https://consul:8501`, `consul:8500` or
    /// `unix:///run/consul.sock`. Nothing is sent and no connection made.
    ///
    /// # Errors
    /// [`ErrorKind::InvalidArgument`](crate::ErrorKind) names the address that can't be read.
    pub fn new(address: &str) -> Result<Self, Error> {
        Self::builder().address(address).build()
    }

    /// A client as the environment says: the variables that Consul's own tools read, see
    /// [`ClientBuilder::from_env`].
    ///
    /// # Errors
    /// [`ErrorKind::InvalidArgument`](crate::ErrorKind) names the variable that can't be read.
    pub fn from_env() -> Result<Self, Error> {
        ClientBuilder::from_env()?.build()
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

    /// Keys and values: `/v1/kv`.
    #[must_use]
    pub fn kv(&self) -> Kv {
        Kv::new(self.clone())
    }

    /// A transaction over several keys, empty at first: `/v1/txn`.
    pub fn txn(&self) -> Txn {
        Txn::new(self.clone())
    }

    /// Sessions: `/v1/session`.
    #[must_use]
    pub fn session(&self) -> SessionApi {
        SessionApi::new(self.clone())
    }

    /// Access control: `/v1/acl`.
    #[must_use]
    pub fn acl(&self) -> Acl {
        Acl::new(self.clone())
    }

    /// Prepared queries: `/v1/query`.
    #[must_use]
    pub fn prepared_query(&self) -> PreparedQueryApi {
        PreparedQueryApi::new(self.clone())
    }

    /// User events: `/v1/event`.
    #[must_use]
    pub fn event(&self) -> Event {
        Event::new(self.clone())
    }

    /// Network coordinates: `/v1/coordinate`.
    #[must_use]
    pub fn coordinate(&self) -> CoordinateApi {
        CoordinateApi::new(self.clone())
    }

    /// The operation of the cluster: `/v1/operator`.
    #[must_use]
    pub fn operator(&self) -> Operator {
        Operator::new(self.clone())
    }

    /// Nodes and services: `/v1/catalog`.
    #[must_use]
    pub fn catalog(&self) -> Catalog {
        Catalog::new(self.clone())
    }

    /// Which nodes and services work: `/v1/health`.
    #[must_use]
    pub fn health(&self) -> Health {
        Health::new(self.clone())
    }

    /// Configuration entries: `/v1/config`.
    #[must_use]
    pub fn config_entries(&self) -> ConfigEntries {
        ConfigEntries::new(self.clone())
    }

    /// Intentions: `/v1/connect/intentions`.
    #[must_use]
    pub fn intentions(&self) -> Intentions {
        Intentions::new(self.clone())
    }

    /// The certificate authority of the mesh: `/v1/connect/ca`.
    #[must_use]
    pub fn connect_ca(&self) -> ConnectCa {
        ConnectCa::new(self.clone())
    }

    /// Discovery chains: `/v1/discovery-chain`.
    #[must_use]
    pub fn discovery_chain(&self) -> DiscoveryChains {
        DiscoveryChains::new(self.clone())
    }

    /// The servers' whole state, to save and to restore: `/v1/snapshot`.
    #[must_use]
    pub fn snapshot(&self) -> Snapshots {
        Snapshots::new(self.clone())
    }

    /// The state of the cluster: `/v1/status`.
    #[must_use]
    pub fn status(&self) -> Status {
        Status::new(self.clone())
    }

    /// The agent behind the first address: `/v1/agent`.
    #[must_use]
    pub fn agent(&self) -> Agent {
        Agent::new(self.clone())
    }

    /// Any other endpoint.
    #[must_use]
    pub fn raw(&self) -> Raw {
        Raw::new(self.clone())
    }

    /// The addresses of the servers, in the order in which they were given.
    pub fn addresses(&self) -> impl Iterator<Item = &str> {
        self.inner
            .http
            .endpoints()
            .iter()
            .map(|(_, endpoint)| endpoint.as_str())
    }

    /// The bounds of this client.
    #[must_use]
    pub fn limits(&self) -> &Limits {
        &self.inner.limits
    }

    /// The wait of blocking reads and watches that name none. Default 5 minutes.
    #[must_use]
    pub fn default_wait(&self) -> Duration {
        self.inner.default_wait
    }

    /// The datacenter of calls that name none.
    #[must_use]
    pub fn datacenter(&self) -> Option<&str> {
        self.inner.datacenter.as_deref()
    }

    /// A read of `url` with everything that its options say.
    pub(crate) fn read<'a>(
        &self,
        operation: Operation<'a>,
        mut url: Url,
        options: &'a QueryOptions,
    ) -> Call<'a> {
        url.query(options, self.datacenter());
        self.read_built(operation, url, options)
    }

    /// The same for what concerns one agent itself: it has no other datacenter, and no other
    /// agent may answer.
    pub(crate) fn read_local<'a>(
        &self,
        operation: Operation<'a>,
        mut url: Url,
        options: &'a QueryOptions,
    ) -> Call<'a> {
        url.query(options, None);
        let mut call = self.read_built(operation, url, options);
        call.agent_local = true;
        call
    }

    fn read_built<'a>(
        &self,
        operation: Operation<'a>,
        mut url: Url,
        options: &'a QueryOptions,
    ) -> Call<'a> {
        let wait = self.inner.default_wait;
        if options.query.wait.is_none() && matches!(options.query.index, Some(1..)) {
            url.pair("wait", &GoDuration::millis_text(wait));
        }
        Call::read(operation, url.into_string(), options, wait)
    }

    /// A write to `url` with everything that its options say.
    pub(crate) fn write<'a>(
        &self,
        operation: Operation<'a>,
        method: http::Method,
        mut url: Url,
        options: &'a WriteOptions,
    ) -> Call<'a> {
        url.write(options, self.datacenter());
        Call::write(operation, method, url.into_string(), options)
    }

    /// The same for what concerns one agent itself.
    pub(crate) fn write_local<'a>(
        &self,
        operation: Operation<'a>,
        method: http::Method,
        url: Url,
        options: &'a WriteOptions,
    ) -> Call<'a> {
        let mut call = Call::write(operation, method, url.into_string(), options);
        call.agent_local = true;
        call
    }

    /// Sends a call and returns its answer, whatever the status.
    pub(crate) async fn execute<'a>(&'a self, mut call: Call<'a>) -> Result<Reply<'a>, Error> {
        let inner = &*self.inner;
        let request = self.request(&mut call).await?;
        let sent = match call.effect {
            Effect::Read if !call.any_status => {
                let judge = |response: &HttpResponse| match is_answer(response, call.answers) {
                    true => Verdict::Done,
                    false => judge_read(response),
                };
                inner.http.send(request, judge).await
            }
            Effect::Read | Effect::Blocking(_) | Effect::Write | Effect::Idempotent => {
                inner.http.send(request, |_| Verdict::Done).await
            }
        };
        let write = call.effect.is_write();
        match sent {
            Ok(response) => self.reply(response, call.operation, write),
            Err(error) => Err(Error::of_net(error, call.operation.to_string(), write)),
        }
    }

    /// Sends a call whose answer is read as it comes in: [`Streamed`] holds a success, and what
    /// failed is read and classified as by [`execute`](Self::execute). Only what did not reach a
    /// server is repeated. `chunk_timeout` bounds the time between two pieces; without it, the
    /// time of one attempt does.
    pub(crate) async fn open(
        &self,
        mut call: Call<'_>,
        chunk_timeout: Option<Duration>,
    ) -> Result<Streamed, Error> {
        let mut request = self.request(&mut call).await?;
        request.chunk_timeout = chunk_timeout;
        let (operation, write) = (call.operation, call.effect.is_write());
        let opened = self.inner.http.open(request).await;
        let body = opened.map_err(|error| Error::of_net(error, operation.to_string(), write))?;
        if body.status.is_success() {
            let peer = self.peer(body.endpoint).to_owned();
            return Ok(Streamed::new(operation, peer, body));
        }
        let (status, headers, endpoint) = (body.status, body.headers.clone(), body.endpoint);
        let body = body.collect(MAX_REFUSED_BYTES).await;
        let response = HttpResponse {
            status,
            headers,
            body: body.map_err(|error| Error::of_net(error, operation.to_string(), write))?,
            endpoint,
        };
        Err(self.reply(response, operation, write)?.refused())
    }

    /// Sends a call with a body that is read while it is sent, and returns its answer, whatever
    /// the status. Only what did not reach a server is repeated. The call's timeout bounds the
    /// whole; `quiet`, or else the time of one attempt, how long nothing may move.
    pub(crate) async fn upload<'a>(
        &'a self,
        mut call: Call<'a>,
        upload: Upload,
        quiet: Option<Duration>,
    ) -> Result<Reply<'a>, Error> {
        let mut request = self.request(&mut call).await?;
        request.attempt_timeout = quiet.or(call.attempt);
        let write = call.effect.is_write();
        match self.inner.http.upload(request, upload).await {
            Ok(response) => self.reply(response, call.operation, write),
            Err(error) => Err(Error::of_net(error, call.operation.to_string(), write)),
        }
    }

    /// The call as HTTP.
    async fn request(&self, call: &mut Call<'_>) -> Result<HttpRequest, Error> {
        let inner = &*self.inner;
        if let Some(why) = call.refusal {
            return Err(Error::invalid(call.operation.to_string(), why));
        }
        let headers = self.headers(call).await?;
        let mut request = HttpRequest::new(call.method.clone(), std::mem::take(&mut call.url));
        request.headers = headers;
        request.body = std::mem::take(&mut call.body);
        request.overall_timeout = call.timeout;
        request.attempt_timeout = call.attempt;
        request.replay = match call.effect {
            Effect::Read | Effect::Idempotent => Replay::Safe,
            Effect::Blocking(_) | Effect::Write => Replay::NotSent,
        };
        if call.agent_local {
            request.endpoint = Some(inner.home);
        }
        if let Effect::Blocking(wait) = call.effect {
            self.make_long(&mut request, wait);
        }
        Ok(request)
    }

    async fn headers(&self, call: &Call<'_>) -> Result<HeaderMap, Error> {
        let inner = &*self.inner;
        let mut headers = inner.headers.clone();
        let token = match call.token {
            Some(token) => {
                headers.remove(TOKEN);
                (!token.is_empty()).then(|| header_of(token)).transpose()
            }
            None => inner.tokens.header().await,
        };
        if let Some(token) = token.map_err(|error| error.into_error(call.operation.to_string()))? {
            headers.insert(TOKEN, token);
        }
        if call.listing && inner.compress {
            headers.insert(ACCEPT_ENCODING, HeaderValue::from_static("gzip"));
        }
        let control = call.cache.as_ref().and_then(|cache| cache.to_header());
        if let Some(value) = control.and_then(|text| HeaderValue::try_from(text).ok()) {
            headers.insert(CACHE_CONTROL, value);
        }
        Ok(headers)
    }

    /// Gives a blocking read the time that it needs, and each server one try.
    fn make_long(&self, request: &mut HttpRequest, wait: Duration) {
        let attempt = blocking_timeout(wait);
        let timeouts = self.inner.http.timeouts();
        request.attempt_timeout = Some(attempt);
        let connecting = timeouts.overall.unwrap_or(timeouts.attempt);
        request.overall_timeout = request.overall_timeout.or(Some(attempt + connecting));
        let servers = self.inner.http.endpoints().len();
        request.max_attempts = Some(u32::try_from(servers).unwrap_or(u32::MAX));
    }

    fn peer(&self, id: EndpointId) -> &str {
        let endpoint = self.inner.http.endpoints().get(id);
        endpoint.map_or("", |endpoint| endpoint.as_str())
    }

    fn reply<'a>(
        &'a self,
        response: HttpResponse,
        operation: Operation<'a>,
        write: bool,
    ) -> Result<Reply<'a>, Error> {
        let HttpResponse {
            status,
            headers,
            body,
            endpoint,
        } = response;
        let peer = self.peer(endpoint);
        let limit = self.inner.limits.max_response_bytes;
        match gzip::decoded(&headers, body, limit) {
            Ok(body) => Ok(Reply {
                operation,
                write,
                peer,
                status,
                headers,
                body,
            }),
            Err(source) => {
                let mut class = Class::unknown(write, ErrorKind::Protocol);
                class.kind = ErrorKind::Protocol;
                Err(Error::new(class, operation.to_string())
                    .with_peer(Some(peer))
                    .with_status(status.as_u16())
                    .with_detail(&source)
                    .with_source(source))
            }
        }
    }
}

/// Whether a status that is a failure elsewhere is an answer here. A limit of rates has the same
/// status as a cluster that is not well, but no object to say so.
fn is_answer(response: &HttpResponse, answers: &[StatusCode]) -> bool {
    answers.contains(&response.status) && response.body.starts_with(b"{")
}

impl fmt::Debug for Client {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("Client")
            .field("addresses", self.inner.http.endpoints())
            .field("datacenter", &self.inner.datacenter)
            .field("tokens", &self.inner.tokens)
            .field("limits", &self.inner.limits)
            .finish_non_exhaustive()
    }
}
