//! Taking a failed member for one that left.

use super::Status;
use super::message::{LeaveIntent, SerfMessage};
use crate::engine::{Engine, Failure, Op, OpId, Outcome, Phase, Time, Timer};

impl Engine {
    /// Tells everybody that a member left: a failed one is not tried any more, and with `prune`
    /// not listed either. One that takes part says that it is there, and nothing changes. One that
    /// is not known is no error, as in Serf.
    pub fn force_leave(&mut self, now: Time, op: OpId, node: &str, prune: bool) {
        self.advance(now);
        if self.phase != Phase::Running {
            return self.finish(op, Err(Failure::Leaving));
        }
        let ltime = self.serf.clock.tick();
        let intent = LeaveIntent {
            ltime,
            node: node.to_owned(),
            prune,
        };
        self.leave_intent(&intent);
        if !self.anybody_alive() {
            return self.finish(op, Ok(Outcome::Done));
        }
        let wait = self.config.limits.broadcast_timeout;
        let timeout = self.after(wait, Timer::OpTimeout(op));
        self.ops.insert(op, Op::Broadcast { timeout });
        let message = SerfMessage::Leave(intent).encode();
        self.serf.intent_queue.push(message.into(), Some(op));
    }

    /// What this member says about itself.
    pub fn tags(&self) -> &std::collections::BTreeMap<String, String> {
        &self.config.tags
    }

    /// Changes our tags. Ends when that has been gossiped, or after the broadcast timeout.
    pub fn set_tags(
        &mut self,
        now: Time,
        op: OpId,
        tags: std::collections::BTreeMap<String, String>,
    ) {
        self.advance(now);
        let meta = match super::tags::encode(&tags) {
            Ok(meta) => meta,
            Err(failure) => return self.finish(op, Err(failure)),
        };
        if self.phase != Phase::Running {
            return self.finish(op, Err(Failure::Leaving));
        }
        self.config.tags = tags;
        if !self.anybody_else() {
            self.set_meta(meta.into(), None);
            return self.finish(op, Ok(Outcome::Done));
        }
        let wait = self.config.limits.broadcast_timeout;
        let timeout = self.after(wait, Timer::OpTimeout(op));
        self.ops.insert(op, Op::Broadcast { timeout });
        self.set_meta(meta.into(), Some(op));
    }

    fn anybody_alive(&self) -> bool {
        let others = self.serf.members.values();
        let mut others = others.filter(|member| member.name != self.config.name);
        others.any(|member| member.status == Status::Alive)
    }
}
