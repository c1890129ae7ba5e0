//! One call: what is sent, and what may be done to get it answered.

use std::marker::PhantomData;
use std::time::Duration;

use bytes::{BufMut as _, Bytes, BytesMut};
use quorate_etcd_proto::prost::Message;
pub(crate) use quorate_net::call::Operation;
use quorate_net::endpoint::EndpointId;
use quorate_net::http::Replay;

use super::channel::PREFIX;
pub(crate) use crate::effect::Effect;

/// A method of a service, with the types of its messages.
#[derive(Debug)]
pub(crate) struct Rpc<Q, R> {
    pub(crate) path: &'static str,
    pub(crate) effect: Effect,
    messages: PhantomData<fn(Q) -> R>,
}

impl<Q, R> Rpc<Q, R> {
    /// One that changes nothing.
    pub(crate) const fn read(path: &'static str) -> Self {
        Self::new(path, Effect::Read)
    }

    /// One that changes something, and not the same again when it is done twice.
    pub(crate) const fn write(path: &'static str) -> Self {
        Self::new(path, Effect::Write)
    }

    /// One that may be done twice.
    pub(crate) const fn idempotent(path: &'static str) -> Self {
        Self::new(path, Effect::Idempotent)
    }

    const fn new(path: &'static str, effect: Effect) -> Self {
        Self {
            path,
            effect,
            messages: PhantomData,
        }
    }
}

/// A request, encoded once however often it is sent.
#[derive(Clone, Debug)]
pub(crate) struct Call<'a> {
    pub(crate) operation: Operation<'a>,
    pub(crate) path: &'static str,
    pub(crate) effect: Effect,
    /// The message as it is sent: behind the byte and the length that gRPC wants.
    pub(crate) body: Bytes,
    /// The only server that may answer, for what concerns that server itself.
    pub(crate) endpoint: Option<EndpointId>,
    /// The times for one attempt and for all, instead of the client's.
    pub(crate) attempt: Option<Duration>,
    pub(crate) overall: Option<Duration>,
    /// Whether the answer has to be of a member that has a leader and is up to date.
    pub(crate) current: bool,
}

impl<'a> Call<'a> {
    pub(crate) fn new<Q: Message, R>(
        operation: Operation<'a>,
        rpc: &Rpc<Q, R>,
        request: &Q,
    ) -> Self {
        Self {
            operation,
            path: rpc.path,
            effect: rpc.effect,
            body: framed(request),
            endpoint: None,
            attempt: None,
            overall: None,
            current: true,
        }
    }

    /// The message alone.
    pub(crate) fn message(&self) -> Bytes {
        self.body.slice(PREFIX..)
    }

    /// Takes whatever the member that is asked knows by itself.
    pub(crate) fn of_a_member(mut self, endpoint: Option<EndpointId>) -> Self {
        self.endpoint = endpoint;
        self.current = false;
        self
    }

    /// Sets the time for all attempts, of which one may take all.
    pub(crate) fn within(mut self, limit: Option<Duration>) -> Self {
        if let Some(limit) = limit {
            self.attempt = Some(limit);
            self.overall = Some(limit);
        }
        self
    }

    pub(crate) fn with_effect(mut self, effect: Effect) -> Self {
        self.effect = effect;
        self
    }

    pub(crate) fn is_write(&self) -> bool {
        self.effect != Effect::Read
    }

    pub(crate) fn replay(&self) -> Replay {
        match self.effect {
            Effect::Read | Effect::Idempotent => Replay::Safe,
            Effect::Write => Replay::NotSent,
        }
    }
}

fn framed(message: &impl Message) -> Bytes {
    let length = message.encoded_len();
    let mut bytes = BytesMut::with_capacity(PREFIX + length);
    bytes.put_u8(0);
    bytes.put_u32(u32::try_from(length).unwrap_or(u32::MAX));
    message.encode_raw(&mut bytes);
    bytes.freeze()
}
