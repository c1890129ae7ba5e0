//! What is remembered over a restart: who was there, and the clocks. The file is a log in the
//! format of Serf, so that either program goes on with the file of the other.

use std::collections::BTreeMap;
use std::fmt::Write as _;
use std::net::SocketAddr;
use std::time::Duration;

use crate::engine::{Engine, Output, Timer};
use crate::event::{MemberChange, MemberEvent};

/// How often the clocks are written, if they have changed.
pub(super) const CLOCKS_EVERY: Duration = Duration::from_millis(500);

/// A file smaller than this is never written anew.
const COMPACT_AT: usize = 128 << 10;
/// Nor one with less than this for each member.
const PER_MEMBER: usize = 256;

/// What is remembered.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
#[non_exhaustive]
pub struct Snapshot {
    /// Who was there, and where.
    pub alive: BTreeMap<String, SocketAddr>,
    /// The members' clock.
    pub clock: u64,
    /// The events' clock.
    pub event_clock: u64,
    /// The queries' clock.
    pub query_clock: u64,
    len: usize,
}

/// What is to be written to the file.
#[derive(Clone, Debug, PartialEq, Eq)]
#[non_exhaustive]
pub enum SnapshotWrite {
    /// Lines at its end.
    Append(String),
    /// All of it, instead of what is there: at once or not at all.
    Replace(String),
}

impl Snapshot {
    /// What a file says. Lines that are not understood are passed over, as Serf does it. If the
    /// member said goodbye, nobody is remembered unless `rejoin_after_leave`.
    pub fn parse(text: &str, rejoin_after_leave: bool) -> Self {
        let mut snapshot = Self {
            len: text.len(),
            ..Self::default()
        };
        for line in text.lines() {
            match line.split_once(": ") {
                Some(("alive", rest)) => {
                    if let Some((name, address)) = rest.rsplit_once(' ')
                        && let Ok(address) = address.parse()
                    {
                        snapshot.alive.insert(name.to_owned(), address);
                    }
                }
                Some(("not-alive", name)) => {
                    snapshot.alive.remove(name);
                }
                Some(("clock", time)) => snapshot.clock = number(time, snapshot.clock),
                Some(("event-clock", time)) => {
                    snapshot.event_clock = number(time, snapshot.event_clock);
                }
                Some(("query-clock", time)) => {
                    snapshot.query_clock = number(time, snapshot.query_clock);
                }
                _ if line == "leave" && !rejoin_after_leave => snapshot.leave(),
                _ => {}
            }
        }
        snapshot
    }

    fn leave(&mut self) {
        self.alive.clear();
        (self.clock, self.event_clock, self.query_clock) = (0, 0, 0);
    }

    /// The lines that say the same.
    pub fn render(&self) -> String {
        let mut text = String::new();
        for (name, address) in &self.alive {
            // Writing to a text cannot fail.
            let _ = writeln!(text, "alive: {name} {address}");
        }
        text.push_str(&self.render_clocks());
        text
    }

    fn render_clocks(&self) -> String {
        let (clock, events, queries) = (self.clock, self.event_clock, self.query_clock);
        format!("clock: {clock}\nevent-clock: {events}\nquery-clock: {queries}\n")
    }
}

fn number(text: &str, otherwise: u64) -> u64 {
    text.parse().unwrap_or(otherwise)
}

/// What the file says, and how long it is.
#[derive(Debug)]
pub(super) struct SnapshotLog {
    now: Snapshot,
    len: usize,
    left: bool,
}

impl SnapshotLog {
    pub(super) fn new(now: Snapshot) -> Self {
        let len = now.len;
        Self {
            now,
            len,
            left: false,
        }
    }

    fn write(&mut self, lines: String) -> Option<SnapshotWrite> {
        if lines.is_empty() || self.left {
            return None;
        }
        self.len += lines.len();
        if self.len > COMPACT_AT.max(self.now.alive.len() * PER_MEMBER) {
            let text = self.now.render();
            self.len = text.len();
            return Some(SnapshotWrite::Replace(text));
        }
        Some(SnapshotWrite::Append(lines))
    }
}

impl Engine {
    /// Remembers who is there.
    pub(super) fn remember_members(&mut self, event: &MemberEvent) {
        let Some(log) = &mut self.serf.snapshot else {
            return;
        };
        let mut lines = String::new();
        for member in &event.members {
            // A name with a line break would be another line.
            if member.name.contains(char::is_control) || member.name == self.config.name {
                continue;
            }
            let (name, address) = (&member.name, member.address);
            match event.change {
                MemberChange::Join => {
                    log.now.alive.insert(name.clone(), address);
                    lines.push_str(&format!("alive: {name} {address}\n"));
                }
                MemberChange::Leave | MemberChange::Failed => {
                    log.now.alive.remove(name);
                    lines.push_str(&format!("not-alive: {name}\n"));
                }
                MemberChange::Update | MemberChange::Reap => {}
            }
        }
        if let Some(write) = log.write(lines) {
            self.out.push_back(Output::Snapshot(write));
        }
    }

    /// Remembers the clocks: the latest times that were delivered.
    pub(crate) fn snapshot_clocks(&mut self) {
        self.after(CLOCKS_EVERY, Timer::SnapshotClocks);
        let last = |clock: &super::LamportClock| clock.time().saturating_sub(1);
        let (clock, event_clock, query_clock) = (
            last(&self.serf.clock),
            last(&self.serf.event_clock),
            last(&self.serf.query_clock),
        );
        let Some(log) = &mut self.serf.snapshot else {
            return;
        };
        let now = &mut log.now;
        if (now.clock, now.event_clock, now.query_clock) == (clock, event_clock, query_clock) {
            return;
        }
        (now.clock, now.event_clock, now.query_clock) = (clock, event_clock, query_clock);
        let lines = now.render_clocks();
        if let Some(write) = log.write(lines) {
            self.out.push_back(Output::Snapshot(write));
        }
    }

    /// Says that the member left: it does not join by itself next time.
    pub(super) fn forget_snapshot(&mut self) {
        if let Some(log) = &mut self.serf.snapshot {
            let write = log.write("leave\n".to_owned());
            log.left = true;
            self.out.extend(write.map(Output::Snapshot));
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_file_of_serf_is_understood() {
        let text = "alive: a 127.0.0.1:7946\nalive: b c [::1]:1\nnot-alive: a\nclock: 7\n\
                    event-clock: 3\nquery-clock: 2\ncoordinate: {}\nnonsense\n";
        let snapshot = Snapshot::parse(text, false);
        assert_eq!(snapshot.alive.keys().collect::<Vec<_>>(), ["b c"]);
        assert_eq!(
            (snapshot.clock, snapshot.event_clock, snapshot.query_clock),
            (7, 3, 2)
        );
        let again = Snapshot::parse(&snapshot.render(), false);
        assert_eq!((again.alive, again.clock), (snapshot.alive, snapshot.clock));
    }

    #[test]
    fn who_left_joins_nobody_unless_told() {
        let text = "alive: a 127.0.0.1:7946\nleave\n";
        assert!(Snapshot::parse(text, false).alive.is_empty());
        assert_eq!(Snapshot::parse(text, true).alive.len(), 1);
    }
}
