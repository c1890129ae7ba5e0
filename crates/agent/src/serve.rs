//! Connections: each is served by a task of its own, within bounds of time, until the agent ends.

mod guard;
mod progress;

use std::future::Future;
use std::io;
use std::pin::{Pin, pin};
use std::sync::Arc;
use std::sync::atomic::{AtomicBool, Ordering};
use std::task::{Context, Poll, ready};
use std::time::Duration;

use hyper::server::conn::http1;
use hyper_util::rt::TokioIo;
use quorate_net::task::Spawner;
use quorate_net::transport::Stream;
use tokio::time::{Sleep, sleep};

use crate::consul::{Front, Service};
use crate::listen::Listener;
use guard::Guarded;
pub(crate) use progress::Progress;
use progress::Wait;

/// The longest head of a request: the encoded form of the longest key, and room for headers.
const MAX_HEAD_BYTES: usize = 32 * 1024;
/// What one connection buffers of what it reads and writes.
const MAX_BUFFER_BYTES: usize = 128 * 1024;
/// How long the head of a request may take once its first byte is there.
const HEAD_TIMEOUT: Duration = Duration::from_secs(10);
/// How long the body of a request may take.
const BODY_TIMEOUT: Duration = Duration::from_secs(60);
/// How long a client may not take any byte of an answer.
const WRITE_TIMEOUT: Duration = Duration::from_secs(60);
/// How long accepting pauses when the system is out of descriptors or memory.
const ACCEPT_PAUSE: Duration = Duration::from_millis(50);

/// Tells every connection that the agent is ending, without a lock on the way of requests.
#[derive(Debug, Default)]
pub(crate) struct Stopping(AtomicBool);

impl Stopping {
    /// To be called before the tasks are asked to end.
    pub(crate) fn begin(&self) {
        self.0.store(true, Ordering::Release);
    }

    pub(crate) fn has_begun(&self) -> bool {
        self.0.load(Ordering::Acquire)
    }
}

/// Accepts connections until the agent ends.
pub(crate) async fn accept_loop(mut listener: Listener, front: Arc<Front>, spawner: Spawner) {
    let mut stop = spawner.cancelled();
    loop {
        let accepted = tokio::select! {
            biased;
            () = &mut stop => return,
            accepted = listener.accept() => accepted,
        };
        match accepted {
            None => return,
            Some(Ok(stream)) => spawner.spawn(connection(stream, front.clone(), &spawner)),
            Some(Err(error)) if is_of_the_connection(&error) => {}
            Some(Err(error)) => {
                tracing::warn!(%error, "can't accept connections at the moment");
                tokio::select! {
                    () = &mut stop => return,
                    () = sleep(ACCEPT_PAUSE) => {}
                }
            }
        }
    }
}

/// Whether accepting failed because the client went away, which says nothing about the next one.
fn is_of_the_connection(error: &io::Error) -> bool {
    use io::ErrorKind::{ConnectionAborted, ConnectionRefused, ConnectionReset, Interrupted};
    matches!(
        error.kind(),
        ConnectionAborted | ConnectionRefused | ConnectionReset | Interrupted
    )
}

/// Serves one connection to its end.
fn connection(
    stream: Stream,
    front: Arc<Front>,
    spawner: &Spawner,
) -> impl Future<Output = ()> + Send + use<> {
    let progress = Arc::new(Progress::default());
    let io = TokioIo::new(Guarded::new(stream, progress.clone()));
    let service = Service::new(front.clone(), progress.clone());
    let connection = http1::Builder::new()
        .title_case_headers(true)
        .header_read_timeout(None)
        .max_header_size(MAX_HEAD_BYTES)
        .max_buf_size(MAX_BUFFER_BYTES)
        .serve_connection(io, service);
    Driver {
        connection,
        progress,
        front,
        stop: spawner.cancelled(),
        stop_state: Stop::Unregistered,
        wait: Wait::None,
        timer: None,
    }
}

/// Polls a connection, and what may end it: the agent's end, or a client that takes too long.
///
/// In the usual case, where a request arrives whole and its answer leaves whole, this costs one
/// atomic load beside hyper's own work: no timer is made, and the stop signal is polled once.
struct Driver<F> {
    connection: http1::Connection<TokioIo<Guarded>, Service>,
    progress: Arc<Progress>,
    front: Arc<Front>,
    stop: F,
    stop_state: Stop,
    wait: Wait,
    timer: Option<Pin<Box<Sleep>>>,
}

#[derive(Clone, Copy, PartialEq, Eq)]
enum Stop {
    /// The stop signal does not know our waker yet.
    Unregistered,
    /// It will wake us.
    Registered,
    /// It did: the connection ends after the request it is at.
    Begun,
}

impl<F: Future<Output = ()> + Unpin> Future for Driver<F> {
    type Output = ();

    fn poll(mut self: Pin<&mut Self>, cx: &mut Context<'_>) -> Poll<()> {
        let this = &mut *self;
        loop {
            if let Poll::Ready(ended) = Pin::new(&mut this.connection).poll(cx) {
                if let Err(error) = ended {
                    tracing::debug!(%error, "a connection ended early");
                }
                return Poll::Ready(());
            }
            if !this.has_to_stop(cx) {
                break;
            }
            this.progress.stop();
            if this.progress.is_untouched() {
                return Poll::Ready(());
            }
            // Finishes the request that is being served; an idle connection ends at once.
            Pin::new(&mut this.connection).graceful_shutdown();
        }
        ready!(this.poll_timer(cx));
        tracing::debug!(wait = ?this.wait, "a client took too long");
        Poll::Ready(())
    }
}

impl<F: Future<Output = ()> + Unpin> Driver<F> {
    /// Whether the agent has begun to end since this was asked last.
    fn has_to_stop(&mut self, cx: &mut Context<'_>) -> bool {
        // The task's waker never changes, so that one registration lasts.
        let ask = match self.stop_state {
            Stop::Begun => return false,
            Stop::Unregistered => true,
            Stop::Registered => self.front.stopping.has_begun(),
        };
        if ask {
            let begun = pin!(&mut self.stop).poll(cx).is_ready();
            self.stop_state = if begun { Stop::Begun } else { Stop::Registered };
            return begun;
        }
        false
    }

    /// Ready when the client has taken too long for what is waited for.
    fn poll_timer(&mut self, cx: &mut Context<'_>) -> Poll<()> {
        let wait = self.progress.wait();
        if wait != self.wait {
            self.wait = wait;
            let limit = match wait {
                Wait::None => None,
                Wait::Head(_) => Some(HEAD_TIMEOUT),
                Wait::Body(_) => Some(BODY_TIMEOUT),
                Wait::Write(_) => Some(WRITE_TIMEOUT),
            };
            self.timer = limit.map(|limit| Box::pin(sleep(limit)));
        }
        match &mut self.timer {
            None => Poll::Pending,
            Some(timer) => timer.as_mut().poll(cx),
        }
    }
}
