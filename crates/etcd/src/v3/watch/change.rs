//! What a watch tells.

use quorate_etcd_proto::mvccpb;

use crate::v3::kv::KeyValue;

/// What a [`Watch`](super::Watch) tells. A copy of the keys that takes [`Listed`](Self::Listed) as
/// a whole and then each event in its order is exact, whatever happens to connections and servers.
#[derive(Clone, Debug, PartialEq, Eq)]
#[non_exhaustive]
pub enum Change {
    /// The keys as they all are at `revision`: what is not among them does not exist. It comes
    /// first if it was asked for, and whenever what happened meanwhile is forgotten.
    Listed {
        /// The revision of the list.
        revision: i64,
        /// The keys, in their order.
        kvs: Vec<KeyValue>,
        /// If the history was forgotten: the oldest revision that was left of it.
        compacted: Option<i64>,
    },
    /// A server watches. All that happens from this revision on is told.
    Live {
        /// The first revision that is told.
        from: i64,
    },
    /// What happened, in its order: whole revisions, never a part of one.
    Events {
        /// The last revision among them.
        revision: i64,
        /// The revision of the store when they were sent, which is far ahead of them while a watch
        /// catches up.
        store_revision: i64,
        /// The events, at least one.
        events: Vec<Event>,
    },
    /// Nothing happened up to this revision but what was told.
    Progress {
        /// The revision.
        revision: i64,
    },
    /// The connection is gone; [`Live`](Self::Live) follows when there is another one. What
    /// happens meanwhile is told then.
    Interrupted {
        /// Why.
        reason: String,
    },
}

/// What happened to one key.
#[derive(Clone, Debug, PartialEq, Eq)]
#[non_exhaustive]
pub struct Event {
    /// What.
    pub kind: EventKind,
    /// The key as it is then. Of one that is gone, only its name and the revision at which it went.
    pub kv: KeyValue,
    /// The key as it was before, if that was asked for and is not forgotten. A real etcd may also
    /// leave it out of what happens in the moment in which a watch begins or is taken up again.
    pub previous: Option<KeyValue>,
}

/// What happened.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
#[non_exhaustive]
pub enum EventKind {
    /// The key was made.
    Created,
    /// The key was written again.
    Changed,
    /// The key was deleted, or its lease ended.
    Deleted,
}

impl Event {
    /// `None` for one without a key, which no server sends.
    pub(crate) fn of(event: mvccpb::Event) -> Option<Self> {
        let deleted = event.r#type() == mvccpb::event::EventType::Delete;
        let kv: KeyValue = event.kv?.into();
        let kind = match (deleted, kv.version) {
            (true, _) => EventKind::Deleted,
            (false, 1) => EventKind::Created,
            (false, _) => EventKind::Changed,
        };
        Some(Self {
            kind,
            kv,
            previous: event.prev_kv.map(KeyValue::from),
        })
    }

    /// The revision at which it happened.
    #[must_use]
    pub fn revision(&self) -> i64 {
        self.kv.mod_revision
    }
}
