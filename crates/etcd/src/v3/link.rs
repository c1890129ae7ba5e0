//! From a call to its answer: servers, attempts, tokens, and whose answer counts.

use std::sync::Arc;

use bytes::Bytes;
use quorate_etcd_proto::etcdserverpb as pb;
use quorate_etcd_proto::prost::Message;
use quorate_etcd_proto::tonic::{Code, Status};
use quorate_net::deadline::Timeouts;
use quorate_net::endpoint::EndpointId;
use quorate_net::error::{Failure, NetErrorKind, Phase};
use quorate_net::http::Verdict;
use quorate_net::retry::{Retry, RetryPolicy, Turn};
use tokio::time::timeout_at;

use super::call::{Call, Operation, Rpc};
use super::channel::{Broken, Channels, Connection, Head, Inbound, PREFIX, TOO_LONG, Token};
use super::cluster::Cluster;
use super::error::{Class, Error, ErrorKind, Judgement, Outcome, RetryAdvice, Then, judge};
use super::header;
use super::identity::{Identity, Stranger};
use super::lacks::Lacks;
use super::limits::Limits;
use super::token::{Current, Tokens};

const AUTHENTICATE: Rpc<pb::AuthenticateRequest, pb::AuthenticateResponse> =
    Rpc::read("/etcdserverpb.Auth/Authenticate");

pub(crate) const MEMBERS: Rpc<pb::MemberListRequest, pb::MemberListResponse> =
    Rpc::read("/etcdserverpb.Cluster/MemberList");

/// What calls need; what clones of a client and its tasks share.
#[derive(Debug)]
pub(crate) struct Link {
    pub(crate) cluster: Cluster,
    pub(crate) tokens: Option<Tokens>,
    pub(crate) identity: Identity,
    pub(crate) limits: Limits,
    pub(crate) timeouts: Timeouts,
    pub(crate) lacks: Lacks,
    pub(crate) seed: Option<u64>,
}

/// An answer, and who gave it.
#[derive(Debug)]
pub(crate) struct Reply<T> {
    pub(crate) value: T,
    pub(crate) channels: Arc<Channels>,
    pub(crate) endpoint: EndpointId,
}

impl<T> Reply<T> {
    pub(crate) fn peer(&self) -> Option<String> {
        let endpoint = self.channels.endpoints().get(self.endpoint);
        endpoint.map(ToString::to_string)
    }
}

/// Why an attempt has no answer.
pub(crate) enum Refusal {
    /// The server said so.
    Status(Status),
    /// Something on the way did not work.
    Failure(Failure),
    /// Somebody answered whose answer does not count.
    Stranger(Stranger),
}

impl Link {
    /// Sends a request and decodes its answer.
    pub(crate) async fn ask<Q: Message, R: Message + Default>(
        &self,
        operation: Operation<'_>,
        rpc: &Rpc<Q, R>,
        request: &Q,
    ) -> Result<R, Error> {
        self.send(&Call::new(operation, rpc, request)).await
    }

    /// Sends a call and decodes its answer.
    pub(crate) async fn send<R: Message + Default>(&self, call: &Call<'_>) -> Result<R, Error> {
        let reply = self.execute(call).await?;
        let peer = reply.peer();
        R::decode(reply.value).map_err(|error| {
            let operation = call.operation.to_string();
            Error::protocol(operation, call.is_write(), "the answer cannot be decoded")
                .with_peer(peer.as_deref())
                .with_source(error)
        })
    }

    async fn execute(&self, call: &Call<'_>) -> Result<Reply<Bytes>, Error> {
        self.check_size(call)?;
        let limit = self.limits.max_response_bytes;
        self.attempts(call, |connection, head| async move {
            let answer = connection.unary(call.path, &head, call.body.clone(), limit);
            answer.await.map_err(refusal)
        })
        .await
    }

    /// Sends a call whose answer is a stream.
    pub(crate) async fn download(&self, call: &Call<'_>) -> Result<Inbound, Error> {
        let limit = self.limits.max_response_bytes;
        let (path, body) = (call.path, &call.message());
        let opened = self.attempts(call, |connection, head| async move {
            let stream = connection.download(path, &head, body.clone(), limit);
            stream.await.map_err(refusal)
        });
        Ok(opened.await?.value)
    }

    pub(crate) fn check_size(&self, call: &Call<'_>) -> Result<(), Error> {
        let (size, most) = (call.body.len() - PREFIX, self.limits.max_request_bytes);
        if size <= most {
            return Ok(());
        }
        let why = format_args!("max_request_bytes: {size} bytes are more than {most}");
        Err(Error::invalid(call.operation.to_string(), why))
    }

    /// Makes attempts at one server after the other until one has an answer that counts.
    pub(crate) async fn attempts<T, F, Fut>(
        &self,
        call: &Call<'_>,
        attempt: F,
    ) -> Result<Reply<T>, Error>
    where
        T: Answered,
        F: Fn(Connection, Head) -> Fut,
        Fut: Future<Output = Result<T, Refusal>>,
    {
        let channels = self.channels(call).await?;
        let mut retry = Retry::new(channels.endpoints(), self.policy(call));
        let mut refused = None;
        loop {
            let term = self.identity.term();
            let current = self.token(call, refused).await?;
            let turn = retry.turn().await;
            let head = Head {
                token: current.token.clone(),
                needs_leader: call.current,
            };
            let result = one(&channels, &turn, head, &attempt).await;
            let result = result.and_then(|value| self.check(value, term, call.current));
            let peer = || {
                let endpoint = channels.endpoints().get(turn.endpoint());
                endpoint.map(ToString::to_string)
            };
            match result {
                Ok(value) => {
                    retry.answered(&turn, Verdict::Done);
                    return Ok(Reply {
                        value,
                        endpoint: turn.endpoint(),
                        channels: Arc::clone(&channels),
                    });
                }
                Err(Refusal::Status(status)) => {
                    let judged = judge(status.code(), status.message(), call.is_write());
                    let again = judged.then == Then::Authenticate
                        && refused.is_none()
                        && self.tokens.is_some();
                    if again {
                        refused = Some(current.generation);
                        // It did nothing: from the beginning, with another token.
                        retry = Retry::new(channels.endpoints(), self.policy(call));
                        continue;
                    }
                    self.refused(&mut retry, &turn, call, judged, &status)
                        .map_err(|error| error.with_peer(peer().as_deref()))?;
                }
                Err(Refusal::Stranger(stranger)) => {
                    self.turn_away(&mut retry, &turn, call, stranger)
                        .map_err(|error| error.with_peer(peer().as_deref()))?;
                }
                Err(Refusal::Failure(failure)) => {
                    if !failure.is_ours() {
                        channels.suspect(turn.endpoint());
                        self.cluster.look_again();
                    }
                    retry
                        .failed(&turn, failure, call.replay())
                        .map_err(|error| {
                            Error::of_attempts(error, call.operation.to_string(), call.is_write())
                        })?;
                }
            }
        }
    }

    /// The connections to the servers, after those were looked up if that is due.
    async fn channels(&self, call: &Call<'_>) -> Result<Arc<Channels>, Error> {
        let channels = self.cluster.resolved().await?;
        if call.path == MEMBERS.path || !self.cluster.is_due() {
            return channels.ok_or_else(|| no_server(call));
        }
        if let Err(error) = Box::pin(self.learn_members()).await {
            tracing::debug!(%error, "the members could not be looked up");
        }
        self.cluster.channels().ok_or_else(|| no_server(call))
    }

    /// Asks for the members and takes their addresses into the set.
    pub(crate) async fn learn_members(&self) -> Result<(), Error> {
        let operation = Operation::new("look up the members", "");
        let request = pb::MemberListRequest { linearizable: true };
        let list = self.ask(operation, &MEMBERS, &request).await?;
        let urls = list.members.iter().flat_map(|member| &member.client_ur_ls);
        self.cluster
            .learn(urls.map(String::as_str))
            .map_err(|error| {
                Error::invalid(operation.to_string(), "an address cannot be used")
                    .with_source(error)
            })
    }

    fn policy(&self, call: &Call<'_>) -> RetryPolicy {
        let mut timeouts = self.timeouts;
        timeouts.attempt = call.attempt.unwrap_or(timeouts.attempt);
        timeouts.overall = call.overall.or(timeouts.overall);
        RetryPolicy::new(timeouts)
            .with_endpoint(call.endpoint)
            .with_seed(self.seed)
    }

    /// A server refused. An error if that is the end of it.
    fn refused(
        &self,
        retry: &mut Retry<'_>,
        turn: &Turn,
        call: &Call<'_>,
        judged: Judgement,
        status: &Status,
    ) -> Result<(), Error> {
        let error = || of_status(judged.class, call.operation.to_string(), status);
        let Then::Elsewhere { sent } = judged.then else {
            retry.answered(turn, Verdict::Done);
            return Err(error());
        };
        let text = status.message().to_owned();
        let failure = Failure::new(Phase::Response, NetErrorKind::Io, text).with_sent(sent);
        let ended = retry.failed(turn, failure, call.replay());
        ended.map_err(|_| error())
    }

    /// Somebody answered whose answer does not count. An error if nobody else can be asked.
    fn turn_away(
        &self,
        retry: &mut Retry<'_>,
        turn: &Turn,
        call: &Call<'_>,
        stranger: Stranger,
    ) -> Result<(), Error> {
        let kind = match stranger {
            Stranger::Cluster { .. } => ErrorKind::ClusterChanged,
            Stranger::Term { .. } => ErrorKind::Unavailable,
        };
        let failure = Failure::new(
            Phase::Response,
            NetErrorKind::Protocol,
            stranger.to_string(),
        );
        let ended = retry.failed(turn, failure.with_sent(true), call.replay());
        ended.map_err(|_| {
            let outcome = if call.is_write() {
                Outcome::Happened
            } else {
                Outcome::DidNotHappen
            };
            let class = Class::new(kind, outcome, RetryAdvice::Never);
            Error::new(class, call.operation.to_string()).with_detail(stranger)
        })
    }

    fn check<T: Answered>(&self, value: T, term: u64, current: bool) -> Result<T, Refusal> {
        let Some(header) = value.header() else {
            return Ok(value);
        };
        let checked = self.identity.check(&header, term, current);
        checked.map(|()| value).map_err(Refusal::Stranger)
    }

    /// The token for a call, another one than that which was `refused`.
    async fn token(&self, call: &Call<'_>, refused: Option<u64>) -> Result<Current, Error> {
        let Some(tokens) = &self.tokens else {
            return Ok(Current::default());
        };
        if call.path == AUTHENTICATE.path {
            return Ok(Current::default());
        }
        if let Some(current) = tokens.other_than(refused) {
            return Ok(current);
        }
        let _renewing = tokens.renewing.lock().await;
        if let Some(current) = tokens.other_than(refused) {
            return Ok(current);
        }
        let token = Box::pin(self.authenticate(tokens)).await?;
        Ok(tokens.replace(token))
    }

    async fn authenticate(&self, tokens: &Tokens) -> Result<Option<Token>, Error> {
        let operation = Operation::new("authenticate", &tokens.user);
        let request = pb::AuthenticateRequest {
            name: tokens.user.clone(),
            password: tokens.password.expose().to_owned(),
        };
        let token = match self.ask(operation, &AUTHENTICATE, &request).await {
            Ok(response) => response.token,
            // Access control is off: nobody needs a token.
            Err(error) if error.kind() == ErrorKind::Conflict => return Ok(None),
            Err(error) => return Err(error),
        };
        let mut token = Token::try_from(token).map_err(|_| {
            Error::protocol(
                operation.to_string(),
                false,
                "the token has forbidden bytes",
            )
        })?;
        token.set_sensitive(true);
        Ok(Some(token))
    }
}

fn no_server(call: &Call<'_>) -> Error {
    let class = Class::new(
        ErrorKind::Unavailable,
        Outcome::DidNotHappen,
        RetryAdvice::NotSent,
    );
    Error::new(class, call.operation.to_string()).with_detail("no server is known")
}

/// What may have a header to look at.
pub(crate) trait Answered {
    fn header(&self) -> Option<header::Header>;
}

impl Answered for Bytes {
    fn header(&self) -> Option<header::Header> {
        header::of(self)
    }
}

impl Answered for Inbound {
    fn header(&self) -> Option<header::Header> {
        None
    }
}

/// One attempt within its time.
async fn one<T, F, Fut>(
    channels: &Channels,
    turn: &Turn,
    head: Head,
    attempt: &F,
) -> Result<T, Refusal>
where
    F: Fn(Connection, Head) -> Fut,
    Fut: Future<Output = Result<T, Refusal>>,
{
    // Follows the attempt, also when its time ends it.
    let mut phase = Phase::Prepare;
    let done = {
        let work = async {
            let connecting = channels.connection(turn.endpoint(), &mut phase).await;
            let connection = connecting.map_err(Refusal::Failure)?;
            phase = Phase::Response;
            attempt(connection, head).await
        };
        match turn.until() {
            Some(until) => timeout_at(until, work).await,
            None => Ok(work.await),
        }
    };
    done.unwrap_or_else(|_| {
        let sent = phase == Phase::Response;
        Err(Refusal::Failure(Failure::timeout(phase).with_sent(sent)))
    })
}

/// Whether a status is of the server, or of something on the way to it.
pub(crate) fn refusal(status: Status) -> Refusal {
    let broken = std::error::Error::source(&status).and_then(|source| source.downcast_ref());
    if let Some(Broken { sent, phase, .. }) = broken {
        let failure = Failure::new(*phase, NetErrorKind::Io, status.message().to_owned());
        return Refusal::Failure(failure.with_sent(*sent));
    }
    if status.code() == Code::OutOfRange && status.message().contains(TOO_LONG) {
        let text = format!("max_response_bytes: {}", status.message());
        let failure = Failure::new(Phase::Body, NetErrorKind::TooLarge, text);
        return Refusal::Failure(failure.with_sent(true));
    }
    Refusal::Status(status)
}

/// The error for what a server said.
pub(crate) fn of_status(class: Class, operation: String, status: &Status) -> Error {
    let mut error = Error::new(class, operation).with_code(i32::from(status.code()));
    if !status.message().is_empty() {
        error = error.with_detail(status.message());
    }
    error
}
