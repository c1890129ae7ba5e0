//! What a watch has told and where it goes on: the rules, without a connection.

use quorate_etcd_proto::etcdserverpb as pb;
use quorate_etcd_proto::mvccpb;

use super::change::{Change, Event};

/// Where one watch stands.
#[derive(Debug, Default)]
pub(super) struct Cursor {
    /// The first revision that was not told completely; `None` until a server says what is now.
    next: Option<i64>,
    /// The last revision whose events were told; what is not above it was told before.
    told: i64,
    /// The events of a message whose rest has not come.
    parts: Vec<mvccpb::Event>,
}

/// What follows from a message.
#[derive(Debug)]
pub(super) enum Step {
    /// Nothing that anybody has to know.
    Nothing,
    Tell(Change),
    /// What happened before this revision is forgotten: the keys have to be listed.
    Relist(i64),
    /// The server does not watch (any more), in its words.
    Refused(String),
}

impl Cursor {
    /// Before anything was told. `from` is the first revision to tell; `None` for what comes now.
    pub(super) fn new(from: Option<i64>) -> Self {
        Self {
            next: from,
            told: from.map_or(0, |from| from - 1),
            parts: Vec::new(),
        }
    }

    /// Where to begin, as servers read it: 0 is now.
    pub(super) fn start(&self) -> i64 {
        self.next.unwrap_or(0)
    }

    /// Takes a message. `trusted` says that the server tells no progress before the events that
    /// belong to it.
    pub(super) fn take(&mut self, response: pb::WatchResponse, trusted: bool) -> Step {
        let revision = response.header.as_ref().map_or(0, |header| header.revision);
        if response.canceled {
            self.parts.clear();
            return if response.compact_revision > 0 {
                Step::Relist(response.compact_revision)
            } else {
                Step::Refused(response.cancel_reason)
            };
        }
        if response.created {
            return Step::Tell(self.created(revision));
        }
        if response.events.is_empty() && !response.fragment {
            // Between fragments it says nothing about those that have not come.
            return match self.parts.is_empty() {
                true => self.progressed(revision, trusted),
                false => Step::Nothing,
            };
        }
        self.parts.extend(response.events);
        if response.fragment {
            return Step::Nothing;
        }
        self.complete(revision)
    }

    fn created(&mut self, revision: i64) -> Change {
        // A watch from "now" begins right after the revision that its answer names.
        let from = *self.next.get_or_insert(revision + 1);
        self.told = self.told.max(from - 1);
        Change::Live { from }
    }

    fn progressed(&mut self, revision: i64, trusted: bool) -> Step {
        if !trusted || self.next.is_none_or(|next| next > revision) {
            return Step::Nothing;
        }
        self.next = Some(revision + 1);
        Step::Tell(Change::Progress { revision })
    }

    /// Whole revisions are there. The header of the message says nothing about them: while a watch
    /// catches up it names the revision of the store, far ahead of the events.
    fn complete(&mut self, store_revision: i64) -> Step {
        let told = self.told;
        let parts = std::mem::take(&mut self.parts).into_iter();
        let events = parts.filter_map(Event::of);
        let events: Vec<_> = events.filter(|event| event.revision() > told).collect();
        let Some(revision) = events.last().map(Event::revision) else {
            return Step::Nothing;
        };
        self.told = revision;
        let next = self.next.unwrap_or(0).max(revision + 1);
        self.next = Some(next);
        Step::Tell(Change::Events {
            revision,
            store_revision,
            events,
        })
    }

    /// The connection is gone, and what was half told comes again.
    pub(super) fn interrupted(&mut self) {
        self.parts.clear();
    }

    /// The keys were told as they are at `revision`.
    pub(super) fn listed(&mut self, revision: i64) {
        self.parts.clear();
        self.told = revision;
        self.next = Some(revision + 1);
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::v3::watch::change::EventKind;

    fn header(revision: i64) -> Option<pb::ResponseHeader> {
        Some(pb::ResponseHeader {
            revision,
            ..Default::default()
        })
    }

    fn created(revision: i64) -> pb::WatchResponse {
        pb::WatchResponse {
            header: header(revision),
            created: true,
            ..Default::default()
        }
    }

    fn events(store: i64, revisions: &[i64], fragment: bool) -> pb::WatchResponse {
        let event = |revision: &i64| mvccpb::Event {
            kv: Some(mvccpb::KeyValue {
                key: "k".into(),
                mod_revision: *revision,
                ..Default::default()
            }),
            ..Default::default()
        };
        pb::WatchResponse {
            header: header(store),
            events: revisions.iter().map(event).collect(),
            fragment,
            ..Default::default()
        }
    }

    fn told(step: Step) -> Vec<i64> {
        match step {
            Step::Tell(Change::Events {
                events, revision, ..
            }) => {
                assert_eq!(events.last().unwrap().revision(), revision);
                events.iter().map(Event::revision).collect()
            }
            Step::Nothing => Vec::new(),
            other => panic!("{other:?}"),
        }
    }

    #[test]
    fn a_watch_from_now_begins_after_the_revision_of_its_creation_and_stays_there() {
        let mut cursor = Cursor::new(None);
        assert_eq!(cursor.start(), 0);
        let step = cursor.take(created(7), true);
        assert!(matches!(step, Step::Tell(Change::Live { from: 8 })));
        cursor.interrupted();
        assert_eq!(cursor.start(), 8, "what happens meanwhile is told later");
        let step = cursor.take(created(20), true);
        assert!(matches!(step, Step::Tell(Change::Live { from: 8 })));
    }

    #[test]
    fn it_goes_on_after_the_last_event_and_not_after_the_header() {
        let mut cursor = Cursor::new(Some(5));
        cursor.take(created(52), true);
        let step = cursor.take(events(52, &[49, 50], false), true);
        let Step::Tell(Change::Events { store_revision, .. }) = step else {
            panic!("{step:?}");
        };
        assert_eq!(store_revision, 52);
        assert_eq!(cursor.start(), 51);
    }

    #[test]
    fn a_revision_is_told_only_when_all_of_it_is_there() {
        let mut cursor = Cursor::new(Some(5));
        assert!(told(cursor.take(events(9, &[6, 7], true), true)).is_empty());
        assert_eq!(cursor.start(), 5, "nothing of it was told");
        assert!(told(cursor.take(events(9, &[7], true), true)).is_empty());
        assert_eq!(
            told(cursor.take(events(9, &[7], false), true)),
            [6, 7, 7, 7]
        );
        assert_eq!(cursor.start(), 8);
    }

    #[test]
    fn a_half_told_revision_is_forgotten_with_its_connection() {
        let mut cursor = Cursor::new(Some(5));
        cursor.take(events(9, &[6], true), true);
        cursor.interrupted();
        assert_eq!(cursor.start(), 5);
        assert_eq!(told(cursor.take(events(9, &[6, 6], false), true)), [6, 6]);
    }

    #[test]
    fn nothing_is_told_twice() {
        let mut cursor = Cursor::new(Some(5));
        assert_eq!(told(cursor.take(events(9, &[5, 6], false), true)), [5, 6]);
        assert_eq!(told(cursor.take(events(9, &[5, 6, 7], false), true)), [7]);
        assert!(told(cursor.take(events(9, &[6, 7], false), true)).is_empty());
    }

    #[test]
    fn progress_moves_a_quiet_watch_on_if_the_server_can_be_trusted() {
        let mut cursor = Cursor::new(Some(5));
        assert!(matches!(
            cursor.take(events(40, &[], false), false),
            Step::Nothing
        ));
        assert_eq!(cursor.start(), 5);
        let step = cursor.take(events(40, &[], false), true);
        assert!(matches!(
            step,
            Step::Tell(Change::Progress { revision: 40 })
        ));
        assert_eq!(cursor.start(), 41);
        let step = cursor.take(events(30, &[], false), true);
        assert!(matches!(step, Step::Nothing), "it never goes back");
        assert_eq!(cursor.start(), 41);
    }

    #[test]
    fn progress_between_fragments_does_not_end_them() {
        let mut cursor = Cursor::new(Some(5));
        cursor.take(events(9, &[6], true), true);
        let step = cursor.take(events(9, &[], false), true);
        assert!(matches!(step, Step::Nothing));
        assert_eq!(told(cursor.take(events(9, &[6], false), true)), [6, 6]);
    }

    #[test]
    fn events_that_progress_overtook_are_told_all_the_same() {
        let mut cursor = Cursor::new(Some(5));
        cursor.take(events(40, &[], false), true);
        assert_eq!(
            told(cursor.take(events(41, &[39, 40], false), true)),
            [39, 40]
        );
        assert_eq!(cursor.start(), 41);
    }

    #[test]
    fn what_was_compacted_has_to_be_listed() {
        let mut cursor = Cursor::new(Some(5));
        // The creation is confirmed first, and the header of what follows has no revision.
        cursor.take(created(90), true);
        let compacted = pb::WatchResponse {
            canceled: true,
            compact_revision: 60,
            ..Default::default()
        };
        assert!(matches!(cursor.take(compacted, true), Step::Relist(60)));
        cursor.listed(93);
        assert_eq!(cursor.start(), 94);
        assert!(
            told(cursor.take(events(95, &[93], false), true)).is_empty(),
            "it is in the list"
        );
        assert_eq!(told(cursor.take(events(95, &[94], false), true)), [94]);
    }

    #[test]
    fn a_refusal_keeps_the_words_of_the_server() {
        let mut cursor = Cursor::new(None);
        let refused = pb::WatchResponse {
            created: true,
            canceled: true,
            cancel_reason: "permission denied".into(),
            ..Default::default()
        };
        let step = cursor.take(refused, true);
        assert!(matches!(step, Step::Refused(text) if text == "permission denied"));
    }

    #[test]
    fn an_event_tells_what_happened() {
        let event = |kind: mvccpb::event::EventType, version| mvccpb::Event {
            r#type: kind.into(),
            kv: Some(mvccpb::KeyValue {
                version,
                ..Default::default()
            }),
            prev_kv: None,
        };
        let kind = |event| Event::of(event).unwrap().kind;
        use mvccpb::event::EventType::{Delete, Put};
        assert_eq!(kind(event(Put, 1)), EventKind::Created);
        assert_eq!(kind(event(Put, 2)), EventKind::Changed);
        assert_eq!(kind(event(Delete, 0)), EventKind::Deleted);
    }
}
