//! The stream while it lasts.

use std::collections::VecDeque;
use std::sync::Arc;
use std::time::Duration;

use bytes::Bytes;
use quorate_etcd_proto::etcdserverpb as pb;
use quorate_etcd_proto::etcdserverpb::watch_request::RequestUnion;
use quorate_etcd_proto::prost::Message as _;
use quorate_net::endpoint::EndpointId;
use tokio::sync::mpsc;
use tokio::sync::mpsc::error::TrySendError;
use tokio::time::{Instant, sleep_until};

use super::{Command, End, Entry, Task};
use crate::v3::call::{Call, Operation, Rpc};
use crate::v3::channel::{Channels, Inbound};
use crate::v3::error::{Class, Error, ErrorKind, Then, judge};
use crate::v3::identity::Stranger;
use crate::v3::link::{Answered, Link, refusal};
use crate::v3::maintenance::version_of;

const WATCH: Rpc<pb::WatchRequest, pb::WatchResponse> = Rpc::read("/etcdserverpb.Watch/Watch");

/// Servers confirm a watch at once: one that takes longer, and than an attempt may, stands still.
const CONFIRM: Duration = Duration::from_secs(5);
/// The id of what is told to all watches of a stream.
const EVERYBODY: i64 = -1;

/// A stream to one server.
pub(super) struct Stream {
    inbound: Inbound,
    outbox: mpsc::UnboundedSender<Bytes>,
    /// The watches that were asked for and not confirmed yet: servers confirm in order, and one
    /// that they refuse without its id.
    pending: VecDeque<i64>,
    channels: Arc<Channels>,
    endpoint: EndpointId,
    /// When a watch was asked for, of which the first is not confirmed yet.
    unconfirmed_since: Instant,
    /// The term of raft that was known when it was opened.
    term: u64,
    /// Whether the server's word on progress counts, once that is known.
    trusted: Option<bool>,
}

/// Why a stream is over.
pub(super) enum Ended {
    /// Nobody watches.
    Idle,
    /// It broke, before or after anything came.
    Broken { told: bool },
}

struct Opened {
    inbound: Inbound,
    outbox: mpsc::UnboundedSender<Bytes>,
}

impl Answered for Opened {
    fn header(&self) -> Option<crate::v3::Header> {
        None
    }
}

/// Opens a stream that has these watches.
pub(super) async fn open<'a>(
    link: &Link,
    entries: impl Iterator<Item = &'a Entry>,
) -> Result<Stream, Error> {
    let mut requests = Vec::new();
    let mut pending = VecDeque::new();
    for entry in entries {
        requests.push(create(&entry.request));
        pending.push_back(entry.request.watch_id);
    }
    let operation = Operation::new("watch", "");
    let call = Call::new(operation, &WATCH, &pb::WatchRequest::default());
    let term = link.identity.term();
    let (limit, requests) = (link.limits.max_response_bytes, &requests);
    let opened = link.attempts(&call, |connection, head| async move {
        let (outbox, receiver) = mpsc::unbounded_channel();
        for request in requests {
            // Its other end is here still.
            let _ = outbox.send(request.clone());
        }
        let answer = connection
            .converse(WATCH.path, &head, receiver, limit)
            .await;
        let inbound = answer.map_err(refusal)?;
        Ok(Opened { inbound, outbox })
    });
    let reply = opened.await?;
    Ok(Stream {
        inbound: reply.value.inbound,
        outbox: reply.value.outbox,
        pending,
        channels: reply.channels,
        endpoint: reply.endpoint,
        unconfirmed_since: Instant::now(),
        term,
        trusted: None,
    })
}

fn create(request: &pb::WatchCreateRequest) -> Bytes {
    encode(RequestUnion::CreateRequest(request.clone()))
}

fn encode(request: RequestUnion) -> Bytes {
    let request = pb::WatchRequest {
        request_union: Some(request),
    };
    request.encode_to_vec().into()
}

impl Stream {
    fn add(&mut self, request: &pb::WatchCreateRequest) {
        if self.pending.is_empty() {
            self.unconfirmed_since = Instant::now();
        }
        self.pending.push_back(request.watch_id);
        // If nobody takes it any more, the stream has ended, and that is noticed elsewhere.
        let _ = self.outbox.send(create(request));
    }

    fn cancel(&self, watch_id: i64) {
        let request = RequestUnion::CancelRequest(pb::WatchCancelRequest { watch_id });
        let _ = self.outbox.send(encode(request));
    }

    fn request_progress(&self) {
        let request = RequestUnion::ProgressRequest(pb::WatchProgressRequest {});
        let _ = self.outbox.send(encode(request));
    }

    /// When the server has taken longer than `limit` to confirm a watch. They do so at once.
    fn overdue(&self, limit: Duration) -> Option<Instant> {
        (!self.pending.is_empty()).then(|| self.unconfirmed_since + limit)
    }

    /// The next message, with the id of the watch that it belongs to.
    async fn next(&mut self) -> Result<pb::WatchResponse, String> {
        let body = match self.inbound.message().await {
            Ok(Some(body)) => body,
            Ok(None) => return Err("the server ended the stream".to_owned()),
            Err(status) => return Err(status.message().to_owned()),
        };
        let response = pb::WatchResponse::decode(body);
        let mut response = response.map_err(|error| error.to_string())?;
        if response.created
            && let Some(id) = self.pending.pop_front()
            && response.watch_id < 0
        {
            response.watch_id = id;
        }
        if response.created {
            self.unconfirmed_since = Instant::now();
        }
        Ok(response)
    }
}

impl Task {
    /// Serves the watches until the stream ends or nobody watches any more.
    pub(super) async fn serve(&mut self, mut stream: Stream) -> Ended {
        let mut told = false;
        let limit = self.link.timeouts.attempt.max(CONFIRM);
        loop {
            let overdue = at(stream.overdue(limit));
            let heard = tokio::select! {
                biased;
                command = self.commands.recv() => {
                    let Some(command) = command else { return Ended::Idle };
                    self.pass_on(command, &mut stream);
                    if self.entries.is_empty() {
                        return Ended::Idle;
                    }
                    continue;
                }
                () = overdue => Err("the server does not confirm a watch".to_owned()),
                message = stream.next() => message,
            };
            let heard = heard.map_err(End::Interrupted);
            match heard.and_then(|response| self.known(response, &stream)) {
                Ok(response) => {
                    told = true;
                    if self.is_refused_token(&response) {
                        self.forget_token();
                        self.end_all(|| End::Interrupted("another token is needed".into()));
                        return Ended::Broken { told };
                    }
                    self.route(response, &mut stream).await;
                }
                Err(end) => {
                    stream.channels.endpoints().failed(stream.endpoint);
                    tracing::debug!(?end, "the stream of watches ended");
                    self.end_all(|| end.clone());
                    return Ended::Broken { told };
                }
            }
        }
    }

    /// A message, if it is of the cluster that is known, and of a member that is not behind.
    fn known(
        &self,
        response: pb::WatchResponse,
        stream: &Stream,
    ) -> Result<pb::WatchResponse, End> {
        let header = response.header.into();
        match self.link.identity.check(&header, stream.term, true) {
            Ok(()) => Ok(response),
            Err(stranger @ Stranger::Cluster { .. }) => {
                let class = Class::refused(ErrorKind::ClusterChanged);
                Err(End::Failed(class, stranger.to_string()))
            }
            Err(stranger @ Stranger::Term { .. }) => Err(End::Interrupted(stranger.to_string())),
        }
    }

    fn pass_on(&mut self, command: Command, stream: &mut Stream) {
        match &command {
            Command::Add(entry) => stream.add(&entry.request),
            Command::Remove(id) => {
                if self.entries.contains_key(id) {
                    stream.cancel(*id);
                }
            }
            Command::Progress => stream.request_progress(),
        }
        self.obey(command);
    }

    fn is_refused_token(&self, response: &pb::WatchResponse) -> bool {
        response.canceled && self.link.tokens.is_some() && {
            let code = quorate_etcd_proto::tonic::Code::Unknown;
            judge(code, &response.cancel_reason, false).then == Then::Authenticate
        }
    }

    fn forget_token(&self) {
        if let Some(tokens) = &self.link.tokens {
            tokens.forget();
        }
    }

    async fn route(&mut self, response: pb::WatchResponse, stream: &mut Stream) {
        let is_progress = response.events.is_empty() && !response.created && !response.canceled;
        if is_progress && stream.trusted.is_none() {
            let trusted = trusts_progress(&self.link, stream.endpoint).await;
            stream.trusted = Some(trusted);
        }
        if !is_progress || response.watch_id != EVERYBODY {
            return self.pass(response, stream);
        }
        let ids = self.entries.keys();
        let ids: Vec<_> = ids
            .filter(|id| !stream.pending.contains(id))
            .copied()
            .collect();
        for watch_id in ids {
            let response = pb::WatchResponse {
                header: response.header,
                watch_id,
                ..Default::default()
            };
            self.pass(response, stream);
        }
    }

    /// Passes a message to the watch that it belongs to.
    fn pass(&mut self, response: pb::WatchResponse, stream: &Stream) {
        let id = response.watch_id;
        let Some(entry) = self.entries.get(&id) else {
            return;
        };
        let over = response.canceled;
        let trusted = stream.trusted == Some(true);
        let end = match entry.messages.try_send((response, trusted)) {
            Ok(()) if over => None,
            Ok(()) => return,
            Err(TrySendError::Full(_)) => Some(End::Behind),
            Err(TrySendError::Closed(_)) => None,
        };
        if !over {
            stream.cancel(id);
        }
        if let Some(entry) = self.entries.remove(&id)
            && let Some(end) = end
        {
            entry.end(end);
        }
    }
}

/// Waits until then; for ever without a time.
async fn at(time: Option<Instant>) {
    match time {
        Some(time) => sleep_until(time).await,
        None => std::future::pending().await,
    }
}

/// Whether a server tells progress only after the events that belong to it. Those before 3.4.31 and
/// 3.5.13 do not always.
async fn trusts_progress(link: &Link, endpoint: EndpointId) -> bool {
    let Ok(version) = version_of(link, endpoint).await else {
        return false;
    };
    let mut numbers = version
        .split(['.', '-', '+'])
        .map(|part| part.parse::<u32>().ok());
    match [numbers.next(), numbers.next(), numbers.next()].map(Option::flatten) {
        [Some(3), Some(4), Some(patch)] => patch >= 31,
        [Some(3), Some(5), Some(patch)] => patch >= 13,
        [Some(3), Some(minor), _] => minor >= 6,
        [Some(major), ..] => major > 3,
        _ => false,
    }
}
