//! Following user events: each once.

use std::collections::{HashSet, VecDeque};
use std::fmt;
use std::future::poll_fn;
use std::pin::Pin;
use std::task::{Context, Poll, ready};
use std::time::Duration;

use futures_core::Stream;
use quorate_net::backoff::Backoff;
use quorate_wire::consul::UserEvent;
use tokio::time::{Instant, Sleep, sleep};

use super::Event;
use crate::Error;
use crate::answer::Answer;
use crate::blocking::{Fetch, pace::Pace};
use crate::error::RetryAdvice;
use crate::options::QueryOptions;

/// How many ids are remembered: more than twice what an agent keeps.
const REMEMBERED: usize = 1024;
/// The first and the longest pause after errors; both are drawn at random below these.
const BACKOFF: (Duration, Duration) = (Duration::from_millis(200), Duration::from_secs(30));

/// How events are followed.
#[derive(Clone, Debug, Default)]
#[non_exhaustive]
pub struct EventWatchOptions {
    /// Begins with the events that the agent has seen before, up to 256 of them. Default: only
    /// those from now on.
    pub replay: bool,
    /// Token and wait matter here.
    pub query: QueryOptions,
}

impl EventWatchOptions {
    /// The defaults.
    #[must_use]
    pub fn new() -> Self {
        Self::default()
    }

    /// Begins with the events that the agent has seen before.
    #[must_use]
    pub fn with_replay(mut self) -> Self {
        self.replay = true;
        self
    }

    /// Sets token and wait.
    #[must_use]
    pub fn with_query(mut self, query: QueryOptions) -> Self {
        self.query = query;
        self
    }
}

/// An event that was not told before.
#[derive(Clone, Debug, PartialEq, Eq)]
#[non_exhaustive]
pub struct Delivery {
    /// The event.
    pub event: UserEvent,
    /// Whether others may have been missed before it: more came between two looks than the agent
    /// keeps.
    pub gap: bool,
}

/// Follows user events; from [`Event::watch`].
///
/// Each event is told once, in the order of the agent's list, however often it is listed: after an
/// error, after a restart of the agent that brings old events back through gossip, or when more
/// come than the agent keeps. Errors are items and not the end: the next call waits a little and
/// goes on. There is no task behind it.
#[must_use = "it asks nothing unless polled"]
pub struct EventWatch {
    events: Event,
    name: Option<String>,
    options: EventWatchOptions,
    /// The index to wait on; 0 lists at once.
    index: u64,
    /// Whether the first list has been read.
    begun: bool,
    seen: Seen,
    waiting: VecDeque<Delivery>,
    pace: Pace,
    backoff: Backoff,
    step: Step,
}

enum Step {
    Idle,
    Pausing(Pin<Box<Sleep>>),
    Asking(Fetch<Vec<UserEvent>>),
}

/// The ids of the newest events.
#[derive(Default)]
struct Seen {
    ids: HashSet<String>,
    order: VecDeque<String>,
}

impl Seen {
    /// Whether the id is new.
    fn add(&mut self, id: &str) -> bool {
        if !self.ids.insert(id.to_owned()) {
            return false;
        }
        self.order.push_back(id.to_owned());
        if self.order.len() > REMEMBERED
            && let Some(oldest) = self.order.pop_front()
        {
            self.ids.remove(&oldest);
        }
        true
    }
}

impl EventWatch {
    pub(super) fn new(events: Event, name: Option<String>, options: EventWatchOptions) -> Self {
        Self {
            events,
            name,
            options,
            index: 0,
            begun: false,
            seen: Seen::default(),
            waiting: VecDeque::new(),
            pace: Pace::default(),
            backoff: Backoff::new(BACKOFF.0, BACKOFF.1),
            step: Step::Idle,
        }
    }

    /// Looks for the first time, if that was not done yet: every event that the agent takes after
    /// this returned will be told.
    ///
    /// # Errors
    /// Those of the list. Calling it again waits and tries again.
    ///
    /// # Cancel safety
    /// Safe.
    pub async fn begin(&mut self) -> Result<(), Error> {
        poll_fn(|cx| {
            while !self.begun {
                ready!(self.poll_list(cx))?;
            }
            Poll::Ready(Ok(()))
        })
        .await
    }

    /// The next event, or why it can't be told now. Without [`begin`](Self::begin) the first call
    /// begins.
    ///
    /// # Errors
    /// Those of the list. They are not the end: call it again, and it waits and goes on.
    ///
    /// # Cancel safety
    /// Safe: a list on its way stays on its way.
    pub async fn next(&mut self) -> Result<Delivery, Error> {
        poll_fn(|cx| self.poll_event(cx)).await
    }

    /// All that was not told before; the first time as soon as that is known, even if it is
    /// nothing.
    pub(crate) fn poll_batch(
        &mut self,
        cx: &mut Context<'_>,
    ) -> Poll<Result<Vec<Delivery>, Error>> {
        let first = !self.begun;
        while self.waiting.is_empty() && !(first && self.begun) {
            ready!(self.poll_list(cx))?;
        }
        Poll::Ready(Ok(self.waiting.drain(..).collect()))
    }

    /// The index of the list that was read last; 0 before the first.
    pub(crate) fn index(&self) -> u64 {
        self.index
    }

    fn poll_event(&mut self, cx: &mut Context<'_>) -> Poll<Result<Delivery, Error>> {
        loop {
            if let Some(delivery) = self.waiting.pop_front() {
                return Poll::Ready(Ok(delivery));
            }
            ready!(self.poll_list(cx))?;
        }
    }

    /// Ready when a list was read.
    fn poll_list(&mut self, cx: &mut Context<'_>) -> Poll<Result<(), Error>> {
        loop {
            match &mut self.step {
                Step::Idle => self.step = self.start(false),
                Step::Pausing(pause) => {
                    ready!(pause.as_mut().poll(cx));
                    self.step = self.start(true);
                }
                Step::Asking(fetch) => {
                    let answer = ready!(fetch.as_mut().poll(cx));
                    self.step = Step::Idle;
                    match answer {
                        Ok(answer) => {
                            self.answered(answer);
                            return Poll::Ready(Ok(()));
                        }
                        Err(error) => {
                            self.step = self.recover(&error);
                            return Poll::Ready(Err(error));
                        }
                    }
                }
            }
        }
    }

    /// Asks, or waits until it may.
    fn start(&mut self, after_pause: bool) -> Step {
        let pause = self.pace.delay(Instant::now());
        if !after_pause && !pause.is_zero() {
            return Step::Pausing(Box::pin(sleep(pause)));
        }
        let mut options = self.options.query.clone();
        options.query.index = Some(self.index).filter(|index| *index > 0);
        let (events, name) = (self.events.clone(), self.name.clone());
        Step::Asking(Box::pin(async move {
            events.list_with(name.as_deref(), &options).await
        }))
    }

    fn recover(&mut self, error: &Error) -> Step {
        self.index = 0;
        let asked = match error.advice() {
            RetryAdvice::After(pause) => pause,
            _ => Duration::ZERO,
        };
        let pause = self.backoff.next_delay().max(asked);
        Step::Pausing(Box::pin(sleep(pause)))
    }

    /// Keeps what was not told before.
    fn answered(&mut self, answer: Answer<Vec<UserEvent>>) {
        self.backoff.reset();
        self.index = answer.meta.index.unwrap_or(1).max(1);
        let tell = self.begun || self.options.replay;
        // A full list that has nothing of the last one: what came between may be gone.
        let known = |event: &UserEvent| self.seen.ids.contains(&event.id);
        let full = answer.value.len() >= MAX_KEPT;
        let mut gap = self.begun && full && !answer.value.iter().any(known);
        for event in answer.value {
            if self.seen.add(&event.id) && tell {
                self.waiting.push_back(Delivery { event, gap });
                gap = false;
            }
        }
        self.begun = true;
        self.pace.answered(Instant::now(), !self.waiting.is_empty());
    }
}

/// How many events an agent keeps.
const MAX_KEPT: usize = 256;

impl Stream for EventWatch {
    type Item = Result<Delivery, Error>;

    fn poll_next(self: Pin<&mut Self>, cx: &mut Context<'_>) -> Poll<Option<Self::Item>> {
        self.get_mut().poll_event(cx).map(Some)
    }
}

impl fmt::Debug for EventWatch {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("EventWatch")
            .field("name", &self.name)
            .field("options", &self.options)
            .field("index", &self.index)
            .finish_non_exhaustive()
    }
}
