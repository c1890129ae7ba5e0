use std::fmt;
use std::future::poll_fn;
use std::pin::Pin;
use std::task::{Context, Poll, ready};

use bytes::Bytes;
use futures_core::Stream;
use quorate_wire::consul::QueryMeta;
use quorate_wire::consul::snapshot::{SnapshotError, SnapshotMeta, SnapshotReader};

use crate::error::{Class, Error, ErrorKind};
use crate::streamed::Streamed;

type Piece = Result<Option<Bytes>, Error>;
type Reading = Pin<Box<dyn Future<Output = (Box<Streamed>, Piece)> + Send>>;

/// A snapshot on its way: its bytes, as they come.
///
/// Nothing is read ahead: whoever reads slowly slows the server down. It is verified while it is
/// read: after the last piece comes either the end, and then it was whole, or an error.
///
/// ```
/// # #[tokio::main(flavor = "current_thread")] async fn main() -> Result<(), Box<dyn std::error::Error>> {
/// # let agent = quorate_agent::Agent::start(Default::default()).await?;
/// # let client = quorate_consul::Client::builder().dialer(agent.dialer()).build()?;
/// let mut snapshot = client.snapshot().save().await?;
/// let mut bytes = 0;
/// while let Some(piece) = snapshot.next().await? {
///     bytes += piece.len() as u64;
///     assert_eq!(snapshot.bytes(), bytes, "the progress so far");
/// }
/// assert!(snapshot.snapshot_meta().is_some(), "it is whole");
/// # Ok(())
/// # }
/// ```
#[must_use = "it reads nothing unless polled"]
pub struct SnapshotStream {
    meta: QueryMeta,
    state: State,
    /// The call and the server, for errors.
    names: (String, String),
    verifier: Option<SnapshotReader<()>>,
    verified: Option<SnapshotMeta>,
    bytes: u64,
}

enum State {
    Idle(Box<Streamed>),
    Reading(Reading),
    Ended,
}

impl SnapshotStream {
    pub(super) fn new(streamed: Streamed) -> Self {
        Self {
            meta: streamed.meta(),
            names: (streamed.operation().to_owned(), streamed.peer().to_owned()),
            state: State::Idle(Box::new(streamed)),
            verifier: Some(SnapshotReader::new(())),
            verified: None,
            bytes: 0,
        }
    }

    /// What the headers say: the index of the newest write in it.
    #[must_use]
    pub fn meta(&self) -> &QueryMeta {
        &self.meta
    }

    /// How many bytes have come so far. How many there will be is not known.
    #[must_use]
    pub fn bytes(&self) -> u64 {
        self.bytes
    }

    /// What the snapshot says of itself, once all of it has come and was found sound.
    #[must_use]
    pub fn snapshot_meta(&self) -> Option<&SnapshotMeta> {
        self.verified.as_ref()
    }

    /// The next bytes, never none; `None` at the end.
    ///
    /// # Errors
    /// `Protocol` when what came is no whole snapshot, `Timeout` when nothing came for too long,
    /// else see [`ErrorKind`](crate::ErrorKind). It is the end too.
    ///
    /// # Cancel safety
    /// Safe: a call that is dropped loses nothing.
    pub async fn next(&mut self) -> Result<Option<Bytes>, Error> {
        poll_fn(|cx| self.poll_piece(cx)).await
    }

    fn poll_piece(&mut self, cx: &mut Context<'_>) -> Poll<Result<Option<Bytes>, Error>> {
        loop {
            match std::mem::replace(&mut self.state, State::Ended) {
                State::Ended => return Poll::Ready(Ok(None)),
                State::Idle(mut streamed) => {
                    self.state = State::Reading(Box::pin(async move {
                        let piece = streamed.next_chunk().await;
                        (streamed, piece)
                    }));
                }
                State::Reading(mut reading) => {
                    let polled = reading.as_mut().poll(cx);
                    if polled.is_pending() {
                        self.state = State::Reading(reading);
                    }
                    let (streamed, piece) = ready!(polled);
                    return Poll::Ready(self.came(streamed, piece));
                }
            }
        }
    }

    fn came(&mut self, streamed: Box<Streamed>, piece: Piece) -> Piece {
        let Some(piece) = piece? else {
            let whole = self.verifier.take().map(SnapshotReader::finish).transpose();
            let whole = whole.map_err(|error| self.broken(error))?;
            self.verified = whole.map(|(meta, ())| meta);
            return Ok(None);
        };
        if let Some(verifier) = &mut self.verifier {
            let good = verifier.push(&piece);
            good.map_err(|error| self.broken(error))?;
        }
        self.bytes += u64::try_from(piece.len()).unwrap_or_default();
        self.state = State::Idle(streamed);
        Ok(Some(piece))
    }

    fn broken(&self, error: SnapshotError) -> Error {
        let (operation, peer) = &self.names;
        Error::new(
            Class::unknown(false, ErrorKind::Protocol),
            operation.clone(),
        )
        .with_peer(Some(peer))
        .with_detail(&error)
        .with_source(error)
    }
}

impl Stream for SnapshotStream {
    type Item = Result<Bytes, Error>;

    fn poll_next(self: Pin<&mut Self>, cx: &mut Context<'_>) -> Poll<Option<Self::Item>> {
        self.get_mut().poll_piece(cx).map(Result::transpose)
    }
}

impl fmt::Debug for SnapshotStream {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("SnapshotStream")
            .field("meta", &self.meta)
            .field("bytes", &self.bytes)
            .finish_non_exhaustive()
    }
}
