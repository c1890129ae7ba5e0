//! Bodies of answers: whole, or piece by piece as they come to be.

use std::fmt;
use std::io;
use std::pin::Pin;
use std::sync::Arc;
use std::task::{Context, Poll};

use bytes::Bytes;
use futures_core::Stream;
use http_body::{Body, Frame, SizeHint};
use http_body_util::Full;

use super::gzip;
use crate::serve::Progress;

/// Where the pieces of an answer come from. It is asked for the next one only when the client has
/// taken those before, and dropped when the client goes away.
pub(crate) struct Source {
    pieces: Pin<Box<dyn Stream<Item = io::Result<Bytes>> + Send>>,
    endless: bool,
}

impl Source {
    /// The pieces of `stream`. An error cuts the connection, so that the client sees that the
    /// answer is not whole.
    pub(crate) fn new(stream: impl Stream<Item = io::Result<Bytes>> + Send + 'static) -> Self {
        Self {
            pieces: Box::pin(stream),
            endless: false,
        }
    }

    /// Ends the answer, in good order, when the agent shuts down. Otherwise it is finished first.
    pub(crate) fn endless(mut self) -> Self {
        self.endless = true;
        self
    }
}

impl fmt::Debug for Source {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("Source")
            .field("endless", &self.endless)
            .finish_non_exhaustive()
    }
}

/// The body of an answer as hyper sends it.
pub(crate) enum ReplyBody {
    Whole(Full<Bytes>),
    Stream(Box<Streamed>),
}

impl Body for ReplyBody {
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
            Self::Stream(body) => body
                .poll_piece(cx)
                .map(|piece| piece.map(|piece| piece.map(Frame::data))),
        }
    }

    fn is_end_stream(&self) -> bool {
        match self {
            Self::Whole(body) => body.is_end_stream(),
            Self::Stream(body) => matches!(body.state, State::Ended),
        }
    }

    fn size_hint(&self) -> SizeHint {
        match self {
            Self::Whole(body) => body.size_hint(),
            Self::Stream(_) => SizeHint::default(),
        }
    }
}

/// An answer that is sent piece by piece. Each piece leaves at once; while there is none, no clock
/// runs.
pub(crate) struct Streamed {
    source: Source,
    gzip: Option<gzip::Packer>,
    progress: Arc<Progress>,
    state: State,
}

#[derive(Clone, Copy)]
enum State {
    Open,
    Ended,
}

impl Streamed {
    pub(crate) fn new(source: Source, compressed: bool, progress: Arc<Progress>) -> Self {
        Self {
            source,
            gzip: compressed.then(gzip::Packer::default),
            progress,
            state: State::Open,
        }
    }

    fn poll_piece(&mut self, cx: &mut Context<'_>) -> Poll<Option<io::Result<Bytes>>> {
        loop {
            if matches!(self.state, State::Ended) {
                return Poll::Ready(None);
            }
            if self.source.endless && self.progress.is_stopping() {
                return Poll::Ready(self.end());
            }
            let piece = match self.source.pieces.as_mut().poll_next(cx) {
                Poll::Pending => return Poll::Pending,
                Poll::Ready(None) => return Poll::Ready(self.end()),
                Poll::Ready(Some(Ok(piece))) if piece.is_empty() => continue,
                Poll::Ready(Some(piece)) => piece,
            };
            let piece = piece.and_then(|piece| match &mut self.gzip {
                Some(packer) => packer.pack(&piece),
                None => Ok(piece),
            });
            if let Err(error) = &piece {
                tracing::warn!(%error, "an answer is cut short");
                self.state = State::Ended;
            }
            return Poll::Ready(Some(piece));
        }
    }

    /// What is left to send at the end.
    fn end(&mut self) -> Option<io::Result<Bytes>> {
        self.state = State::Ended;
        self.gzip.take().map(gzip::Packer::finish)
    }
}

impl Drop for Streamed {
    fn drop(&mut self) {
        self.progress.answered();
    }
}

#[cfg(test)]
mod tests {
    use std::io::Read;

    use http_body_util::BodyExt;
    use tokio::sync::mpsc;

    use super::*;

    struct Channel(mpsc::Receiver<io::Result<Bytes>>);

    impl Stream for Channel {
        type Item = io::Result<Bytes>;

        fn poll_next(mut self: Pin<&mut Self>, cx: &mut Context<'_>) -> Poll<Option<Self::Item>> {
            self.0.poll_recv(cx)
        }
    }

    /// What a test sends, of which `capacity` pieces may wait.
    fn channel(capacity: usize) -> (mpsc::Sender<io::Result<Bytes>>, Source) {
        let (sender, receiver) = mpsc::channel(capacity);
        (sender, Source::new(Channel(receiver)))
    }

    fn body(source: Source, compressed: bool, progress: &Arc<Progress>) -> ReplyBody {
        let streamed = Streamed::new(source, compressed, progress.clone());
        ReplyBody::Stream(Box::new(streamed))
    }

    async fn next(body: &mut ReplyBody) -> Option<io::Result<Bytes>> {
        let frame = body.frame().await?;
        Some(frame.map(|frame| frame.into_data().unwrap()))
    }

    #[tokio::test]
    async fn each_piece_is_sent_as_it_comes_and_the_last_sender_ends_the_answer() {
        let progress = Arc::new(Progress::default());
        let (sender, source) = channel(2);
        let mut body = body(source, false, &progress);
        for text in ["", "one"] {
            sender.send(Ok(Bytes::from(text))).await.unwrap();
        }
        assert_eq!(next(&mut body).await.unwrap().unwrap(), "one");
        sender.send(Ok("two".into())).await.unwrap();
        assert_eq!(next(&mut body).await.unwrap().unwrap(), "two");
        drop(sender);
        assert!(next(&mut body).await.is_none());
        assert!(body.is_end_stream());
    }

    #[tokio::test]
    async fn an_error_ends_the_answer_as_one_that_is_not_whole() {
        let progress = Arc::new(Progress::default());
        let (sender, source) = channel(2);
        let mut body = body(source, false, &progress);
        sender.send(Err(io::Error::other("no disk"))).await.unwrap();
        assert!(next(&mut body).await.unwrap().is_err());
        assert!(next(&mut body).await.is_none());
    }

    #[tokio::test]
    async fn only_an_endless_answer_ends_with_the_agent() {
        let progress = Arc::new(Progress::default());
        let (endless, finite) = (channel(1), channel(1));
        progress.stop();
        let mut ends = body(endless.1.endless(), false, &progress);
        assert!(next(&mut ends).await.is_none());
        let mut stays = body(finite.1, false, &progress);
        finite.0.send(Ok("rest".into())).await.unwrap();
        assert_eq!(next(&mut stays).await.unwrap().unwrap(), "rest");
    }

    #[tokio::test]
    async fn a_sender_sees_that_the_client_has_gone() {
        let progress = Arc::new(Progress::default());
        let (sender, source) = channel(1);
        drop(body(source, false, &progress));
        assert!(sender.is_closed());
    }

    #[tokio::test]
    async fn what_is_compressed_can_be_read_before_the_end() {
        let progress = Arc::new(Progress::default());
        let (sender, source) = channel(4);
        let mut body = body(source, true, &progress);
        let mut packed = Vec::new();
        for line in ["first\n", "second\n"] {
            sender.send(Ok(line.into())).await.unwrap();
            packed.extend(next(&mut body).await.unwrap().unwrap());
            let mut read = vec![0; packed.len() * 4];
            let mut decoder = flate2::read::GzDecoder::new(&packed[..]);
            let mut so_far = 0;
            while let Ok(count @ 1..) = decoder.read(&mut read[so_far..]) {
                so_far += count;
            }
            assert!(read[..so_far].ends_with(line.as_bytes()));
        }
        drop(sender);
        packed.extend(next(&mut body).await.unwrap().unwrap());
        let mut read = String::new();
        let mut decoder = flate2::read::GzDecoder::new(&packed[..]);
        decoder.read_to_string(&mut read).unwrap();
        assert_eq!(read, "first\nsecond\n");
    }
}
