//! One direction of one connection.

use std::collections::VecDeque;
use std::io;

use bytes::{Bytes, BytesMut};
use tokio::io::{AsyncRead, AsyncReadExt, AsyncWrite, AsyncWriteExt};
use tokio::sync::watch;
use tokio::time::{Instant, sleep_until};

use super::faults::{AtLimit, Direction, Faults, Rule};
use super::traffic::Ticket;

/// How much waits in the proxy before it stops to read from the sender.
const MAX_WAITING: usize = 4 * 1024 * 1024;
const READ_SIZE: usize = 64 * 1024;

/// The connection is to be reset on both sides.
#[derive(Debug)]
pub(super) struct Cut;

/// Forwards one direction as the faults allow.
pub(super) struct Lane<'a> {
    direction: Direction,
    faults: watch::Receiver<Faults>,
    ticket: &'a Ticket,
    /// The counters of the commands that came before this connection, or were carried out.
    cuts: u64,
    half_closes: u64,
    limits: u64,
    /// What has been read and not forwarded, each with the time when it is due. The end of the
    /// stream is an empty one.
    waiting: VecDeque<(Instant, Bytes)>,
    waiting_bytes: usize,
    /// Forwarded since the limit was set.
    passed: u64,
    state: State,
}

#[derive(Clone, Copy, Debug, PartialEq, Eq)]
enum State {
    Open,
    /// The receiver was told that no more comes; what does come is thrown away.
    HalfClosed,
    /// The receiver was told so because the sender has closed.
    Ended,
}

/// What comes next in a lane.
enum Next {
    Command,
    Read(io::Result<usize>),
    Written(io::Result<usize>),
    Closed,
}

impl<'a> Lane<'a> {
    pub(super) fn new(
        direction: Direction,
        faults: watch::Receiver<Faults>,
        born: &Faults,
        ticket: &'a Ticket,
    ) -> Self {
        let rule = born.lane(direction);
        let (half_closes, limits) = (rule.half_closes, rule.limits);
        Self {
            direction,
            faults,
            ticket,
            cuts: born.cuts,
            half_closes,
            limits,
            waiting: VecDeque::new(),
            waiting_bytes: 0,
            passed: 0,
            state: State::Open,
        }
    }

    /// Forwards until the sender has closed and everything is through.
    pub(super) async fn run<R, W>(mut self, mut source: R, mut sink: W) -> Result<(), Cut>
    where
        R: AsyncRead + Unpin,
        W: AsyncWrite + Unpin,
    {
        let mut buffer = BytesMut::new();
        let mut reading = true;
        loop {
            let rule = self.obey(&mut sink).await?;
            if self.state == State::Ended || (self.state == State::HalfClosed && !reading) {
                return Ok(());
            }
            match self
                .next(rule, reading, &mut source, &mut buffer, &mut sink)
                .await?
            {
                Next::Command => {}
                Next::Read(Ok(read)) => {
                    reading = read > 0;
                    self.take(rule, buffer.split().freeze());
                }
                Next::Written(Ok(written)) => self.forwarded(written),
                Next::Closed => self.state = State::Ended,
                // The sender reset the connection, or the receiver did: so does the proxy.
                Next::Read(Err(_)) | Next::Written(Err(_)) => return Err(Cut),
            }
        }
    }

    /// Carries out the commands that came.
    async fn obey<W: AsyncWrite + Unpin>(&mut self, sink: &mut W) -> Result<Rule, Cut> {
        let (rule, cuts) = {
            let faults = self.faults.borrow_and_update();
            (faults.lane(self.direction), faults.cuts)
        };
        if cuts > self.cuts {
            return Err(Cut);
        }
        if rule.limits > self.limits {
            self.limits = rule.limits;
            self.passed = 0;
        }
        if rule.half_closes > self.half_closes {
            self.half_closes = rule.half_closes;
            self.state = State::HalfClosed;
            self.waiting.clear();
            self.waiting_bytes = 0;
            sink.shutdown().await.map_err(|_| Cut)?;
        }
        Ok(rule)
    }

    /// Waits for a command, for bytes of the sender, or for the receiver to take what is due.
    async fn next<R, W>(
        &self,
        rule: Rule,
        reading: bool,
        source: &mut R,
        buffer: &mut BytesMut,
        sink: &mut W,
    ) -> Result<Next, Cut>
    where
        R: AsyncRead + Unpin,
        W: AsyncWrite + Unpin,
    {
        let mut faults = self.faults.clone();
        let due = self.due(rule)?;
        let room = reading && self.waiting_bytes < MAX_WAITING;
        buffer.reserve(READ_SIZE);
        tokio::select! {
            biased;
            // Its sender goes with the proxy, whose tasks are ended then.
            changed = faults.changed() => changed.map(|()| Next::Command).map_err(|_| Cut),
            next = forward(due, sink) => Ok(next),
            read = source.read_buf(buffer), if room => Ok(Next::Read(read)),
        }
    }

    /// What may be forwarded, and when; or that the limit asks for a cut.
    fn due(&self, rule: Rule) -> Result<Option<(Instant, Bytes)>, Cut> {
        let Some((at, bytes)) = self.waiting.front() else {
            return Ok(None);
        };
        if rule.hold {
            return Ok(None);
        }
        let Some(limit) = rule.limit else {
            return Ok(Some((*at, bytes.clone())));
        };
        let left = usize::try_from(limit.bytes.saturating_sub(self.passed)).unwrap_or(usize::MAX);
        match limit.then {
            _ if bytes.is_empty() || left > 0 => {
                Ok(Some((*at, bytes.slice(..bytes.len().min(left)))))
            }
            AtLimit::Cut => Err(Cut),
            AtLimit::Hold => Ok(None),
        }
    }

    /// Puts what was read in the queue; nothing read means that the sender has closed.
    fn take(&mut self, rule: Rule, bytes: Bytes) {
        if self.state == State::Open {
            self.waiting_bytes += bytes.len();
            self.waiting.push_back((Instant::now() + rule.delay, bytes));
        }
    }

    fn forwarded(&mut self, written: usize) {
        let count = u64::try_from(written).unwrap_or(u64::MAX);
        self.passed += count;
        self.waiting_bytes -= written;
        self.ticket.count(self.direction, count);
        if let Some((_, bytes)) = self.waiting.front_mut() {
            drop(bytes.split_to(written));
            if bytes.is_empty() {
                self.waiting.pop_front();
            }
        }
    }
}

/// Writes what is due, when it is due. Cancel safe, as `write` is: what was not written stays in
/// the queue.
async fn forward<W: AsyncWrite + Unpin>(due: Option<(Instant, Bytes)>, sink: &mut W) -> Next {
    let Some((at, bytes)) = due else {
        return std::future::pending().await;
    };
    sleep_until(at).await;
    if bytes.is_empty() {
        // A receiver that has gone needs no more telling.
        drop(sink.shutdown().await);
        return Next::Closed;
    }
    match sink.write(&bytes).await {
        Ok(0) => Next::Written(Err(io::ErrorKind::WriteZero.into())),
        written => Next::Written(written),
    }
}
