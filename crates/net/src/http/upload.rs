//! Request bodies: whole, or read from somewhere while they are sent.

use std::fmt;
use std::future::poll_fn;
use std::io;
use std::pin::{Pin, pin};
use std::sync::atomic::{AtomicBool, Ordering::Relaxed};
use std::sync::{Arc, OnceLock};
use std::task::{Context, Poll, ready};
use std::time::Duration;

use bytes::{Bytes, BytesMut};
use futures_core::Stream;
use http_body::{Body, Frame, SizeHint};
use http_body_util::Full;
use tokio::io::{AsyncRead, ReadBuf};
use tokio::time::{Instant, sleep_until};

use super::connection::Written;

/// What is read at once from a reader.
const READ_BYTES: usize = 64 * 1024;

/// A request body that is never in memory as a whole.
///
/// It is read while it is sent, no faster than the server takes it. It can be read once, so that a
/// request with it is repeated only if no server was reached.
///
/// ```
/// use quorate_net::http::Upload;
///
/// let upload = Upload::from_reader(&b"twelve bytes"[..]).with_length(12);
/// assert_eq!(upload.length(), Some(12));
/// ```
pub struct Upload {
    pieces: Pin<Box<dyn Stream<Item = io::Result<Bytes>> + Send>>,
    length: Option<u64>,
}

impl Upload {
    /// The pieces of a stream. An error in it ends the request.
    pub fn from_stream(stream: impl Stream<Item = io::Result<Bytes>> + Send + 'static) -> Self {
        Self {
            pieces: Box::pin(stream),
            length: None,
        }
    }

    /// What a reader, such as a file, gives up to its end.
    pub fn from_reader(reader: impl AsyncRead + Send + 'static) -> Self {
        Self::from_stream(Reader {
            reader: Box::pin(reader),
            space: BytesMut::new(),
        })
    }

    /// States how long the body is; a source with another length fails. The length is sent as
    /// `Content-Length`. Without it the body is sent in chunks, which some servers do not take.
    #[must_use]
    pub fn with_length(mut self, length: u64) -> Self {
        self.length = Some(length);
        self
    }

    /// How long the body is, if that was stated.
    pub fn length(&self) -> Option<u64> {
        self.length
    }
}

impl fmt::Debug for Upload {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("Upload")
            .field("length", &self.length)
            .finish_non_exhaustive()
    }
}

struct Reader<R> {
    reader: Pin<Box<R>>,
    space: BytesMut,
}

impl<R: AsyncRead> Stream for Reader<R> {
    type Item = io::Result<Bytes>;

    fn poll_next(mut self: Pin<&mut Self>, cx: &mut Context<'_>) -> Poll<Option<Self::Item>> {
        let Self { reader, space } = &mut *self;
        space.resize(READ_BYTES, 0);
        let mut buffer = ReadBuf::new(space);
        if let Err(error) = ready!(reader.as_mut().poll_read(cx, &mut buffer)) {
            return Poll::Ready(Some(Err(error)));
        }
        let count = buffer.filled().len();
        let piece = space.split_to(count).freeze();
        Poll::Ready((count > 0).then_some(Ok(piece)))
    }
}

/// The body of a request as hyper sends it.
pub(super) enum RequestBody {
    Whole(Full<Bytes>),
    Upload(Box<Sending>),
}

impl RequestBody {
    pub(super) fn whole(body: Bytes) -> Self {
        Self::Whole(Full::new(body))
    }

    pub(super) fn upload(upload: Upload, idle: Idle) -> Self {
        Self::Upload(Box::new(Sending {
            left: upload.length,
            upload,
            idle,
            ended: false,
        }))
    }
}

impl Body for RequestBody {
    type Data = Bytes;
    type Error = io::Error;

    fn poll_frame(
        self: Pin<&mut Self>,
        cx: &mut Context<'_>,
    ) -> Poll<Option<Result<Frame<Bytes>, io::Error>>> {
        match self.get_mut() {
            Self::Whole(body) => Pin::new(body)
                .poll_frame(cx)
                .map_err(|never| match never {}),
            Self::Upload(body) => body
                .poll_piece(cx)
                .map(|piece| piece.map(|piece| piece.map(Frame::data))),
        }
    }

    fn is_end_stream(&self) -> bool {
        match self {
            Self::Whole(body) => body.is_end_stream(),
            Self::Upload(body) => body.ended,
        }
    }

    fn size_hint(&self) -> SizeHint {
        match self {
            Self::Whole(body) => body.size_hint(),
            Self::Upload(body) => body
                .left
                .map_or_else(SizeHint::default, SizeHint::with_exact),
        }
    }
}

/// An upload on its way.
pub(super) struct Sending {
    upload: Upload,
    /// What is still to come, if the length is known.
    left: Option<u64>,
    idle: Idle,
    ended: bool,
}

impl Sending {
    fn poll_piece(&mut self, cx: &mut Context<'_>) -> Poll<Option<io::Result<Bytes>>> {
        while !self.ended {
            let piece = self.upload.pieces.as_mut().poll_next(cx);
            self.idle.0.waits.store(piece.is_pending(), Relaxed);
            let piece = match ready!(piece) {
                Some(Ok(piece)) if piece.is_empty() => continue,
                Some(Ok(piece)) => self.count(&piece).map(|()| piece),
                Some(Err(error)) => Err(error),
                None => match self.left {
                    Some(left @ 1..) => Err(wrong_length(format_args!("{left} bytes less"))),
                    Some(0) | None => break,
                },
            };
            self.ended = piece.is_err() || self.left == Some(0);
            self.idle.0.failed.store(piece.is_err(), Relaxed);
            return Poll::Ready(Some(piece));
        }
        self.ended = true;
        Poll::Ready(None)
    }

    fn count(&mut self, piece: &Bytes) -> io::Result<()> {
        if let Some(left) = &mut self.left {
            let length = u64::try_from(piece.len()).unwrap_or(u64::MAX);
            *left = left
                .checked_sub(length)
                .ok_or_else(|| wrong_length(format_args!("more bytes")))?;
        }
        Ok(())
    }
}

fn wrong_length(by: fmt::Arguments<'_>) -> io::Error {
    io::Error::new(
        io::ErrorKind::InvalidData,
        format!("the body has {by} than its stated length"),
    )
}

/// What an upload is at, for the clock of its request.
#[derive(Clone, Default)]
pub(super) struct Idle(Arc<Source>);

#[derive(Default)]
struct Source {
    waits: AtomicBool,
    failed: AtomicBool,
    answered: AtomicBool,
    written: OnceLock<Written>,
}

impl Idle {
    /// The request goes out on the connection that counts here.
    pub(super) fn sends_on(&self, written: &Written) {
        // An upload is sent once, so that it is never set twice.
        let _ = self.0.written.set(written.clone());
    }

    /// The head of the answer is there: the source no longer counts.
    pub(super) fn is_answered(&self) {
        self.0.answered.store(true, Relaxed);
    }

    /// Whether the source failed.
    pub(super) fn has_failed(&self) -> bool {
        self.0.failed.load(Relaxed)
    }

    /// Runs `future` until nothing was written for `quiet`; `None` then. The time that the source
    /// takes for its next piece does not count: then it is not the server who is slow.
    pub(super) async fn guard<F: Future>(&self, quiet: Duration, future: F) -> Option<F::Output> {
        let mut future = pin!(future);
        let mut seen = 0;
        let Some(end) = Instant::now().checked_add(quiet) else {
            return Some(future.await);
        };
        let mut clock = pin!(sleep_until(end));
        poll_fn(|cx| {
            if let Poll::Ready(output) = future.as_mut().poll(cx) {
                return Poll::Ready(Some(output));
            }
            let written = self.0.written.get().map_or(0, Written::get);
            let waits = self.0.waits.load(Relaxed) && !self.0.answered.load(Relaxed);
            if written != seen || waits {
                seen = written;
                clock.as_mut().reset(Instant::now() + quiet);
            }
            if waits {
                // Whatever ends that wait polls this too.
                return Poll::Pending;
            }
            clock.as_mut().poll(cx).map(|()| None)
        })
        .await
    }
}
