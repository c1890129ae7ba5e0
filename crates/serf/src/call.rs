//! One call: what is sent, and what may be done to get it answered.

use std::time::Duration;

use quorate_net::call::Operation;
use quorate_net::http::Replay;
use quorate_wire::msgpack::Encode;
use quorate_wire::serf::Command;

/// What a call changes.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum Effect {
    /// Nothing, so that it may be done again, by another agent too.
    Read,
    /// Something, so that it is only done again when it was never sent.
    Write,
}

/// Which connection a call goes on. An agent does one command of a connection after the other, so
/// that what takes long would hold up everything behind it.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum Lane {
    /// For what is answered at once, and for streams.
    Quick,
    /// For what needs other members.
    Slow,
}

/// A request, encoded once however often it is sent.
#[derive(Clone, Debug)]
pub(crate) struct Call<'a> {
    pub(crate) operation: Operation<'a>,
    pub(crate) command: Command,
    pub(crate) body: Vec<u8>,
    pub(crate) effect: Effect,
    pub(crate) lane: Lane,
    /// How long the agent may need, if that is longer than it is given anyway.
    pub(crate) patience: Duration,
}

impl<'a> Call<'a> {
    /// A command without a body that changes nothing.
    pub(crate) fn bare(operation: Operation<'a>, command: Command) -> Self {
        Self {
            operation,
            command,
            body: Vec::new(),
            effect: Effect::Read,
            lane: Lane::Quick,
            patience: Duration::ZERO,
        }
    }

    /// A command that changes nothing.
    pub(crate) fn read(operation: Operation<'a>, command: Command, body: &impl Encode) -> Self {
        let body = body.to_msgpack();
        Self {
            body,
            ..Self::bare(operation, command)
        }
    }

    /// A command that changes something.
    pub(crate) fn write(operation: Operation<'a>, command: Command, body: &impl Encode) -> Self {
        Self {
            effect: Effect::Write,
            ..Self::read(operation, command, body)
        }
    }

    /// Says that the agent may need so long, because it needs others.
    pub(crate) fn slow(mut self, patience: Duration) -> Self {
        self.lane = Lane::Slow;
        self.patience = patience;
        self
    }

    pub(crate) fn is_write(&self) -> bool {
        self.effect == Effect::Write
    }

    pub(crate) fn replay(&self) -> Replay {
        match self.effect {
            Effect::Read => Replay::Safe,
            Effect::Write => Replay::NotSent,
        }
    }
}
