//! Questions to all members: `query`, `respond`.

use std::collections::BTreeMap;
use std::sync::atomic::AtomicUsize;
use std::sync::atomic::Ordering::Relaxed;
use std::sync::{Arc, Mutex, MutexGuard, PoisonError};
use std::time::Duration;

use bytes::Bytes;
use quorate_gossip::engine::QueryItem;
use quorate_gossip::event::QueryEvent;
use quorate_gossip::serf::{Filter, QuerySpec};
use quorate_gossip::{Error, Failure, QueryStream};
use quorate_wire::msgpack::Decode;
use quorate_wire::serf::{Query, QueryRecord, QueryRecordKind, Respond};
use tokio::time::Instant;
use tokio_util::sync::CancellationToken;

use super::Front;
use super::connection::{Ended, Session};
use super::outgoing::{Outgoing, with_body};
use super::refusal::{self, NO_QUERY, TOO_MANY};
use super::stream::MOST;
use crate::log::LogLevel;

/// How many queries a connection may answer at a time; of more, the oldest are forgotten.
const ANSWERABLE: usize = 4096;
/// What stands before each reason why an answer was not sent. Serf says it of all queries.
const NOT_SENT: &str = "failed to respond to key query: ";

impl Session {
    /// The answers follow until the time of the query is over, which is told as well.
    pub(super) async fn query(&mut self, seq: u64, body: &[u8]) -> Result<(), Ended> {
        let query = Query::from_msgpack(body)?;
        let Some(running) = self.pending.begin() else {
            return self.answer(seq, TOO_MANY).await;
        };
        let said = format!("Requesting query send: {}", query.name);
        self.front.say(LogLevel::Debug, "agent", &said);
        let answers = match self.front.gossip.query(spec(query)).await {
            Ok(answers) => answers,
            Err(error) => return self.answer(seq, &refusal::text(&error)).await,
        };
        self.answer(seq, "").await?;
        let (out, front) = (self.out.clone(), Arc::clone(&self.front));
        self.tell(CancellationToken::new(), async move {
            let told = pass_on(seq, answers, out, &front).await;
            drop(running);
            told
        });
        Ok(())
    }

    pub(super) async fn respond(&self, seq: u64, body: &[u8]) -> Result<(), Ended> {
        let Respond { id, payload } = Respond::from_msgpack(body)?;
        let Some(query) = self.pending.get(id) else {
            return self.answer(seq, NO_QUERY).await;
        };
        let sent = self.send_response(id, query, payload).await;
        let sent = sent.map_err(|why| format!("{NOT_SENT}{why}"));
        self.answer_done(seq, sent).await
    }

    async fn send_response(
        &self,
        id: u64,
        query: Option<QueryEvent>,
        payload: Bytes,
    ) -> Result<(), String> {
        let again = || "response already sent".to_owned();
        let query = query.ok_or_else(again)?;
        match self.front.gossip.respond(&query, payload).await {
            Ok(()) => {
                self.pending.answered(id);
                Ok(())
            }
            // By somebody else on this agent, as its time is not over.
            Err(Error::Failure(Failure::NoSuchQuery)) => Err(again()),
            Err(error) => Err(refusal::text(&error)),
        }
    }
}

fn spec(query: Query) -> QuerySpec {
    let mut spec = QuerySpec::new(query.name)
        .with_payload(query.payload)
        .with_ack(query.request_ack)
        .with_relay_factor(query.relay_factor);
    if !query.filter_nodes.is_empty() {
        spec = spec.with_filter(Filter::Nodes(query.filter_nodes));
    }
    for (tag, expression) in query.filter_tags {
        spec = spec.with_filter(Filter::Tag { tag, expression });
    }
    match query.timeout {
        0 => spec,
        nanos => spec.with_timeout(Duration::from_nanos(u64::try_from(nanos).unwrap_or(0))),
    }
}

async fn pass_on(
    seq: u64,
    mut answers: QueryStream,
    out: Outgoing,
    front: &Front,
) -> Result<(), Ended> {
    while let Some(item) = answers.next().await {
        let record = match item {
            Ok(QueryItem::Ack { from }) => record(QueryRecordKind::Ack, from, Bytes::new()),
            Ok(QueryItem::Response { from, payload }) => {
                record(QueryRecordKind::Response, from, payload)
            }
            Ok(_) => continue,
            Err(missed) => {
                let said = format!("Dropped answers to a query: {missed}");
                front.say(LogLevel::Warn, "agent.ipc", &said);
                continue;
            }
        };
        out.send(&with_body(seq, "", &record)).await?;
    }
    let done = record(QueryRecordKind::Done, String::new(), Bytes::new());
    out.send(&with_body(seq, "", &done)).await
}

fn record(kind: QueryRecordKind, from: String, payload: Bytes) -> QueryRecord {
    QueryRecord {
        from,
        payload,
        kind,
    }
}

/// The queries that a connection may answer, by their numbers there, and those that it asked.
#[derive(Clone, Default)]
pub(super) struct Pending(Arc<Shared>);

#[derive(Default)]
struct Shared {
    state: Mutex<State>,
    asked: AtomicUsize,
}

#[derive(Default)]
struct State {
    last: u64,
    /// Until when, and what; nothing once it was answered.
    queries: BTreeMap<u64, (Instant, Option<QueryEvent>)>,
}

/// A query that was asked and is not over.
pub(super) struct Running(Arc<Shared>);

impl Drop for Running {
    fn drop(&mut self) {
        self.0.asked.fetch_sub(1, Relaxed);
    }
}

impl Pending {
    /// Counts a query that is asked, if there are not too many.
    fn begin(&self) -> Option<Running> {
        let running = Running(Arc::clone(&self.0));
        let before = self.0.asked.fetch_add(1, Relaxed);
        (before < MOST).then_some(running)
    }

    /// The number by which the query can be answered until then.
    pub(super) fn add(&self, query: &QueryEvent, deadline: Instant) -> u64 {
        let mut state = self.state();
        let now = Instant::now();
        state.queries.retain(|_, (deadline, _)| *deadline > now);
        if state.queries.len() >= ANSWERABLE {
            state.queries.pop_first();
        }
        state.last += 1;
        let id = state.last;
        state.queries.insert(id, (deadline, Some(query.clone())));
        id
    }

    /// The query of that number, if its time is not over; `None` in it if it was answered.
    fn get(&self, id: u64) -> Option<Option<QueryEvent>> {
        let state = self.state();
        let (deadline, query) = state.queries.get(&id)?;
        (*deadline > Instant::now()).then(|| query.clone())
    }

    fn answered(&self, id: u64) {
        if let Some((_, query)) = self.state().queries.get_mut(&id) {
            *query = None;
        }
    }

    fn state(&self) -> MutexGuard<'_, State> {
        self.0.state.lock().unwrap_or_else(PoisonError::into_inner)
    }
}
