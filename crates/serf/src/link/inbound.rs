//! From bytes to answers: which header has which body.

use bytes::{Bytes, BytesMut};
use quorate_wire::msgpack::{SplitError, Splitter};
use quorate_wire::serf::ResponseHeader;

/// From which size of an object on its room is given back.
const LARGE: usize = 256 * 1024;

/// A header, and the body that belongs to it.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(crate) struct Frame {
    pub(crate) header: ResponseHeader,
    pub(crate) body: Option<Bytes>,
}

/// Takes what arrives and gives whole answers.
///
/// Whether a header has a body is not on the wire: whoever sent the request knows. A body that
/// nobody expected is passed over, because it can't be taken for a header; a header where a body was
/// expected means that there is none. So one wrong guess costs one answer and never the connection.
#[derive(Debug)]
pub(crate) struct Inbound {
    pub(crate) buffer: BytesMut,
    splitter: Splitter,
    /// A header whose body has not arrived.
    waiting: Option<ResponseHeader>,
    /// A header without a body that came instead of one.
    ready: Option<Frame>,
    strays: u64,
    /// The size of the largest object since room was given back.
    largest: usize,
}

impl Inbound {
    /// Takes objects of up to so many bytes.
    pub(crate) fn new(limit: usize) -> Self {
        Self {
            buffer: BytesMut::new(),
            splitter: Splitter::new(limit),
            waiting: None,
            ready: None,
            strays: 0,
            largest: 0,
        }
    }

    /// Makes room for more, and gives back what a large answer needed.
    pub(crate) fn make_room(&mut self, bytes: usize) {
        if self.buffer.is_empty() && std::mem::take(&mut self.largest) > LARGE {
            self.buffer = BytesMut::new();
        }
        self.buffer.reserve(bytes);
    }

    /// The next answer in what has arrived.
    pub(crate) fn next(
        &mut self,
        has_body: impl Fn(&ResponseHeader) -> bool,
    ) -> Result<Option<Frame>, SplitError> {
        if let Some(frame) = self.ready.take() {
            return Ok(Some(frame));
        }
        while let Some(len) = self.splitter.scan(&self.buffer)? {
            self.largest = self.largest.max(len);
            let object = self.buffer.split_to(len).freeze();
            if let Some(frame) = self.object(object, &has_body) {
                return Ok(Some(frame));
            }
        }
        Ok(None)
    }

    fn object(
        &mut self,
        object: Bytes,
        has_body: impl Fn(&ResponseHeader) -> bool,
    ) -> Option<Frame> {
        let Some(header) = ResponseHeader::sniff(&object) else {
            let Some(header) = self.waiting.take() else {
                self.strays += 1;
                tracing::debug!(strays = self.strays, "a body that belongs to nothing");
                return None;
            };
            return Some(Frame {
                header,
                body: Some(object),
            });
        };
        let bare = self
            .waiting
            .take()
            .map(|header| Frame { header, body: None });
        if has_body(&header) {
            self.waiting = Some(header);
            return bare;
        }
        let frame = Frame { header, body: None };
        match bare {
            None => Some(frame),
            Some(bare) => {
                self.ready = Some(frame);
                Some(bare)
            }
        }
    }
}

#[cfg(test)]
mod tests {
    #![allow(clippy::unwrap_used, reason = "tests fail by panicking")]

    use super::*;
    use quorate_wire::msgpack::Encode;
    use quorate_wire::serf::Joined;

    fn header(seq: u64) -> ResponseHeader {
        ResponseHeader::ok(seq)
    }

    fn body() -> Vec<u8> {
        Joined { num: 1 }.to_msgpack()
    }

    /// All answers, when those with an even number have bodies.
    fn read(pieces: &[Vec<u8>]) -> Vec<(u64, bool)> {
        let mut inbound = Inbound::new(1024);
        let mut seen = Vec::new();
        for piece in pieces {
            inbound.buffer.extend_from_slice(piece);
            while let Some(frame) = inbound.next(|header| header.seq % 2 == 0).unwrap() {
                seen.push((frame.header.seq, frame.body.is_some()));
            }
        }
        seen
    }

    #[test]
    fn bodies_go_with_their_headers_in_however_many_pieces() {
        let bytes = [
            header(1).to_msgpack(),
            header(2).to_msgpack(),
            body(),
            header(3).to_msgpack(),
        ]
        .concat();
        let expected = [(1, false), (2, true), (3, false)];
        assert_eq!(read(std::slice::from_ref(&bytes)), expected);
        let single: Vec<Vec<u8>> = bytes.iter().map(|byte| vec![*byte]).collect();
        assert_eq!(read(&single), expected);
    }

    #[test]
    fn a_body_that_nobody_expects_is_passed_over() {
        let bytes = [
            header(1).to_msgpack(),
            body(),
            body(),
            header(3).to_msgpack(),
        ]
        .concat();
        assert_eq!(read(&[bytes]), [(1, false), (3, false)]);
    }

    #[test]
    fn a_header_instead_of_a_body_means_that_there_is_none() {
        let bytes = [
            header(2).to_msgpack(),
            header(3).to_msgpack(),
            header(4).to_msgpack(),
            body(),
        ]
        .concat();
        assert_eq!(read(&[bytes]), [(2, false), (3, false), (4, true)]);
        let bytes = [header(2).to_msgpack(), header(4).to_msgpack(), body()].concat();
        assert_eq!(read(&[bytes]), [(2, false), (4, true)]);
    }

    #[test]
    fn what_is_too_large_ends_it() {
        let mut inbound = Inbound::new(10);
        inbound.buffer.extend_from_slice(&[0xc6, 0, 0, 1, 0]);
        assert_eq!(
            inbound.next(|_| true),
            Err(SplitError::TooLarge { limit: 10 })
        );
    }
}
