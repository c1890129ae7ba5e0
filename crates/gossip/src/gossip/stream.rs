//! Streams: one message each way, bounded in bytes and in time.

use std::collections::VecDeque;
use std::convert::Infallible;
use std::io;
use std::net::SocketAddr;
use std::sync::Arc;
use std::time::Duration;

use quorate_net::task::Spawner;
use tokio::io::{AsyncReadExt as _, AsyncWriteExt as _};
use tokio::net::{TcpListener, TcpStream};
use tokio::sync::{OwnedSemaphorePermit, Semaphore, mpsc, oneshot};
use tokio::time::{Instant, timeout_at};

use crate::codec::FrameScanner;
use crate::engine::DialId;

/// How many streams from others are read at the same time.
const MOST_STREAMS: usize = 128;

/// How much of what they send is held at the same time, in KiB. One may have nearly all of it.
const MOST_HELD: u32 = 64 << 10;

const KIB: usize = 1024;

/// What happened on a stream.
#[derive(Debug)]
pub(super) enum Arrived {
    /// Somebody sent a message; the answer goes back, if there is one.
    Request {
        from: SocketAddr,
        label: Vec<u8>,
        frame: Vec<u8>,
        answer: oneshot::Sender<Vec<u8>>,
    },
    /// A stream of ours was answered, or not.
    Answer {
        id: DialId,
        answer: Result<Vec<u8>, String>,
    },
}

/// How much an answer to a probe may be, in KiB. Real ones have some hundred bytes.
const PROBE_ANSWER: u32 = 16;

/// How much may be held. Dropping what was taken gives it back.
#[derive(Clone, Debug)]
pub(super) struct Budget(Arc<Semaphore>);

impl Budget {
    /// For all streams from others, or for all of ours.
    pub(super) fn new() -> Self {
        Self::of(MOST_HELD)
    }

    fn of(kib: u32) -> Self {
        Self(Arc::new(Semaphore::new(
            usize::try_from(kib).unwrap_or(usize::MAX),
        )))
    }

    /// For the answer to a probe.
    pub(super) fn probe() -> Self {
        Self::of(PROBE_ANSWER)
    }

    fn take(&self, bytes: usize) -> io::Result<OwnedSemaphorePermit> {
        let kib = u32::try_from(bytes.div_ceil(KIB)).unwrap_or(u32::MAX);
        let full = |_| io::Error::other("too much is being received at the same time");
        self.0.clone().try_acquire_many_owned(kib).map_err(full)
    }
}

/// The streams that others have opened, in that order. Dropping an entry closes its stream.
#[derive(Debug, Default)]
struct Open(VecDeque<oneshot::Sender<Infallible>>);

impl Open {
    /// Notes another stream. If there are too many, the oldest is closed: who works as he should has
    /// long been served, so it is one that keeps others out.
    fn add(&mut self) -> oneshot::Receiver<Infallible> {
        if self.0.len() >= MOST_STREAMS {
            self.0.retain(|stream| !stream.is_closed());
        }
        if self.0.len() >= MOST_STREAMS {
            self.0.pop_front();
        }
        let (stream, evicted) = oneshot::channel();
        self.0.push_back(stream);
        evicted
    }
}

/// Takes streams from others until the group ends.
pub(super) async fn listen(
    listener: TcpListener,
    spawner: Spawner,
    arrived: mpsc::Sender<Arrived>,
    limit: Duration,
) {
    let (mut open, budget) = (Open::default(), Budget::new());
    let mut stop = spawner.cancelled();
    loop {
        let accepted = tokio::select! {
            accepted = listener.accept() => accepted,
            () = &mut stop => return,
        };
        let (stream, from) = match accepted {
            Ok(accepted) => accepted,
            Err(error) => {
                // No files are left, mostly: it would fail again at once.
                tracing::warn!(%error, "a connection was not accepted");
                tokio::time::sleep(Duration::from_millis(100)).await;
                continue;
            }
        };
        let (arrived, budget) = (arrived.clone(), budget.clone());
        let (mut stop, evicted) = (spawner.cancelled(), open.add());
        spawner.spawn(async move {
            let served = tokio::select! {
                served = serve(stream, from, arrived, budget, limit) => served,
                _ = evicted => Err(io::Error::other("too many streams are open")),
                () = &mut stop => Ok(()),
            };
            if let Err(error) = served {
                tracing::debug!(%from, %error, "a stream was dropped");
            }
        });
    }
}

async fn serve(
    mut stream: TcpStream,
    from: SocketAddr,
    arrived: mpsc::Sender<Arrived>,
    budget: Budget,
    limit: Duration,
) -> io::Result<()> {
    let deadline = Instant::now() + limit;
    let (label, frame, held) = timeout_at(deadline, read(&mut stream, &budget)).await??;
    let (answer, answered) = oneshot::channel();
    let request = Arrived::Request {
        from,
        label,
        frame,
        answer,
    };
    if arrived.send(request).await.is_err() {
        return Ok(());
    }
    if let Ok(answer) = answered.await {
        timeout_at(deadline, stream.write_all(&answer)).await??;
    }
    drop(held);
    timeout_at(deadline, stream.shutdown()).await?
}

/// Reads one message: the label, the frame, and what it takes of the budget.
async fn read(
    stream: &mut TcpStream,
    budget: &Budget,
) -> io::Result<(Vec<u8>, Vec<u8>, Vec<OwnedSemaphorePermit>)> {
    let mut scanner = FrameScanner::new();
    let mut piece = vec![0; 16 * KIB];
    let mut held = Vec::new();
    loop {
        let len = stream.read(&mut piece).await?;
        if len == 0 {
            return Err(io::ErrorKind::UnexpectedEof.into());
        }
        held.push(budget.take(len)?);
        if scanner.feed(&piece[..len]).map_err(io::Error::other)? {
            let (label, frame) = scanner.into_parts();
            return Ok((label, frame, held));
        }
    }
}

/// Sends a message and reads the answer.
pub(super) async fn dial(
    id: DialId,
    to: SocketAddr,
    message: Vec<u8>,
    arrived: mpsc::Sender<Arrived>,
    budget: Budget,
    limit: Duration,
) {
    let exchanged = timeout_at(Instant::now() + limit, exchange(to, &message, &budget)).await;
    let answer = match exchanged {
        Ok(Ok(answer)) => Ok(answer),
        Ok(Err(error)) => Err(error.to_string()),
        Err(_) => Err(format!("no answer within {limit:?}")),
    };
    // The driver has gone, and nobody wants the answer.
    let _ = arrived.send(Arrived::Answer { id, answer }).await;
}

async fn exchange(to: SocketAddr, message: &[u8], budget: &Budget) -> io::Result<Vec<u8>> {
    let mut stream = TcpStream::connect(to).await?;
    stream.write_all(message).await?;
    let (_, frame, _) = read(&mut stream, budget).await?;
    Ok(frame)
}
