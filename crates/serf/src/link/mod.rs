//! One connection to an agent: requests go out in the order in which they were made, answers come
//! in as they come.

mod end;
mod inbound;
mod outbound;
mod queue;
mod reader;
mod slots;

use std::sync::Arc;
use std::time::Duration;

use quorate_net::task::{Task, spawn};
use quorate_net::transport::Stream;
use quorate_wire::msgpack::Encode;
use quorate_wire::serf::{Command, RequestHeader, Stop};
use tokio::sync::{mpsc, oneshot};
use tokio::time::timeout;

pub(crate) use end::LinkEnd;
pub(crate) use queue::{Queue, QueueLimits, Taken};
pub(crate) use slots::{Answered, Lost};

use outbound::Outgoing;
use slots::Slots;

/// How many requests may wait to be written.
const OUTGOING: usize = 256;

/// The bounds of a connection.
#[derive(Clone, Copy, Debug)]
pub(crate) struct LinkLimits {
    /// The largest object that is read.
    pub(crate) object_bytes: usize,
    /// How long an agent may need for what it does by itself.
    pub(crate) answer: Duration,
    /// How long a write may take.
    pub(crate) write: Duration,
    /// After how long of silence the agent is asked whether it is there.
    pub(crate) keep_alive: Duration,
}

/// A connection. Its tasks end with the last handle.
#[derive(Debug)]
pub(crate) struct Link {
    slots: Arc<Slots>,
    outgoing: mpsc::Sender<Outgoing>,
    answer: Duration,
    _tasks: [Task<()>; 2],
}

impl Link {
    /// Speaks on `stream`. The handshake is the caller's.
    pub(crate) fn new(stream: Stream, limits: LinkLimits) -> Arc<Self> {
        let (reader, writer) = tokio::io::split(stream);
        let slots = Arc::new(Slots::default());
        let (outgoing, requests) = mpsc::channel(OUTGOING);
        let tasks = [
            spawn(reader::run(
                reader,
                Arc::clone(&slots),
                outgoing.downgrade(),
                limits,
            )),
            spawn(outbound::run(
                writer,
                Arc::clone(&slots),
                requests,
                limits.write,
            )),
        ];
        Arc::new(Self {
            slots,
            outgoing,
            answer: limits.answer,
            _tasks: tasks,
        })
    }

    /// Why it ended, if it has.
    pub(crate) fn ended(&self) -> Option<Arc<LinkEnd>> {
        self.slots.ended()
    }

    /// Ends it now. Everybody who waits is told.
    pub(crate) fn close(&self) {
        self.slots.end(LinkEnd::Closed);
    }

    /// Ends it because nothing was heard for so long although an answer was due.
    pub(crate) fn give_up(&self, after: Duration) {
        self.slots.end(LinkEnd::Silent(after));
    }

    /// Whether somebody waits for an answer.
    pub(crate) fn is_busy(&self) -> bool {
        self.slots.has_waiter()
    }

    /// Sends a request whose answer takes nobody's help, and waits for it. An agent that needs longer
    /// for it than it may is given up.
    pub(crate) async fn ask_soon(&self, command: Command, body: &[u8]) -> Result<Answered, Lost> {
        match timeout(self.answer, self.ask(command, body)).await {
            Ok(answered) => answered,
            Err(_) => {
                self.give_up(self.answer);
                let why = self.ended().unwrap_or(Arc::new(LinkEnd::Closed));
                Err(Lost { sent: true, why })
            }
        }
    }

    /// Sends a request and waits for its answer.
    ///
    /// Cancel safe: an answer that comes later is passed over.
    pub(crate) async fn ask(&self, command: Command, body: &[u8]) -> Result<Answered, Lost> {
        self.submit(command, body, None).await?.answer().await
    }

    /// Sends a request that records follow.
    pub(crate) async fn follow(
        self: &Arc<Self>,
        command: Command,
        body: &[u8],
        limits: QueueLimits,
    ) -> Result<(Answered, Records), Lost> {
        let queue = Arc::new(Queue::new(limits));
        let pending = self.submit(command, body, Some(Arc::clone(&queue))).await?;
        let records = Records {
            link: Arc::clone(self),
            seq: pending.seq,
            queue,
            command,
        };
        Ok((pending.answer().await?, records))
    }

    /// Hands a request to the writer. Requests are written in the order in which this is called.
    pub(crate) async fn submit(
        &self,
        command: Command,
        body: &[u8],
        records: Option<Arc<Queue>>,
    ) -> Result<Pending<'_>, Lost> {
        let unsent = |why| Lost { sent: false, why };
        let room = self.outgoing.reserve().await;
        let room = room.map_err(|_| unsent(self.ended().unwrap_or(Arc::new(LinkEnd::Closed))))?;
        let (waiter, answer) = oneshot::channel();
        let is_call = records.is_none();
        let seq = self.slots.open(command, waiter, records).map_err(unsent)?;
        room.send(Outgoing::new(command, seq, body));
        Ok(Pending {
            slots: &self.slots,
            seq,
            answer,
            is_call,
        })
    }
}

impl Drop for Link {
    fn drop(&mut self) {
        self.close();
    }
}

/// A request that was handed to the writer. Forgotten when dropped.
#[derive(Debug)]
pub(crate) struct Pending<'a> {
    slots: &'a Slots,
    seq: u64,
    answer: oneshot::Receiver<Result<Answered, Lost>>,
    is_call: bool,
}

impl Pending<'_> {
    /// Waits for the answer.
    pub(crate) async fn answer(mut self) -> Result<Answered, Lost> {
        match (&mut self.answer).await {
            Ok(answer) => answer,
            Err(_) => Err(Lost {
                sent: true,
                why: Arc::new(LinkEnd::Closed),
            }),
        }
    }
}

impl Drop for Pending<'_> {
    fn drop(&mut self) {
        if self.is_call {
            self.slots.close(self.seq);
        }
    }
}

/// The records that follow a request. Dropping it ends them, on the agent too.
#[derive(Debug)]
pub(crate) struct Records {
    link: Arc<Link>,
    seq: u64,
    queue: Arc<Queue>,
    command: Command,
}

impl Records {
    /// The next record. Cancel safe.
    pub(crate) async fn take(&self) -> Taken {
        self.queue.take().await
    }

    /// The connection that they come on.
    pub(crate) fn link(&self) -> &Arc<Link> {
        &self.link
    }

    /// Waits until the agent follows. Serf does so only after it has answered, but it takes the requests
    /// of a connection one after the other. This one is a ping.
    pub(crate) async fn begun(&self) -> Result<(), Lost> {
        let body = Stop::default().to_msgpack();
        self.link.ask_soon(Command::Stop, &body).await.map(drop)
    }

    /// Says that nothing comes any more by the protocol, so that nothing has to be stopped.
    pub(crate) fn done(&self) {
        self.link.slots.close(self.seq);
    }

    /// Ends them, and waits until the agent has taken note.
    pub(crate) async fn stop(self) -> Result<(), Lost> {
        if !self.link.slots.close(self.seq) || self.command == Command::Query {
            return Ok(());
        }
        let body = Stop { seq: self.seq }.to_msgpack();
        self.link.ask_soon(Command::Stop, &body).await.map(drop)
    }
}

impl Drop for Records {
    fn drop(&mut self) {
        if !self.link.slots.close(self.seq) || self.command == Command::Query {
            return;
        }
        // With no room the agent goes on sending, which is passed over.
        let stop = Outgoing::new(Command::Stop, UNHEARD, &Stop { seq: self.seq }.to_msgpack());
        let _ = self.link.outgoing.try_send(stop);
    }
}

/// The number of requests whose answers nobody waits for.
const UNHEARD: u64 = 0;

impl Outgoing {
    fn new(command: Command, seq: u64, body: &[u8]) -> Self {
        let mut bytes = RequestHeader::new(command, seq).to_msgpack();
        bytes.extend_from_slice(body);
        Self { seq, bytes }
    }
}
