//! The task that owns the engine.

use std::collections::{BTreeMap, HashMap};
use std::net::SocketAddr;

use quorate_net::task::Spawner;
use tokio::net::UdpSocket;
use tokio::sync::{mpsc, oneshot, watch};
use tokio::time::Instant;

use super::files::Write;
use super::handle::Ending;
use super::mailbox::Sender;
use super::stream::{self, Arrived, Budget};
use crate::codec::{Kind, NONCE_LEN};
use crate::engine::{DialId, Engine, Failure, OpId, Outcome, Output, QueryItem, Time};
use crate::event::Event;

/// Something to do with the engine, asked for through a handle.
pub(super) type Command = Box<dyn FnOnce(&mut Driver) + Send>;

/// What an operation ends with.
pub(super) type Ended = Result<Outcome, Failure>;

/// How many packets are taken before anything else is looked at.
const AT_ONCE: usize = 64;

/// Nobody sends larger packets over UDP.
const LARGEST_PACKET: usize = 65_536;

/// The engine, and all that it is connected with.
pub(super) struct Driver {
    pub(super) engine: Engine,
    pub(super) epoch: Instant,
    pub(super) udp: UdpSocket,
    pub(super) spawner: Spawner,
    pub(super) arrived: mpsc::Sender<Arrived>,
    /// What may be held of answers to our own streams.
    pub(super) answers: Budget,
    pub(super) files: Option<mpsc::UnboundedSender<Write>>,
    pub(super) ending: watch::Sender<Option<Ending>>,
    pub(super) listeners: Vec<Sender<Event>>,
    pub(super) waiting: HashMap<OpId, oneshot::Sender<Ended>>,
    pub(super) queries: HashMap<OpId, Sender<QueryItem>>,
    pub(super) next_op: u64,
}

impl Driver {
    pub(super) fn now(&self) -> Time {
        self.epoch.elapsed()
    }

    pub(super) fn new_op(&mut self) -> OpId {
        self.next_op += 1;
        OpId(self.next_op)
    }

    /// Works until the group is asked to end, or all handles have gone.
    pub(super) async fn run(
        mut self,
        mut commands: mpsc::Receiver<Command>,
        mut arrived: mpsc::Receiver<Arrived>,
    ) {
        let mut stop = self.spawner.cancelled();
        let mut packet = vec![0; LARGEST_PACKET];
        loop {
            self.outputs();
            if self.ending.borrow().is_some() {
                break;
            }
            let deadline = self.epoch + self.engine.deadline().unwrap_or(Time::from_secs(3600));
            tokio::select! {
                () = &mut stop => break,
                command = commands.recv() => match command {
                    Some(command) => command(&mut self),
                    None => break,
                },
                received = self.udp.recv_from(&mut packet) => self.received(received, &mut packet),
                Some(arrived) = arrived.recv() => self.arrived(arrived),
                () = tokio::time::sleep_until(deadline) => {}
            }
            self.engine.tick(self.epoch.elapsed());
        }
        self.ending.send_if_modified(|ending| {
            let first = ending.is_none();
            ending.get_or_insert(Ending::Shutdown);
            first
        });
        // What else belongs to the member ends with it.
        self.spawner.cancel();
    }

    fn received(&mut self, received: std::io::Result<(usize, SocketAddr)>, packet: &mut [u8]) {
        let mut next = received;
        for _ in 0..AT_ONCE {
            // On some systems an earlier packet that nobody took comes back as an error.
            let Ok((len, from)) = next else {
                break;
            };
            self.engine
                .packet(self.epoch.elapsed(), canonical(from), &packet[..len]);
            self.outputs();
            next = self.udp.try_recv_from(packet);
        }
    }

    fn arrived(&mut self, arrived: Arrived) {
        let now = self.now();
        match arrived {
            Arrived::Request {
                from,
                label,
                frame,
                answer,
            } => {
                let reply = self.engine.accept(now, canonical(from), &label, &frame);
                let sealed = reply
                    .and_then(|reply| Some(self.engine.envelope().seal_stream(&reply, &nonce()?)));
                if let Some(sealed) = sealed {
                    // Who asked may have gone.
                    let _ = answer.send(sealed);
                }
            }
            Arrived::Answer { id, answer } => self.engine.dialed(now, id, answer),
        }
    }

    /// Does what the engine wants done.
    fn outputs(&mut self) {
        while let Some(output) = self.engine.output() {
            match output {
                Output::Packet {
                    to,
                    message,
                    checksum,
                } => self.send(to, &message, checksum),
                Output::Dial { id, to, message } => self.dial(id, to, &message),
                Output::Event(event) => self.listeners.retain(|one| one.push(event.clone())),
                Output::Query { op, item } => self.answered(op, item),
                Output::Finished { op, result } => {
                    if let Some(waiting) = self.waiting.remove(&op) {
                        // Who asked may have stopped waiting.
                        let _ = waiting.send(result);
                    }
                }
                Output::Keyring(keys) => self.write(Write::Keyring(keys)),
                Output::Snapshot(write) => self.write(Write::Snapshot(write)),
                Output::NameLost => {
                    self.ending.send_replace(Some(Ending::NameLost));
                }
            }
        }
    }

    /// Changes the tags, and remembers those that there are then.
    pub(super) fn set_tags(&mut self, op: OpId, tags: BTreeMap<String, String>) {
        let now = self.now();
        self.engine.set_tags(now, op, tags);
        self.write(Write::Tags(self.engine.tags().clone()));
    }

    fn write(&mut self, write: Write) {
        if let Some(files) = &self.files {
            // The writer ends after us.
            let _ = files.send(write);
        }
    }

    fn send(&self, to: SocketAddr, message: &[u8], checksum: bool) {
        let Some(nonce) = nonce() else {
            return;
        };
        let packet = self
            .engine
            .envelope()
            .seal_packet(message, checksum, &nonce);
        // A full buffer loses the packet, as any network may.
        if let Err(error) = self.udp.try_send_to(&packet, to) {
            tracing::debug!(%to, %error, "a packet was not sent");
        }
    }

    fn dial(&mut self, id: DialId, to: SocketAddr, message: &[u8]) {
        let Some(nonce) = nonce() else {
            let now = self.now();
            return self
                .engine
                .dialed(now, id, Err("no random bytes".to_owned()));
        };
        let envelope = self.engine.envelope();
        let mut frame = envelope.label.header();
        frame.extend(envelope.seal_stream(message, &nonce));
        let limit = self.engine.stream_timeout();
        let budget = match message.first() {
            Some(kind) if *kind == Kind::Ping.byte() => Budget::probe(),
            _ => self.answers.clone(),
        };
        let (arrived, mut stop) = (self.arrived.clone(), self.spawner.cancelled());
        self.spawner.spawn(async move {
            tokio::select! {
                () = stream::dial(id, to, frame, arrived, budget, limit) => {}
                () = &mut stop => {}
            }
        });
    }

    fn answered(&mut self, op: OpId, item: QueryItem) {
        let done = item == QueryItem::Done;
        let Some(query) = self.queries.get(&op) else {
            return;
        };
        if done {
            query.push(item);
            self.queries.remove(&op);
        } else if !query.push(item) {
            self.queries.remove(&op);
            let now = self.now();
            self.engine.end_query(now, op);
        }
    }
}

/// Random bytes that no message had before. Without any, nothing is sent.
fn nonce() -> Option<[u8; NONCE_LEN]> {
    let mut nonce = [0; NONCE_LEN];
    match getrandom::fill(&mut nonce) {
        Ok(()) => Some(nonce),
        Err(error) => {
            tracing::error!(%error, "the system gives no random bytes: nothing is sent");
            None
        }
    }
}

/// A v4 address that came over a v6 socket as the v4 address that it is.
fn canonical(from: SocketAddr) -> SocketAddr {
    SocketAddr::new(from.ip().to_canonical(), from.port())
}
