//! Saying goodbye.

use super::message::{LeaveIntent, SerfMessage};
use crate::engine::{Engine, Failure, Op, OpId, Outcome, Phase, Time, Timer};

impl Engine {
    /// Tells everybody that we leave, waits until that has been gossiped, then until it has spread.
    /// Ends after at most two broadcast timeouts and the propagation delay. Afterwards the member
    /// still answers, until whoever drives it stops.
    pub fn leave(&mut self, now: Time, op: OpId) {
        self.advance(now);
        if self.phase != Phase::Running {
            return self.finish(op, Err(Failure::Leaving));
        }
        self.phase = Phase::Leaving;
        self.forget_snapshot();
        let ltime = self.serf.clock.tick();
        let node = self.config.name.clone();
        let intent = LeaveIntent {
            ltime,
            node,
            prune: false,
        };
        self.leave_intent(&intent);
        if !self.anybody_else() {
            return self.leave_list(op);
        }
        let wait = self.config.limits.broadcast_timeout;
        let timeout = self.after(wait, Timer::OpTimeout(op));
        self.ops.insert(op, Op::LeaveIntent { timeout });
        let message = SerfMessage::Leave(intent).encode();
        self.serf.intent_queue.push(message.into(), Some(op));
    }

    /// The second step: the list hears of it. In the other order, others would see a failure.
    pub(crate) fn leave_list(&mut self, op: OpId) {
        let alone = !self.anybody_else();
        let wait = self.config.limits.broadcast_timeout;
        let timeout = self.after(wait, Timer::OpTimeout(op));
        self.ops.insert(op, Op::LeaveList { timeout });
        self.leave_roster(op);
        if alone {
            self.timers.cancel(timeout);
            self.left(op);
        }
    }

    /// The third step: what we said spreads.
    pub(crate) fn leave_propagate(&mut self, op: OpId) {
        self.ops.insert(op, Op::LeavePropagate);
        let wait = self.config.limits.leave_propagate_delay;
        self.after(wait, Timer::LeavePropagated(op));
    }

    /// It has spread.
    pub(crate) fn left(&mut self, op: OpId) {
        self.phase = Phase::Left;
        self.finish(op, Ok(Outcome::Done));
    }
}
