//! What push/pull tells of Serf.

use std::collections::HashSet;

use bytes::Bytes;

use super::Status;
use super::message::{JoinIntent, LeaveIntent, SerfMessage, Slots, State, UserEventMessage};
use crate::engine::Engine;
use crate::msgpack::DecodeError;

impl Engine {
    /// Clocks, times of members and the latest events.
    pub(crate) fn serf_state(&self) -> Vec<u8> {
        let members = self.serf.members.values();
        let left = members
            .clone()
            .filter(|member| member.status == Status::Left);
        let mut state = State {
            event_ltime: self.serf.event_clock.time(),
            events: Slots(self.serf.events.slots().to_vec()),
            ltime: self.serf.clock.time(),
            query_ltime: self.serf.query_clock.time(),
            ..State::default()
        };
        state.left_members.0 = left.map(|member| member.name.clone()).collect();
        state.status_ltimes.0 = members
            .map(|member| (member.name.clone(), member.ltime))
            .collect();
        SerfMessage::State(state).encode()
    }

    pub(crate) fn decode_serf_state(&self, bytes: &Bytes) -> Result<Option<State>, DecodeError> {
        if bytes.is_empty() {
            return Ok(None);
        }
        match SerfMessage::decode(bytes)? {
            SerfMessage::State(state) => Ok(Some(state)),
            _ => Err(DecodeError::Malformed(
                "the state of the layer above is something else",
            )),
        }
    }

    /// Takes what somebody else knows. With `ignore_old`, events from before are not delivered.
    pub(crate) fn merge_serf_state(&mut self, state: &State, ignore_old: bool) {
        // Nothing has been sent at the time that a clock shows.
        for (clock, time) in [
            (&mut self.serf.clock, state.ltime),
            (&mut self.serf.event_clock, state.event_ltime),
            (&mut self.serf.query_clock, state.query_ltime),
        ] {
            if let Some(time) = time.checked_sub(1) {
                clock.witness(time);
            }
        }
        let left: HashSet<&String> = state.left_members.0.iter().collect();
        for (node, ltime) in &state.status_ltimes.0 {
            let (gone, node, ltime) = (left.contains(node), node.clone(), *ltime);
            if gone {
                let prune = false;
                self.leave_intent(&LeaveIntent { ltime, node, prune });
            } else {
                self.join_intent(&JoinIntent { ltime, node });
            }
        }
        if ignore_old {
            let least = &mut self.serf.events.least;
            *least = state.event_ltime.max(*least);
        }
        for events in state.events.0.iter().flatten() {
            for event in &events.events {
                self.user_event_message(&UserEventMessage {
                    coalesce: false,
                    ltime: events.ltime,
                    name: event.name.clone(),
                    payload: event.payload.clone(),
                });
            }
        }
    }
}
