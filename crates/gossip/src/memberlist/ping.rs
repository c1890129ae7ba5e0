//! Answering probes.

use std::net::SocketAddr;

use crate::codec::{Ack, Message, Ping};
use crate::engine::Engine;
use crate::memberlist::Node;

/// Where an answer goes.
#[derive(Clone, Copy, Debug)]
pub(super) struct ReplyTo {
    pub(super) to: SocketAddr,
    checksum: bool,
    /// Whether that is a member.
    known: bool,
}

impl ReplyTo {
    /// Somebody who is no member.
    pub(super) fn stranger(to: SocketAddr) -> Self {
        Self {
            to,
            checksum: false,
            known: false,
        }
    }
}

impl Engine {
    /// Somebody asks whether we are there.
    pub(crate) fn on_ping(&mut self, from: SocketAddr, ping: &Ping) {
        if !ping.node.is_empty() && ping.node != self.config.name {
            tracing::warn!(%from, node = ping.node, "a ping for another member came to us");
            return;
        }
        let asks = self.reply_to(from, &ping.source_node);
        let payload = self.ack_payload();
        let ack = Message::Ack(Ack {
            payload,
            seq: ping.seq,
        })
        .encode();
        self.send_reply(asks, ack);
    }

    /// Where an answer goes: to the member that asks, where it listens; to a stranger, where his
    /// packet came from. Any other address that a packet names is not believed, or we could be
    /// used to send packets to it.
    pub(super) fn reply_to(&self, from: SocketAddr, name: &str) -> ReplyTo {
        let node = self.list.roster.get(name);
        ReplyTo {
            to: node.map_or(from, |node| node.addr),
            checksum: node.is_some_and(Node::takes_checksums),
            known: node.is_some(),
        }
    }

    /// Sends an answer, to a member with gossip beside it. A stranger gets none: he would draw it
    /// off, and each message is sent a limited number of times.
    pub(super) fn send_reply(&mut self, asks: ReplyTo, message: Vec<u8>) {
        if asks.known {
            self.send(asks.to, asks.checksum, message);
        } else {
            self.send_alone(asks.to, asks.checksum, message);
        }
    }
}
