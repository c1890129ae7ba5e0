use std::collections::VecDeque;
use std::sync::Arc;

use bytes::Bytes;
use quorate_wire::consul::event::{KEPT, MAX_MESSAGE_BYTES, message_bytes, plain_bytes};
use regex::Regex;

use super::command::Reply;
use super::refusal::Refusal;
use super::state::State;
use crate::engine::change::{Changes, Topic, Wake};

/// A user event that arrived.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Event {
    /// A UUID.
    pub id: String,
    /// What happened.
    pub name: String,
    /// What else there is to know.
    pub payload: Bytes,
    /// The filters of its fire, as texts: node, service, tag.
    pub filters: [String; 3],
    /// The logical time of its arrival.
    pub ltime: u64,
}

/// An event to fire.
#[derive(Clone, Debug)]
pub struct EventSpec {
    /// Its id; a random UUID.
    pub id: String,
    /// What happened.
    pub name: String,
    /// What else there is to know.
    pub payload: Bytes,
    /// The name of the agent's own node.
    pub node: String,
    /// What the node's name must match.
    pub node_filter: Option<Regex>,
    /// What the id of one of the agent's services must match.
    pub service_filter: Option<Regex>,
    /// What a tag of that service must match.
    pub tag_filter: Option<Regex>,
    /// The same filters as they were written.
    pub filters: [String; 3],
    /// When it was fired by the clock of the gossip pool, if it came by that; it fitted into a
    /// message then. Otherwise it is fired here, and counted.
    pub ltime: Option<u64>,
}

/// The newest events, oldest first, and the clock that counts them. Nothing of it is stored: as
/// on the real server, it begins anew with each start.
#[derive(Clone, Debug)]
pub(super) struct Events {
    kept: Arc<VecDeque<Arc<Event>>>,
    clock: u64,
}

impl Default for Events {
    fn default() -> Self {
        let kept = Arc::default();
        // A real agent's first event has time 2.
        Self { kept, clock: 2 }
    }
}

impl State {
    /// The newest events that were for this node, oldest first.
    #[must_use]
    pub fn events(&self) -> &VecDeque<Arc<Event>> {
        &self.events.kept
    }

    /// Fires an event. One that the filters keep from this node is counted, and not kept: there
    /// is no other node that it could be for.
    pub(super) fn fire_event(
        &mut self,
        spec: EventSpec,
        changes: &mut Changes,
    ) -> Result<Reply, Refusal> {
        let ltime = match spec.ltime {
            Some(ltime) => ltime,
            None => self.count_event(&spec)?,
        };
        if self.is_for_this_node(&spec) {
            let kept = Arc::make_mut(&mut self.events.kept);
            if kept.len() == KEPT {
                kept.pop_front();
            }
            kept.push_back(Arc::new(Event {
                id: spec.id,
                name: spec.name,
                payload: spec.payload,
                filters: spec.filters,
                ltime,
            }));
            changes.wakes.push(Wake::Topic(Topic::Events));
        }
        Ok(Reply::Done)
    }

    /// The time of an event that is fired here.
    fn count_event(&mut self, spec: &EventSpec) -> Result<u64, Refusal> {
        let ltime = self.events.clock;
        check_size(spec, ltime)?;
        self.events.clock = ltime.saturating_add(1);
        Ok(ltime)
    }

    /// Remote execution, which agents understand each other by, is not for clients to see.
    fn is_for_this_node(&self, spec: &EventSpec) -> bool {
        let matches = |filter: &Option<Regex>, text: &str| {
            filter.as_ref().is_none_or(|filter| filter.is_match(text))
        };
        if spec.name == "_rexec" || !matches(&spec.node_filter, &spec.node) {
            return false;
        }
        let Some(filter) = &spec.service_filter else {
            return true;
        };
        // What only the catalog knows of this node, like the service of the servers, is none of
        // the agent's.
        self.local_services().any(|local| {
            let service = &local.service;
            let tagged = |tag: &Regex| service.tags.iter().any(|text| tag.is_match(text));
            filter.is_match(&service.id) && spec.tag_filter.as_ref().is_none_or(tagged)
        })
    }
}

/// The real server looks at name and payload first, and then at all of the message.
fn check_size(spec: &EventSpec, ltime: u64) -> Result<(), Refusal> {
    let filters = spec.filters.each_ref().map(String::len);
    let (name, payload) = (spec.name.len(), spec.payload.len());
    if plain_bytes(name, payload, filters) > MAX_MESSAGE_BYTES {
        return Err(Refusal::EventTooLarge { encoded: false });
    }
    if message_bytes(name, payload, filters, ltime) > MAX_MESSAGE_BYTES {
        return Err(Refusal::EventTooLarge { encoded: true });
    }
    Ok(())
}
