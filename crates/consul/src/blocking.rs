//! Blocking queries: following a thing until it changes.

mod cursor;
pub(crate) mod pace;

use std::fmt;
use std::future::poll_fn;
use std::pin::Pin;
use std::task::{Context, Poll, ready};
use std::time::Duration;

use futures_core::Stream;
use quorate_net::backoff::Backoff;
use quorate_wire::consul::QueryMeta;
use tokio::time::{Instant, Sleep};

use crate::answer::Answer;
use crate::call::{DEFAULT_WAIT, effective_wait};
use crate::error::{Error, RetryAdvice};
use crate::options::QueryOptions;
use cursor::{Cursor, Verdict};
use pace::Pace;

/// The first and the longest pause after errors; both are drawn at random below these.
const BACKOFF: (Duration, Duration) = (Duration::from_millis(200), Duration::from_secs(30));

/// One read of what is followed: it blocks when the options have an index.
pub type Fetch<T> = Pin<Box<dyn Future<Output = Result<Answer<T>, Error>> + Send>>;

/// What is followed has changed.
#[derive(Clone, Debug, PartialEq, Eq)]
#[non_exhaustive]
pub struct Change<T> {
    /// What it is now. Between two changes there may have been others: they are not told apart.
    pub value: T,
    /// The index of this state, never 0. It means something for this query only.
    pub index: u64,
    /// Whether the server's indexes went backwards since the last change, as after a restored
    /// snapshot or when it forgot old deletions: indexes from before mean nothing any more.
    pub restarted: bool,
    /// What the headers say.
    pub meta: QueryMeta,
}

/// Follows the answer of a query: its value now, and then whenever it changes.
///
/// There is no task behind it: it asks while somebody waits in [`next`](Self::next), or polls it
/// as a `Stream`. It never ends; dropping it is the end. In detail:
///
/// * The first item is the state at the start, unless the options had an index.
/// * An answer with the same data is no change, whatever its index says.
/// * When the index goes backwards, everything is read anew without one.
/// * A read that comes back before its wait is over, and has nothing new, is followed by one without
///   an index: so a real server answers when a snapshot is restored, with what was there before.
/// * An error is an item and not the end: the next call waits (200 ms to 30 s, at random) and then
///   reads anew without an index. The last value is kept, so no change is told twice.
/// * Queries are limited to 10 a second, and to one a second while they bring nothing new, after
///   a burst. Changes in between are told as one.
///
/// ```
/// # #[tokio::main(flavor = "current_thread")] async fn main() -> Result<(), Box<dyn std::error::Error>> {
/// # let agent = quorate_agent::Agent::start(Default::default()).await?;
/// # let client = quorate_consul::Client::builder().dialer(agent.dialer()).build()?;
/// let mut changes = client.kv().watch("config/port");
/// assert!(changes.next().await?.value.is_none(), "there is no such key yet");
///
/// client.kv().put("config/port", "8080").await?;
/// let change = changes.next().await?; // waits until something changes
/// assert_eq!(change.value.expect("just written").value, "8080");
/// # Ok(())
/// # }
/// ```
#[must_use = "it asks nothing unless polled"]
pub struct Blocking<T> {
    fetch: Box<dyn Fn(QueryOptions) -> Fetch<T> + Send + Sync>,
    options: QueryOptions,
    cursor: Cursor,
    /// When the query that is on its way may come back without news; `None` if it does not block.
    waits_until: Option<Instant>,
    pace: Pace,
    backoff: Backoff,
    last: Option<T>,
    restarted: bool,
    step: Step<T>,
}

enum Step<T> {
    /// Ready to ask.
    Idle,
    /// Waiting before asking.
    Pausing(Pin<Box<Sleep>>),
    /// Waiting for the answer. It is kept here, so that dropping `next()` loses nothing.
    Asking(Fetch<T>),
}

impl<T> Blocking<T> {
    /// Follows whatever `fetch` reads. It is called with `options` and the index to block on, and
    /// returns the answer with its metadata. An absent thing is a value, not an error.
    ///
    /// The index in `options` is where to start: 0 or none reads the state first.
    pub fn new(
        options: QueryOptions,
        fetch: impl Fn(QueryOptions) -> Fetch<T> + Send + Sync + 'static,
    ) -> Self {
        Self {
            fetch: Box::new(fetch),
            cursor: Cursor::starting_at(options.query.index.unwrap_or(0)),
            options,
            waits_until: None,
            pace: Pace::default(),
            backoff: Backoff::new(BACKOFF.0, BACKOFF.1),
            last: None,
            restarted: false,
            step: Step::Idle,
        }
    }

    /// The index that the next query blocks on; 0 if it reads the state anew.
    #[must_use]
    pub fn index(&self) -> u64 {
        self.cursor.index()
    }

    /// Asks, or waits until it may.
    fn start(&mut self, after_pause: bool) -> Step<T> {
        let pause = self.pace.delay(Instant::now());
        if !after_pause && !pause.is_zero() {
            return Step::Pausing(Box::pin(tokio::time::sleep(pause)));
        }
        let mut options = self.options.clone();
        options.query.index = Some(self.cursor.index()).filter(|index| *index > 0);
        let wait = effective_wait(options.query.wait, DEFAULT_WAIT);
        self.waits_until = options.query.index.map(|_| Instant::now() + wait);
        Step::Asking((self.fetch)(options))
    }

    /// The pause after an error.
    fn recover(&mut self, error: &Error) -> Step<T> {
        self.cursor.failed();
        let asked = match error.advice() {
            RetryAdvice::After(pause) => pause,
            _ => Duration::ZERO,
        };
        let pause = self.backoff.next_delay().max(asked);
        Step::Pausing(Box::pin(tokio::time::sleep(pause)))
    }
}

impl<T: Clone + PartialEq + Send> Blocking<T> {
    /// The next change, or why it can't be told now.
    ///
    /// # Errors
    /// Those of the query. They are not the end: call it again, and it waits and goes on. For
    /// [`ErrorKind::PermissionDenied`](crate::ErrorKind) and the like that may be in vain.
    ///
    /// # Cancel safety
    /// Safe: a query on its way stays on its way, and the next call goes on with it.
    pub async fn next(&mut self) -> Result<Change<T>, Error> {
        poll_fn(|cx| self.poll_change(cx)).await
    }

    pub(crate) fn poll_change(&mut self, cx: &mut Context<'_>) -> Poll<Result<Change<T>, Error>> {
        loop {
            match &mut self.step {
                Step::Idle => self.step = self.start(false),
                Step::Pausing(sleep) => {
                    ready!(sleep.as_mut().poll(cx));
                    self.step = self.start(true);
                }
                Step::Asking(fetch) => {
                    let answer = ready!(fetch.as_mut().poll(cx));
                    self.step = Step::Idle;
                    match answer {
                        Ok(answer) => {
                            if let Some(change) = self.answered(answer) {
                                return Poll::Ready(Ok(change));
                            }
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

    /// What an answer changes, if anything.
    fn answered(&mut self, answer: Answer<T>) -> Option<Change<T>> {
        self.backoff.reset();
        let verdict = self.cursor.answered(answer.meta.index);
        self.restarted |= verdict == Verdict::Restarted;
        let differs = verdict != Verdict::Unchanged && self.last.as_ref() != Some(&answer.value);
        let now = Instant::now();
        self.pace.answered(now, differs);
        if verdict == Verdict::Unchanged {
            if self.waits_until.take().is_some_and(|until| now < until) {
                self.cursor.failed();
            }
            // Where an index was the start, this is the first that is known.
            self.last.get_or_insert(answer.value);
            return None;
        }
        if !differs {
            return None;
        }
        self.last = Some(answer.value.clone());
        Some(Change {
            value: answer.value,
            index: cursor::at_least_one(answer.meta.index),
            restarted: std::mem::take(&mut self.restarted),
            meta: answer.meta,
        })
    }
}

impl<T: Clone + PartialEq + Send + Unpin> Stream for Blocking<T> {
    type Item = Result<Change<T>, Error>;

    fn poll_next(self: Pin<&mut Self>, cx: &mut Context<'_>) -> Poll<Option<Self::Item>> {
        self.get_mut().poll_change(cx).map(Some)
    }
}

impl<T> fmt::Debug for Blocking<T> {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let step = match &self.step {
            Step::Idle => "idle",
            Step::Pausing(_) => "pausing",
            Step::Asking(_) => "asking",
        };
        f.debug_struct("Blocking")
            .field("options", &self.options)
            .field("index", &self.cursor.index())
            .field("step", &step)
            .finish_non_exhaustive()
    }
}
