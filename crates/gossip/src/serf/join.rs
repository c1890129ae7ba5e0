//! Joining.

use std::collections::VecDeque;
use std::net::SocketAddr;
use std::time::Duration;

use crate::engine::{Dial, Engine, Failure, Op, OpId, Outcome, Phase, Time, Timer};

/// How long the next member of a join waits for the answer of the one before.
const TURN: Duration = Duration::from_millis(500);

impl Engine {
    /// Exchanges everything with the members at these addresses. Ends with
    /// [`Outcome::Joined`] when at least one was reached. With `ignore_old`, user events from
    /// before are not delivered.
    pub fn join(&mut self, now: Time, op: OpId, addresses: &[SocketAddr], ignore_old: bool) {
        self.advance(now);
        if self.phase != Phase::Running {
            return self.finish(op, Err(Failure::Leaving));
        }
        self.begin_join(op, addresses.iter().copied(), ignore_old);
    }

    /// Joins one after the other, so that each hears of the ones before; but none waits longer for
    /// its turn than for an answer that mostly comes.
    pub(super) fn begin_join(
        &mut self,
        op: OpId,
        addresses: impl Iterator<Item = SocketAddr>,
        ignore_old: bool,
    ) {
        let rest: VecDeque<_> = addresses.collect();
        let join = Op::Join {
            missing: rest.len(),
            rest,
            ignore_old,
            reached: 0,
            failed: Vec::new(),
        };
        let nobody = matches!(join, Op::Join { missing: 0, .. });
        self.ops.insert(op, join);
        if nobody {
            self.joined(op);
        } else {
            self.join_next(op);
        }
    }

    /// Dials the next member of a join.
    pub(crate) fn join_next(&mut self, op: OpId) {
        let Some(Op::Join {
            rest, ignore_old, ..
        }) = self.ops.get_mut(&op)
        else {
            return;
        };
        let (next, join) = (rest.pop_front(), Some((op, *ignore_old)));
        if let Some(to) = next {
            let message = self.local_state(true).encode();
            self.dial(to, message, Dial::PushPull { to, join });
            self.after(TURN, Timer::JoinNext(op));
        }
    }

    /// All that were to be joined were reached, or not.
    pub(crate) fn joined(&mut self, op: OpId) {
        let Some(Op::Join {
            reached, failed, ..
        }) = self.ops.remove(&op)
        else {
            return;
        };
        if reached > 0 {
            self.broadcast_join();
        }
        if reached == 0 && !failed.is_empty() {
            return self.finish(op, Err(Failure::Join(failed)));
        }
        self.finish(op, Ok(Outcome::Joined { reached, failed }));
    }
}
