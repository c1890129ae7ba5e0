//! Holding something: from the attempt to acquire it until it is given back.

use std::pin::{Pin, pin};
use std::time::Duration;

use tokio::sync::{mpsc, oneshot};
use tokio::time::Instant;

use super::contest::{Turn, wait_for_turn};
use super::entry::Entry;
use super::place::Place;
use super::{Acquisition, Holder};
use crate::v2::error::{Class, Error, ErrorKind};
use crate::v2::lease::{Lease, LostReason};
use crate::v2::watch::{Change, WatchOptions};

type Reply = oneshot::Sender<Result<(), Error>>;
type Acquired = Result<Acquisition<Tenure>, Error>;

/// What the owner of a tenure asks of its task. When every sender is gone: give it back.
enum Order {
    Release(Reply),
    Write(String, Reply),
}

/// What a guard holds: the task that does everything ends when this is dropped.
#[derive(Debug)]
pub(crate) struct Tenure {
    title: String,
    pub(crate) key: String,
    pub(crate) id: String,
    pub(crate) token: u64,
    pub(crate) lease: Lease,
    orders: mpsc::UnboundedSender<Order>,
}

impl Tenure {
    /// Gives it back, and says whether it was held to the end.
    pub(crate) async fn release(self) -> Result<(), Error> {
        self.order("release", Order::Release).await
    }

    /// Changes what others read.
    pub(crate) async fn write(&self, value: String) -> Result<(), Error> {
        self.order("set the value of", |reply| Order::Write(value, reply))
            .await
    }

    async fn order(&self, verb: &str, order: impl FnOnce(Reply) -> Order) -> Result<(), Error> {
        // What was said to be lost stays lost, also if the task has not noticed yet.
        let lost = self.lease.lost_reason();
        let (reply, done) = oneshot::channel();
        if self.orders.send(order(reply)).is_ok()
            && let Ok(result) = done.await
            && lost.is_none()
        {
            return result;
        }
        let lost = lost.or_else(|| self.lease.lost_reason());
        Err(not_held(verb, &self.title, lost))
    }
}

fn not_held(verb: &str, title: &str, reason: Option<LostReason>) -> Error {
    let reason = reason.unwrap_or(LostReason::EntryGone);
    Error::new(Class::refused(reason.kind()), format!("{verb} {title}")).with_detail(reason)
}

/// Acquires in a task of its own, which then holds it. Dropping the future tells the task to give
/// up and clean up after itself. Without `patience` it waits as long as it takes.
pub(crate) async fn acquire(place: Place, patience: Option<Duration>) -> Acquired {
    place.check()?;
    let operation = format!("acquire {}", place.title());
    let closed =
        || Error::new(Class::refused(ErrorKind::Closed), operation).with_detail(LostReason::Closed);
    let tasks = place.client.inner.tasks.spawner();
    if tasks.is_cancelled() {
        return Err(closed());
    }
    let (sender, result) = oneshot::channel();
    let until = patience.and_then(|patience| Instant::now().checked_add(patience));
    let stop = tasks.cancelled();
    tasks.spawn(async move { Box::pin(serve(&place, until, sender, stop)).await });
    result.await.unwrap_or_else(|_| Err(closed()))
}

/// One entry after the other until one has its turn.
async fn serve(
    place: &Place,
    until: Option<Instant>,
    mut reply: oneshot::Sender<Acquired>,
    mut stop: impl Future<Output = ()> + Send + Unpin,
) {
    loop {
        let entry = match Entry::create(place).await {
            Ok(entry) => entry,
            Err(error) => return drop(reply.send(Err(error))),
        };
        let mut keep = pin!(entry.keep());
        let turn = tokio::select! {
            biased;
            () = reply.closed() => return entry.part().await,
            () = &mut stop => return entry.part().await,
            reason = &mut keep => {
                tracing::debug!(key = %entry.key, %reason, "an entry that waited is gone");
                Ok(Turn::Gone)
            }
            turn = wait_for_turn(place, &entry, until) => turn,
        };
        match turn {
            Ok(Turn::Mine) if entry.lease().is_valid() => {
                return hold(place, &entry, keep, reply, stop).await;
            }
            // It may be there still, though it is of no use any more.
            Ok(Turn::Mine | Turn::Gone) => entry.part().await,
            Ok(Turn::TimedOut(holders)) => {
                entry.part().await;
                return time_is_over(reply, holders);
            }
            Err(error) => {
                entry.part().await;
                return drop(reply.send(Err(error)));
            }
        }
        if until.is_some_and(|until| Instant::now() >= until) {
            return time_is_over(reply, Vec::new());
        }
    }
}

fn time_is_over(reply: oneshot::Sender<Acquired>, holders: Vec<Holder>) {
    // Nobody may be waiting any more.
    drop(reply.send(Ok(Acquisition::TimedOut { holders })));
}

/// Holds until there is a reason not to, and gives it back.
async fn hold(
    place: &Place,
    entry: &Entry<'_>,
    mut keep: Pin<&mut impl Future<Output = LostReason>>,
    reply: oneshot::Sender<Acquired>,
    mut stop: impl Future<Output = ()> + Send + Unpin,
) {
    let (orders, mut receiver) = mpsc::unbounded_channel();
    let tenure = Tenure {
        title: place.title(),
        key: entry.key.clone(),
        id: entry.id.clone(),
        token: entry.created_index,
        lease: entry.lease(),
        orders,
    };
    // If nobody waits any more, the tenure comes back and is dropped here, and with it the orders.
    drop(reply.send(Ok(Acquisition::Acquired(tenure))));
    let mut gone = pin!(watch_over(place, entry));
    loop {
        let order = tokio::select! {
            biased;
            order = receiver.recv() => order,
            () = &mut stop => {
                entry.lose(LostReason::Closed);
                return entry.part().await;
            }
            reason = &mut keep => return lost(place, entry, reason).await,
            () = &mut gone => return lost(place, entry, LostReason::EntryGone).await,
        };
        match order {
            Some(Order::Write(value, reply)) => tokio::select! {
                biased;
                // Whoever asked learns from the lease why there is no answer.
                reason = &mut keep => return lost(place, entry, reason).await,
                written = entry.write(&value) => {
                    let _ = reply.send(written);
                }
            },
            Some(Order::Release(reply)) => {
                let before = entry.lease().lost_reason();
                entry.lose(LostReason::Released);
                let _ = reply.send(match entry.remove().await {
                    Ok(true) => Ok(()),
                    Ok(false) => Err(not_held("release", &place.title(), before)),
                    Err(error) => Err(error),
                });
                return;
            }
            None => {
                entry.lose(LostReason::Released);
                return entry.part().await;
            }
        }
    }
}

async fn lost(place: &Place, entry: &Entry<'_>, reason: LostReason) {
    // Whoever asks learns it before the network is asked for anything.
    entry.lose(reason);
    tracing::warn!(key = %entry.key, %reason, "{} lost", place.title());
    if reason != LostReason::EntryGone {
        entry.part().await;
    }
}

/// Wakes the next that waits, and resolves when the server shows that the entry is gone. Failures
/// are never taken for that: they are ridden out, and the deadline decides.
async fn watch_over(place: &Place, entry: &Entry<'_>) {
    if place.announces()
        && let Err(error) = entry.write(&place.options.value).await
    {
        tracing::debug!(key = %entry.key, %error, "the next that waits could not be told");
    }
    let options = WatchOptions::new().with_after(entry.created_index);
    let mut watch = place.client.keys().watch_with(&entry.key, options);
    loop {
        match watch.next().await {
            Ok(Change::Event(event)) if event.action.is_removal() => return,
            Ok(Change::Listed { node: None, .. }) => return,
            Ok(_) => {}
            Err(error) => tracing::debug!(key = %entry.key, %error, "can't see whether it is held"),
        }
    }
}
