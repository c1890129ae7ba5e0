//! Any history of a server, seen in any rhythm: the map that follows is always exact.

use std::collections::BTreeMap;

use proptest::prelude::*;

use super::diff::Diff;
use crate::{Entry, Replica, Revision, WatchEvent};

/// What happens to a server between two polls.
#[derive(Clone, Debug)]
enum Step {
    Put(u8, u8),
    Delete(u8),
    /// Something elsewhere: only the index moves, where the prefix is empty.
    Elsewhere,
    /// The tombstones are reaped: the index of the prefix goes back to its newest key.
    Reap,
    /// The server is replaced by another one with this history.
    Replace(Vec<(u8, u8)>),
    Poll,
}

fn step() -> impl Strategy<Value = Step> {
    let key = 0..4u8;
    let content = prop::collection::vec((key.clone(), 0..3u8), 0..6);
    prop_oneof![
        5 => (key.clone(), 0..3u8).prop_map(|(key, value)| Step::Put(key, value)),
        3 => key.prop_map(Step::Delete),
        1 => Just(Step::Elsewhere),
        1 => Just(Step::Reap),
        1 => content.prop_map(Step::Replace),
        6 => Just(Step::Poll),
    ]
}

/// A key value store that counts as Consul does.
#[derive(Debug, Default)]
struct Server {
    entries: BTreeMap<String, Entry>,
    raft: u64,
    tombstone: u64,
}

impl Server {
    fn put(&mut self, key: u8, value: u8) {
        let key = format!("k{key}");
        let before = self.entries.get(&key);
        if before.is_some_and(|entry| entry.value == vec![value]) {
            return;
        }
        self.raft += 1;
        let revision = Revision(self.raft);
        let created = before.map_or(revision, |entry| entry.create_revision);
        self.entries
            .insert(key.clone(), Entry::new(key, vec![value], revision, created));
    }

    fn delete(&mut self, key: u8) {
        if self.entries.remove(&format!("k{key}")).is_some() {
            self.raft += 1;
            self.tombstone = self.raft;
        }
    }

    fn apply(&mut self, step: &Step) {
        match step {
            Step::Put(key, value) => self.put(*key, *value),
            Step::Delete(key) => self.delete(*key),
            Step::Elsewhere => self.raft += 1,
            Step::Reap => self.tombstone = 0,
            Step::Replace(history) => {
                *self = Self::default();
                history
                    .iter()
                    .for_each(|(key, value)| self.put(*key, *value));
            }
            Step::Poll => {}
        }
    }

    fn index(&self) -> u64 {
        let newest = self
            .entries
            .values()
            .map(|entry| entry.revision.0)
            .max()
            .unwrap_or(0);
        match newest.max(self.tombstone) {
            0 => self.raft,
            index => index,
        }
    }
}

/// Polls once and checks every event on its way.
fn poll(server: &Server, diff: &mut Diff, replica: &mut Replica) -> Result<(), TestCaseError> {
    let mut listing = false;
    for event in diff.step(server.entries.values().cloned().collect(), server.index()) {
        listing |= event == WatchEvent::Init;
        if let (false, Some(revision)) = (listing, event.revision()) {
            prop_assert!(Some(revision) >= replica.revision(), "{:?}", event);
        }
        listing &= !matches!(event, WatchEvent::InitDone { .. });
        replica.apply(event);
    }
    prop_assert!(replica.is_complete());
    prop_assert_eq!(replica.entries(), &server.entries);
    Ok(())
}

proptest! {
    #[test]
    fn the_map_is_exact_after_every_poll(history in prop::collection::vec(step(), 1..40)) {
        let (mut server, mut diff, mut replica) =
            (Server::default(), Diff::default(), Replica::new());
        for step in &history {
            server.apply(step);
            if matches!(step, Step::Poll) {
                poll(&server, &mut diff, &mut replica)?;
            }
        }
        poll(&server, &mut diff, &mut replica)?;
    }
}
