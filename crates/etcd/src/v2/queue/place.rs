//! What is contended for.

use std::time::Duration;

use quorate_net::task::Spawner;
use quorate_wire::etcd2::{ErrorCode, Node, key};

use super::entry::Entry;
use super::{Holder, MIN_TTL, QueueOptions};
use crate::lease::LostReason;
use crate::queue::{self, Place as _};
use crate::v2::answer::Answer;
use crate::v2::client::Client;
use crate::v2::error::{Class, Error, ErrorKind};
use crate::v2::keys::DeleteOptions;
use crate::v2::watch::WatchOptions;

/// A directory of entries, of which the first few hold.
#[derive(Clone, Debug)]
pub(crate) struct Place {
    pub(crate) client: Client,
    /// "lock", for errors.
    pub(crate) what: &'static str,
    pub(crate) directory: String,
    /// How many hold at the same time.
    pub(crate) slots: usize,
    pub(crate) options: QueueOptions,
}

/// Where an entry stands.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(super) enum Standing {
    Holds,
    /// Not before this changes.
    Behind {
        watch: Signal,
        holders: Vec<Holder>,
    },
    /// It is not there any more.
    Gone,
    /// Somebody before it states another number of slots.
    Disagrees(usize),
}

/// What to wait for.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(super) struct Signal {
    pub(super) key: String,
    pub(super) options: WatchOptions,
    /// Whether only a removal counts.
    pub(super) removal: bool,
}

impl queue::Place for Place {
    type Entry = Entry;
    type Error = Error;
    type Holder = Holder;
    type Value = String;

    fn title(&self) -> String {
        format!("{} `{}`", self.what, self.directory.escape_debug())
    }

    fn check(&self) -> Result<(), Error> {
        let operation = || format!("acquire {}", self.title());
        if self.options.ttl < MIN_TTL || self.options.ttl > crate::v2::keys::MAX_TTL {
            let ttl = self.options.ttl;
            let why = format_args!("ttl: {ttl:?} is not between {MIN_TTL:?} and 100 years");
            return Err(Error::invalid(operation(), why));
        }
        let most = crate::v2::keys::MAX_TTL - self.ttl();
        if self.options.lock_delay > most {
            let why = "lock_delay: with the ttl it is more than 100 years";
            return Err(Error::invalid(operation(), why));
        }
        if self.slots == 0 {
            return Err(Error::invalid(operation(), "limit: nobody could hold it"));
        }
        Ok(())
    }

    fn tasks(&self) -> Spawner {
        self.client.inner.tasks.spawner()
    }

    fn refused(operation: String, reason: LostReason) -> Error {
        Error::new(Class::refused(reason.kind()), operation).with_detail(reason)
    }
}

impl Place {
    /// How long a renewal counts for its owner, in whole seconds.
    pub(crate) fn ttl(&self) -> Duration {
        whole_seconds(self.options.ttl)
    }

    /// How long it counts on the servers, which is not less.
    pub(crate) fn entry_ttl(&self) -> Duration {
        self.ttl() + whole_seconds(self.options.lock_delay)
    }

    /// The entries in order, by agreement of the servers.
    pub(crate) async fn entries(&self) -> Result<Answer<Vec<Node>>, Error> {
        let answer = self.client.keys().in_order_with(&self.directory).await?;
        Ok(answer.map(entries))
    }

    /// Who holds now.
    pub(crate) async fn holders(&self) -> Result<Vec<Holder>, Error> {
        let nodes = self.entries().await?.value;
        Ok(nodes.iter().take(self.slots).map(Holder::of).collect())
    }

    /// Where the entry at `own` stands.
    pub(super) fn standing(&self, own: &str, answer: &Answer<Vec<Node>>) -> Standing {
        let nodes = &answer.value;
        let Some(at) = nodes.iter().position(|node| node.key == own) else {
            return Standing::Gone;
        };
        let stated = nodes[..at].iter().find_map(stated_slots);
        if let (Some(stated), true) = (stated, self.states_slots())
            && stated != self.slots
        {
            return Standing::Disagrees(stated);
        }
        if at < self.slots {
            return Standing::Holds;
        }
        let holders = nodes.iter().take(self.slots).map(Holder::of).collect();
        let index = answer.meta.index.unwrap_or_default();
        Standing::Behind {
            watch: self.signal(at, &nodes[at - 1].key, index),
            holders,
        }
    }

    /// Of a lock each waits for the one before it to go. Of a semaphore the first that waits
    /// watches all that hold; when its turn comes it writes its entry, which wakes the next.
    fn signal(&self, at: usize, before: &str, index: u64) -> Signal {
        let options = WatchOptions::new().with_after(index);
        if at == self.slots && self.slots > 1 {
            return Signal {
                key: self.directory.clone(),
                options: options.with_recursive(),
                removal: true,
            };
        }
        Signal {
            key: before.to_owned(),
            options,
            removal: self.slots == 1,
        }
    }

    /// Whether entries say how many slots there are, so that all must agree.
    fn states_slots(&self) -> bool {
        self.what == "semaphore"
    }

    /// What tells the entry of a contender apart: `id`, and the number of slots if that is stated.
    pub(super) fn entry_id(&self, id: &str) -> String {
        if self.states_slots() {
            format!("{id}/{}", self.slots)
        } else {
            id.to_owned()
        }
    }

    /// Removes the directory, if nobody holds or waits.
    pub(crate) async fn destroy(&self) -> Result<(), Error> {
        let options = DeleteOptions::new().with_dir();
        let keys = self.client.keys();
        match keys.delete_with(&self.directory, &options).await {
            Ok(_) => Ok(()),
            Err(error) if error.code() == Some(ErrorCode::KeyNotFound) => Ok(()),
            Err(error) if error.code() == Some(ErrorCode::DirectoryNotEmpty) => {
                if self.entries().await?.value.is_empty() {
                    // What is left belongs to longer names.
                    return Ok(());
                }
                let class = Class::refused(ErrorKind::Conflict);
                let operation = format!("destroy {}", self.title());
                Err(Error::new(class, operation).with_detail("it is in use"))
            }
            Err(error) => Err(error),
        }
    }

    /// Whether a holder has to wake the next that waits.
    pub(super) fn announces(&self) -> bool {
        self.slots > 1
    }
}

fn whole_seconds(time: Duration) -> Duration {
    Duration::from_secs(time.as_secs() + u64::from(time.subsec_nanos() > 0))
}

/// The number of slots that an entry states.
fn stated_slots(node: &Node) -> Option<usize> {
    Holder::of(node).id.split_once('/')?.1.parse().ok()
}

/// Only in-order keys are entries.
fn entries(nodes: Vec<Node>) -> Vec<Node> {
    let is_entry = |node: &Node| !node.dir && key::in_order_index(node.name()).is_some();
    nodes.into_iter().filter(is_entry).collect()
}

#[cfg(test)]
mod tests {
    use super::*;
    use quorate_wire::etcd2::Meta;

    fn place(slots: usize) -> Place {
        Place {
            client: Client::new("http://a:1").unwrap(),
            what: "lock",
            directory: "/_locks/x".into(),
            slots,
            options: QueueOptions::new(),
        }
    }

    fn entry(index: u64) -> Node {
        let key = format!("/_locks/x/{}", key::in_order_name(index));
        Node::file(key, "id me", index)
    }

    fn standing(slots: usize, own: u64, indexes: &[u64]) -> Standing {
        let nodes = indexes.iter().map(|index| entry(*index)).collect();
        let answer = Answer::new(nodes, Meta::default().with_index(99));
        place(slots).standing(&entry(own).key, &answer)
    }

    #[test]
    fn the_first_hold_and_each_other_waits_for_the_one_before_it() {
        assert_eq!(standing(1, 5, &[5, 6, 7]), Standing::Holds);
        let Standing::Behind { watch, holders } = standing(1, 7, &[5, 6, 7]) else {
            panic!("it must wait");
        };
        assert_eq!((watch.key, watch.removal), (entry(6).key, true));
        assert_eq!(watch.options.after, Some(99));
        assert_eq!(
            (holders[0].value.as_str(), holders[0].created_index),
            ("me", 5)
        );
        assert_eq!(standing(1, 9, &[5, 6, 7]), Standing::Gone);
    }

    #[test]
    fn the_first_that_waits_for_a_slot_watches_all_that_hold() {
        assert_eq!(standing(2, 6, &[5, 6, 7, 8]), Standing::Holds);
        let Standing::Behind { watch, .. } = standing(2, 7, &[5, 6, 7, 8]) else {
            panic!("it must wait");
        };
        assert_eq!(
            (watch.key.as_str(), watch.options.recursive),
            ("/_locks/x", true)
        );
        let Standing::Behind { watch, .. } = standing(2, 8, &[5, 6, 7, 8]) else {
            panic!("it must wait");
        };
        assert_eq!((watch.key, watch.removal), (entry(7).key, false));
    }

    #[test]
    fn what_is_no_entry_does_not_count() {
        let nodes = vec![
            Node::directory("/_locks/x/1", 1),
            Node::file("/_locks/x/a", "", 2),
            entry(3),
        ];
        assert_eq!(entries(nodes), [entry(3)]);
    }

    #[test]
    fn a_ttl_that_is_too_short_and_no_slots_are_refused() {
        let mut place = place(0);
        assert!(place.check().unwrap_err().to_string().contains("limit"));
        place.slots = 1;
        assert!(place.check().is_ok());
        place.options.ttl = Duration::from_secs(1);
        assert!(place.check().unwrap_err().to_string().contains("ttl"));
    }
}
