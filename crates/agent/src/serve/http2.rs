//! Connections that speak HTTP/2 from their first byte on: those of gRPC.

mod alive;
mod ration;

use std::future::Future;
use std::io;
use std::pin::Pin;
use std::sync::Arc;
use std::task::{Context, Poll};

use bytes::Bytes;
use futures_util::stream::{FuturesUnordered, StreamExt as _};
use h2::server::{Builder, Connection, Handshake};
use quorate_net::task::Spawner;
use quorate_net::transport::Stream;
use tokio::io::AsyncReadExt;
use tokio::time::timeout;

use super::app::App;
use super::driver;
use super::guard::Guarded;
use super::progress::Progress;
use super::{HEAD_TIMEOUT, Stopping};
use crate::etcd2;
use crate::etcd3::{Call, Quick, Routes};
use alive::{Alive, Dead};
use ration::Rationed;

/// How a connection begins that speaks HTTP/2.
const PREFACE: &[u8] = b"PRI * HTTP/2.0\r\n\r\nSM\r\n\r\n";
/// How many requests of a connection are served at a time.
const MAX_STREAMS: u32 = 10_000;
/// How much of a request may be under way before it is taken.
const WINDOW: u32 = 1024 * 1024;
/// The longest head of a request, as HTTP/2 counts it.
const MAX_HEAD_BYTES: u32 = 16 * 1024;
/// What a stream keeps of an answer that its client does not take.
const SEND_BUFFER: usize = 400 * 1024;
/// How many requests a connection may break off by its own mistakes.
const MAX_RESETS: usize = 1024;

/// Serves one connection of etcd's API to its end: HTTP/1.1 is the v2 API, HTTP/2 is gRPC.
pub(super) async fn either(
    mut stream: Stream,
    v2: Arc<etcd2::Front>,
    v3: Arc<Routes>,
    spawner: Spawner,
) {
    let mut stop = spawner.cancelled();
    let first = tokio::select! {
        biased;
        () = &mut stop => return,
        first = timeout(v2.idle_timeout, first_bytes(&mut stream)) => first,
    };
    // Who says nothing, or goes away before he does, is not missed.
    let Ok(Ok(first)) = first else {
        return;
    };
    if first == PREFACE {
        // What a connection needs to begin is gone when it has begun.
        if let Some(serving) = Box::pin(begin(stream, first, v2, v3, stop, spawner)).await {
            serving.await;
        }
    } else if !first.is_empty() {
        let app = App::Etcd(v2, v3);
        Box::pin(driver::connection(stream, &first, app, &spawner)).await;
    }
}

/// The first bytes of a connection, as far as they are needed to tell what it speaks.
async fn first_bytes(stream: &mut Stream) -> io::Result<Vec<u8>> {
    let mut first = Vec::with_capacity(PREFACE.len());
    while first.len() < PREFACE.len() && PREFACE.starts_with(&first) {
        let mut space = [0; PREFACE.len()];
        let room = &mut space[first.len()..];
        let count = stream.read(room).await?;
        if count == 0 {
            break;
        }
        first.extend_from_slice(&room[..count]);
    }
    Ok(first)
}

fn handshake(stream: Stream, first: Vec<u8>) -> Handshake<Rationed, Bytes> {
    let mut io = Guarded::new(stream, Arc::new(Progress::default()));
    io.unread(Bytes::from(first));
    Builder::new()
        .max_concurrent_streams(MAX_STREAMS)
        .initial_window_size(WINDOW)
        .initial_connection_window_size(2 * WINDOW)
        .max_header_list_size(MAX_HEAD_BYTES)
        .max_send_buffer_size(SEND_BUFFER)
        .max_local_error_reset_streams(Some(MAX_RESETS))
        .handshake(Rationed::new(io))
}

/// Exchanges the first words of a connection.
async fn begin<F: Future<Output = ()> + Unpin>(
    stream: Stream,
    first: Vec<u8>,
    v2: Arc<etcd2::Front>,
    routes: Arc<Routes>,
    mut stop: F,
    spawner: Spawner,
) -> Option<Pin<Box<Serving<F>>>> {
    let shaken = tokio::select! {
        biased;
        () = &mut stop => return None,
        shaken = timeout(HEAD_TIMEOUT, handshake(stream, first)) => shaken,
    };
    let mut connection = match shaken {
        Ok(Ok(connection)) => connection,
        Ok(Err(error)) => {
            tracing::debug!(%error, "a connection ended early");
            return None;
        }
        Err(_) => {
            tracing::debug!("a client took too long");
            return None;
        }
    };
    let alive = Alive::new(connection.ping_pong()?);
    Some(Box::pin(Serving {
        connection,
        quick: FuturesUnordered::new(),
        alive,
        routes,
        v2,
        stop,
        stop_state: Stop::Unregistered,
        spawner,
    }))
}

/// A connection, and the calls that it answers itself.
///
/// Calls are looked after and frames are written by one task, so that nothing has to be woken for
/// an answer that is there at once, and all answers that are there leave together.
struct Serving<F> {
    connection: Connection<Rationed, Bytes>,
    quick: FuturesUnordered<Quick>,
    alive: Alive,
    routes: Arc<Routes>,
    v2: Arc<etcd2::Front>,
    stop: F,
    stop_state: Stop,
    spawner: Spawner,
}

#[derive(Clone, Copy, PartialEq, Eq)]
enum Stop {
    /// The stop signal does not know our waker yet.
    Unregistered,
    /// It will wake us.
    Registered,
    /// It did: the connection ends after the calls that it has.
    Begun,
}

impl<F: Future<Output = ()> + Unpin> Future for Serving<F> {
    type Output = ();

    fn poll(mut self: Pin<&mut Self>, cx: &mut Context<'_>) -> Poll<()> {
        let this = &mut *self;
        this.look_for_stop(cx);
        if let Err(Dead) = this.alive.poll(cx) {
            tracing::debug!("a client does not answer any more");
            return Poll::Ready(());
        }
        this.poll_quick(cx);
        loop {
            // Reads what has come, and writes what the calls have answered.
            let ended = this.poll_accept(cx);
            if ended.is_ready() || !this.poll_quick(cx) {
                return ended;
            }
        }
    }
}

impl<F: Future<Output = ()> + Unpin> Serving<F> {
    /// Begins all calls that have come. Ready when the connection has ended.
    fn poll_accept(&mut self, cx: &mut Context<'_>) -> Poll<()> {
        loop {
            match self.connection.poll_accept(cx) {
                Poll::Pending => return Poll::Pending,
                Poll::Ready(None) => return Poll::Ready(()),
                Poll::Ready(Some(Err(error))) => {
                    tracing::debug!(%error, "a connection ended early");
                    return Poll::Ready(());
                }
                Poll::Ready(Some(Ok((request, respond)))) => {
                    match self.routes.begin(request, respond) {
                        Call::Quick(quick) => self.quick.push(quick),
                        Call::Task(task) => self.spawner.spawn(task),
                    }
                }
            }
        }
    }

    /// Goes on with the calls, as far as they can. Says whether one has ended.
    fn poll_quick(&mut self, cx: &mut Context<'_>) -> bool {
        let mut any = false;
        while let Poll::Ready(Some(rest)) = self.quick.poll_next_unpin(cx) {
            any = true;
            if let Some(task) = rest {
                self.spawner.spawn(task);
            }
        }
        any
    }

    /// Looks whether the agent has begun to end.
    fn look_for_stop(&mut self, cx: &mut Context<'_>) {
        // The task's waker never changes, so that one registration lasts.
        let ask = match self.stop_state {
            Stop::Begun => false,
            Stop::Unregistered => true,
            Stop::Registered => Stopping::has_begun(&self.v2.stopping),
        };
        if ask {
            let begun = Pin::new(&mut self.stop).poll(cx).is_ready();
            self.stop_state = if begun { Stop::Begun } else { Stop::Registered };
            if begun {
                self.connection.graceful_shutdown();
            }
        }
    }
}
