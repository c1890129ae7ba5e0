//! Streams: one message each way.

use std::net::SocketAddr;

use super::{DialId, Engine, Op, OpId, Output, Time};
use crate::codec::{Ack, Fault, Kind, Message, OpenError, Ping, PushPull, StreamUser};
use crate::msgpack::{Body as _, DecodeError};

/// Why a stream was asked for.
#[derive(Clone, Debug)]
pub(crate) enum Dial {
    PushPull {
        to: SocketAddr,
        join: Option<(OpId, IgnoreOld)>,
    },
    Ping {
        seq: u32,
    },
}

/// Whether events from before a join are not delivered.
pub(crate) type IgnoreOld = bool;

impl Engine {
    /// Takes the one message that a stream from somebody else carries, as
    /// [`FrameScanner`](crate::codec::FrameScanner) splits it into label and frame. Gives the
    /// answer to send, without layers, if there is one.
    pub fn accept(
        &mut self,
        now: Time,
        from: SocketAddr,
        label: &[u8],
        frame: &[u8],
    ) -> Option<Vec<u8>> {
        self.advance(now);
        if label != self.envelope.label.header() {
            self.undecodable(
                from,
                &DecodeError::Malformed("the label of another cluster"),
            );
            return None;
        }
        match self.accepted(from, frame) {
            Ok(answer) => answer,
            Err(error) => {
                self.list.dropped += 1;
                tracing::debug!(%from, %error, "refused a stream");
                let error = error.to_string();
                Some(Message::Fault(Fault { error }).encode())
            }
        }
    }

    fn accepted(&mut self, from: SocketAddr, frame: &[u8]) -> Result<Option<Vec<u8>>, OpenError> {
        let message = self.envelope.open_stream(frame)?;
        let body = message.get(1..).unwrap_or_default();
        match message.first().copied().and_then(Kind::from_byte) {
            Some(Kind::PushPull) => {
                let remote = PushPull::decode(body)?;
                // What we know goes out before what he knows changes it, as memberlist does it.
                let answer = self.local_state(false).encode();
                self.merge(&remote, remote.join, false)?;
                Ok(Some(answer))
            }
            Some(Kind::User) => {
                let user = StreamUser::decode(body)?;
                self.serf_message(from, &user.0);
                Ok(None)
            }
            Some(Kind::Ping) => {
                let ping = Ping::decode(body)?;
                let mine = ping.node.is_empty() || ping.node == self.config.name;
                let payload = self.ack_payload();
                let ack = Ack {
                    payload,
                    seq: ping.seq,
                };
                Ok(mine.then(|| Message::Ack(ack).encode()))
            }
            _ => Err(DecodeError::Kind(message.first().copied().unwrap_or_default()).into()),
        }
    }

    pub(crate) fn dial(&mut self, to: SocketAddr, message: Vec<u8>, purpose: Dial) {
        self.next_dial += 1;
        let id = DialId(self.next_dial);
        self.dials.insert(id, purpose);
        self.out.push_back(Output::Dial { id, to, message });
    }

    /// Takes what came of a stream that was asked for: the frame of the answer, or why there is none.
    pub fn dialed(&mut self, now: Time, id: DialId, answer: Result<Vec<u8>, String>) {
        self.advance(now);
        let answer = answer.and_then(|frame| {
            let opened = self.envelope.open_stream(&frame);
            opened.map_err(|error| error.to_string())
        });
        match self.dials.remove(&id) {
            Some(Dial::Ping { seq }) => self.tcp_answered(seq, &answer),
            Some(Dial::PushPull { to, join }) => self.push_pulled(to, join, answer),
            None => {}
        }
    }

    fn push_pulled(
        &mut self,
        to: SocketAddr,
        join: Option<(OpId, IgnoreOld)>,
        answer: Result<Vec<u8>, String>,
    ) {
        let merged = answer.and_then(|message| self.pushed(&message, join));
        let Some((op, _)) = join else {
            if let Err(error) = merged {
                tracing::debug!(%to, error, "a push/pull failed");
            }
            return;
        };
        if let Some(Op::Join {
            missing,
            reached,
            failed,
            ..
        }) = self.ops.get_mut(&op)
        {
            *missing -= 1;
            match merged {
                Ok(()) => *reached += 1,
                Err(error) => failed.push((to, error)),
            }
            if *missing == 0 {
                self.joined(op);
            } else {
                self.join_next(op);
            }
        }
    }

    fn pushed(&mut self, message: &[u8], join: Option<(OpId, IgnoreOld)>) -> Result<(), String> {
        match Message::decode(message) {
            Ok(Message::PushPull(remote)) => {
                let ignore_old = join.is_some_and(|(_, ignore_old)| ignore_old);
                let merged = self.merge(&remote, join.is_some(), ignore_old);
                merged.map_err(|error| error.to_string())
            }
            Ok(Message::Fault(fault)) => Err(fault.error),
            Ok(_) => Err("an answer of another kind".to_owned()),
            Err(error) => Err(error.to_string()),
        }
    }
}
