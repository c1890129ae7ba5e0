//! Beginning, changing what we say about ourselves, and leaving.

use std::sync::Arc;
use std::time::Duration;

use bytes::Bytes;

use super::Node;
use crate::codec::{Dead, NodeState, Versions};
use crate::engine::{Engine, OpId, Timer};

impl Engine {
    /// Puts ourselves on the list and starts what is done regularly.
    pub(crate) fn start_list(&mut self, meta: Bytes) {
        self.list.incarnation = 1;
        let name: Arc<str> = self.config.name.as_str().into();
        self.list.roster.insert(Node {
            name: name.clone(),
            addr: self.config.address,
            meta,
            versions: Versions::OURS,
            incarnation: 1,
            state: NodeState::Alive,
            changed: self.now,
            suspicion: None,
        });
        self.broadcast_self(None);
        let profile = self.config.profile.clone();
        for (every, timer) in [
            (profile.probe_interval, Timer::Probe),
            (profile.gossip_interval, Timer::Gossip),
            (profile.push_pull_interval, Timer::PushPull),
        ] {
            let first = self.part_of(every);
            self.after(first, timer);
        }
        let this = self.member_of_self();
        self.member_joined(&this);
    }

    /// A random part of `span`, so that members that start together do not work in step.
    pub(crate) fn part_of(&mut self, span: Duration) -> Duration {
        span.mul_f64(self.rng.fraction())
    }

    fn member_of_self(&self) -> Arc<str> {
        self.config.name.as_str().into()
    }

    /// Says something new about ourselves.
    pub(crate) fn set_meta(&mut self, meta: Bytes, op: Option<OpId>) {
        self.list.incarnation = self.list.incarnation.saturating_add(1);
        let incarnation = self.list.incarnation;
        let name = self.member_of_self();
        if let Some(me) = self.list.roster.get_mut(&name) {
            me.meta = meta;
            me.incarnation = incarnation;
        }
        self.broadcast_self(op);
        self.member_updated(&name);
    }

    /// Says that we leave.
    pub(crate) fn leave_roster(&mut self, op: OpId) {
        self.list.leaving = true;
        let incarnation = self.list.incarnation;
        let name = self.config.name.clone();
        let dead = Dead {
            from: name.clone(),
            incarnation,
            node: name,
        };
        self.dead_for(&dead, Some(op));
    }

    /// Whether anybody but us takes part.
    pub(crate) fn anybody_else(&self) -> bool {
        let me = self.config.name.as_str();
        self.list
            .roster
            .iter()
            .any(|node| *node.name != *me && node.is_live())
    }

    /// Gossips what we say about ourselves.
    pub(super) fn broadcast_self(&mut self, op: Option<OpId>) {
        let name = self.member_of_self();
        if let Some(me) = self.list.roster.get(&name) {
            let message = crate::codec::Message::Alive(me.to_alive()).encode();
            self.rumor(name, message.into(), op);
        }
    }

    /// Gossips `message` about a member, instead of what was to be gossiped about it.
    pub(super) fn rumor(&mut self, about: Arc<str>, message: Bytes, op: Option<OpId>) {
        let replaced = self.list.queue.replace(about, message, op);
        self.broadcasts_done(replaced.into_iter().collect());
    }
}
