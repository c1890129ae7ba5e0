//! Where the message ends that a stream carries.

use super::Kind;
use super::push_pull::{limited, push_pull_extent, user_extent};
use crate::msgpack::{DecodeError, Splitter};

/// How many bytes one side of a stream may send.
pub const MAX_STREAM: usize = 20 << 20;

/// Finds the end of the one message that each side of a stream sends, while it arrives. Streams
/// have no frame of their own, so each kind of message has its own rule.
#[derive(Clone, Debug, Default)]
pub struct FrameScanner {
    bytes: Vec<u8>,
    state: State,
    scanned: usize,
    label_end: usize,
}

#[derive(Clone, Debug, Default)]
enum State {
    /// Before the first byte, or within the label.
    #[default]
    Start,
    /// Within the one value that the message is.
    Body(Values),
    /// Within the header that says what follows.
    Header(Kind, Values),
    /// Within the members of a push/pull, before this many bytes.
    Members(Values, u64),
    /// Until this many bytes in all.
    Until(usize),
}

/// Values back to back, some of which have not arrived.
#[derive(Clone, Debug)]
struct Values {
    splitter: Splitter,
    left: u64,
}

impl Values {
    fn new(count: u64) -> Self {
        Self {
            splitter: Splitter::new(MAX_STREAM),
            left: count,
        }
    }

    /// Passes over those that are whole. Where they end, if all are.
    fn pass(&mut self, bytes: &[u8], scanned: &mut usize) -> Result<Option<usize>, DecodeError> {
        while self.left > 0 {
            let Some(len) = self.splitter.scan(&bytes[*scanned..])? else {
                return Ok(None);
            };
            *scanned += len;
            self.left -= 1;
        }
        Ok(Some(*scanned))
    }
}

impl FrameScanner {
    /// For one side of a stream.
    pub fn new() -> Self {
        Self::default()
    }

    /// Takes what has arrived. `true` when the message is complete.
    ///
    /// # Errors
    ///
    /// [`DecodeError`] when it is no message, or says that it will be too large.
    pub fn feed(&mut self, piece: &[u8]) -> Result<bool, DecodeError> {
        self.bytes.extend_from_slice(piece);
        limited(
            "a stream",
            self.bytes.len() as u64,
            MAX_STREAM as u64 + 4096,
        )?;
        while let Some(next) = self.step()? {
            self.state = next;
            if let State::Until(end) = self.state {
                return Ok(self.bytes.len() >= end);
            }
        }
        Ok(matches!(self.state, State::Until(end) if self.bytes.len() >= end))
    }

    /// The label, as it was sent, and the message. What follows the message is cut off.
    pub fn into_parts(mut self) -> (Vec<u8>, Vec<u8>) {
        if let State::Until(end) = self.state {
            self.bytes.truncate(end);
        }
        let message = self.bytes.split_off(self.label_end.min(self.bytes.len()));
        (self.bytes, message)
    }

    fn step(&mut self) -> Result<Option<State>, DecodeError> {
        match &mut self.state {
            State::Start => self.begin(),
            State::Body(values) => {
                let end = values.pass(&self.bytes, &mut self.scanned)?;
                Ok(end.map(State::Until))
            }
            State::Header(kind, values) => {
                let (kind, start) = (*kind, self.label_end + 1);
                match values.pass(&self.bytes, &mut self.scanned)? {
                    Some(end) => after_header(kind, &self.bytes[start..end], end).map(Some),
                    None => Ok(None),
                }
            }
            State::Members(values, user_len) => {
                let user_len = *user_len;
                let end = values.pass(&self.bytes, &mut self.scanned)?;
                Ok(end.map(|end| State::Until(plus(end, user_len))))
            }
            State::Until(_) => Ok(None),
        }
    }

    fn begin(&mut self) -> Result<Option<State>, DecodeError> {
        if self.bytes.first() == Some(&Kind::Label.byte()) && self.label_end == 0 {
            match self.bytes.get(1) {
                Some(len) if self.bytes.len() > 2 + usize::from(*len) => {
                    self.label_end = 2 + usize::from(*len);
                }
                _ => return Ok(None),
            }
        }
        let Some(&kind) = self.bytes.get(self.label_end) else {
            return Ok(None);
        };
        self.scanned = self.label_end + 1;
        match Kind::from_byte(kind) {
            Some(Kind::Ping | Kind::Ack | Kind::Compress | Kind::Fault) => {
                Ok(Some(State::Body(Values::new(1))))
            }
            Some(kind @ (Kind::PushPull | Kind::User)) => {
                Ok(Some(State::Header(kind, Values::new(1))))
            }
            Some(Kind::Encrypt) => match self.bytes.get(self.scanned..self.scanned + 4) {
                Some(len) => {
                    let len = len
                        .iter()
                        .fold(0, |len, byte| (len << 8) | u64::from(*byte));
                    limited("an encrypted stream", len, MAX_STREAM as u64)?;
                    Ok(Some(State::Until(plus(self.scanned + 4, len))))
                }
                None => Ok(None),
            },
            _ => Err(DecodeError::Kind(kind)),
        }
    }
}

fn after_header(kind: Kind, header: &[u8], end: usize) -> Result<State, DecodeError> {
    if kind == Kind::User {
        return Ok(State::Until(plus(end, user_extent(header)?)));
    }
    let (nodes, user_len) = push_pull_extent(header)?;
    Ok(State::Members(Values::new(nodes), user_len))
}

fn plus(at: usize, len: u64) -> usize {
    usize::try_from(len).map_or(usize::MAX, |len| at.saturating_add(len))
}
