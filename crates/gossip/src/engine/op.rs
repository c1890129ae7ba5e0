//! What takes time, and how it ends.

use std::collections::VecDeque;
use std::net::SocketAddr;

use super::{Engine, Output, TimerKey};
use crate::serf::KeyReport;

/// Names something that was asked of an engine and takes time. Whoever asks chooses the number.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub struct OpId(pub u64);

/// Numbers above are the engine's own.
const INTERNAL: u64 = 1 << 63;

/// What came of something that succeeded.
#[derive(Clone, Debug, PartialEq)]
#[non_exhaustive]
pub enum Outcome {
    /// It was done.
    Done,
    /// These were reached, the others not.
    Joined {
        /// How many were reached.
        reached: usize,
        /// Why the others were not.
        failed: Vec<(SocketAddr, String)>,
    },
    /// What the members said about their keys.
    Keys(KeyReport),
}

/// Why something was not done.
#[derive(Clone, Debug, PartialEq, thiserror::Error)]
#[non_exhaustive]
pub enum Failure {
    /// The member leaves or has left.
    #[error("the member leaves or has left")]
    Leaving,
    /// Tags that do not fit into an alive message.
    #[error("encoded tags of {len} bytes exceed the limit of 512 bytes")]
    TagsTooLarge {
        /// How large they are.
        len: usize,
    },
    /// A user event that is larger than the limit.
    #[error("a user event of {len} bytes exceeds the limit of {limit} bytes")]
    EventTooLarge {
        /// How large it is, encoded or not.
        len: usize,
        /// How large it may be.
        limit: usize,
    },
    /// A query that is larger than the limit.
    #[error("a query of {len} bytes exceeds the limit of {limit} bytes")]
    QueryTooLarge {
        /// How large it is, encoded.
        len: usize,
        /// How large it may be.
        limit: usize,
    },
    /// An answer that is larger than the limit.
    #[error("an answer of {len} bytes exceeds the limit of {limit} bytes")]
    ResponseTooLarge {
        /// How large it is, encoded.
        len: usize,
        /// How large it may be.
        limit: usize,
    },
    /// The name of a query that only members ask.
    #[error("names of queries cannot start with '_serf_'")]
    ReservedName,
    /// A filter that is no regular expression.
    #[error("the filter {expression:?} is no regular expression: {reason}")]
    Filter {
        /// What was given.
        expression: String,
        /// Why it is none.
        reason: String,
    },
    /// A query that was answered, or whose time is over, or that there never was.
    #[error("no pending query of this number")]
    NoSuchQuery,
    /// Nobody could be reached.
    #[error("none of {} members could be reached: {}", .0.len(), reasons(.0))]
    Join(Vec<(SocketAddr, String)>),
    /// What was to be gossiped was not in time.
    #[error("timed out waiting for the broadcast")]
    BroadcastTimeout,
    /// Some members failed to change their keys, or did not answer.
    #[error("{} of {} nodes reported success, {} failure", .0.responses - .0.errors, .0.nodes, .0.errors)]
    Keys(KeyReport),
}

fn reasons(failed: &[(SocketAddr, String)]) -> String {
    let each: Vec<_> = failed
        .iter()
        .map(|(to, why)| format!("{to}: {why}"))
        .collect();
    each.join("; ")
}

/// Something that was asked for and has not ended.
#[derive(Debug)]
pub(crate) enum Op {
    Join {
        /// Who has not been dialled yet.
        rest: VecDeque<SocketAddr>,
        /// How many have not answered yet.
        missing: usize,
        ignore_old: bool,
        reached: usize,
        failed: Vec<(SocketAddr, String)>,
    },
    /// Ends when its broadcast has been sent often enough.
    Broadcast { timeout: TimerKey },
    /// The intent is being gossiped.
    LeaveIntent { timeout: TimerKey },
    /// The death is being gossiped.
    LeaveList { timeout: TimerKey },
    /// The last step.
    LeavePropagate,
}

impl Engine {
    /// A number for something that nobody waits for.
    pub(crate) fn internal_op(&mut self) -> OpId {
        self.next_internal_op += 1;
        OpId(INTERNAL + self.next_internal_op)
    }

    pub(crate) fn finish(&mut self, op: OpId, result: Result<Outcome, Failure>) {
        self.ops.remove(&op);
        if op.0 < INTERNAL {
            self.out.push_back(Output::Finished { op, result });
        }
    }

    /// Broadcasts that somebody waits for have been sent often enough.
    pub(crate) fn broadcasts_done(&mut self, done: Vec<OpId>) {
        for op in done {
            match self.ops.get(&op) {
                Some(Op::Broadcast { timeout }) => {
                    let timeout = *timeout;
                    self.timers.cancel(timeout);
                    self.finish(op, Ok(Outcome::Done));
                }
                Some(Op::LeaveIntent { timeout }) => {
                    let timeout = *timeout;
                    self.timers.cancel(timeout);
                    self.leave_list(op);
                }
                Some(Op::LeaveList { timeout }) => {
                    let timeout = *timeout;
                    self.timers.cancel(timeout);
                    self.leave_propagate(op);
                }
                Some(Op::Join { .. } | Op::LeavePropagate) | None => {}
            }
        }
    }

    /// A broadcast that somebody waits for was not sent often enough in time.
    pub(crate) fn op_timed_out(&mut self, op: OpId) {
        match self.ops.get(&op) {
            Some(Op::Broadcast { .. }) => self.finish(op, Err(Failure::BroadcastTimeout)),
            // Leaving goes on: whoever has not heard of it will notice.
            Some(Op::LeaveIntent { .. }) => self.leave_list(op),
            Some(Op::LeaveList { .. }) => self.leave_propagate(op),
            Some(Op::Join { .. } | Op::LeavePropagate) | None => {}
        }
    }
}
