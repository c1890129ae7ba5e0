//! Messages that wait to be gossiped, each a limited number of times.

use std::cmp::Reverse;
use std::collections::{BTreeMap, HashMap};
use std::sync::Arc;

use bytes::Bytes;

use crate::engine::OpId;

/// The order in which messages go out: least often sent first, then long before short, then new
/// before old.
type Place = (u32, Reverse<usize>, Reverse<u64>);

#[derive(Debug)]
struct Item {
    message: Bytes,
    about: Option<Arc<str>>,
    op: Option<OpId>,
}

/// Messages to gossip.
#[derive(Debug, Default)]
pub(crate) struct Queue {
    items: BTreeMap<Place, Item>,
    about: HashMap<Arc<str>, Place>,
    count: u64,
}

impl Queue {
    pub(crate) fn len(&self) -> usize {
        self.items.len()
    }

    /// Adds a message that nothing replaces.
    pub(crate) fn push(&mut self, message: Bytes, op: Option<OpId>) {
        let about = None;
        self.insert(0, Item { message, about, op });
    }

    /// Adds a message about a member; it replaces the one that waits already. Gives the operation
    /// that waited for that one.
    pub(crate) fn replace(
        &mut self,
        about: Arc<str>,
        message: Bytes,
        op: Option<OpId>,
    ) -> Option<OpId> {
        let old = self.about.remove(&about);
        let old = old.and_then(|place| self.items.remove(&place));
        let about = Some(about);
        self.insert(0, Item { message, about, op });
        old.and_then(|old| old.op)
    }

    fn insert(&mut self, sent: u32, item: Item) {
        self.count += 1;
        let place = (sent, Reverse(item.message.len()), Reverse(self.count));
        if let Some(about) = &item.about {
            self.about.insert(about.clone(), place);
        }
        self.items.insert(place, item);
    }

    /// At most `most` messages that fit into `room`, each with `overhead` bytes beside its own.
    /// What has been sent `limit` times is dropped; the operations that waited for it are `done`.
    pub(crate) fn take(
        &mut self,
        room: &mut usize,
        overhead: usize,
        limit: u32,
        most: usize,
        done: &mut Vec<OpId>,
    ) -> Vec<Bytes> {
        let taken = self.fitting(room, overhead, most);
        let sent = taken
            .into_iter()
            .filter_map(|place| self.sent(place, limit, done));
        sent.collect()
    }

    /// Messages as [`take`](Self::take) gives them, without counting that they are sent.
    pub(crate) fn peek(&self, room: &mut usize, overhead: usize, most: usize) -> Vec<Bytes> {
        let places = self.fitting(room, overhead, most);
        let items = places.iter().filter_map(|place| self.items.get(place));
        items.map(|item| item.message.clone()).collect()
    }

    fn fitting(&self, room: &mut usize, overhead: usize, most: usize) -> Vec<Place> {
        let mut fitting = Vec::new();
        for (place, item) in &self.items {
            if *room <= overhead || fitting.len() >= most {
                break;
            }
            let len = item.message.len() + overhead;
            if len <= *room {
                *room -= len;
                fitting.push(*place);
            }
        }
        fitting
    }

    fn sent(&mut self, place: Place, limit: u32, done: &mut Vec<OpId>) -> Option<Bytes> {
        let item = self.items.remove(&place)?;
        let message = item.message.clone();
        if place.0 + 1 >= limit {
            if let Some(about) = &item.about {
                self.about.remove(about);
            }
            done.extend(item.op);
        } else {
            let (_, _, Reverse(id)) = place;
            let place = (place.0 + 1, Reverse(message.len()), Reverse(id));
            if let Some(about) = &item.about {
                self.about.insert(about.clone(), place);
            }
            self.items.insert(place, item);
        }
        Some(message)
    }

    /// Drops what was sent most often until `most` are left. Gives what waited for it.
    pub(crate) fn prune(&mut self, most: usize) -> Vec<OpId> {
        let mut done = Vec::new();
        while self.items.len() > most {
            let Some((_, item)) = self.items.pop_last() else {
                break;
            };
            if let Some(about) = &item.about {
                self.about.remove(about);
            }
            done.extend(item.op);
        }
        done
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn take(queue: &mut Queue, mut room: usize) -> Vec<Bytes> {
        queue.take(&mut room, 2, 2, 255, &mut Vec::new())
    }

    #[test]
    fn a_message_goes_out_as_often_as_the_limit_says() {
        let mut queue = Queue::default();
        queue.push(Bytes::from_static(b"once"), Some(OpId(7)));
        let (mut room, mut done) = (100, Vec::new());
        for round in [1, 2] {
            assert_eq!(done.len(), 0, "before round {round}");
            assert_eq!(queue.take(&mut room, 2, 2, 255, &mut done).len(), 1);
        }
        assert_eq!((done, queue.len()), (vec![OpId(7)], 0));
    }

    #[test]
    fn a_newer_message_about_a_member_replaces_the_older() {
        let mut queue = Queue::default();
        assert_eq!(
            queue.replace("a".into(), Bytes::from_static(b"old"), Some(OpId(1))),
            None
        );
        let replaced = queue.replace("a".into(), Bytes::from_static(b"new"), None);
        assert_eq!(replaced, Some(OpId(1)));
        assert_eq!(take(&mut queue, 100), [Bytes::from_static(b"new")]);
    }

    #[test]
    fn what_was_sent_least_goes_first_and_what_fits_fills_the_rest() {
        let mut queue = Queue::default();
        queue.push(Bytes::from_static(b"short"), None);
        queue.push(Bytes::from_static(b"a long message"), None);
        assert_eq!(
            take(&mut queue, 12),
            [Bytes::from_static(b"short")],
            "only that fits"
        );
        let both = take(&mut queue, 100);
        assert_eq!(
            both[0],
            Bytes::from_static(b"a long message"),
            "never sent before"
        );
        assert_eq!(both.len(), 2);
    }

    #[test]
    fn a_long_queue_drops_what_was_sent_most() {
        let mut queue = Queue::default();
        for number in 0..10_u8 {
            queue.push(Bytes::copy_from_slice(&[number]), None);
        }
        assert_eq!(
            take(&mut queue, 3).len(),
            1,
            "the newest has been sent once"
        );
        queue.prune(9);
        assert!(!take(&mut queue, 1000).contains(&Bytes::from_static(&[9])));
    }
}
