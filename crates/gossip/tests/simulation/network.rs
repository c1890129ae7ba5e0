//! Many members in one process, in virtual time, over a network that loses, delays and repeats.

use std::cmp::Reverse;
use std::collections::{BTreeMap, BinaryHeap};
use std::net::{Ipv4Addr, SocketAddr};
use std::time::Duration;

use quorate_gossip::codec::{Envelope, FrameScanner, NONCE_LEN};
use quorate_gossip::engine::{DialId, Engine, EngineConfig, OpId, Output, QueryItem, Time};
use quorate_gossip::event::Event;
use quorate_gossip::rng::Rng;
use quorate_gossip::serf::Status;

/// How bad the network is.
#[derive(Clone, Copy, Debug)]
pub(crate) struct Faults {
    /// The share of packets that are lost.
    pub(crate) loss: f64,
    /// The share of packets that arrive twice.
    pub(crate) repeated: f64,
    /// The longest way of a packet.
    pub(crate) delay: Duration,
}

impl Faults {
    pub(crate) const NONE: Self = Self {
        loss: 0.0,
        repeated: 0.0,
        delay: Duration::from_millis(1),
    };
}

enum Happens {
    Packet {
        to: usize,
        from: SocketAddr,
        packet: Vec<u8>,
    },
    Stream {
        to: usize,
        from: usize,
        id: DialId,
        frame: Vec<u8>,
    },
    Answer {
        to: usize,
        id: DialId,
        answer: Result<Vec<u8>, String>,
    },
    Tick {
        node: usize,
    },
}

pub(crate) struct Member {
    pub(crate) engine: Engine,
    /// Whether it runs.
    pub(crate) up: bool,
    /// Which side of a cut it is on.
    pub(crate) side: u8,
    pub(crate) events: Vec<Event>,
    pub(crate) answers: Vec<QueryItem>,
    pub(crate) finished: BTreeMap<OpId, bool>,
    pub(crate) name_lost: bool,
    ticks: Option<Time>,
}

pub(crate) struct Network {
    pub(crate) now: Time,
    pub(crate) members: Vec<Member>,
    pub(crate) faults: Faults,
    pub(crate) packets: u64,
    pub(crate) largest: usize,
    queue: BinaryHeap<Reverse<(Time, u64)>>,
    happens: BTreeMap<u64, Happens>,
    count: u64,
    rng: Rng,
    ops: u64,
}

pub(crate) fn address(node: usize) -> SocketAddr {
    let [_, _, high, low] = u32::try_from(node).unwrap().to_be_bytes();
    SocketAddr::new(Ipv4Addr::new(10, 0, high, low).into(), 7946)
}

fn node_at(address: SocketAddr) -> usize {
    match address {
        SocketAddr::V4(v4) => {
            let [_, _, high, low] = v4.ip().octets();
            usize::from(high) << 8 | usize::from(low)
        }
        SocketAddr::V6(_) => panic!("{address}"),
    }
}

pub(crate) fn name(node: usize) -> String {
    format!("n{node}")
}

/// The names of the user events among `events`.
pub(crate) fn delivered(events: &[Event]) -> Vec<String> {
    let user = events.iter().filter_map(|event| match event {
        Event::User(event) => Some(event.name.clone()),
        _ => None,
    });
    user.collect()
}

impl Network {
    pub(crate) fn new(seed: u64, faults: Faults) -> Self {
        Self {
            now: Duration::ZERO,
            members: Vec::new(),
            faults,
            packets: 0,
            largest: 0,
            queue: BinaryHeap::new(),
            happens: BTreeMap::new(),
            count: 0,
            rng: Rng::seeded(seed),
            ops: 0,
        }
    }

    /// Starts another member, which knows nobody.
    pub(crate) fn start(&mut self, change: impl FnOnce(&mut EngineConfig, &mut Envelope)) -> usize {
        let node = self.members.len();
        let engine = self.engine(node, change);
        self.members.push(Member {
            engine,
            up: true,
            side: 0,
            events: Vec::new(),
            answers: Vec::new(),
            finished: BTreeMap::new(),
            name_lost: false,
            ticks: None,
        });
        self.done(node);
        node
    }

    /// Starts a member that stopped again, without what it knew.
    pub(crate) fn restart(&mut self, node: usize) {
        let engine = self.engine(node, |_, _| {});
        let member = &mut self.members[node];
        (member.engine, member.up, member.ticks) = (engine, true, None);
        self.done(node);
    }

    fn engine(
        &mut self,
        node: usize,
        change: impl FnOnce(&mut EngineConfig, &mut Envelope),
    ) -> Engine {
        let mut config = EngineConfig::new(name(node), address(node));
        // A third of the time would go into compression; a test of its own has it.
        let mut envelope = Envelope {
            compression: false,
            ..Envelope::default()
        };
        change(&mut config, &mut envelope);
        let rng = Rng::seeded(self.rng.next_u64());
        Engine::new(config, envelope, rng, self.now).unwrap()
    }

    /// Calls a member, and does what it wants done.
    pub(crate) fn call<T>(
        &mut self,
        node: usize,
        call: impl FnOnce(&mut Engine, Time, OpId) -> T,
    ) -> T {
        self.ops += 1;
        let result = call(&mut self.members[node].engine, self.now, OpId(self.ops));
        self.done(node);
        result
    }

    pub(crate) fn join(&mut self, node: usize, other: usize) {
        self.call(node, |engine, now, op| {
            engine.join(now, op, &[address(other)], false);
        });
    }

    /// Lets time pass until `condition` holds; how long that took. Panics after `limit`.
    pub(crate) fn until(
        &mut self,
        what: &str,
        limit: Duration,
        condition: impl Fn(&Self) -> bool,
    ) -> Duration {
        let start = self.now;
        let mut check = start;
        loop {
            // Looking at all members after each packet would take longer than all else.
            if self.now >= check {
                if condition(self) {
                    return self.now - start;
                }
                check = self.now + Duration::from_millis(50);
                assert!(self.now - start <= limit, "not within {limit:?}: {what}");
            }
            assert!(self.step(), "nothing happens any more: {what}");
        }
    }

    pub(crate) fn pass(&mut self, span: Duration) {
        let end = self.now + span;
        while self.queue.peek().is_some_and(|Reverse((at, _))| *at <= end) {
            self.step();
        }
        self.now = end;
    }

    fn step(&mut self) -> bool {
        let Some(Reverse((at, number))) = self.queue.pop() else {
            return false;
        };
        self.now = self.now.max(at);
        match self.happens.remove(&number) {
            Some(Happens::Packet { to, from, packet }) if self.members[to].up => {
                self.members[to].engine.packet(self.now, from, &packet);
                self.done(to);
            }
            Some(Happens::Stream {
                to,
                from,
                id,
                frame,
            }) => self.stream(to, from, id, &frame),
            Some(Happens::Answer { to, id, answer }) if self.members[to].up => {
                self.members[to].engine.dialed(self.now, id, answer);
                self.done(to);
            }
            Some(Happens::Tick { node }) => {
                self.members[node].ticks = None;
                if self.members[node].up {
                    self.members[node].engine.tick(self.now);
                    self.done(node);
                }
            }
            _ => {}
        }
        true
    }

    fn stream(&mut self, to: usize, from: usize, id: DialId, bytes: &[u8]) {
        let mut scanner = FrameScanner::new();
        let complete = bytes.chunks(1000).map(|piece| scanner.feed(piece).unwrap());
        assert_eq!(complete.last(), Some(true), "a stream without an end");
        let (label, frame) = scanner.into_parts();
        let nonce = self.nonce();
        let engine = &mut self.members[to].engine;
        let answer = engine.accept(self.now, address(from), &label, &frame);
        let answer = answer.map(|answer| engine.envelope().seal_stream(&answer, &nonce));
        self.done(to);
        let answer = answer.ok_or_else(|| "closed".to_owned());
        self.later(
            Duration::from_millis(1),
            Happens::Answer {
                to: from,
                id,
                answer,
            },
        );
    }

    fn later(&mut self, delay: Duration, happens: Happens) {
        self.count += 1;
        self.queue.push(Reverse((self.now + delay, self.count)));
        self.happens.insert(self.count, happens);
    }

    fn nonce(&mut self) -> [u8; NONCE_LEN] {
        let mut nonce = [0; NONCE_LEN];
        nonce[..8].copy_from_slice(&self.rng.next_u64().to_be_bytes());
        nonce
    }

    fn connected(&self, from: usize, to: usize) -> bool {
        let (from, to) = (&self.members[from], self.members.get(to));
        to.is_some_and(|to| to.up && to.side == from.side)
    }

    /// Does what a member wants done.
    fn done(&mut self, node: usize) {
        while let Some(output) = self.members[node].engine.output() {
            match output {
                Output::Packet {
                    to,
                    message,
                    checksum,
                } => self.send(node, to, &message, checksum),
                Output::Dial { id, to, message } => self.dial(node, id, to, &message),
                Output::Event(event) => self.members[node].events.push(event),
                Output::Query { item, .. } => self.members[node].answers.push(item),
                Output::Finished { op, result } => {
                    self.members[node].finished.insert(op, result.is_ok());
                }
                Output::NameLost => self.members[node].name_lost = true,
                _ => {}
            }
        }
        let next = self.members[node].engine.deadline();
        if let Some(next) = next.filter(|next| self.members[node].ticks.is_none_or(|at| *next < at))
        {
            self.members[node].ticks = Some(next);
            self.later(next.saturating_sub(self.now), Happens::Tick { node });
        }
    }

    fn send(&mut self, node: usize, to: SocketAddr, message: &[u8], checksum: bool) {
        let nonce = self.nonce();
        let packet = self.members[node]
            .engine
            .envelope()
            .seal_packet(message, checksum, &nonce);
        self.packets += 1;
        self.largest = self.largest.max(packet.len());
        let to = node_at(to);
        if !self.connected(node, to) {
            return;
        }
        let copies = 1 + usize::from(self.rng.fraction() < self.faults.repeated);
        for _ in 0..copies {
            if self.rng.fraction() >= self.faults.loss {
                let delay = self.faults.delay.mul_f64(0.1 + 0.9 * self.rng.fraction());
                let (from, packet) = (address(node), packet.clone());
                self.later(delay, Happens::Packet { to, from, packet });
            }
        }
    }

    fn dial(&mut self, node: usize, id: DialId, to: SocketAddr, message: &[u8]) {
        let nonce = self.nonce();
        let envelope = self.members[node].engine.envelope();
        let mut frame = envelope.label.header();
        frame.extend(envelope.seal_stream(message, &nonce));
        let to = node_at(to);
        if self.connected(node, to) {
            let from = node;
            self.later(
                Duration::from_millis(2),
                Happens::Stream {
                    to,
                    from,
                    id,
                    frame,
                },
            );
        } else {
            let answer = Err("refused".to_owned());
            self.later(
                Duration::from_secs(1),
                Happens::Answer {
                    to: node,
                    id,
                    answer,
                },
            );
        }
    }

    /// Whether each member that runs sees exactly the running ones as alive.
    pub(crate) fn agrees(&self) -> bool {
        let up = |node: usize| self.members[node].up;
        let running = (0..self.members.len()).filter(|node| up(*node));
        let count = running.clone().count();
        running.into_iter().all(|node| {
            let alive = self.members[node].engine.members();
            let mut alive = alive.filter(|member| member.status == Status::Alive);
            let mut seen = 0;
            let fine = alive.all(|member| {
                seen += 1;
                up(node_at(member.address))
            });
            fine && seen == count
        })
    }

    /// Whether each running member but itself thinks this of `node`.
    pub(crate) fn all_think(&self, node: usize, status: Status) -> bool {
        let others = self.members.iter().enumerate();
        let mut others = others.filter(|(other, member)| member.up && *other != node);
        others.all(|(_, member)| {
            let known = member.engine.member(&name(node));
            known.is_some_and(|known| known.status == status)
        })
    }
}
