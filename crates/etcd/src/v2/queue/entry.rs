//! An entry in a queue: making, renewing, writing and removing it.

use std::hash::{BuildHasher, RandomState};
use std::time::Duration;

use quorate_net::backoff::Backoff;
use quorate_wire::etcd2::{ErrorCode, Node};
use tokio::sync::watch;
use tokio::time::{Instant, sleep, sleep_until, timeout};

use super::place::Place;
use crate::v2::error::{Error, ErrorKind};
use crate::v2::keys::SetOptions;
use crate::v2::lease::{Lease, LostReason, State};

/// How often an entry that nobody waits for is removed, and for how long each time.
const PARTING_TRIES: u32 = 2;
const PARTING_TIMEOUT: Duration = Duration::from_secs(1);
/// The longest pause before a renewal that failed is tried again.
const MAX_RETRY_PAUSE: Duration = Duration::from_secs(1);

/// An entry that is there, as far as is known.
#[derive(Debug)]
pub(super) struct Entry<'a> {
    place: &'a Place,
    pub(super) key: String,
    pub(super) created_index: u64,
    pub(super) id: String,
    state: watch::Sender<State>,
}

impl<'a> Entry<'a> {
    /// Makes an entry. If the answer is lost, it is looked for.
    pub(super) async fn create(place: &'a Place) -> Result<Self, Error> {
        let (id, begun) = (place.entry_id(&new_id()), Instant::now());
        let keys = place.client.keys();
        let text = text(&id, &place.options.value);
        let made = keys.create_in_order_with(&place.directory, &text, Some(place.entry_ttl()));
        let node = match made.await {
            Ok(answer) => answer.value.node,
            Err(error) if error.kind() == ErrorKind::Indeterminate => {
                // If it comes to be later, nobody renews it, and it goes with its TTL.
                match find(place, &id).await {
                    Ok(Some(node)) => Some(node),
                    Ok(None) | Err(_) => return Err(error),
                }
            }
            Err(error) => return Err(error),
        };
        let operation = crate::v2::call::Operation::new("acquire", &place.directory);
        let event = quorate_wire::etcd2::Event {
            node,
            ..Default::default()
        };
        let node = crate::v2::keys::node_of(event, operation)?;
        let (state, _) = watch::channel(State {
            deadline: begun + place.ttl(),
            lost: None,
        });
        Ok(Self {
            place,
            key: node.key,
            created_index: node.created_index,
            id,
            state,
        })
    }

    pub(super) fn lease(&self) -> Lease {
        Lease::new(self.state.subscribe())
    }

    /// Says that it is lost, unless that was said before.
    pub(super) fn lose(&self, reason: LostReason) {
        self.state.send_if_modified(|state| {
            let first = state.lost.is_none();
            state.lost = state.lost.or(Some(reason));
            first
        });
    }

    /// Renews it until it is lost, and says why it is.
    pub(super) async fn keep(&self) -> LostReason {
        let ttl = self.place.ttl();
        let mut pause = renewal_pause(ttl);
        loop {
            let deadline = self.state.borrow().deadline;
            tokio::select! {
                biased;
                () = sleep_until(deadline) => return LostReason::DeadlinePassed,
                renewed = self.renew(pause) => match renewed {
                    Ok(true) => pause = renewal_pause(ttl),
                    Ok(false) => pause = retry_pause(ttl),
                    Err(reason) => return reason,
                },
            }
        }
    }

    /// Renews after `pause`. Whether that succeeded.
    async fn renew(&self, pause: Duration) -> Result<bool, LostReason> {
        sleep(pause).await;
        let (begun, ttl) = (Instant::now(), self.place.ttl());
        let keys = self.place.client.keys();
        let refreshed = keys.refresh(&self.key, self.place.entry_ttl());
        match timeout(ttl / 3, refreshed).await {
            Ok(Ok(node)) if node.created_index == self.created_index => self.confirm(begun),
            Ok(Ok(_)) => Err(LostReason::EntryGone),
            Ok(Err(error)) if error.code() == Some(ErrorCode::KeyNotFound) => {
                Err(LostReason::EntryGone)
            }
            Ok(Err(error)) => {
                tracing::debug!(key = %self.key, %error, "renewal failed");
                Ok(false)
            }
            Err(_) => {
                tracing::debug!(key = %self.key, "renewal took too long");
                Ok(false)
            }
        }
    }

    /// Takes a renewal that was begun at `begun`, unless the deadline has passed: somebody may
    /// have seen that it was over.
    fn confirm(&self, begun: Instant) -> Result<bool, LostReason> {
        let deadline = begun + self.place.ttl();
        let in_time = self.state.send_if_modified(|state| {
            let in_time = Instant::now() < state.deadline;
            if in_time {
                state.deadline = deadline.max(state.deadline);
            }
            in_time
        });
        if in_time {
            Ok(true)
        } else {
            Err(LostReason::DeadlinePassed)
        }
    }

    /// Changes what others read, if it is still there. Wakes those who watch it.
    pub(super) async fn write(&self, value: &str) -> Result<(), Error> {
        let begun = Instant::now();
        let options = SetOptions::new()
            .with_prev_exist(true)
            .with_ttl(self.place.entry_ttl());
        let keys = self.place.client.keys();
        keys.set_with(&self.key, &text(&self.id, value), &options)
            .await?;
        let _ = self.confirm(begun);
        Ok(())
    }

    /// Removes it. `false` if it was not there any more.
    pub(super) async fn remove(&self) -> Result<bool, Error> {
        let gone = |error: &Error| error.code() == Some(ErrorCode::KeyNotFound);
        let keys = self.place.client.keys();
        match keys.delete(&self.key).await {
            Ok(_) => Ok(true),
            Err(error) if gone(&error) => Ok(false),
            Err(error) if error.kind() == ErrorKind::Indeterminate => {
                // What is not there the second time was removed the first time.
                match keys.delete(&self.key).await {
                    Ok(_) => Ok(true),
                    Err(second) if gone(&second) => Ok(true),
                    Err(_) => Err(error),
                }
            }
            Err(error) => Err(error),
        }
    }

    /// Removes it as well as that can be done in a short time; the TTL does the rest.
    pub(super) async fn part(&self) {
        for _ in 0..PARTING_TRIES {
            if let Ok(Ok(_)) = timeout(PARTING_TIMEOUT, self.remove()).await {
                return;
            }
        }
        tracing::debug!(key = %self.key, "left to its TTL: it could not be removed");
    }
}

async fn find(place: &Place, id: &str) -> Result<Option<Node>, Error> {
    let nodes = place.entries().await?.value;
    Ok(nodes
        .into_iter()
        .find(|node| super::Holder::of(node).id == id))
}

/// An entry's value: what tells it apart, and what others read.
fn text(id: &str, value: &str) -> String {
    match value {
        "" => id.to_owned(),
        value => format!("{id} {value}"),
    }
}

/// 32 digits that nobody else has: the keys of hash maps are seeded by the system.
fn new_id() -> String {
    let half = |salt: u64| RandomState::new().hash_one((salt, std::process::id()));
    format!("{:016x}{:016x}", half(1), half(2))
}

/// A third of the TTL less up to a tenth of that, so that clients that were started together do
/// not renew together.
fn renewal_pause(ttl: Duration) -> Duration {
    let third = ttl / 3;
    third.saturating_sub(up_to(third / 10))
}

fn retry_pause(ttl: Duration) -> Duration {
    let cap = MAX_RETRY_PAUSE.min(ttl / 15);
    cap / 2 + up_to(cap / 2)
}

fn up_to(most: Duration) -> Duration {
    Backoff::new(most, most).next_delay()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn ids_differ() {
        let ids: std::collections::HashSet<_> = (0..1000).map(|_| new_id()).collect();
        assert_eq!(ids.len(), 1000);
        assert!(ids.iter().all(|id| id.len() == 32));
    }

    #[test]
    fn several_renewals_fit_into_a_ttl() {
        let ttl = Duration::from_secs(15);
        for _ in 0..100 {
            assert!(renewal_pause(ttl) <= ttl / 3 && renewal_pause(ttl) >= ttl * 3 / 10);
            assert!(retry_pause(ttl) <= Duration::from_secs(1));
        }
    }
}
