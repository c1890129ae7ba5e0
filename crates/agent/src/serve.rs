//! Connections: each is served by a task of its own, within bounds of time, until the agent ends.

mod app;
mod aside;
mod driver;
mod encode;
mod feed;
mod guard;
mod http2;
mod idle;
mod pace;
mod progress;

use std::io;
use std::sync::Arc;
use std::sync::atomic::{AtomicBool, Ordering};
use std::time::Duration;

use quorate_net::task::Spawner;
use quorate_net::transport::Stream;
use tokio::time::{Instant, sleep};

use crate::listen::Listener;
use crate::serf;
pub(crate) use app::App;
pub(crate) use aside::Parked;
use driver::connection;
pub(crate) use encode::{encode, second};
pub(crate) use feed::{Piece, Pieces};
pub(crate) use progress::Progress;

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
/// How often that is said at most.
const ACCEPT_WARNING: Duration = Duration::from_secs(10);

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

/// What answers the connections of a listener.
#[derive(Clone, Debug)]
pub(crate) enum Served {
    Http(App),
    Serf(Arc<serf::Front>),
}

impl Served {
    fn serve(&self, stream: Stream, spawner: &Spawner) {
        match self {
            Self::Http(App::Etcd(v2, v3)) => {
                let (v2, v3) = (Arc::clone(v2), Arc::clone(v3));
                spawner.spawn(http2::either(stream, v2, v3, spawner.clone()));
            }
            Self::Http(app) => spawner.spawn(connection(stream, &[], app.clone(), spawner)),
            Self::Serf(front) => spawner.spawn(serf::serve(stream, Arc::clone(front))),
        }
    }
}

/// Accepts connections until the agent ends.
pub(crate) async fn accept_loop(mut listener: Listener, served: Served, spawner: Spawner) {
    let mut stop = spawner.cancelled();
    let mut warned: Option<Instant> = None;
    loop {
        let accepted = tokio::select! {
            biased;
            () = &mut stop => return,
            accepted = listener.accept() => accepted,
        };
        match accepted {
            None => return,
            Some(Ok(stream)) => served.serve(stream, &spawner),
            Some(Err(error)) if is_of_the_connection(&error) => {}
            Some(Err(error)) => {
                if warned.is_none_or(|at| at.elapsed() >= ACCEPT_WARNING) {
                    tracing::warn!(%error, "can't accept connections at the moment");
                    warned = Some(Instant::now());
                }
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
