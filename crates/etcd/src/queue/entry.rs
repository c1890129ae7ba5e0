//! What an API has to say of its entries.

use std::fmt::Debug;

use quorate_net::task::Spawner;
use tokio::time::Instant;

use crate::lease::{Lease, LostReason};

/// What is contended for.
pub(crate) trait Place: Clone + Debug + Send + Sync + 'static {
    type Entry: Entry<Place = Self>;
    type Error: std::error::Error + Send + Sync + 'static;
    /// Somebody in the queue.
    type Holder: Debug + Send + 'static;
    /// What others read of somebody in the queue.
    type Value: Send + 'static;

    /// What it is and its name, for errors.
    fn title(&self) -> String;
    /// Whether the options make sense.
    fn check(&self) -> Result<(), Self::Error>;
    /// Runs tasks until the client is closed.
    fn tasks(&self) -> Spawner;
    /// That `operation` can't be done, and why.
    fn refused(operation: String, reason: LostReason) -> Self::Error;
}

/// An entry that is there, as far as is known.
pub(crate) trait Entry: Debug + Sized + Send + Sync + 'static {
    type Place: Place<Entry = Self>;
    /// What tells it apart from others.
    type Id: Debug + Clone + Send;
    type Token: Debug + Copy + Send;
    /// What was seen when it had its turn.
    type Seen: Send;

    /// Makes an entry.
    fn create(place: &Self::Place) -> impl Future<Output = Result<Self, ErrorOf<Self>>> + Send;
    /// Waits until it holds, or `until`.
    fn wait(
        &self,
        until: Option<Instant>,
    ) -> impl Future<Output = Result<TurnOf<Self>, ErrorOf<Self>>> + Send;
    /// Renews it until it is lost, and says why it is.
    fn keep(&self) -> impl Future<Output = LostReason> + Send;
    /// Resolves when the server shows that it is gone. Failures are never taken for that: they are
    /// ridden out, and the deadline decides.
    fn gone(&self, seen: Self::Seen) -> impl Future<Output = ()> + Send;
    /// Changes what others read, if it is still there.
    fn write(
        &self,
        value: <Self::Place as Place>::Value,
    ) -> impl Future<Output = Result<(), ErrorOf<Self>>> + Send;
    /// Takes it back.
    fn remove(&self) -> impl Future<Output = Result<Parted, ErrorOf<Self>>> + Send;
    /// Takes it back as well as that can be done in a short time; the TTL does the rest.
    fn part(&self) -> impl Future<Output = ()> + Send;
    /// The same for one that was lost, unless it has to stay for that reason or can't be there.
    fn part_from(&self, reason: LostReason) -> impl Future<Output = ()> + Send;

    fn key(&self) -> &str;
    fn id(&self) -> Self::Id;
    fn token(&self) -> Self::Token;
    fn lease(&self) -> Lease;
    /// Says that it is lost, unless that was said before.
    fn lose(&self, reason: LostReason);
}

pub(super) type ErrorOf<E> = <<E as Entry>::Place as Place>::Error;
type TurnOf<E> = Turn<<E as Entry>::Seen, <<E as Entry>::Place as Place>::Holder>;

/// How a contest ended, as far as the entry is there.
#[derive(Debug)]
pub(crate) enum Turn<S, H> {
    /// It holds, and this was seen then.
    Mine(S),
    TimedOut(Vec<H>),
    /// The entry is gone: it takes another one, at the end of the queue.
    Gone,
}

/// Whether an entry was there when it was taken back.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum Parted {
    Removed,
    WasGone,
}
