//! What comes before each body, and often alone.

use super::Command;
use crate::msgpack::{Decode, Reader, record};

record! {
    /// Begins a request.
    #[derive(Clone, Debug, Default, PartialEq, Eq)]
    pub struct RequestHeader {
        /// What is asked for. A name that is not known ends the connection.
        command: String = "Command",
        /// The number by which the answers name this request. Free to choose; several requests may
        /// share one.
        seq: u64 = "Seq",
    }
}

impl RequestHeader {
    /// The header of a command.
    #[must_use]
    pub fn new(command: Command, seq: u64) -> Self {
        Self {
            command: command.as_str().to_owned(),
            seq,
        }
    }
}

record! {
    /// Begins an answer, and each record of a stream.
    #[derive(Clone, Debug, Default, PartialEq, Eq)]
    pub struct ResponseHeader {
        /// Why the request was refused; empty when it was not.
        error: String = "Error",
        /// The number of the request.
        seq: u64 = "Seq",
    }
}

impl ResponseHeader {
    /// Accepts a request.
    #[must_use]
    pub fn ok(seq: u64) -> Self {
        Self {
            error: String::new(),
            seq,
        }
    }

    /// The header in `object`, if it is one: a map of exactly `Error` and `Seq`. No body is such a
    /// map, so that this finds the next header after bytes that nobody expected.
    #[must_use]
    pub fn sniff(object: &[u8]) -> Option<Self> {
        let mut reader = Reader::new(object);
        if reader.map().ok()? != 2 {
            return None;
        }
        let mut names = reader.clone();
        let mut known = 0;
        for _ in 0..2 {
            known += usize::from(matches!(&*names.text().ok()?, "Error" | "Seq"));
            names.skip().ok()?;
        }
        if known == 2 {
            Self::from_msgpack(object).ok()
        } else {
            None
        }
    }
}
