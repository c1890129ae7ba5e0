//! What Serf adds to a push/pull.

use bytes::Bytes;

use crate::msgpack::{DecodeError, Field, Reader, Writer, bodies};

/// The times of the members, in the order of the wire.
#[derive(Clone, Debug, Default, PartialEq)]
pub struct StatusTimes(
    /// A name and the time of its latest intent.
    pub Vec<(String, u64)>,
);

impl Field for StatusTimes {
    fn put(&self, out: &mut Writer) {
        out.map(self.0.len());
        for (name, time) in &self.0 {
            out.text(name);
            out.unsigned(*time);
        }
    }

    fn take(from: &mut Reader<'_>) -> Result<Self, DecodeError> {
        let len = from.map()?;
        limited("the number of members", len, MOST_MEMBERS)?;
        let entry = |_| Ok((from.utf8()?.to_owned(), from.unsigned()?));
        (0..len).map(entry).collect::<Result<_, _>>().map(Self)
    }
}

/// A list that is empty rather than nil when it has no elements, as Serf makes it.
#[derive(Clone, Debug, Default, PartialEq)]
pub struct Names(
    /// The names.
    pub Vec<String>,
);

impl Field for Names {
    fn put(&self, out: &mut Writer) {
        out.list(self.0.len());
        self.0.iter().for_each(|name| out.text(name));
    }

    fn take(from: &mut Reader<'_>) -> Result<Self, DecodeError> {
        Field::take(from).map(Self)
    }
}

/// The latest events: a ring of 512, mostly empty.
#[derive(Clone, Debug, Default, PartialEq)]
pub struct Slots(
    /// The events of each time, not in the order of the times.
    pub Vec<Option<EventsAt>>,
);

impl Field for Slots {
    fn put(&self, out: &mut Writer) {
        self.0.put(out);
    }

    fn take(from: &mut Reader<'_>) -> Result<Self, DecodeError> {
        let len = from.list()?;
        limited("the number of times", len, MOST_EVENTS)?;
        let (mut slots, mut events) = (Vec::new(), 0);
        for _ in 0..len {
            let slot: Option<EventsAt> = Field::take(from)?;
            events += slot.as_ref().map_or(0, |slot| slot.events.len());
            limited("the number of events", events, MOST_EVENTS)?;
            slots.push(slot);
        }
        Ok(Self(slots))
    }
}

/// How many members a state may name: more than a member lists.
const MOST_MEMBERS: usize = 1 << 18;

/// How many events there may be, and times of them. A byte on the wire becomes fifty in memory.
const MOST_EVENTS: usize = 1 << 16;

fn limited(what: &'static str, size: usize, limit: usize) -> Result<(), DecodeError> {
    if size > limit {
        let (size, limit) = (size as u64, limit as u64);
        return Err(DecodeError::TooLarge { what, size, limit });
    }
    Ok(())
}

bodies! {
    /// The three clocks, the times of the members, and the latest events.
    pub State {
        /// The time of the events' clock.
        event_ltime: u64 = "EventLTime",
        /// The latest events: a ring of 512, mostly empty.
        events: Slots = "Events",
        /// The time of the members' clock.
        ltime: u64 = "LTime",
        /// Who left.
        left_members: Names = "LeftMembers",
        /// The time of the queries' clock.
        query_ltime: u64 = "QueryLTime",
        /// The time of each member's latest intent.
        status_ltimes: StatusTimes = "StatusLTimes",
    }

    /// The events of one time.
    pub EventsAt {
        /// The events.
        events: Vec<StoredEvent> = "Events",
        /// The time.
        ltime: u64 = "LTime",
    }

    /// An event that is remembered.
    pub StoredEvent {
        /// Its name.
        name: String = "Name",
        /// What came with it.
        payload: Bytes = "Payload",
    }
}
