//! Holding something: from the attempt to acquire it until it is given back.

use std::pin::{Pin, pin};
use std::time::Duration;

use tokio::sync::{mpsc, oneshot};
use tokio::time::Instant;

use super::Acquisition;
use super::entry::{Entry, Parted, Place, Turn};
use crate::lease::{Lease, LostReason};

type Done<P> = Result<(), <P as Place>::Error>;
type Reply<P> = oneshot::Sender<Done<P>>;
type Acquired<P> = Result<Acquisition<Tenure<P>, <P as Place>::Holder>, <P as Place>::Error>;

/// What the owner of a tenure asks of its task. When every sender is gone: give it back.
#[derive(Debug)]
enum Order<P: Place> {
    Release(Reply<P>),
    Write(P::Value, Reply<P>),
}

/// What a guard holds: the task that does everything ends when this is dropped.
#[derive(Debug)]
pub(crate) struct Tenure<P: Place> {
    title: String,
    pub(crate) key: String,
    pub(crate) id: <P::Entry as Entry>::Id,
    pub(crate) token: <P::Entry as Entry>::Token,
    pub(crate) lease: Lease,
    orders: mpsc::UnboundedSender<Order<P>>,
}

impl<P: Place> Tenure<P> {
    /// Gives it back, and says whether it was held to the end.
    pub(crate) async fn release(self) -> Done<P> {
        self.order("release", Order::Release).await
    }

    /// Changes what others read.
    pub(crate) async fn write(&self, value: P::Value) -> Done<P> {
        self.order("set the value of", |reply| Order::Write(value, reply))
            .await
    }

    async fn order(&self, verb: &str, order: impl FnOnce(Reply<P>) -> Order<P>) -> Done<P> {
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
        Err(not_held::<P>(verb, &self.title, lost))
    }
}

fn not_held<P: Place>(verb: &str, title: &str, reason: Option<LostReason>) -> P::Error {
    let reason = reason.unwrap_or(LostReason::EntryGone);
    P::refused(format!("{verb} {title}"), reason)
}

/// Acquires in a task of its own, which then holds it. Dropping the future tells the task to give
/// up and clean up after itself. Without `patience` it waits as long as it takes.
pub(crate) async fn acquire<P: Place>(place: P, patience: Option<Duration>) -> Acquired<P> {
    place.check()?;
    let operation = format!("acquire {}", place.title());
    let closed = || P::refused(operation, LostReason::Closed);
    let tasks = place.tasks();
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
async fn serve<P: Place>(
    place: &P,
    until: Option<Instant>,
    mut reply: oneshot::Sender<Acquired<P>>,
    mut stop: impl Future<Output = ()> + Send + Unpin,
) {
    loop {
        let entry = match P::Entry::create(place).await {
            Ok(entry) => entry,
            Err(error) => return drop(reply.send(Err(error))),
        };
        let mut keep = pin!(entry.keep());
        let turn = tokio::select! {
            biased;
            () = reply.closed() => return entry.part().await,
            () = &mut stop => return entry.part().await,
            reason = &mut keep => {
                tracing::debug!(key = %entry.key(), %reason, "an entry that waited is gone");
                Ok(Turn::Gone)
            }
            turn = entry.wait(until) => turn,
        };
        match turn {
            Ok(Turn::Mine(seen)) if entry.lease().is_valid() => {
                return hold(place, &entry, seen, keep, reply, stop).await;
            }
            // It may be there still, though it is of no use any more.
            Ok(Turn::Mine(_) | Turn::Gone) => entry.part().await,
            Ok(Turn::TimedOut(holders)) => {
                entry.part().await;
                return time_is_over::<P>(reply, holders);
            }
            Err(error) => {
                entry.part().await;
                return drop(reply.send(Err(error)));
            }
        }
        if until.is_some_and(|until| Instant::now() >= until) {
            return time_is_over::<P>(reply, Vec::new());
        }
    }
}

fn time_is_over<P: Place>(reply: oneshot::Sender<Acquired<P>>, holders: Vec<P::Holder>) {
    // Nobody may be waiting any more.
    drop(reply.send(Ok(Acquisition::TimedOut { holders })));
}

/// Holds until there is a reason not to, and gives it back.
async fn hold<P: Place>(
    place: &P,
    entry: &P::Entry,
    seen: <P::Entry as Entry>::Seen,
    mut keep: Pin<&mut impl Future<Output = LostReason>>,
    reply: oneshot::Sender<Acquired<P>>,
    mut stop: impl Future<Output = ()> + Send + Unpin,
) {
    let (orders, mut receiver) = mpsc::unbounded_channel();
    let tenure = Tenure {
        title: place.title(),
        key: entry.key().to_owned(),
        id: entry.id(),
        token: entry.token(),
        lease: entry.lease(),
        orders,
    };
    // If nobody waits any more, the tenure comes back and is dropped here, and with it the orders.
    drop(reply.send(Ok(Acquisition::Acquired(tenure))));
    let mut gone = pin!(entry.gone(seen));
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
                written = entry.write(value) => {
                    let _ = reply.send(written);
                }
            },
            Some(Order::Release(reply)) => {
                let _ = reply.send(give_back(place, entry).await);
                return;
            }
            None => {
                entry.lose(LostReason::Released);
                return entry.part().await;
            }
        }
    }
}

async fn give_back<P: Place>(place: &P, entry: &P::Entry) -> Done<P> {
    let before = entry.lease().lost_reason();
    entry.lose(LostReason::Released);
    match entry.remove().await? {
        Parted::Removed => Ok(()),
        Parted::WasGone => Err(not_held::<P>("release", &place.title(), before)),
    }
}

async fn lost<P: Place>(place: &P, entry: &P::Entry, reason: LostReason) {
    // Whoever asks learns it before the network is asked for anything.
    entry.lose(reason);
    tracing::warn!(key = %entry.key(), %reason, "{} lost", place.title());
    entry.part_from(reason).await;
}
