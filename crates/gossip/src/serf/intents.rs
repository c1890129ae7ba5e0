//! What members want, or somebody wants for them.

use std::collections::HashMap;
use std::time::Duration;

use bytes::Bytes;

use super::Status;
use super::message::{JoinIntent, LeaveIntent, SerfMessage};
use crate::engine::{Engine, Phase, Time, Timer};
use crate::event::{Event, MemberChange, MemberEvent};
use crate::memberlist::LONGEST_NAME;

/// What an unknown member wants: it may be that we hear of that before we hear of the member.
#[derive(Debug, Default)]
pub(super) struct Intents(HashMap<String, Intent>);

#[derive(Clone, Copy, Debug)]
pub(super) struct Intent {
    pub(super) leave: bool,
    pub(super) ltime: u64,
    heard: Time,
}

/// How many are remembered: a stranger could name any number of members.
const MOST: usize = 4096;

impl Intents {
    /// Remembers an intent; `false` if a later one is known.
    fn insert(&mut self, node: &str, leave: bool, ltime: u64, heard: Time) -> bool {
        let known = self.0.get(node);
        let late = known.is_some_and(|known| known.ltime >= ltime);
        let full = known.is_none() && self.0.len() >= MOST;
        if late || full || node.len() > LONGEST_NAME {
            return false;
        }
        let intent = Intent {
            leave,
            ltime,
            heard,
        };
        self.0.insert(node.to_owned(), intent);
        true
    }

    pub(super) fn take(&mut self, node: &str) -> Option<Intent> {
        self.0.remove(node)
    }

    pub(super) fn forget(&mut self, now: Time, after: Duration) {
        self.0
            .retain(|_, intent| now.saturating_sub(intent.heard) <= after);
    }
}

impl Engine {
    /// Gossips `message`, one of Serf's intents.
    pub(super) fn gossip_intent(&mut self, message: impl Into<Bytes>) {
        self.serf.intent_queue.push(message.into(), None);
    }

    /// Says that we are there.
    pub(super) fn broadcast_join(&mut self) {
        let ltime = self.serf.clock.time();
        let node = self.config.name.clone();
        let intent = JoinIntent { ltime, node };
        self.join_intent(&intent);
        self.gossip_intent(SerfMessage::Join(intent).encode());
    }

    /// Somebody is there after all. `true` if that is news to pass on.
    pub(super) fn join_intent(&mut self, intent: &JoinIntent) -> bool {
        self.serf.clock.witness(intent.ltime);
        let Some(member) = self.serf.members.get_mut(&intent.node) else {
            return self
                .serf
                .intents
                .insert(&intent.node, false, intent.ltime, self.now);
        };
        if intent.ltime <= member.ltime {
            return false;
        }
        member.ltime = intent.ltime;
        if member.status == Status::Leaving {
            member.status = Status::Alive;
        }
        true
    }

    /// Somebody leaves. `true` if that is news to pass on.
    pub(super) fn leave_intent(&mut self, intent: &LeaveIntent) -> bool {
        self.serf.clock.witness(intent.ltime);
        let Some(member) = self.serf.members.get_mut(&intent.node) else {
            return self
                .serf
                .intents
                .insert(&intent.node, true, intent.ltime, self.now);
        };
        if intent.ltime <= member.ltime {
            return false;
        }
        if intent.node == self.config.name && self.phase == Phase::Running {
            self.broadcast_join();
            return false;
        }
        // Always, even if nothing else changes: otherwise members pass it on to each other forever.
        member.ltime = intent.ltime;
        match member.status {
            Status::Alive => {
                member.status = Status::Leaving;
                if intent.prune {
                    self.prune(&intent.node);
                }
            }
            Status::Failed => {
                member.status = Status::Left;
                let event = MemberEvent::one(MemberChange::Leave, member.clone());
                self.tell_members(event);
                if intent.prune {
                    self.prune(&intent.node);
                }
            }
            Status::Leaving | Status::Left => {
                if intent.prune {
                    self.prune(&intent.node);
                }
            }
        }
        true
    }

    /// Forgets a member that leaves or has left: at once, or when it had time to leave.
    fn prune(&mut self, node: &str) {
        let leaving = self.serf.members.get(node).map(|member| member.status);
        if leaving == Some(Status::Leaving) {
            let limits = &self.config.limits;
            let wait = limits.broadcast_timeout + limits.leave_propagate_delay;
            self.after(wait, Timer::Prune(node.into()));
        } else {
            self.erase(node);
        }
    }

    /// Forgets a member, unless it said meanwhile that it is there.
    pub(crate) fn prune_now(&mut self, node: &str) {
        let status = self.serf.members.get(node).map(|member| member.status);
        if status.is_some_and(|status| status != Status::Alive) {
            self.erase(node);
        }
    }

    /// Does not list a member any more.
    pub(super) fn erase(&mut self, node: &str) {
        if node == self.config.name {
            return;
        }
        if let Some(member) = self.serf.members.remove(node) {
            self.serf.places.remove(node);
            self.serf.coordinates.forget(node);
            self.tell_members(MemberEvent::one(MemberChange::Reap, member));
        }
    }

    pub(super) fn tell_members(&mut self, event: Event) {
        if let Event::Members(event) = &event {
            self.remember_members(event);
        }
        self.tell(event);
    }
}
