//! What drives one connection to its end.

use std::future::Future;
use std::pin::{Pin, pin};
use std::sync::Arc;
use std::task::{Context, Poll, ready};

use hyper::server::conn::http1;
use hyper_util::rt::TokioIo;
use quorate_net::task::Spawner;
use quorate_net::transport::Stream;
use tokio::time::{Sleep, sleep};

use super::app::{App, Service};
use super::aside::{Aside, Parked, Turn};
use super::guard::Guarded;
use super::idle::Idle;
use super::pace::Pace;
use super::progress::{Progress, Wait};
use super::{BODY_TIMEOUT, HEAD_TIMEOUT, MAX_BUFFER_BYTES, MAX_HEAD_BYTES, WRITE_TIMEOUT};

/// Serves one connection to its end; `ahead` was read of it already.
pub(super) fn connection(
    stream: Stream,
    ahead: &[u8],
    app: App,
    spawner: &Spawner,
) -> impl Future<Output = ()> + Send + use<> {
    let progress = Arc::new(Progress::default());
    let io = Guarded::new(stream, progress.clone());
    Driver {
        link: Link::Aside(Aside::new(io, ahead, None)),
        progress,
        app,
        stop: spawner.cancelled(),
        stop_state: Stop::Unregistered,
        wait: Wait::None,
        timer: None,
        pace: Pace::default(),
        idle: Idle::default(),
    }
}

type Hyper = http1::Connection<TokioIo<Guarded>, Service>;

/// Who has the connection.
enum Link {
    /// hyper, which is at a request or about to read one.
    Hyper(Box<Hyper>),
    /// Nobody: it is idle, or its request waits for a change.
    Aside(Aside),
    /// It is being handed over.
    Between,
}

/// Polls a connection, and what may end it: the agent's end, or a client that takes too long.
///
/// In the usual case, where a request arrives whole and its answer leaves whole, this costs a few
/// atomic loads beside hyper's own work: no timer is made, and the stop signal is polled once.
struct Driver<F> {
    link: Link,
    progress: Arc<Progress>,
    app: App,
    stop: F,
    stop_state: Stop,
    wait: Wait,
    timer: Option<Pin<Box<Sleep>>>,
    pace: Pace,
    idle: Idle,
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
            if this.poll_link(cx).is_ready() {
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
            match &mut this.link {
                Link::Hyper(hyper) => Pin::new(&mut **hyper).graceful_shutdown(),
                Link::Aside(aside) => aside.close(),
                Link::Between => return Poll::Ready(()),
            }
        }
        if this.poll_timer(cx).is_ready() {
            tracing::debug!(wait = ?this.wait, "a client took too long");
            return Poll::Ready(());
        }
        ready!(this.poll_idle(cx));
        tracing::debug!("an idle connection is closed");
        Poll::Ready(())
    }
}

impl<F: Future<Output = ()> + Unpin> Driver<F> {
    /// Ready when the connection has ended.
    fn poll_link(&mut self, cx: &mut Context<'_>) -> Poll<()> {
        loop {
            match &mut self.link {
                Link::Hyper(hyper) => {
                    if let Poll::Ready(ended) = Pin::new(&mut **hyper).poll(cx) {
                        if let Err(error) = ended {
                            tracing::debug!(%error, "a connection ended early");
                        }
                        return Poll::Ready(());
                    }
                    match self.progress.take_parked() {
                        Some(parked) => self.take_from_hyper(Some(parked)),
                        None if self.has_gone_idle(cx) => self.take_from_hyper(None),
                        None => return Poll::Pending,
                    }
                }
                Link::Aside(aside) => match ready!(aside.poll(cx, &self.progress)) {
                    Turn::Ended => return Poll::Ready(()),
                    Turn::Request => self.hand_to_hyper(),
                },
                Link::Between => return Poll::Ready(()),
            }
        }
    }

    /// The connection's request waits, or there is none.
    fn take_from_hyper(&mut self, parked: Option<Parked>) {
        let Link::Hyper(hyper) = std::mem::replace(&mut self.link, Link::Between) else {
            return;
        };
        let parts = hyper.into_parts();
        let mut aside = Aside::new(parts.io.into_inner(), &parts.read_buf, parked);
        if self.stop_state == Stop::Begun {
            aside.close();
        }
        self.pace.rest();
        self.link = Link::Aside(aside);
    }

    /// Whether hyper has nothing to do, and is not likely to have soon.
    fn has_gone_idle(&mut self, cx: &mut Context<'_>) -> bool {
        self.progress.is_idle() && self.pace.is_slow(self.progress.requests(), cx)
    }

    /// The client sends a request: hyper reads and answers it.
    fn hand_to_hyper(&mut self) {
        let Link::Aside(aside) = std::mem::replace(&mut self.link, Link::Between) else {
            return;
        };
        self.pace.request();
        let service = self.app.service(&self.progress);
        let hyper = http1::Builder::new()
            .title_case_headers(true)
            .header_read_timeout(None)
            .max_header_size(MAX_HEAD_BYTES)
            .max_buf_size(MAX_BUFFER_BYTES)
            .serve_connection(TokioIo::new(aside.into_io()), service);
        self.link = Link::Hyper(Box::new(hyper));
    }

    /// Whether the agent has begun to end since this was asked last.
    fn has_to_stop(&mut self, cx: &mut Context<'_>) -> bool {
        // The task's waker never changes, so that one registration lasts.
        let ask = match self.stop_state {
            Stop::Begun => return false,
            Stop::Unregistered => true,
            Stop::Registered => self.app.stopping().has_begun(),
        };
        if ask {
            let begun = pin!(&mut self.stop).poll(cx).is_ready();
            self.stop_state = if begun { Stop::Begun } else { Stop::Registered };
            return begun;
        }
        false
    }

    /// Ready when nothing has happened on the connection for too long.
    fn poll_idle(&mut self, cx: &mut Context<'_>) -> Poll<()> {
        if !self.progress.rests() {
            return Poll::Pending;
        }
        let limit = self.app.idle_timeout();
        self.idle.poll(self.progress.requests(), limit, cx)
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
