//! The failure detector: probes, direct, over others, and over TCP.

use std::net::SocketAddr;
use std::sync::Arc;

use crate::address;
use crate::codec::{Ack, IndirectPing, Message, Nack, NodeState, Ping, Suspect};
use crate::engine::Dial;
use crate::engine::{Engine, Time, Timer, TimerKey};
use crate::memberlist::Node;
use crate::memberlist::ping::ReplyTo;
use crate::msgpack::Body as _;

/// The probe that runs; there is one at most.
#[derive(Debug)]
pub(super) struct Probe {
    seq: u32,
    target: Arc<str>,
    sent: Time,
    /// Until others are asked.
    direct: bool,
    expected_nacks: i32,
    nacks: i32,
    end: TimerKey,
}

/// A probe that is made for somebody else.
#[derive(Debug)]
pub(super) struct Relayed {
    asks: ReplyTo,
    seq: u32,
    nack: bool,
}

/// How many probes are made for others at the same time.
const MOST_RELAYED: usize = 4096;

impl Engine {
    /// Probes the member whose turn it is, unless a probe still runs.
    pub(crate) fn probe_next(&mut self) {
        self.after(self.config.profile.probe_interval, Timer::Probe);
        if self.list.probe.is_some() {
            return;
        }
        // Each member is looked at once, at most.
        for _ in 0..=self.list.turns.len() {
            if self.list.turn >= self.list.turns.len() {
                self.new_round();
                if self.list.turns.is_empty() {
                    return;
                }
            }
            let name = self.list.turns[self.list.turn].clone();
            self.list.turn += 1;
            if self.list.roster.get(&name).is_some_and(Node::is_live) {
                self.probe(&name);
                return;
            }
        }
    }

    /// Forgets who has been dead for long, and shuffles the order.
    fn new_round(&mut self) {
        let (now, dead_for) = (self.now, self.config.profile.gossip_to_the_dead);
        let me = self.config.name.clone();
        let forgotten = |node: &Node| {
            *node.name != *me && node.is_gone() && now.saturating_sub(node.changed) > dead_for
        };
        self.list.roster.remove_if(forgotten);
        let others = self.list.roster.iter().filter(|node| *node.name != *me);
        self.list.turns = others.map(|node| node.name.clone()).collect();
        self.rng.shuffle(&mut self.list.turns);
        self.list.turn = 0;
    }

    fn probe(&mut self, name: &Arc<str>) {
        let seq = self.list.next_seq();
        let interval = self.patient(self.config.profile.probe_interval);
        let end = self.after(interval, Timer::ProbeEnd(seq));
        // The time for the answer grows with our illness, but stays below the interval.
        let timeout = self.config.profile.probe_timeout.min(interval);
        self.after(timeout, Timer::ProbeTimeout(seq));
        self.list.probe = Some(Probe {
            seq,
            target: name.clone(),
            sent: self.now,
            direct: true,
            expected_nacks: 0,
            nacks: 0,
            end,
        });
        let ping = self.ping_for(name, seq);
        let Some(node) = self.list.roster.get(name) else {
            return;
        };
        let (to, checksum) = (node.addr, node.takes_checksums());
        if node.state == NodeState::Suspect {
            // It hears at once what is said of it.
            let suspect = Message::Suspect(Suspect {
                from: self.config.name.clone(),
                incarnation: node.incarnation,
                node: name.to_string(),
            });
            let parts = [Message::Ping(ping).encode(), suspect.encode()];
            self.send_alone(to, checksum, crate::codec::join(&parts));
        } else {
            self.send(to, checksum, Message::Ping(ping).encode());
        }
    }

    fn ping_for(&self, name: &str, seq: u32) -> Ping {
        Ping {
            node: name.to_owned(),
            seq,
            source_addr: address::to_bytes(self.config.address.ip()),
            source_node: self.config.name.clone(),
            source_port: self.config.address.port(),
        }
    }

    /// No answer in time: asks others, and over TCP.
    pub(crate) fn probe_timed_out(&mut self, seq: u32) {
        let Some(probe) = self.list.probe.as_mut().filter(|probe| probe.seq == seq) else {
            return;
        };
        probe.direct = false;
        let target = probe.target.clone();
        let Some(node) = self.list.roster.get(&target) else {
            return;
        };
        let (addr, takes_tcp) = (node.addr, node.versions.protocol_max >= 3);
        let me = self.config.name.clone();
        let count = self.config.profile.indirect_probes;
        let peers = self.list.roster.sample_nodes(&mut self.rng, count, |node| {
            *node.name != *me && node.name != target && node.state == NodeState::Alive
        });
        let peers: Vec<_> = peers
            .into_iter()
            .map(|node| {
                (
                    node.addr,
                    node.takes_checksums(),
                    node.versions.protocol_max >= 4,
                )
            })
            .collect();
        for (to, checksum, nack) in peers {
            if let Some(probe) = self.list.probe.as_mut().filter(|_| nack) {
                probe.expected_nacks += 1;
            }
            let indirect = IndirectPing {
                nack,
                node: target.to_string(),
                port: addr.port(),
                seq,
                source_addr: address::to_bytes(self.config.address.ip()),
                source_node: self.config.name.clone(),
                source_port: self.config.address.port(),
                target: address::to_bytes(addr.ip()),
            };
            self.send(to, checksum, Message::IndirectPing(indirect).encode());
        }
        if self.config.profile.tcp_probes && takes_tcp {
            let ping = self
                .ping_for(&target, seq)
                .encode(crate::codec::Kind::Ping.byte());
            self.dial(addr, ping, Dial::Ping { seq });
        }
    }

    /// What came of the probe over TCP.
    pub(crate) fn tcp_answered(&mut self, seq: u32, answer: &Result<Vec<u8>, String>) {
        match answer.as_deref().map(Message::decode) {
            Ok(Ok(Message::Ack(ack))) if ack.seq == seq => {
                if let Some(probe) = self.probe_done(seq) {
                    let node = probe.target;
                    tracing::warn!(%node, "a member answers over TCP, but not over UDP");
                }
            }
            Ok(_) => tracing::debug!(seq, "a probe over TCP got another answer"),
            Err(error) => tracing::debug!(seq, error, "a probe over TCP failed"),
        }
    }

    fn probe_done(&mut self, seq: u32) -> Option<Probe> {
        let probe = self.list.probe.take_if(|probe| probe.seq == seq)?;
        self.timers.cancel(probe.end);
        self.aware(-1);
        Some(probe)
    }

    /// Nobody got an answer.
    pub(crate) fn probe_failed(&mut self, seq: u32) {
        let Some(probe) = self.list.probe.take_if(|probe| probe.seq == seq) else {
            return;
        };
        // Whoever was asked says at least that he got no answer, unless it is us who is not heard.
        let blame = match probe.expected_nacks {
            0 => 1,
            expected => (expected - probe.nacks).max(0),
        };
        self.aware(blame);
        let Some(node) = self.list.roster.get(&probe.target) else {
            return;
        };
        let suspect = Suspect {
            from: self.config.name.clone(),
            incarnation: node.incarnation,
            node: node.name.to_string(),
        };
        self.suspect(&suspect);
    }

    /// Somebody answers, us or whom we asked for.
    pub(crate) fn on_ack(&mut self, from: SocketAddr, ack: &Ack) {
        if let Some(relayed) = self.list.relayed.remove(&ack.seq) {
            let seq = relayed.seq;
            let payload = bytes::Bytes::new();
            let ack = Message::Ack(Ack { payload, seq }).encode();
            self.send_reply(relayed.asks, ack);
            return;
        }
        if let Some(probe) = self.probe_done(ack.seq).filter(|probe| probe.direct) {
            let rtt = self.now.saturating_sub(probe.sent);
            self.measured(&probe.target, &ack.payload, rtt);
        } else {
            tracing::trace!(%from, seq = ack.seq, "an ack that nobody waits for, or a late one");
        }
    }

    /// Somebody whom we asked got no answer either.
    pub(crate) fn on_nack(&mut self, nack: &Nack) {
        if let Some(probe) = self
            .list
            .probe
            .as_mut()
            .filter(|probe| probe.seq == nack.seq)
        {
            probe.nacks += 1;
        }
    }

    /// Somebody asks us to probe another member for him.
    pub(crate) fn on_indirect_ping(&mut self, from: SocketAddr, ping: &IndirectPing) {
        let target = address::from_bytes(&ping.target, ping.port);
        let (Some(to), true) = (target, self.list.relayed.len() < MOST_RELAYED) else {
            return;
        };
        let asks = self.reply_to(from, &ping.source_node);
        let seq = self.list.next_seq();
        let relayed = Relayed {
            asks,
            seq: ping.seq,
            nack: ping.nack,
        };
        self.list.relayed.insert(seq, relayed);
        let timeout = self.config.profile.probe_timeout;
        self.after(timeout, Timer::Nack(seq));
        self.after(
            self.config.profile.probe_interval.max(timeout * 2),
            Timer::PendingEnd(seq),
        );
        let ask = self.ping_for(&ping.node, seq);
        // Nobody but a member gets gossip beside it, even if somebody says where he is.
        let mut asked = self.reply_to(to, &ping.node);
        if asked.to != to {
            asked = ReplyTo::stranger(to);
        }
        self.send_reply(asked, Message::Ping(ask).encode());
    }

    /// Whom we probe for somebody else has not answered yet.
    pub(crate) fn send_nack(&mut self, seq: u32) {
        let relayed = self.list.relayed.get(&seq).filter(|relayed| relayed.nack);
        if let Some(Relayed { asks, seq, .. }) = relayed {
            let (asks, seq) = (*asks, *seq);
            self.send_reply(asks, Message::Nack(Nack { seq }).encode());
        }
    }

    /// Whom we probed for somebody else will not answer any more.
    pub(crate) fn forget_pending(&mut self, seq: u32) {
        self.list.relayed.remove(&seq);
    }
}
