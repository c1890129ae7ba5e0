//! A member as a state machine: time, packets, streams and randomness go in, packets, streams and
//! events come out. No I/O, no clock, no task: a test runs hundreds of members in virtual time.
//!
//! Whoever drives an [`Engine`] calls [`Engine::packet`], [`Engine::accept`], [`Engine::dialed`]
//! and [`Engine::tick`] with what happened, then takes every [`Output`], then waits for the next
//! packet or [`Engine::deadline`].

mod config;
mod op;
mod output;
mod packet;
mod stats;
mod stream;
mod timers;

use std::collections::{BTreeMap, VecDeque};
use std::time::Duration;

use bytes::Bytes;

pub use config::{EngineConfig, Limits};
pub use op::{Failure, OpId, Outcome};
pub use output::{DialId, Output, QueryItem};
pub use stats::Stats;

pub(crate) use op::Op;
pub(crate) use packet::user;
pub(crate) use stream::Dial;
pub(crate) use timers::{Timer, TimerKey, Timers};

use crate::codec::Envelope;
use crate::memberlist::Memberlist;
use crate::rng::Rng;
use crate::serf::Serf;

/// A point in time: how long after the epoch of whoever drives the engine. Only differences
/// matter; it never goes backwards.
pub type Time = Duration;

/// Whether a member takes part.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Phase {
    /// It does.
    Running,
    /// It is saying goodbye.
    Leaving,
    /// It has said goodbye.
    Left,
}

/// One member of a cluster. See the [module](self).
#[derive(Debug)]
pub struct Engine {
    pub(crate) config: EngineConfig,
    pub(crate) envelope: Envelope,
    pub(crate) rng: Rng,
    pub(crate) now: Time,
    pub(crate) phase: Phase,
    pub(crate) timers: Timers,
    pub(crate) out: VecDeque<Output>,
    pub(crate) list: Memberlist,
    pub(crate) serf: Serf,
    pub(crate) ops: BTreeMap<OpId, Op>,
    pub(crate) next_internal_op: u64,
    pub(crate) dials: BTreeMap<DialId, Dial>,
    pub(crate) next_dial: u64,
}

impl Engine {
    /// A member that knows only itself, at the time `now`.
    ///
    /// # Errors
    ///
    /// [`Failure::TagsTooLarge`] when its tags do not fit.
    pub fn new(
        config: EngineConfig,
        envelope: Envelope,
        rng: Rng,
        now: Time,
    ) -> Result<Self, Failure> {
        let meta: Bytes = crate::serf::tags::encode(&config.tags)?.into();
        let serf = Serf::new(&config);
        let mut engine = Self {
            config,
            envelope,
            rng,
            now,
            phase: Phase::Running,
            timers: Timers::default(),
            out: VecDeque::new(),
            list: Memberlist::new(),
            serf,
            ops: BTreeMap::new(),
            next_internal_op: 0,
            dials: BTreeMap::new(),
            next_dial: 0,
        };
        engine.start_serf();
        engine.start_list(meta);
        engine.announce_self();
        Ok(engine)
    }

    /// When [`tick`](Self::tick) is to be called next.
    pub fn deadline(&self) -> Option<Time> {
        self.timers.next()
    }

    /// Does what is due at `now`.
    pub fn tick(&mut self, now: Time) {
        self.advance(now);
        while let Some(timer) = self.timers.due(self.now) {
            self.fire(timer);
        }
    }

    /// The next thing to do for the engine; `None` when there is nothing more for now.
    pub fn output(&mut self) -> Option<Output> {
        self.out.pop_front()
    }

    /// The name of this member.
    pub fn name(&self) -> &str {
        &self.config.name
    }

    /// Whether this member takes part, leaves, or has left.
    pub fn phase(&self) -> Phase {
        self.phase
    }

    /// The layers around what is sent and received.
    pub fn envelope(&self) -> &Envelope {
        &self.envelope
    }

    /// How long a stream may take, connecting included.
    pub fn stream_timeout(&self) -> Duration {
        self.config.profile.stream_timeout
    }

    pub(crate) fn advance(&mut self, now: Time) {
        self.now = self.now.max(now);
    }

    pub(crate) fn after(&mut self, delay: Duration, timer: Timer) -> TimerKey {
        self.timers.set(self.now + delay, timer)
    }

    fn fire(&mut self, timer: Timer) {
        match timer {
            Timer::Probe => self.probe_next(),
            Timer::ProbeTimeout(seq) => self.probe_timed_out(seq),
            Timer::ProbeEnd(seq) => self.probe_failed(seq),
            Timer::Nack(seq) => self.send_nack(seq),
            Timer::PendingEnd(seq) => self.forget_pending(seq),
            Timer::Suspicion(name) => self.suspicion_ended(&name),
            Timer::Gossip => self.gossip(),
            Timer::PushPull => self.push_pull_next(),
            Timer::Reap => self.reap(),
            Timer::Reconnect => self.reconnect(),
            Timer::QueueCheck => self.check_queues(),
            Timer::QueryEnd(key) => self.query_ended(key),
            Timer::IncomingQueryEnd(key) => self.incoming_query_ended(key),
            Timer::CoalesceMembers => self.flush_member_events(),
            Timer::CoalesceUsers => self.flush_user_events(),
            Timer::Prune(name) => self.prune_now(&name),
            Timer::OpTimeout(op) => self.op_timed_out(op),
            Timer::JoinNext(op) => self.join_next(op),
            Timer::LeavePropagated(op) => self.left(op),
            Timer::SnapshotClocks => self.snapshot_clocks(),
        }
    }
}
