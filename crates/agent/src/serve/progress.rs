//! What a connection is at, as its stream and its service see it.

use std::sync::atomic::{AtomicBool, AtomicU8, AtomicU32, Ordering::Relaxed};
use std::sync::{Mutex, PoisonError};

use super::aside::Parked;

/// What one connection is at. Only the connection's own task touches it; atomics are here for
/// `Send`, and their order does not matter.
#[derive(Debug, Default)]
pub(crate) struct Progress {
    phase: AtomicU8,
    /// The requests so far, to tell one wait from the next.
    requests: AtomicU32,
    /// The client takes no bytes at the moment.
    stalled: AtomicBool,
    /// The writes so far that went on after a stall.
    writes: AtomicU32,
    /// What the client still sends is to be read away before the connection is closed.
    linger: AtomicBool,
    /// The agent is ending.
    stopping: AtomicBool,
    /// Bytes of the request's body since its clock began.
    received: AtomicU32,
    /// Nothing of the last request's body was left to read when it began.
    whole: AtomicBool,
    /// A request that waits for a change, until the connection's driver takes it over.
    parked: Mutex<Option<Parked>>,
}

const UNTOUCHED: u8 = 0;
const IDLE: u8 = 1;
const HEAD: u8 = 2;
const BODY: u8 = 3;
const WORK: u8 = 4;
const PARKED: u8 = 5;

/// What a client has to send of a body that is read piece by piece within the time for a body.
const PIECE_BYTES: u32 = 64 * 1024;

/// What of the client's the connection waits for. The number tells one wait from the next.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum Wait {
    /// Nothing that has a limit: it is idle, or at work.
    None,
    /// The rest of a request's head.
    Head(u32),
    /// The rest of a request's body.
    Body(u32),
    /// Room for an answer's next bytes.
    Write(u32),
}

impl Progress {
    /// Bytes of the client's have arrived.
    pub(super) fn received(&self) {
        if matches!(self.phase.load(Relaxed), UNTOUCHED | IDLE) {
            self.phase.store(HEAD, Relaxed);
        }
    }

    /// Bytes were written, or (`false`) could not be.
    pub(super) fn written(&self, any: bool) {
        if !any {
            self.stalled.store(true, Relaxed);
        } else if self.stalled.load(Relaxed) {
            self.stalled.store(false, Relaxed);
            self.writes
                .store(self.writes.load(Relaxed).wrapping_add(1), Relaxed);
        }
    }

    /// A request's head is whole.
    pub(crate) fn begin(&self, body_is_whole: bool) {
        let phase = if body_is_whole { WORK } else { BODY };
        self.whole.store(body_is_whole, Relaxed);
        self.phase.store(phase, Relaxed);
        self.requests
            .store(self.requests.load(Relaxed).wrapping_add(1), Relaxed);
    }

    /// A piece of a request's body is waited for. Its clock begins anew only with every
    /// [`PIECE_BYTES`], so that a client that sends byte by byte does not last forever.
    pub(crate) fn awaits_piece(&self) {
        self.phase.store(BODY, Relaxed);
    }

    /// A piece of a request's body has arrived, and the agent is at work on it.
    pub(crate) fn piece_received(&self, bytes: usize) {
        self.phase.store(WORK, Relaxed);
        let bytes = u32::try_from(bytes).unwrap_or(u32::MAX);
        let sum = self.received.load(Relaxed).saturating_add(bytes);
        if sum < PIECE_BYTES {
            self.received.store(sum, Relaxed);
        } else {
            self.received.store(0, Relaxed);
            self.requests
                .store(self.requests.load(Relaxed).wrapping_add(1), Relaxed);
        }
    }

    /// The request's body is whole.
    pub(crate) fn body_received(&self) {
        self.phase.store(WORK, Relaxed);
    }

    /// The request waits for a change: its answer is for the connection's driver to give.
    pub(crate) fn park(&self, parked: Parked) {
        *self.parked.lock().unwrap_or_else(PoisonError::into_inner) = Some(parked);
        self.phase.store(PARKED, Relaxed);
    }

    /// Whether the last request is answered, the answer has left, and nothing of a next one has
    /// arrived.
    pub(super) fn is_idle(&self) -> bool {
        self.phase.load(Relaxed) == IDLE
            && self.whole.load(Relaxed)
            && !self.stalled.load(Relaxed)
            && !self.linger.load(Relaxed)
    }

    /// Whether nothing is going on: no request has begun, and every answer has left.
    pub(super) fn rests(&self) -> bool {
        matches!(self.phase.load(Relaxed), UNTOUCHED | IDLE) && !self.stalled.load(Relaxed)
    }

    /// The requests so far.
    pub(super) fn requests(&self) -> u32 {
        self.requests.load(Relaxed)
    }

    /// The request that waits, once everything before it has left.
    pub(super) fn take_parked(&self) -> Option<Parked> {
        if self.phase.load(Relaxed) != PARKED || self.stalled.load(Relaxed) {
            return None;
        }
        self.phase.store(WORK, Relaxed);
        self.parked
            .lock()
            .unwrap_or_else(PoisonError::into_inner)
            .take()
    }

    /// The request is answered.
    pub(crate) fn answered(&self) {
        self.phase.store(IDLE, Relaxed);
    }

    /// What the client still sends is read away before the connection is closed, so that the
    /// answer reaches a client that is still writing.
    pub(crate) fn linger(&self) {
        self.linger.store(true, Relaxed);
    }

    /// The agent is ending: what would never end by itself ends now.
    pub(crate) fn stop(&self) {
        self.stopping.store(true, Relaxed);
    }

    pub(crate) fn is_stopping(&self) -> bool {
        self.stopping.load(Relaxed)
    }

    pub(super) fn lingers(&self) -> bool {
        self.linger.load(Relaxed)
    }

    /// Whether nothing at all has arrived yet.
    pub(super) fn is_untouched(&self) -> bool {
        self.phase.load(Relaxed) == UNTOUCHED
    }

    pub(super) fn wait(&self) -> Wait {
        if self.stalled.load(Relaxed) {
            return Wait::Write(self.writes.load(Relaxed));
        }
        match self.phase.load(Relaxed) {
            HEAD => Wait::Head(self.requests.load(Relaxed)),
            BODY => Wait::Body(self.requests.load(Relaxed)),
            _ => Wait::None,
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_client_is_waited_for_with_a_limit_only_in_the_middle_of_something() {
        let progress = Progress::default();
        assert!(progress.is_untouched() && progress.rests());
        assert_eq!(progress.wait(), Wait::None);
        progress.received();
        assert!(!progress.rests());
        assert_eq!(progress.wait(), Wait::Head(0));
        progress.begin(false);
        progress.received();
        assert_eq!(progress.wait(), Wait::Body(1));
        progress.body_received();
        assert_eq!(progress.wait(), Wait::None);
        progress.answered();
        assert_eq!(progress.wait(), Wait::None);
        progress.received();
        assert_eq!(
            progress.wait(),
            Wait::Head(1),
            "another wait than the first"
        );
    }

    #[test]
    fn a_body_in_pieces_has_its_time_for_each_part_of_it() {
        let progress = Progress::default();
        progress.begin(false);
        let first = progress.wait();
        progress.awaits_piece();
        assert_eq!(progress.wait(), first, "nothing has come yet");
        progress.piece_received(10);
        assert_eq!(progress.wait(), Wait::None, "the agent is at work");
        progress.awaits_piece();
        assert_eq!(progress.wait(), first, "a few bytes win no time");
        progress.piece_received(64 * 1024);
        progress.awaits_piece();
        assert_ne!(progress.wait(), first);
    }

    #[test]
    fn every_byte_that_a_slow_reader_takes_starts_its_limit_anew() {
        let progress = Progress::default();
        progress.written(true);
        assert_eq!(progress.wait(), Wait::None);
        progress.written(false);
        let first = progress.wait();
        assert!(matches!(first, Wait::Write(_)));
        progress.written(true);
        assert_eq!(progress.wait(), Wait::None);
        progress.written(false);
        assert_ne!(progress.wait(), first);
    }
}
