//! Who waits for which answer.

use std::collections::HashMap;
use std::sync::{Arc, Mutex, MutexGuard, PoisonError};

use bytes::Bytes;
use quorate_wire::serf::{Answer, Command, Refusal, ResponseHeader};
use tokio::sync::oneshot;
use tokio_util::sync::CancellationToken;

use super::end::LinkEnd;
use super::inbound::Frame;
use super::queue::Queue;

/// The answer to a request.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(crate) struct Answered {
    /// Why it was refused; empty when it was not.
    pub(crate) error: String,
    pub(crate) body: Option<Bytes>,
}

/// A request whose answer does not come any more.
#[derive(Clone, Debug)]
pub(crate) struct Lost {
    /// Whether any byte of it may have been sent.
    pub(crate) sent: bool,
    pub(crate) why: Arc<LinkEnd>,
}

/// Tells whoever waits for an answer.
pub(crate) type Waiter = oneshot::Sender<Result<Answered, Lost>>;

#[derive(Debug)]
struct Slot {
    command: Command,
    sent: bool,
    waiter: Option<Waiter>,
    /// Where records go that follow the answer.
    records: Option<Arc<Queue>>,
}

/// The requests of a connection by their numbers.
///
/// An answer to a number that is not here any more is passed over: its caller has gone. When the
/// connection ends, everybody is told, and nobody is let in any more.
#[derive(Debug, Default)]
pub(crate) struct Slots {
    state: Mutex<State>,
    over: CancellationToken,
}

#[derive(Debug, Default)]
struct State {
    slots: HashMap<u64, Slot>,
    last: u64,
    end: Option<Arc<LinkEnd>>,
}

impl Slots {
    fn state(&self) -> MutexGuard<'_, State> {
        self.state.lock().unwrap_or_else(PoisonError::into_inner)
    }

    /// A number for a request, whose answer goes to `waiter` and whose records go to `records`.
    pub(crate) fn open(
        &self,
        command: Command,
        waiter: Waiter,
        records: Option<Arc<Queue>>,
    ) -> Result<u64, Arc<LinkEnd>> {
        let mut state = self.state();
        if let Some(end) = &state.end {
            return Err(Arc::clone(end));
        }
        state.last += 1;
        let seq = state.last;
        state.slots.insert(
            seq,
            Slot {
                command,
                sent: false,
                waiter: Some(waiter),
                records,
            },
        );
        Ok(seq)
    }

    /// Forgets a request. Whether it was still there.
    pub(crate) fn close(&self, seq: u64) -> bool {
        self.state().slots.remove(&seq).is_some()
    }

    /// Says that bytes of a request are about to be sent.
    pub(crate) fn sent(&self, seq: u64) {
        if let Some(slot) = self.state().slots.get_mut(&seq) {
            slot.sent = true;
        }
    }

    /// Whether somebody waits for an answer, rather than for records.
    pub(crate) fn has_waiter(&self) -> bool {
        self.state()
            .slots
            .values()
            .any(|slot| slot.waiter.is_some())
    }

    /// Whether somebody waits for anything.
    pub(crate) fn is_empty(&self) -> bool {
        self.state().slots.is_empty()
    }

    /// Whether a body belongs to a header.
    pub(crate) fn has_body(&self, header: &ResponseHeader) -> bool {
        let state = self.state();
        let Some(slot) = state.slots.get(&header.seq) else {
            return false;
        };
        let accepted = header.error.is_empty();
        match slot.command.answer() {
            _ if slot.waiter.is_none() => accepted,
            Answer::Header | Answer::Records => false,
            Answer::BodyIfAccepted => accepted,
            // Refused before the command was looked at.
            Answer::Body => accepted || !is_before_command(&header.error),
        }
    }

    /// Gives an answer or record to whoever waits for it.
    pub(crate) fn deliver(&self, frame: Frame) {
        let mut state = self.state();
        let seq = frame.header.seq;
        let Some(slot) = state.slots.get_mut(&seq) else {
            tracing::debug!(seq, "an answer that nobody waits for");
            return;
        };
        let Some(waiter) = slot.waiter.take() else {
            if let (Some(records), Some(body)) = (&slot.records, frame.body) {
                // A copy, since the bytes around it would stay for as long as it waits.
                records.put(Bytes::copy_from_slice(&body));
            }
            return;
        };
        if slot.records.is_none() || !frame.header.error.is_empty() {
            state.slots.remove(&seq);
        }
        // The caller may have gone.
        let _ = waiter.send(Ok(Answered {
            error: frame.header.error,
            body: frame.body,
        }));
    }

    /// Tells everybody that the connection has ended, the first time that it is said.
    pub(crate) fn end(&self, why: LinkEnd) {
        let mut state = self.state();
        let why = Arc::clone(state.end.get_or_insert(Arc::new(why)));
        self.over.cancel();
        for (_, slot) in state.slots.drain() {
            if let Some(records) = slot.records {
                records.end(Arc::clone(&why));
            }
            if let Some(waiter) = slot.waiter {
                let _ = waiter.send(Err(Lost {
                    sent: slot.sent,
                    why: Arc::clone(&why),
                }));
            }
        }
    }

    /// Does something for as long as the connection lasts.
    pub(crate) async fn until_over(&self, work: impl Future<Output = ()>) {
        self.over.run_until_cancelled(work).await;
    }

    /// Why the connection ended, if it has.
    pub(crate) fn ended(&self) -> Option<Arc<LinkEnd>> {
        self.state().end.clone()
    }
}

/// Whether a refusal is one of those that come without looking at the command.
fn is_before_command(error: &str) -> bool {
    matches!(
        Refusal::of(error),
        Refusal::AuthenticationRequired | Refusal::HandshakeRequired | Refusal::UnsupportedCommand
    )
}

#[cfg(test)]
mod tests {
    #![allow(clippy::unwrap_used, reason = "tests fail by panicking")]

    use super::*;
    use crate::link::queue::{QueueLimits, Taken};

    fn frame(seq: u64, error: &str, body: Option<&'static str>) -> Frame {
        let header = ResponseHeader {
            error: error.to_owned(),
            seq,
        };
        Frame {
            header,
            body: body.map(Bytes::from),
        }
    }

    fn open(slots: &Slots, command: Command) -> (u64, oneshot::Receiver<Result<Answered, Lost>>) {
        let (waiter, answer) = oneshot::channel();
        (slots.open(command, waiter, None).unwrap(), answer)
    }

    #[test]
    fn every_command_knows_its_bodies() {
        let slots = Slots::default();
        let has_body = |seq, error: &str| slots.has_body(&frame(seq, error, None).header);
        let (event, _e) = open(&slots, Command::Event);
        let (members, _m) = open(&slots, Command::Members);
        let (keys, _k) = open(&slots, Command::ListKeys);
        assert_eq!(
            [event, members, keys].map(|seq| has_body(seq, "")),
            [false, true, true]
        );
        let refused = "1/3 nodes reported failure";
        assert_eq!(
            [event, members, keys].map(|seq| has_body(seq, refused)),
            [false, false, true]
        );
        let early = "Authentication required";
        assert_eq!(
            [event, members, keys].map(|seq| has_body(seq, early)),
            [false, false, false]
        );
        assert!(!has_body(99, ""));
    }

    #[tokio::test]
    async fn records_follow_the_answer_until_they_are_closed() {
        let slots = Slots::default();
        let queue = Arc::new(Queue::new(QueueLimits {
            records: 9,
            bytes: 99,
        }));
        let (waiter, answer) = oneshot::channel();
        let seq = slots
            .open(Command::Stream, waiter, Some(Arc::clone(&queue)))
            .unwrap();
        assert!(slots.has_waiter() && !slots.has_body(&frame(seq, "", None).header));
        slots.deliver(frame(seq, "", None));
        assert!(answer.await.unwrap().unwrap().error.is_empty());
        assert!(!slots.has_waiter() && slots.has_body(&frame(seq, "", None).header));
        slots.deliver(frame(seq, "", Some("one")));
        assert_eq!(queue.take().await, Taken::Record("one".into()));
        assert!(slots.close(seq) && !slots.close(seq));
        slots.deliver(frame(seq, "", Some("two")));
        slots.end(LinkEnd::Eof);
    }

    #[tokio::test]
    async fn an_answer_comes_once_however_often_it_is_sent() {
        let slots = Slots::default();
        let (seq, answer) = open(&slots, Command::Stop);
        slots.deliver(frame(seq, "Authentication required", None));
        slots.deliver(frame(seq, "Authentication required", None));
        assert_eq!(
            answer.await.unwrap().unwrap().error,
            "Authentication required"
        );
        assert!(slots.is_empty());
    }

    #[tokio::test]
    async fn the_end_tells_everybody_whether_anything_was_sent() {
        let slots = Slots::default();
        let (sent, first) = open(&slots, Command::Event);
        let (_, second) = open(&slots, Command::Event);
        slots.sent(sent);
        slots.end(LinkEnd::Eof);
        slots.end(LinkEnd::Closed);
        assert!(first.await.unwrap().unwrap_err().sent);
        let lost = second.await.unwrap().unwrap_err();
        assert_eq!((lost.sent, &*lost.why), (false, &LinkEnd::Eof));
        let (waiter, _) = oneshot::channel();
        assert_eq!(
            slots.open(Command::Event, waiter, None),
            Err(Arc::new(LinkEnd::Eof))
        );
    }
}
