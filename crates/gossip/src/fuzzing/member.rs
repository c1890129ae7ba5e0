//! The member that is tried.

use std::net::SocketAddr;
use std::time::Duration;

use crate::codec::{Envelope, Key, Keyring, Label, NONCE_LEN};
use crate::engine::{DialId, Engine, EngineConfig, OpId, Output, QueryItem, Time};
use crate::event::{Event, QueryEvent};
use crate::rng::Rng;
use crate::serf::{Coalesce, QuerySpec, Status};

pub(super) const NONCE: [u8; NONCE_LEN] = [7; NONCE_LEN];

/// How long time passes after what came in: a suspicion and a query end within that.
const SPAN: Duration = Duration::from_secs(40);

/// A member does not do more than this in that time.
const MOST_STEPS: usize = 20_000;

fn at(last: u8, port: u16) -> SocketAddr {
    SocketAddr::from(([127, 0, 0, last], port))
}

/// The layers that the bits of `mode` mean.
pub(super) fn envelope(mode: u8) -> Envelope {
    let key = |len: usize| Keyring::new(Key::new(&vec![9; len]).unwrap());
    let mut envelope = match mode & 3 {
        0 => Envelope::default(),
        1 => Envelope::with_keyring(key(16)),
        2 => Envelope::with_keyring(key(24)),
        _ => Envelope::with_keyring(key(32)),
    };
    if mode & 4 != 0 {
        envelope.label = Label::new("label").unwrap();
    }
    envelope.compression = mode & 8 != 0;
    envelope.verify_incoming = mode & 0x40 == 0;
    envelope.cipher_version = u8::from(mode & 0x80 == 0);
    envelope
}

/// A member with a query that waits for answers.
pub(super) struct Tried {
    engine: Engine,
    now: Time,
    dials: Vec<DialId>,
}

impl Tried {
    pub(super) fn new(envelope: Envelope) -> Self {
        let mut config = EngineConfig::new("me", at(1, 7946));
        config.coalesce_users = Some(Coalesce::agent());
        let mut engine = Engine::new(config, envelope, Rng::seeded(1), Time::ZERO).unwrap();
        engine.join(Time::ZERO, OpId(1), &[at(2, 7946)], false);
        engine
            .query(Time::ZERO, OpId(2), &QuerySpec::new("q").with_ack(true))
            .unwrap();
        let mut tried = Self {
            engine,
            now: Time::ZERO,
            dials: Vec::new(),
        };
        tried.outputs();
        tried
    }

    pub(super) fn packet(&mut self, packet: &[u8]) {
        self.engine.packet(self.now, at(2, 7946), packet);
        self.outputs();
    }

    pub(super) fn accept(&mut self, label: &[u8], frame: &[u8]) {
        if let Some(answer) = self.engine.accept(self.now, at(2, 40_000), label, frame) {
            assert!(!answer.is_empty());
        }
        self.outputs();
    }

    /// Takes `frame` for the answer to the join.
    pub(super) fn answer(&mut self, frame: &[u8]) {
        if let Some(id) = self.dials.pop() {
            self.engine.dialed(self.now, id, Ok(frame.to_vec()));
            self.outputs();
        }
    }

    /// Lets time pass: whatever came in, the member ends what it began.
    pub(super) fn pass(&mut self) {
        let end = self.now + SPAN;
        for step in 0.. {
            assert!(step < MOST_STEPS, "it does too much");
            match self.engine.deadline().filter(|next| *next <= end) {
                Some(next) => self.now = self.now.max(next),
                None => break,
            }
            self.engine.tick(self.now);
            self.outputs();
            for id in std::mem::take(&mut self.dials) {
                self.engine.dialed(self.now, id, Err("refused".to_owned()));
            }
            self.outputs();
        }
        let me = self.engine.member("me").map(|me| me.status);
        assert_eq!(me, Some(Status::Alive), "nobody can take us away");
    }

    fn outputs(&mut self) {
        while let Some(output) = self.engine.output() {
            match output {
                Output::Packet {
                    message, checksum, ..
                } => {
                    assert!(!message.is_empty());
                    let packet = self
                        .engine
                        .envelope()
                        .seal_packet(&message, checksum, &NONCE);
                    let opened = self.engine.envelope().open_packet(&packet);
                    assert_eq!(opened, Ok(message), "others can read it");
                }
                Output::Dial { id, .. } => self.dials.push(id),
                Output::Event(Event::Query(query)) => self.respond(&query),
                Output::Query {
                    item: QueryItem::Response { from, .. },
                    ..
                } => assert!(from.len() <= 64 << 10),
                _ => {}
            }
        }
    }

    fn respond(&mut self, query: &QueryEvent) {
        // An answer may be too late.
        let _ = self.engine.respond(self.now, query.key, "x".into());
    }
}
