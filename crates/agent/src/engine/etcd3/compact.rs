use std::sync::Arc;

use super::command::Reply;
use super::event::{Event, Revision};
use super::refusal::Refusal;
use super::row::Row;
use super::step::Step;
use crate::engine::change::{Topic, Wake};

/// How many changes are looked at in one turn, so that writes need not wait for long.
const SWEEP: usize = 4096;

impl Step<'_> {
    /// Forgets what keys were before `revision`. It can't be read from now on; it is removed bit
    /// by bit afterwards.
    pub(super) fn compact(&mut self, revision: i64) -> Result<Reply, Refusal> {
        if revision <= self.state.compacted {
            return Err(Refusal::Compacted);
        }
        if revision > self.state.revision {
            return Err(Refusal::Future);
        }
        self.state.compacted = revision;
        self.state.sweeping = Some(revision);
        self.store(self.state.marks());
        Ok(Reply::Done(self.state.revision))
    }

    /// Removes a part of what was compacted.
    ///
    /// A change is not needed once a later one of the same key is at or before the revision that
    /// was compacted, and a removal is not needed before it. The removal of a key at that very
    /// revision stays for who watches from there.
    pub(super) fn sweep(&mut self) {
        let Some(compacted) = self.state.sweeping else {
            return;
        };
        let mut looked_at = 0;
        while looked_at < SWEEP {
            let oldest = self.state.history.oldest();
            let Some((revision, events)) = oldest.filter(|(oldest, _)| *oldest <= compacted) else {
                self.swept();
                return;
            };
            let events = Arc::clone(events);
            for (sub, event) in (0..).zip(events.iter()) {
                let at = Revision {
                    main: revision,
                    sub,
                };
                self.forget_older(event, at, compacted);
                looked_at += 1;
            }
            if revision == compacted {
                self.swept();
                return;
            }
            self.state.history.unseal(revision);
        }
    }

    fn swept(&mut self) {
        self.state.sweeping = None;
        self.changes.wakes.push(Wake::Topic(Topic::Etcd3Swept));
    }

    fn forget_older(&mut self, event: &Event, at: Revision, compacted: i64) {
        let key = &event.kv.key;
        for older in self.state.history.drop_older(key, at) {
            self.store(Row::Version(older, None));
        }
        if !event.is_put() && at.main < compacted {
            self.state.history.drop_one(key, at);
            self.store(Row::Version(at, None));
        }
    }
}
