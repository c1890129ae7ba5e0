//! What was delivered already: rings of the latest times.

use super::message::{EventsAt, StoredEvent, UserEventMessage};

/// Events of the latest times.
#[derive(Debug)]
pub(crate) struct EventBuffer {
    slots: Vec<Option<EventsAt>>,
    /// How many bytes the events have that are remembered.
    held: usize,
    /// Older ones are not delivered.
    pub(super) least: u64,
}

/// How many of one time are remembered: a stranger could send any number.
const MOST: usize = 1024;

/// How many bytes of events are remembered: all members together send a hundredth of that.
const MOST_HELD: usize = 16 << 20;

/// What an event takes beside its name and its payload.
const PER_EVENT: usize = 64;

fn size(event: &StoredEvent) -> usize {
    event.name.len() + event.payload.len() + PER_EVENT
}

/// Whether something was seen, or is so old that nobody knows.
fn too_old(ltime: u64, now: u64, least: u64, remembered: usize) -> bool {
    ltime < least || now.saturating_sub(remembered as u64) > ltime
}

fn slot(ltime: u64, slots: usize) -> usize {
    usize::try_from(ltime % slots.max(1) as u64).unwrap_or_default()
}

impl EventBuffer {
    pub(super) fn new(remembered: usize) -> Self {
        Self {
            slots: vec![None; remembered.max(1)],
            held: 0,
            least: 0,
        }
    }

    pub(super) fn slots(&self) -> &[Option<EventsAt>] {
        &self.slots
    }

    /// Remembers an event; `false` if it was remembered or is too old. `now` is the events' clock.
    pub(super) fn insert(&mut self, event: &UserEventMessage, now: u64) -> bool {
        if too_old(event.ltime, now, self.least, self.slots.len()) {
            return false;
        }
        let stored = StoredEvent {
            name: event.name.clone(),
            payload: event.payload.clone(),
        };
        let at = slot(event.ltime, self.slots.len());
        let added = size(&stored);
        match &mut self.slots[at] {
            Some(seen) if seen.ltime == event.ltime => {
                if seen.events.len() >= MOST || seen.events.contains(&stored) {
                    return false;
                }
                seen.events.push(stored);
            }
            // A later time has the slot: what is earlier was delivered long ago.
            Some(seen) if seen.ltime > event.ltime => return false,
            empty_or_earlier => {
                let events = vec![stored];
                let ltime = event.ltime;
                let old = empty_or_earlier.replace(EventsAt { events, ltime });
                self.held -= old.map_or(0, |old| old.events.iter().map(size).sum());
            }
        }
        self.held += added;
        while self.held > MOST_HELD && self.forget_oldest(event.ltime) {}
        true
    }

    /// Forgets the events of the earliest time but `kept`; what comes from before it is not
    /// delivered any more, because nobody would know whether it was.
    fn forget_oldest(&mut self, kept: u64) -> bool {
        let times = self.slots.iter().flatten().map(|seen| seen.ltime);
        let Some(oldest) = times.filter(|ltime| *ltime != kept).min() else {
            return false;
        };
        let at = slot(oldest, self.slots.len());
        let gone = self.slots[at].take();
        self.held -= gone.map_or(0, |gone| gone.events.iter().map(size).sum());
        self.least = self.least.max(oldest.saturating_add(1));
        true
    }
}

/// Queries of the latest times: a time and the numbers of its queries.
#[derive(Debug)]
pub(crate) struct QueryBuffer {
    slots: Vec<(u64, Vec<u32>)>,
    /// Older ones are not delivered.
    pub(super) least: u64,
}

impl QueryBuffer {
    pub(super) fn new(remembered: usize) -> Self {
        Self {
            slots: vec![(0, Vec::new()); remembered.max(1)],
            least: 0,
        }
    }

    /// Remembers a query; `false` if it was remembered or is too old. `now` is the queries' clock.
    pub(super) fn insert(&mut self, ltime: u64, id: u32, now: u64) -> bool {
        if too_old(ltime, now, self.least, self.slots.len()) {
            return false;
        }
        let at = slot(ltime, self.slots.len());
        let (time, ids) = &mut self.slots[at];
        if *time == ltime {
            let new = ids.len() < MOST && !ids.contains(&id);
            if new {
                ids.push(id);
            }
            return new;
        }
        if *time > ltime {
            return false;
        }
        (*time, *ids) = (ltime, vec![id]);
        true
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn event(ltime: u64, name: &str) -> UserEventMessage {
        let name = name.to_owned();
        UserEventMessage {
            ltime,
            name,
            ..UserEventMessage::default()
        }
    }

    #[test]
    fn each_event_is_new_once() {
        let mut buffer = EventBuffer::new(4);
        assert!(buffer.insert(&event(3, "a"), 4));
        assert!(!buffer.insert(&event(3, "a"), 4), "the same");
        assert!(buffer.insert(&event(3, "b"), 4), "another of that time");
        assert!(buffer.insert(&event(7, "a"), 8), "takes the slot of time 3");
        assert!(!buffer.insert(&event(3, "a"), 8), "too old to know");
    }

    #[test]
    fn large_events_push_the_oldest_out_and_those_do_not_come_again() {
        let mut buffer = EventBuffer::new(512);
        let large = |ltime: u64, number: u8| UserEventMessage {
            payload: vec![number; 9000].into(),
            ..event(ltime, "large")
        };
        for number in 0..=u8::MAX {
            for ltime in 1..=5 {
                assert!(buffer.insert(&large(ltime, number), 6));
            }
        }
        assert!(!buffer.insert(&large(1, 0), 6), "it is remembered");
        for number in 0..=u8::MAX {
            for ltime in 6..=10 {
                assert!(buffer.insert(&large(ltime, number), 11));
            }
        }
        let held = buffer.slots.iter().flatten().flat_map(|seen| &seen.events);
        let held: usize = held.map(|event| event.payload.len()).sum();
        assert!(held <= MOST_HELD, "{held} bytes");
        assert!(!buffer.insert(&large(1, 0), 11), "it was delivered");
    }

    #[test]
    fn each_query_is_new_once() {
        let mut buffer = QueryBuffer::new(4);
        assert!(buffer.insert(5, 1, 6));
        assert!(buffer.insert(5, 2, 6));
        assert!(!buffer.insert(5, 1, 6));
        buffer.least = 9;
        assert!(!buffer.insert(8, 1, 9), "from before a join");
    }
}
