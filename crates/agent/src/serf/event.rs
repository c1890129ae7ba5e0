//! What happens in the cluster: `event`, and events as streams tell them.

use std::sync::Arc;

use quorate_gossip::event::{Event, MemberChange, QueryEvent};
use quorate_gossip::{Error, Failure};
use quorate_wire::msgpack::{Decode, Encode};
use quorate_wire::serf::{self, EventRecord};
use tokio::time::Instant;

use super::connection::{Ended, Session};
use super::{member, refusal};
use crate::log::LogLevel;

impl Session {
    pub(super) async fn event(&self, seq: u64, body: &[u8]) -> Result<(), Ended> {
        let serf::Event {
            coalesce,
            name,
            payload,
        } = serf::Event::from_msgpack(body)?;
        let plain = name.len() + payload.len();
        let said = format!("Requesting user event send: {name}. Coalesced: {coalesce}.");
        self.front.say(LogLevel::Debug, "agent", &said);
        let sent = self.front.gossip.user_event(name, payload, coalesce).await;
        let sent = sent.map_err(|error| match error {
            Error::Failure(Failure::EventTooLarge { limit, .. }) => {
                refusal::event_too_large(plain, limit)
            }
            error => refusal::text(&error),
        });
        self.answer_done(seq, sent).await
    }
}

/// An event on its way to those who follow: encoded once for all of them.
#[derive(Debug)]
pub(super) struct Told {
    pub(super) record: EventRecord,
    /// The record as it is sent. Those of queries have a number of their own in each stream.
    pub(super) encoded: Vec<u8>,
    /// The query that may be answered, and until when.
    pub(super) query: Option<(QueryEvent, Instant)>,
}

impl Told {
    /// `None` for what Serf's RPC does not know.
    pub(super) fn new(event: &Event) -> Option<Arc<Self>> {
        let mut query = None;
        let record = match event {
            Event::Members(event) => EventRecord::Member {
                change: change(event.change)?,
                members: event.members.iter().map(member::shown).collect(),
            },
            Event::User(event) => EventRecord::User {
                coalesce: event.coalesce,
                ltime: event.ltime,
                name: event.name.clone(),
                payload: event.payload.clone(),
            },
            Event::Query(event) => {
                query = Instant::now()
                    .checked_add(event.timeout)
                    .map(|deadline| (event.clone(), deadline));
                query_record(event, 0)
            }
            _ => return None,
        };
        let encoded = match query {
            Some(_) => Vec::new(),
            None => record.to_msgpack(),
        };
        Some(Arc::new(Self {
            record,
            encoded,
            query,
        }))
    }
}

/// A query under the number by which a connection may answer it.
pub(super) fn query_record(query: &QueryEvent, id: u64) -> EventRecord {
    EventRecord::Query {
        id,
        ltime: query.ltime,
        name: query.name.clone(),
        payload: query.payload.clone(),
    }
}

fn change(change: MemberChange) -> Option<serf::MemberChange> {
    Some(match change {
        MemberChange::Join => serf::MemberChange::Join,
        MemberChange::Leave => serf::MemberChange::Leave,
        MemberChange::Failed => serf::MemberChange::Failed,
        MemberChange::Update => serf::MemberChange::Update,
        MemberChange::Reap => serf::MemberChange::Reap,
        _ => return None,
    })
}
