//! Following keys: the service `Watch`.

mod change;
mod cursor;
mod hub;
mod options;

use std::time::Duration;

use quorate_net::backoff::Backoff;
use tokio::time::{Instant, sleep_until};

use super::client::Client;
use super::error::{Class, Error, ErrorKind, judge};
use super::kv::{KeyRange, Kv, RangeOptions};
use cursor::{Cursor, Step};
use hub::{End, Feed};

pub use change::{Change, Event, EventKind};
pub(crate) use hub::Hub;
pub use options::WatchOptions;

/// Pauses before a watch that was refused is asked for again.
const PAUSE_MIN: Duration = Duration::from_millis(100);
const PAUSE_MAX: Duration = Duration::from_secs(10);

impl Kv {
    /// Follows the keys of a range, from now on.
    #[must_use = "nothing is watched unless it is polled"]
    pub fn watch(&self, range: KeyRange) -> Watch {
        self.watch_with(range, WatchOptions::new())
    }

    /// Follows the keys of a range. Nothing is sent before the first [`Watch::next`].
    #[must_use = "nothing is watched unless it is polled"]
    pub fn watch_with(&self, range: KeyRange, options: WatchOptions) -> Watch {
        Watch::new(self.client().clone(), range, options)
    }
}

/// Follows the keys of a range, for ever: it outlives connections, servers and the history that
/// they keep. From [`Kv::watch`].
///
/// * Events come in their order, whole revisions at a time, none twice and none left out.
/// * When a connection breaks, or its server stands still or has lost its leader, another server
///   goes on where it ended: [`Change::Interrupted`], then [`Change::Live`].
/// * When that is forgotten, the keys are listed anew: [`Change::Listed`].
/// * All watches of a client share one stream. One that is not read does not hold up the others:
///   what it misses is fetched when it is read.
///
/// ```no_run
/// # async fn example(client: quorate_etcd::v3::Client) -> Result<(), quorate_etcd::v3::Error> {
/// use quorate_etcd::v3::{Change, KeyRange, WatchOptions};
///
/// let options = WatchOptions::new().with_list();
/// let mut jobs = client.kv().watch_with(KeyRange::prefix("jobs/"), options);
/// loop {
///     match jobs.next().await? {
///         Change::Listed { kvs, .. } => println!("{} jobs", kvs.len()),
///         Change::Events { events, .. } => println!("{events:?}"),
///         _ => {}
///     }
/// }
/// # }
/// ```
#[derive(Debug)]
#[must_use = "nothing is watched unless it is polled"]
pub struct Watch {
    client: Client,
    range: KeyRange,
    options: WatchOptions,
    cursor: Cursor,
    /// Whether the keys are to be listed before anything else, and what was compacted.
    list: Option<Option<i64>>,
    feed: Option<Feed>,
    /// Whether an interruption was told and its end was not.
    interrupted: bool,
    backoff: Backoff,
    not_before: Option<Instant>,
}

impl Watch {
    fn new(client: Client, range: KeyRange, options: WatchOptions) -> Self {
        Self {
            list: options.list.then_some(None),
            cursor: Cursor::new(options.from.filter(|from| *from > 0)),
            client,
            range,
            options,
            feed: None,
            interrupted: false,
            backoff: Backoff::new(PAUSE_MIN, PAUSE_MAX),
            not_before: None,
        }
    }

    /// What is next, or why that can't be told now.
    ///
    /// `Watch.Watch`, and `KV.Range` to list
    ///
    /// # Errors
    /// `PermissionDenied`, `Unauthenticated`, `Unavailable` if no server can be reached,
    /// `InvalidArgument` for a range in the wrong order, `Closed`. They are not the end: called
    /// again it tries again, after a pause that grows.
    ///
    /// # Cancel safety
    /// Safe: no event is lost.
    pub async fn next(&mut self) -> Result<Change, Error> {
        loop {
            if let Some(at) = self.not_before {
                sleep_until(at).await;
                self.not_before = None;
            }
            if let Some(compacted) = self.list {
                return self.list(compacted).await;
            }
            let feed = match &mut self.feed {
                Some(feed) => feed,
                None => self.feed.insert(register(
                    &self.client,
                    &self.range,
                    &self.options,
                    &self.cursor,
                )?),
            };
            let told = match feed.messages.recv().await {
                Some((response, trusted)) => {
                    let step = self.cursor.take(response, trusted);
                    self.follow(step)
                }
                None => self.ended(),
            };
            match told {
                Ok(None) => {}
                Ok(Some(change)) => return Ok(change),
                Err(error) => {
                    self.not_before = Some(Instant::now() + self.backoff.next_delay());
                    return Err(error);
                }
            }
        }
    }

    /// Asks the server how far everything is told: [`Change::Progress`] is the answer, once nothing
    /// is left to tell. Otherwise servers say so every 10 minutes. It does nothing while no server
    /// watches, and servers before 3.4.31 and 3.5.13 are not believed.
    ///
    /// `Watch.Watch` with a `WatchProgressRequest`
    pub fn request_progress(&self) {
        if let Some(feed) = &self.feed {
            feed.request_progress();
        }
    }

    /// The keys as they are now.
    async fn list(&mut self, compacted: Option<i64>) -> Result<Change, Error> {
        let kv = self.client.kv();
        let mut pages = kv.pages(self.range.clone(), RangeOptions::new());
        let mut kvs = Vec::new();
        loop {
            match pages.next().await {
                Ok(Some(page)) => kvs.extend(page),
                Ok(None) => break,
                // That took longer than its revision was kept: from the beginning.
                Err(error) if error.kind() == ErrorKind::Compacted => {
                    kvs.clear();
                    pages = kv.pages(self.range.clone(), RangeOptions::new());
                }
                Err(error) => {
                    self.not_before = Some(Instant::now() + self.backoff.next_delay());
                    return Err(error);
                }
            }
        }
        let revision = pages.revision().unwrap_or_default();
        self.cursor.listed(revision);
        self.list = None;
        Ok(Change::Listed {
            revision,
            kvs,
            compacted,
        })
    }

    fn follow(&mut self, step: Step) -> Result<Option<Change>, Error> {
        match step {
            Step::Nothing => Ok(None),
            Step::Tell(change) => {
                self.backoff.reset();
                self.interrupted = false;
                Ok(Some(change))
            }
            Step::Relist(compacted) => {
                self.feed = None;
                self.list = Some(Some(compacted));
                Ok(None)
            }
            Step::Refused(reason) => {
                self.feed = None;
                Err(self.refused(&reason))
            }
        }
    }

    fn refused(&self, reason: &str) -> Error {
        let kind = if reason.contains("range is empty") {
            ErrorKind::InvalidArgument
        } else {
            match judge(quorate_etcd_proto::tonic::Code::Unknown, reason, false) {
                judged if judged.class.kind == ErrorKind::Protocol => ErrorKind::Unavailable,
                judged => judged.class.kind,
            }
        };
        Error::new(Class::refused(kind), self.title()).with_detail(reason)
    }

    /// No more messages come. What was half told comes again.
    fn ended(&mut self) -> Result<Option<Change>, Error> {
        let feed = self.feed.take();
        self.cursor.interrupted();
        let end = feed.as_ref().and_then(|feed| feed.end.get());
        match end {
            Some(End::Behind) => Ok(None),
            Some(End::Interrupted(_)) if self.interrupted => Ok(None),
            Some(End::Interrupted(reason)) => {
                self.interrupted = true;
                let reason = reason.clone();
                Ok(Some(Change::Interrupted { reason }))
            }
            Some(End::Failed(class, text)) => {
                Err(Error::new(*class, self.title()).with_detail(text))
            }
            None if self.client.inner.tasks.is_cancelled() => Err(closed(self.title())),
            // It was told that it is over before this.
            None => Ok(None),
        }
    }

    fn title(&self) -> String {
        format!("watch `{}`", self.range)
    }
}

fn closed(operation: String) -> Error {
    Error::new(Class::refused(ErrorKind::Closed), operation)
}

fn register(
    client: &Client,
    range: &KeyRange,
    options: &WatchOptions,
    cursor: &Cursor,
) -> Result<Feed, Error> {
    let tasks = &client.inner.tasks;
    if tasks.is_cancelled() {
        return Err(closed(format!("watch `{range}`")));
    }
    let request = |id| options.request(range, id, cursor.start());
    let hub = &client.inner.hub;
    Ok(hub.add(client.link(), &tasks.spawner(), request))
}
