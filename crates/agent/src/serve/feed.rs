//! An answer that is begun at once and goes on piece by piece, as things happen.

use std::task::{Context, Poll};

use bytes::{BufMut, Bytes, BytesMut};

use super::aside::poll_write_all;
use super::guard::Guarded;

/// How a chunked answer ends.
const LAST_CHUNK: &[u8] = b"0\r\n\r\n";

/// Where the pieces of an answer come from.
pub(crate) trait Pieces: Send {
    /// The next piece; `None` at the end.
    fn poll_piece(&mut self, cx: &mut Context<'_>) -> Poll<Option<Piece>>;
}

/// A piece of an answer.
#[derive(Debug)]
pub(crate) struct Piece {
    /// What is sent.
    pub(crate) bytes: Bytes,
    /// Nothing comes after it.
    pub(crate) last: bool,
}

/// An answer whose head is sent before there is anything else.
pub(super) struct Feed {
    /// What is to be written next: at first the head.
    ready: Bytes,
    pieces: Box<dyn Pieces>,
    ended: bool,
}

/// How far an answer has got.
#[derive(Debug, PartialEq, Eq)]
pub(super) enum Fed {
    /// It waits for its next piece.
    Hungry,
    /// It waits for room to write.
    Blocked,
    /// All of it has left.
    Ended,
    /// The client is gone.
    Failed,
}

impl Feed {
    /// An answer with this head, which announces chunks.
    pub(super) fn new(head: Bytes, pieces: Box<dyn Pieces>) -> Self {
        Self {
            ready: head,
            pieces,
            ended: false,
        }
    }

    /// Writes what there is. No piece is asked for before the last one has left.
    pub(super) fn poll(&mut self, io: &mut Guarded, cx: &mut Context<'_>) -> Fed {
        loop {
            match poll_write_all(io, &mut self.ready, cx) {
                Poll::Pending => return Fed::Blocked,
                Poll::Ready(Err(_)) => return Fed::Failed,
                Poll::Ready(Ok(())) if self.ended => return Fed::Ended,
                Poll::Ready(Ok(())) => {}
            }
            match self.pieces.poll_piece(cx) {
                Poll::Pending => return Fed::Hungry,
                Poll::Ready(piece) => {
                    self.ended = piece.as_ref().is_none_or(|piece| piece.last);
                    self.ready = chunk(piece);
                }
            }
        }
    }
}

/// A piece as a chunk; the end too, where it is known.
fn chunk(piece: Option<Piece>) -> Bytes {
    let Some(Piece { bytes, last }) = piece else {
        return Bytes::from_static(LAST_CHUNK);
    };
    let mut out = BytesMut::with_capacity(bytes.len() + 32);
    if !bytes.is_empty() {
        out.put_slice(format!("{:x}\r\n", bytes.len()).as_bytes());
        out.put_slice(&bytes);
        out.put_slice(b"\r\n");
    }
    if last {
        out.put_slice(LAST_CHUNK);
    }
    out.freeze()
}

#[cfg(test)]
mod tests {
    use super::*;

    fn piece(text: &'static str, last: bool) -> Option<Piece> {
        let bytes = Bytes::from_static(text.as_bytes());
        Some(Piece { bytes, last })
    }

    #[test]
    fn a_piece_is_framed_and_the_last_one_ends_the_answer() {
        assert_eq!(
            chunk(piece("0123456789abcdef", false)),
            "10\r\n0123456789abcdef\r\n"
        );
        assert_eq!(chunk(piece("x", true)), "1\r\nx\r\n0\r\n\r\n");
        assert_eq!(
            chunk(piece("", true)),
            "0\r\n\r\n",
            "an empty chunk would end it twice"
        );
        assert_eq!(chunk(None), "0\r\n\r\n");
    }
}
