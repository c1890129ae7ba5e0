use std::sync::Arc;

use rpds::RedBlackTreeMapSync;

use super::event::Event;

/// How many events a client can ask for: the last ones of the whole store, whatever their key.
pub const HISTORY: u64 = 1000;
/// How many events are kept in memory for watchers that are slow to look.
pub const RETAINED: u64 = 8 * HISTORY;
/// About how many bytes the kept events may have together; beyond, the oldest go first.
pub const RETAINED_BYTES: usize = 64 * 1024 * 1024;

/// The last events. Every index from the oldest event to the newest has one.
#[derive(Clone, Debug)]
pub struct History {
    events: RedBlackTreeMapSync<u64, Arc<Event>>,
    /// About how many bytes they have together.
    bytes: usize,
    /// The first index that can be asked for as far as memory goes.
    first: u64,
    /// The index after the last turn, and the bytes that came since.
    turned: (u64, usize),
}

/// What came of a new event.
#[derive(Debug, Default, PartialEq, Eq)]
pub(super) struct Pushed {
    /// The events that had to go to make room, and that clients could have asked for.
    pub(super) gone: Vec<u64>,
    /// Every watcher is to look, so that none falls behind what is kept without knowing.
    pub(super) turn: bool,
}

impl Default for History {
    fn default() -> Self {
        Self {
            events: RedBlackTreeMapSync::default(),
            bytes: 0,
            first: 1,
            turned: (0, 0),
        }
    }
}

impl History {
    /// The first index that a client can still ask for, where `last` is the newest one.
    #[must_use]
    pub fn oldest(&self, last: u64) -> u64 {
        self.first.max((last + 1).saturating_sub(HISTORY))
    }

    /// The events from `index` on, in order; `None` when some of them are gone.
    #[must_use]
    pub fn since(&self, index: u64) -> Option<impl Iterator<Item = &Arc<Event>>> {
        let events = self.events.range(index..).map(|(_, event)| event);
        (index >= self.first).then_some(events)
    }

    /// Adds the newest event.
    pub(super) fn push(&mut self, event: Arc<Event>) -> Pushed {
        let (last, bytes) = (event.index, event.bytes());
        self.bytes += bytes;
        self.events.insert_mut(last, event);
        let turn = self.turns(last, bytes);
        let oldest = self.oldest(last);
        let mut gone = Vec::new();
        while let Some((&index, event)) = self.events.first() {
            let too_many = index + RETAINED <= last;
            if index == last || !(too_many || self.bytes > RETAINED_BYTES) {
                break;
            }
            self.bytes -= event.bytes().min(self.bytes);
            self.events.remove_mut(&index);
            self.first = index + 1;
            if index >= oldest {
                gone.push(index);
            }
        }
        Pushed { gone, turn }
    }

    /// Whether a quarter of what is kept is new since all watchers looked.
    fn turns(&mut self, last: u64, bytes: usize) -> bool {
        let (begin, before) = self.turned;
        let bytes = before + bytes;
        let turn = last >= begin + RETAINED / 4 || bytes >= RETAINED_BYTES / 4;
        self.turned = if turn { (last + 1, 0) } else { (begin, bytes) };
        turn
    }

    /// Takes back what was stored. The order does not matter.
    pub(super) fn restore(&mut self, event: Arc<Event>) {
        self.bytes += event.bytes();
        self.events.insert_mut(event.index, event);
    }

    /// Makes sure that no index is missing in what was restored, where the first write of all got
    /// `first_of_all`.
    pub(super) fn restored(&mut self, first_of_all: u64) {
        let mut expected = self.last();
        while let Some(index) = expected.filter(|index| self.events.contains_key(index)) {
            expected = index.checked_sub(1);
        }
        let Some(missing) = expected else { return };
        if missing < first_of_all {
            return;
        }
        self.first = missing + 1;
        let older: Vec<u64> = self.events.range(..=missing).map(|(at, _)| *at).collect();
        for index in older {
            self.events.remove_mut(&index);
        }
    }

    /// The newest event's index.
    pub(super) fn last(&self) -> Option<u64> {
        self.events.last().map(|(index, _)| *index)
    }

    /// The events that clients can ask for.
    pub(super) fn stored(&self) -> impl Iterator<Item = &Arc<Event>> {
        let oldest = self.last().map_or(0, |last| self.oldest(last));
        self.events.range(oldest..).map(|(_, event)| event)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn filled(indexes: impl IntoIterator<Item = u64>) -> History {
        let mut history = History::default();
        for index in indexes {
            history.push(Arc::new(Event::internal(index)));
        }
        history
    }

    #[test]
    fn a_client_can_ask_for_the_last_thousand() {
        let history = filled(4..=1000);
        assert_eq!(history.oldest(1000), 1, "nothing is gone yet");
        let history = filled(4..=1165);
        assert_eq!(history.oldest(1165), 166);
        assert_eq!(history.stored().count(), 1000);
        assert_eq!(history.since(166).unwrap().count(), 1000);
        assert!(history.since(20).is_some(), "slow watchers have more time");
    }

    #[test]
    fn what_is_kept_is_bounded_in_number_and_in_bytes() {
        let history = filled(4..=4 + RETAINED);
        assert!(history.since(4).is_none() && history.since(5).is_some());
        let mut history = History::default();
        let gone: Vec<u64> = (4..10)
            .flat_map(|index| {
                let mut event = Event::internal(index);
                event.node.value = Some(vec![0; RETAINED_BYTES / 2].into());
                history.push(Arc::new(event)).gone
            })
            .collect();
        assert_eq!(gone, [4, 5, 6, 7, 8]);
        assert_eq!(history.oldest(9), 9);
    }

    #[test]
    fn all_watchers_look_before_anything_that_they_have_not_seen_is_gone() {
        let mut history = History::default();
        let turns = (4..4 + RETAINED).filter(|index| {
            let pushed = history.push(Arc::new(Event::internal(*index)));
            pushed.turn
        });
        assert!(turns.count() >= 3);
    }

    #[test]
    fn a_restored_history_begins_after_the_last_gap() {
        let mut history = History::default();
        for index in [4, 5, 8, 9] {
            history.restore(Arc::new(Event::internal(index)));
        }
        history.restored(4);
        assert_eq!(history.oldest(9), 8);
        let mut whole = History::default();
        for index in 4..=9 {
            whole.restore(Arc::new(Event::internal(index)));
        }
        whole.restored(4);
        assert_eq!(whole.oldest(9), 1, "nothing is missing since the beginning");
    }
}
