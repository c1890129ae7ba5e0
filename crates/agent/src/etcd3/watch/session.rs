//! One stream of a client, with all its watches.

use std::collections::{BTreeMap, VecDeque};
use std::sync::Arc;
use std::time::Duration;

use bytes::Bytes;
use quorate_etcd_proto::etcdserverpb::watch_create_request::FilterType;
use quorate_etcd_proto::etcdserverpb::watch_request::RequestUnion;
use quorate_etcd_proto::etcdserverpb::{WatchCreateRequest, WatchRequest, WatchResponse};
use quorate_etcd_proto::tonic::metadata::MetadataMap;
use quorate_etcd_proto::tonic::{Request, Status, Streaming};
use tokio::time::{Instant, sleep_until};

use super::super::front::Front;
use super::super::kv::event;
use super::super::status::{spelled_out, stopped};
use super::super::stream::Source;
use crate::engine::etcd3::{self, EventKind, KeyRange, State, WatchCreate, WatchStream};
use crate::watchers::Mailbox;

/// Beyond this an answer is split, if its watch may be.
const FRAGMENT_BYTES: usize = 1536 * 1024;
/// How often a quiet watch tells how far it is, if it is to.
const PROGRESS: Duration = Duration::from_secs(600);

/// A stream, and what its client has still to be told.
pub(in crate::etcd3) struct Session {
    front: Arc<Front>,
    /// What the client asks; nothing more comes once it has closed its side.
    requests: Option<Streaming<WatchRequest>>,
    metadata: MetadataMap,
    stream: WatchStream,
    mailbox: Mailbox,
    /// The watches that have something to look at, with the first revision where there is.
    to_look: BTreeMap<i64, i64>,
    answers: VecDeque<etcd3::WatchResponse>,
    next_progress: Instant,
}

/// What happens next on a stream.
enum Turn {
    Stopped,
    Request(Result<Option<WatchRequest>, Status>),
    Woken(BTreeMap<i64, i64>),
    Look,
    Progress,
}

impl Session {
    pub(super) fn new(front: Arc<Front>, request: Request<Streaming<WatchRequest>>) -> Self {
        let (metadata, _, requests) = request.into_parts();
        Self {
            mailbox: front.agent.writer.waiters().watchers().mailbox(),
            front,
            requests: Some(requests),
            metadata,
            stream: WatchStream::default(),
            to_look: BTreeMap::new(),
            answers: VecDeque::new(),
            next_progress: Instant::now() + PROGRESS,
        }
    }

    /// Waits for what happens next. What the client asks comes before what it is told, so that a
    /// watch with much to tell can be ended.
    async fn turn(&mut self) -> Turn {
        let mut stop = self.front.spawner.cancelled();
        let requests = async {
            match &mut self.requests {
                Some(requests) => requests.message().await,
                None => std::future::pending().await,
            }
        };
        let has_to_look = !self.to_look.is_empty();
        tokio::select! {
            biased;
            () = &mut stop => Turn::Stopped,
            request = requests => Turn::Request(request),
            () = std::future::ready(()), if has_to_look => Turn::Look,
            woken = self.mailbox.woken() => Turn::Woken(woken),
            () = sleep_until(self.next_progress) => Turn::Progress,
        }
    }

    fn handle(&mut self, request: WatchRequest) {
        match request.request_union {
            Some(RequestUnion::CreateRequest(create)) => self.create(create),
            Some(RequestUnion::CancelRequest(cancel)) => self.cancel(cancel.watch_id),
            Some(RequestUnion::ProgressRequest(_)) => self.progress(),
            None => {}
        }
    }

    fn create(&mut self, request: WatchCreateRequest) {
        let create = decode(request, &self.mailbox);
        if let Err(refused) = self.may_watch(&create) {
            self.answers.push_back(refused);
            return;
        }
        let snapshot = self.front.snapshot();
        let (answer, range) = self.stream.create(create, snapshot.etcd3());
        drop(snapshot);
        if let Some(range) = range {
            self.mailbox.add(answer.watch_id, &range);
            // What happened before the mailbox knew of it is seen by looking now.
            self.to_look.insert(answer.watch_id, 0);
        }
        self.answers.push_back(answer);
    }

    fn may_watch(&self, create: &WatchCreate) -> Result<(), etcd3::WatchResponse> {
        let mut range = KeyRange::new(create.key.clone(), create.range_end.clone());
        if range.key.is_empty() {
            range.key = KeyRange::all().key;
        }
        if range.is_empty() {
            return Ok(());
        }
        let may = self.front.known(&self.metadata).and_then(|caller| {
            let snapshot = self.front.snapshot();
            snapshot.etcd3().auth().may_read(&caller, &range)
        });
        may.map_err(|refusal| etcd3::WatchResponse {
            watch_id: -1,
            revision: self.front.with_state(State::revision),
            created: true,
            canceled: true,
            cancel_reason: spelled_out(refusal),
            ..etcd3::WatchResponse::default()
        })
    }

    fn cancel(&mut self, id: i64) {
        let snapshot = self.front.snapshot();
        if let Some(answer) = self.stream.cancel(id, snapshot.etcd3()) {
            self.mailbox.remove(id);
            self.to_look.remove(&id);
            self.answers.push_back(answer);
        }
    }

    /// Tells how far all watches are, behind everything that they have to tell until then.
    fn progress(&mut self) {
        let snapshot = Arc::clone(&self.front.snapshot());
        let ids: Vec<i64> = self.stream.ids().collect();
        for id in ids {
            while self.look(id, snapshot.etcd3()) {}
        }
        self.answers.extend(self.stream.progress(snapshot.etcd3()));
    }

    /// Lets one watch look that has something to look at.
    fn look_at_one(&mut self) {
        let Some((id, revision)) = self.to_look.pop_first() else {
            return;
        };
        self.stream.skip_to(id, revision);
        let snapshot = Arc::clone(&self.front.snapshot());
        if self.look(id, snapshot.etcd3()) {
            self.to_look.insert(id, 0);
        }
    }

    /// Whether a watch saw something, which is to be told then.
    fn look(&mut self, id: i64, state: &State) -> bool {
        let Some(answer) = self.stream.look(id, state) else {
            return false;
        };
        if answer.canceled {
            self.mailbox.remove(id);
        }
        if self.stream.may_fragment(id) {
            self.answers.extend(answer.fragments(FRAGMENT_BYTES));
        } else {
            self.answers.push_back(answer);
        }
        true
    }

    /// Tells quiet watches how far they are.
    fn notify(&mut self) {
        self.next_progress = Instant::now() + PROGRESS;
        let snapshot = Arc::clone(&self.front.snapshot());
        let ids: Vec<i64> = self.stream.ids().collect();
        for id in ids {
            if !self.look(id, snapshot.etcd3()) {
                let answer = self.stream.notify(id, snapshot.etcd3());
                self.answers.extend(answer);
            }
        }
    }

    fn encode(&self, answer: etcd3::WatchResponse) -> WatchResponse {
        WatchResponse {
            header: Some(self.front.header(answer.revision)),
            watch_id: answer.watch_id,
            created: answer.created,
            canceled: answer.canceled,
            compact_revision: answer.compact_revision,
            cancel_reason: answer.cancel_reason,
            fragment: answer.fragment,
            events: answer.events.iter().map(event).collect(),
        }
    }
}

impl Source for Session {
    type Answer = WatchResponse;

    async fn next(&mut self) -> Option<Result<WatchResponse, Status>> {
        loop {
            if let Some(answer) = self.answers.pop_front() {
                return Some(Ok(self.encode(answer)));
            }
            match self.turn().await {
                Turn::Stopped => return Some(Err(stopped())),
                Turn::Request(Err(status)) => return Some(Err(status)),
                Turn::Request(Ok(None)) => self.requests = None,
                Turn::Request(Ok(Some(request))) => self.handle(request),
                Turn::Woken(woken) => {
                    for (id, revision) in woken {
                        self.to_look.entry(id).or_insert(revision);
                    }
                }
                Turn::Look => self.look_at_one(),
                Turn::Progress => self.notify(),
            }
        }
    }
}

fn decode(request: WatchCreateRequest, mailbox: &Mailbox) -> WatchCreate {
    let filter = |number: i32| match FilterType::try_from(number) {
        Ok(FilterType::Noput) => Some(EventKind::Put),
        Ok(FilterType::Nodelete) => Some(EventKind::Delete),
        Err(_) => None,
    };
    WatchCreate {
        // What is kept is copied: bytes of a message keep all that was read with it.
        key: mailbox.own(&request.key),
        range_end: Bytes::copy_from_slice(&request.range_end),
        start_revision: request.start_revision,
        watch_id: request.watch_id,
        progress_notify: request.progress_notify,
        filters: request.filters.into_iter().filter_map(filter).collect(),
        prev_kv: request.prev_kv,
        fragment: request.fragment,
    }
}
