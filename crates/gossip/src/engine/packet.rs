//! Packets: out with what else fits into them, in to what they are about.

use std::net::SocketAddr;

use bytes::Bytes;

use super::{Engine, Output, Time};
use crate::codec::{self, Kind, MAX_PARTS, Message};

/// What a part of a compound message costs beside its bytes.
const PART: usize = 2;

/// What the frame of a compound message costs.
const COMPOUND: usize = 2;

impl Engine {
    /// Takes a packet that came from `from`. What is no packet of this cluster is dropped, and
    /// counted in [`Stats::dropped`](super::Stats::dropped).
    pub fn packet(&mut self, now: Time, from: SocketAddr, packet: &[u8]) {
        self.advance(now);
        match self.envelope.open_packet(packet) {
            Ok(message) => self.message(from, &message),
            Err(error) => {
                self.list.dropped += 1;
                tracing::debug!(%from, %error, "dropped a packet");
            }
        }
    }

    fn message(&mut self, from: SocketAddr, message: &[u8]) {
        if message.first() != Some(&Kind::Compound.byte()) {
            self.part(from, message);
            return;
        }
        match codec::split(&message[1..]) {
            Ok(parts) => parts.into_iter().for_each(|part| self.part(from, part)),
            Err(error) => self.undecodable(from, &error),
        }
    }

    /// One message; a compound one cannot be inside of another.
    fn part(&mut self, from: SocketAddr, part: &[u8]) {
        match Message::decode(part) {
            Ok(Message::Ping(ping)) => self.on_ping(from, &ping),
            Ok(Message::IndirectPing(ping)) => self.on_indirect_ping(from, &ping),
            Ok(Message::Ack(ack)) => self.on_ack(from, &ack),
            Ok(Message::Nack(nack)) => self.on_nack(&nack),
            Ok(Message::Suspect(suspect)) => self.suspect(&suspect),
            Ok(Message::Alive(alive)) => self.alive(&alive),
            Ok(Message::Dead(dead)) => self.dead(&dead),
            Ok(Message::User(message)) => self.serf_message(from, &message),
            Ok(Message::PushPull(_) | Message::Fault(_)) => {
                self.undecodable(from, &codec_kind(part));
            }
            Err(error) => self.undecodable(from, &error),
        }
    }

    pub(crate) fn undecodable(&mut self, from: SocketAddr, error: &crate::msgpack::DecodeError) {
        self.list.dropped += 1;
        tracing::debug!(%from, %error, "dropped a message");
    }

    /// Sends `message`, and as much gossip as fits beside it.
    pub(crate) fn send(&mut self, to: SocketAddr, checksum: bool, message: Vec<u8>) {
        let room = self.envelope.packet_room().saturating_sub(COMPOUND + PART);
        let beside = self.broadcasts(room.saturating_sub(message.len()), MAX_PARTS - 1);
        if beside.is_empty() {
            self.send_alone(to, checksum, message);
            return;
        }
        let parts: Vec<Bytes> = std::iter::once(message.into()).chain(beside).collect();
        self.send_alone(to, checksum, codec::join(&parts));
    }

    /// Sends `message` and nothing else.
    pub(crate) fn send_alone(&mut self, to: SocketAddr, checksum: bool, message: Vec<u8>) {
        self.out.push_back(Output::Packet {
            to,
            message,
            checksum,
        });
    }

    /// Messages to gossip that fit into `room` bytes: memberlist's first, then Serf's.
    pub(crate) fn broadcasts(&mut self, mut room: usize, most: usize) -> Vec<Bytes> {
        let limit = self.config.profile.retransmit_limit(self.list.roster.len());
        let mut done = Vec::new();
        let mut messages = self
            .list
            .queue
            .take(&mut room, PART, limit, most, &mut done);
        let limit = self
            .config
            .profile
            .retransmit_limit(self.serf.members.len());
        for queue in self.serf.queues_mut() {
            // Each is inside of a message of its own kind, which costs one byte.
            let left = most - messages.len();
            let taken = queue.take(&mut room, PART + 1, limit, left, &mut done);
            messages.extend(taken.into_iter().map(|message| user(&message)));
        }
        self.broadcasts_done(done);
        messages
    }

    /// Gossips with some members.
    pub(crate) fn gossip(&mut self) {
        self.after(self.config.profile.gossip_interval, super::Timer::Gossip);
        let (now, dead_for) = (self.now, self.config.profile.gossip_to_the_dead);
        let me = self.config.name.clone();
        let listens = |node: &crate::memberlist::Node| {
            *node.name != *me && (node.is_live() || node.died_within(now, dead_for))
        };
        let count = self.config.profile.gossip_nodes;
        let chosen = self.list.roster.sample_nodes(&mut self.rng, count, listens);
        let chosen = chosen.into_iter();
        let mut chosen: Vec<_> = chosen
            .map(|node| (node.is_live(), node.addr, node.takes_checksums()))
            .collect();
        // What a failed member hears is not counted: it would be missing elsewhere. The others stay in
        // the order in which they were drawn: whoever always came last would miss what was sent as
        // often as the limit says before its turn.
        chosen.sort_by_key(|(live, ..)| *live);
        let room = self.envelope.packet_room() - COMPOUND;
        for (live, to, checksum) in chosen {
            let messages = if live {
                self.broadcasts(room, MAX_PARTS)
            } else {
                self.list.queue.peek(&mut room.clone(), PART, MAX_PARTS)
            };
            match messages.as_slice() {
                [] => {}
                [one] => self.send_alone(to, checksum, one.to_vec()),
                several => self.send_alone(to, checksum, codec::join(several)),
            }
        }
    }
}

fn codec_kind(part: &[u8]) -> crate::msgpack::DecodeError {
    crate::msgpack::DecodeError::Kind(part.first().copied().unwrap_or_default())
}

/// A message of Serf as one of memberlist.
pub(crate) fn user(message: &[u8]) -> Bytes {
    let mut out = Vec::with_capacity(1 + message.len());
    out.push(Kind::User.byte());
    out.extend_from_slice(message);
    out.into()
}
