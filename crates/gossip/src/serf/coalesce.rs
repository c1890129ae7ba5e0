//! Several events as one.

use std::collections::BTreeMap;
use std::time::Duration;

use crate::engine::{Engine, Output, Time, Timer, TimerKey};
use crate::event::{Event, MemberChange, MemberEvent, UserEvent};
use crate::serf::Member;

/// How many user events are held back; then they are delivered, however soon that is.
const MOST_HELD: usize = 4096;

/// How long events are held back to deliver them together. Serf's agent takes 3 s and 1 s.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Coalesce {
    /// At most this long.
    pub period: Duration,
    /// Until nothing has happened for this long.
    pub quiet: Duration,
}

impl Coalesce {
    /// What Serf's agent does: 3 s at most, 1 s of quiet.
    pub fn agent() -> Self {
        Self {
            period: Duration::from_secs(3),
            quiet: Duration::from_secs(1),
        }
    }
}

/// When held back events are delivered.
#[derive(Debug, Default)]
struct Hold {
    first: Option<Time>,
    timer: Option<TimerKey>,
}

impl Engine {
    fn hold(&mut self, mut hold: Hold, coalesce: Coalesce, timer: Timer) -> Hold {
        let first = *hold.first.get_or_insert(self.now);
        if let Some(timer) = hold.timer.take() {
            self.timers.cancel(timer);
        }
        let at = (first + coalesce.period).min(self.now + coalesce.quiet);
        hold.timer = Some(self.timers.set(at, timer));
        hold
    }

    /// Gives the event back if it is not held.
    pub(super) fn coalesce_members(&mut self, event: MemberEvent) -> Option<MemberEvent> {
        let Some(coalesce) = self.serf.member_coalescer.coalesce else {
            return Some(event);
        };
        for member in event.members {
            let name = member.name.clone();
            self.serf
                .member_coalescer
                .held
                .insert(name, (event.change, member));
        }
        let hold = std::mem::take(&mut self.serf.member_coalescer.hold);
        self.serf.member_coalescer.hold = self.hold(hold, coalesce, Timer::CoalesceMembers);
        None
    }

    /// Delivers what happened to members: for each the last, and not what it was told before.
    pub(crate) fn flush_member_events(&mut self) {
        let coalescer = &mut self.serf.member_coalescer;
        coalescer.hold = Hold::default();
        let mut events: BTreeMap<MemberChange, Vec<Member>> = BTreeMap::new();
        for (name, (change, member)) in std::mem::take(&mut coalescer.held) {
            let told = coalescer.told.get(&name) == Some(&change);
            if told && change != MemberChange::Update {
                continue;
            }
            if change == MemberChange::Reap {
                coalescer.told.remove(&name);
            } else {
                coalescer.told.insert(name, change);
            }
            events.entry(change).or_default().push(member);
        }
        for (change, members) in events {
            let event = Event::Members(MemberEvent { change, members });
            self.out.push_back(Output::Event(event));
        }
    }

    /// Gives the event back if it is not held.
    pub(super) fn coalesce_user(&mut self, event: UserEvent) -> Option<UserEvent> {
        let coalesce = self.serf.user_coalescer.coalesce.filter(|_| event.coalesce);
        let Some(coalesce) = coalesce else {
            return Some(event);
        };
        let held = self
            .serf
            .user_coalescer
            .held
            .entry(event.name.clone())
            .or_default();
        match held.first().map(|first| first.ltime) {
            Some(ltime) if ltime > event.ltime => {}
            Some(ltime) if ltime == event.ltime => held.push(event),
            _ => *held = vec![event],
        }
        self.serf.user_coalescer.count += 1;
        let hold = std::mem::take(&mut self.serf.user_coalescer.hold);
        self.serf.user_coalescer.hold = self.hold(hold, coalesce, Timer::CoalesceUsers);
        if self.serf.user_coalescer.count >= MOST_HELD {
            self.flush_user_events();
        }
        None
    }

    /// Delivers the latest of the events of each name.
    pub(crate) fn flush_user_events(&mut self) {
        let coalescer = &mut self.serf.user_coalescer;
        if let Some(timer) = std::mem::take(&mut coalescer.hold).timer {
            self.timers.cancel(timer);
        }
        coalescer.count = 0;
        let held = std::mem::take(&mut coalescer.held);
        let events = held.into_values().flatten();
        self.out
            .extend(events.map(|event| Output::Event(Event::User(event))));
    }
}

/// Changes of members that are held back.
#[derive(Debug)]
pub(super) struct MemberCoalescer {
    coalesce: Option<Coalesce>,
    hold: Hold,
    held: BTreeMap<String, (MemberChange, Member)>,
    /// What was delivered last about each member.
    told: BTreeMap<String, MemberChange>,
}

impl MemberCoalescer {
    pub(super) fn new(coalesce: Option<Coalesce>) -> Self {
        Self {
            coalesce,
            hold: Hold::default(),
            held: BTreeMap::new(),
            told: BTreeMap::new(),
        }
    }
}

/// User events that are held back.
#[derive(Debug)]
pub(super) struct UserCoalescer {
    coalesce: Option<Coalesce>,
    hold: Hold,
    held: BTreeMap<String, Vec<UserEvent>>,
    /// How many came since they were last delivered.
    count: usize,
}

impl UserCoalescer {
    pub(super) fn new(coalesce: Option<Coalesce>) -> Self {
        Self {
            coalesce,
            hold: Hold::default(),
            held: BTreeMap::new(),
            count: 0,
        }
    }
}
