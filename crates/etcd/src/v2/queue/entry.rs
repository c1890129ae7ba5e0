//! An entry in a queue: making, renewing, writing and removing it.

use std::hash::{BuildHasher, RandomState};
use std::time::Duration;

use quorate_wire::etcd2::{ErrorCode, Node};
use tokio::time::{Instant, timeout};

use super::place::Place;
use super::{Holder, contest};
use crate::lease::{Lease, LostReason, Renewal, Validity};
use crate::queue;
use crate::v2::error::{Error, ErrorKind};
use crate::v2::keys::SetOptions;
use crate::v2::watch::{Change, WatchOptions};

/// How often an entry that nobody waits for is removed, and for how long each time.
const PARTING_TRIES: u32 = 2;
const PARTING_TIMEOUT: Duration = Duration::from_secs(1);

/// An entry that is there, as far as is known.
#[derive(Debug)]
pub(crate) struct Entry {
    place: Place,
    pub(super) key: String,
    created_index: u64,
    id: String,
    validity: Validity,
}

impl queue::Entry for Entry {
    type Place = Place;
    type Id = String;
    type Token = u64;
    type Seen = ();

    /// If the answer is lost, it is looked for.
    async fn create(place: &Place) -> Result<Self, Error> {
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
        Ok(Self {
            place: place.clone(),
            key: node.key,
            created_index: node.created_index,
            id,
            validity: Validity::new(begun + place.ttl()),
        })
    }

    async fn wait(&self, until: Option<Instant>) -> Result<queue::Turn<(), Holder>, Error> {
        contest::wait_for_turn(&self.place, self, until).await
    }

    async fn keep(&self) -> LostReason {
        self.validity.keep(self.place.ttl(), || self.renew()).await
    }

    /// Wakes the next that waits before anything else.
    async fn gone(&self, (): ()) {
        if self.place.announces()
            && let Err(error) = self.write(self.place.options.value.clone()).await
        {
            tracing::debug!(key = %self.key, %error, "the next that waits could not be told");
        }
        let options = WatchOptions::new().with_after(self.created_index);
        let mut watch = self.place.client.keys().watch_with(&self.key, options);
        loop {
            match watch.next().await {
                Ok(Change::Event(event)) if event.action.is_removal() => return,
                Ok(Change::Listed { node: None, .. }) => return,
                Ok(_) => {}
                Err(error) => {
                    tracing::debug!(key = %self.key, %error, "can't see whether it is held");
                }
            }
        }
    }

    /// Wakes those who watch it.
    async fn write(&self, value: String) -> Result<(), Error> {
        let begun = Instant::now();
        let options = SetOptions::new()
            .with_prev_exist(true)
            .with_ttl(self.place.entry_ttl());
        let keys = self.place.client.keys();
        keys.set_with(&self.key, &text(&self.id, &value), &options)
            .await?;
        // If it comes too late, whoever keeps it says so.
        let _ = self.validity.confirm(begun + self.place.ttl());
        Ok(())
    }

    async fn remove(&self) -> Result<queue::Parted, Error> {
        let gone = |error: &Error| error.code() == Some(ErrorCode::KeyNotFound);
        let keys = self.place.client.keys();
        match keys.delete(&self.key).await {
            Ok(_) => Ok(queue::Parted::Removed),
            Err(error) if gone(&error) => Ok(queue::Parted::WasGone),
            Err(error) if error.kind() == ErrorKind::Indeterminate => {
                // What is not there the second time was removed the first time.
                match keys.delete(&self.key).await {
                    Ok(_) => Ok(queue::Parted::Removed),
                    Err(second) if gone(&second) => Ok(queue::Parted::Removed),
                    Err(_) => Err(error),
                }
            }
            Err(error) => Err(error),
        }
    }

    async fn part(&self) {
        for _ in 0..PARTING_TRIES {
            if let Ok(Ok(_)) = timeout(PARTING_TIMEOUT, self.remove()).await {
                return;
            }
        }
        tracing::debug!(key = %self.key, "left to its TTL: it could not be removed");
    }

    async fn part_from(&self, reason: LostReason) {
        if reason != LostReason::EntryGone {
            self.part().await;
        }
    }

    fn key(&self) -> &str {
        &self.key
    }

    fn id(&self) -> String {
        self.id.clone()
    }

    fn token(&self) -> u64 {
        self.created_index
    }

    fn lease(&self) -> Lease {
        self.validity.lease()
    }

    fn lose(&self, reason: LostReason) {
        self.validity.lose(reason);
    }
}

impl Entry {
    async fn renew(&self) -> Renewal {
        let keys = self.place.client.keys();
        match keys.refresh(&self.key, self.place.entry_ttl()).await {
            Ok(node) if node.created_index == self.created_index => Renewal::For(self.place.ttl()),
            Ok(_) => Renewal::Gone(LostReason::EntryGone),
            Err(error) if error.code() == Some(ErrorCode::KeyNotFound) => {
                Renewal::Gone(LostReason::EntryGone)
            }
            Err(error) => {
                tracing::debug!(key = %self.key, %error, "renewal failed");
                Renewal::Failed
            }
        }
    }
}

async fn find(place: &Place, id: &str) -> Result<Option<Node>, Error> {
    let nodes = place.entries().await?.value;
    Ok(nodes.into_iter().find(|node| Holder::of(node).id == id))
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

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn ids_differ() {
        let ids: std::collections::HashSet<_> = (0..1000).map(|_| new_id()).collect();
        assert_eq!(ids.len(), 1000);
        assert!(ids.iter().all(|id| id.len() == 32));
    }
}
