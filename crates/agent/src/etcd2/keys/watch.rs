//! Watches of keys.

use std::future::Future;
use std::pin::Pin;
use std::sync::Arc;
use std::sync::atomic::Ordering::Relaxed;
use std::task::{Context, Poll, ready};

use arc_swap::ArcSwapOption;
use bytes::Bytes;
use http::Response;

use super::super::front::Front;
use super::super::reply::Reply;
use super::super::request::Outcome;
use super::{KeyRequest, shown};
use crate::engine::Topic;
use crate::engine::etcd2::{Event, Seen, Watch};
use crate::serve::{Piece, Pieces};
use crate::waiters::{self, Waiter};

/// Begins a watch, or says that its history is gone.
pub(super) fn answer(asked: &KeyRequest) -> Outcome {
    let (front, parameters) = (&asked.front, &asked.parameters);
    let (key, recursive) = (asked.key.clone(), parameters.recursive);
    // Registered before the first look, so that no change is missed in between.
    let topics = [Watch::topic(&key, recursive), Topic::Etcd2Turn];
    let topics = topics.map(waiters::Watch::Topic);
    let waiter = front.writer.waiters().register(topics);
    let snapshot = front.snapshot();
    let state = snapshot.etcd2();
    match Watch::begin(state, key, recursive, parameters.wait_index, front.strict) {
        Err(refusal) => front.key_refusal(refusal).into(),
        Ok(watch) => {
            front.counts.watchers.fetch_add(1, Relaxed);
            Outcome::Watch(Box::new(Watching {
                front: Arc::clone(front),
                waiter,
                watch,
                stream: parameters.stream,
                deaf: false,
            }))
        }
    }
}

/// The event that was told last, as it is sent: many watchers are told of the same one.
#[derive(Debug, Default)]
pub(in crate::etcd2) struct LastShown(ArcSwapOption<(u64, Bytes)>);

impl LastShown {
    fn of(&self, event: &Event) -> Bytes {
        let known = self.0.load();
        if let Some((index, bytes)) = known.as_deref()
            && *index == event.index
        {
            return bytes.clone();
        }
        let bytes = Bytes::from(shown::event(event));
        self.0.store(Some(Arc::new((event.index, bytes.clone()))));
        bytes
    }
}

/// A watch whose answer is begun.
pub(in crate::etcd2) struct Watching {
    front: Arc<Front>,
    waiter: Waiter,
    watch: Watch,
    /// It goes on after the first event.
    stream: bool,
    /// It hears nothing more: etcd forgets a stream that has begun in the past.
    deaf: bool,
}

impl Drop for Watching {
    fn drop(&mut self) {
        self.front.counts.watchers.fetch_sub(1, Relaxed);
    }
}

impl Watching {
    /// The head of the answer, and what follows. The head says where the watch began: a client
    /// that hears nothing may go on from there.
    pub(in crate::etcd2) fn begin(self: Box<Self>) -> (Response<()>, Events) {
        let meta = self.front.meta_at(self.watch.started);
        let (head, _) = Reply::head().with_meta(meta).split();
        let events = Events(Some(Box::pin(next(self))));
        (head, events)
    }

    /// What the client is sent of an event, and how often.
    fn piece(&mut self, event: &Event) -> Piece {
        let mut bytes = self.front.last_shown.of(event);
        if self.stream && self.front.strict {
            let of_history = event.index <= self.watch.started;
            self.deaf = of_history;
            // etcd tells who streams the removal of the very key that he watches twice.
            if !of_history && event.action.removes() && *event.key == *self.watch.key {
                bytes = [&bytes[..], &bytes[..]].concat().into();
            }
        }
        Piece {
            bytes,
            last: !self.stream,
        }
    }
}

/// The next event, and the watch if it goes on; nothing when it has to end.
async fn next(mut watching: Box<Watching>) -> Option<(Piece, Box<Watching>)> {
    loop {
        // When the agent ends, every waiter is woken, and its answer ends in good order.
        if watching.front.stopping.has_begun() {
            return None;
        }
        let seen = {
            let Watching {
                front, watch, deaf, ..
            } = &mut *watching;
            if *deaf {
                Seen::Nothing
            } else {
                watch.look(front.snapshot().etcd2())
            }
        };
        match seen {
            Seen::Event(event) => {
                let piece = watching.piece(&event);
                return Some((piece, watching));
            }
            // The client sees an answer that has ended, and asks again from where it was.
            Seen::Lost => return None,
            Seen::Nothing => watching.waiter.changed().await,
        }
    }
}

type Next = Pin<Box<dyn Future<Output = Option<(Piece, Box<Watching>)>> + Send>>;

/// The events of a watch, one by one.
pub(in crate::etcd2) struct Events(Option<Next>);

impl Pieces for Events {
    fn poll_piece(&mut self, cx: &mut Context<'_>) -> Poll<Option<Piece>> {
        let Some(coming) = &mut self.0 else {
            return Poll::Ready(None);
        };
        let came = ready!(coming.as_mut().poll(cx));
        self.0 = None;
        Poll::Ready(came.map(|(piece, watching)| {
            if !piece.last {
                self.0 = Some(Box::pin(next(watching)));
            }
            piece
        }))
    }
}
