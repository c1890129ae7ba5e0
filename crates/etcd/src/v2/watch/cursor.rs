//! Where a watch is, and what it makes of each answer. No I/O.

use std::time::Duration;

use quorate_net::backoff::Backoff;
use quorate_wire::etcd2::{Event, Meta, Node, key};

use super::{Change, Relisted, WatchOptions};
use crate::v2::error::Error;

/// The bounds of the pauses after failures.
const FIRST_PAUSE: Duration = Duration::from_millis(100);
const MAX_PAUSE: Duration = Duration::from_secs(5);
/// How often the servers may be behind what was told before that is looked into. A member that
/// lags is behind for a moment; restored servers are for good.
const BEHIND: u32 = 2;

/// What to ask next.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) struct Ask {
    /// After this time.
    pub(super) pause: Option<Duration>,
    pub(super) what: What,
}

#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum What {
    /// The state as a whole.
    List,
    /// The first event after this index.
    Wait { after: u64 },
}

/// What came back.
#[derive(Debug)]
pub(super) enum Seen {
    Listed {
        node: Option<Node>,
        meta: Meta,
    },
    Event {
        event: Event,
        meta: Meta,
    },
    /// Nothing happened while it was asked. `early` if the server ended it.
    Quiet {
        meta: Meta,
        early: bool,
    },
    /// The connection broke behind the head, and with it an event may be lost: the server looks
    /// through its history before it sends the head, and sends what it finds after it.
    Cut {
        meta: Meta,
    },
    /// The events after the index are forgotten.
    Cleared,
    Failed(Error),
}

#[derive(Clone, Copy, Debug, PartialEq, Eq)]
enum Step {
    List(Relisted),
    /// A listing that tells only whether the index went back.
    Check,
    Wait,
}

#[derive(Debug)]
pub(super) struct Cursor {
    key: String,
    recursive: bool,
    step: Step,
    index: u64,
    cluster: Option<u64>,
    behind: u32,
    pause: Option<Duration>,
    backoff: Backoff,
}

impl Cursor {
    pub(super) fn new(key: String, options: WatchOptions) -> Self {
        let step = match options.after {
            Some(_) => Step::Wait,
            None => Step::List(Relisted::Started),
        };
        Self {
            key,
            recursive: options.recursive,
            step,
            index: options.after.unwrap_or_default(),
            cluster: None,
            behind: 0,
            pause: None,
            backoff: Backoff::new(FIRST_PAUSE, MAX_PAUSE),
        }
    }

    pub(super) fn index(&self) -> u64 {
        self.index
    }

    /// What to ask now.
    pub(super) fn ask(&mut self) -> Ask {
        let what = match self.step {
            Step::List(_) | Step::Check => What::List,
            Step::Wait => What::Wait { after: self.index },
        };
        Ask {
            pause: self.pause.take(),
            what,
        }
    }

    /// What is to be told after an answer.
    pub(super) fn saw(&mut self, seen: Seen) -> Option<Result<Change, Error>> {
        match seen {
            Seen::Listed { node, meta } => self.listed(node, meta).map(Ok),
            Seen::Event { event, meta } => self.event(event, meta).map(Ok),
            Seen::Quiet { meta, early } => {
                self.quiet(meta, early);
                None
            }
            Seen::Cut { meta } => {
                self.pause = Some(self.backoff.next_delay());
                self.left_cluster(meta);
                None
            }
            Seen::Cleared => {
                // Right after a listing this means a very busy server: don't race it.
                self.pause = Some(self.backoff.next_delay());
                self.step = Step::List(Relisted::HistoryCleared);
                None
            }
            Seen::Failed(error) => {
                self.pause = Some(self.backoff.next_delay());
                Some(Err(error))
            }
        }
    }

    fn listed(&mut self, node: Option<Node>, meta: Meta) -> Option<Change> {
        let index = meta.index.unwrap_or_default();
        let index = index.max(node.as_ref().map_or(0, Node::newest_index));
        let changed = self.is_other_cluster(meta);
        self.cluster = meta.cluster_id.or(self.cluster);
        let reason = match self.step {
            Step::List(Relisted::Started) => Relisted::Started,
            _ if changed => Relisted::ClusterChanged,
            Step::List(reason) => reason,
            Step::Check if index < self.index => Relisted::IndexWentBack,
            Step::Check | Step::Wait => {
                self.behind = 0;
                self.step = Step::Wait;
                return None;
            }
        };
        self.behind = 0;
        self.step = Step::Wait;
        self.index = index;
        Some(Change::Listed {
            node,
            index,
            reason,
        })
    }

    fn event(&mut self, event: Event, meta: Meta) -> Option<Change> {
        if self.left_cluster(meta) {
            return None;
        }
        let index = event.node.as_ref().map_or(0, |node| node.modified_index);
        if index <= self.index {
            // Told before. Some servers send an event twice; none may make this spin.
            self.pause = Some(self.backoff.next_delay());
            return None;
        }
        self.backoff.reset();
        self.behind = 0;
        self.index = index;
        self.concerns(&event).then_some(Change::Event(event))
    }

    fn quiet(&mut self, meta: Meta, early: bool) {
        if early {
            self.pause = Some(self.backoff.next_delay());
        } else {
            self.backoff.reset();
        }
        if self.left_cluster(meta) {
            return;
        }
        match meta.index {
            // The server had looked through its history up to there when it began to wait.
            Some(index) if index >= self.index => {
                self.index = index;
                self.behind = 0;
            }
            Some(_) => {
                self.behind += 1;
                if self.behind >= BEHIND {
                    self.step = Step::Check;
                }
            }
            None => {}
        }
    }

    fn is_other_cluster(&self, meta: Meta) -> bool {
        let both = self.cluster.zip(meta.cluster_id);
        both.is_some_and(|(known, now)| known != now)
    }

    /// Starts anew if another cluster answered.
    fn left_cluster(&mut self, meta: Meta) -> bool {
        let other = self.is_other_cluster(meta);
        if other {
            self.step = Step::List(Relisted::ClusterChanged);
        }
        self.cluster = self.cluster.or(meta.cluster_id);
        other
    }

    /// Whether an event is about what is watched. Servers search their history less exactly than
    /// they wake watchers: they return hidden keys there, and `/foobar` for `/foo`.
    fn concerns(&self, event: &Event) -> bool {
        let Some(node) = &event.node else {
            return false;
        };
        let path = node.path();
        if path == self.key {
            return true;
        }
        if key::is_within(path, &self.key) {
            return self.recursive && !key::is_hidden_below(path, &self.key);
        }
        key::is_within(&self.key, path) && event.action.is_removal()
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use quorate_wire::etcd2::Action;

    fn meta(index: u64, cluster: u64) -> Meta {
        Meta::default().with_index(index).with_cluster_id(cluster)
    }

    fn started(key: &str, recursive: bool) -> Cursor {
        let mut options = WatchOptions::new();
        options.recursive = recursive;
        let mut cursor = Cursor::new(key.into(), options);
        assert_eq!(cursor.ask().what, What::List);
        let listed = cursor.saw(Seen::Listed {
            node: None,
            meta: meta(10, 1),
        });
        assert!(matches!(
            listed,
            Some(Ok(Change::Listed {
                reason: Relisted::Started,
                index: 10,
                ..
            }))
        ));
        cursor
    }

    fn event(cursor: &mut Cursor, action: Action, key: &str, index: u64) -> bool {
        let event = Event::new(action, Node::file(key, "", index));
        let seen = Seen::Event {
            event,
            meta: meta(10, 1),
        };
        cursor.saw(seen).is_some()
    }

    fn quiet(cursor: &mut Cursor, index: u64, cluster: u64) -> Ask {
        let seen = Seen::Quiet {
            meta: meta(index, cluster),
            early: false,
        };
        assert!(cursor.saw(seen).is_none());
        cursor.ask()
    }

    #[test]
    fn a_quiet_key_follows_the_index_of_the_store() {
        let mut cursor = started("/a", false);
        assert_eq!(cursor.ask().what, What::Wait { after: 10 });
        assert_eq!(quiet(&mut cursor, 5000, 1).what, What::Wait { after: 5000 });
    }

    #[test]
    fn an_answer_that_was_cut_moves_no_index_because_an_event_may_be_lost_with_it() {
        let mut cursor = started("/a", false);
        let meta = meta(5000, 1);
        assert!(cursor.saw(Seen::Cut { meta }).is_none());
        let ask = cursor.ask();
        assert_eq!(ask.what, What::Wait { after: 10 });
        assert!(ask.pause.is_some());
    }

    #[test]
    fn each_event_is_told_once() {
        let mut cursor = started("/a", false);
        assert!(event(&mut cursor, Action::Set, "/a", 11));
        assert!(!event(&mut cursor, Action::Set, "/a", 11));
        assert!(
            cursor.ask().pause.is_some(),
            "a server that repeats itself is not hurried"
        );
        assert!(event(&mut cursor, Action::Set, "/a", 12));
    }

    #[test]
    fn what_servers_find_by_mistake_is_left_out_but_moves_the_index() {
        let mut cursor = started("/foo", true);
        assert!(!event(&mut cursor, Action::Delete, "/foobar", 11));
        assert!(!event(&mut cursor, Action::Set, "/foo/_hidden/x", 12));
        assert!(event(&mut cursor, Action::Set, "/foo/x", 13));
        assert!(
            event(&mut cursor, Action::Delete, "/", 14),
            "everything went"
        );
        assert_eq!(cursor.index(), 14);
        let mut cursor = started("/foo", false);
        assert!(
            !event(&mut cursor, Action::Set, "/foo/x", 11),
            "not recursive"
        );
        let mut cursor = started("/a/b", false);
        assert!(!event(&mut cursor, Action::Update, "/a", 11));
        assert!(
            event(&mut cursor, Action::Expire, "/a", 12),
            "the directory above went"
        );
    }

    #[test]
    fn a_cleared_history_is_listed_again_and_says_so() {
        let mut cursor = started("/a", false);
        assert!(cursor.saw(Seen::Cleared).is_none());
        assert_eq!(cursor.ask().what, What::List);
        let seen = Seen::Listed {
            node: None,
            meta: meta(3000, 1),
        };
        let change = cursor.saw(seen).unwrap().unwrap();
        assert!(matches!(
            change,
            Change::Listed {
                reason: Relisted::HistoryCleared,
                ..
            }
        ));
        assert_eq!(cursor.ask().what, What::Wait { after: 3000 });
    }

    #[test]
    fn a_member_that_lags_is_no_reason_to_list_and_restored_servers_are() {
        let mut cursor = started("/a", false);
        assert_eq!(quiet(&mut cursor, 9, 1).what, What::Wait { after: 10 });
        assert_eq!(quiet(&mut cursor, 11, 1).what, What::Wait { after: 11 });
        assert_eq!(quiet(&mut cursor, 4, 1).what, What::Wait { after: 11 });
        assert_eq!(quiet(&mut cursor, 4, 1).what, What::List);
        let caught_up = Seen::Listed {
            node: None,
            meta: meta(12, 1),
        };
        assert!(cursor.saw(caught_up).is_none(), "it only lagged");
        quiet(&mut cursor, 4, 1);
        quiet(&mut cursor, 4, 1);
        let restored = Seen::Listed {
            node: None,
            meta: meta(4, 1),
        };
        let change = cursor.saw(restored).unwrap().unwrap();
        assert!(matches!(
            change,
            Change::Listed {
                reason: Relisted::IndexWentBack,
                index: 4,
                ..
            }
        ));
    }

    #[test]
    fn another_cluster_is_listed_and_says_so() {
        let mut cursor = started("/a", false);
        assert_eq!(quiet(&mut cursor, 100, 2).what, What::List);
        let seen = Seen::Listed {
            node: None,
            meta: meta(4, 2),
        };
        let change = cursor.saw(seen).unwrap().unwrap();
        assert!(matches!(
            change,
            Change::Listed {
                reason: Relisted::ClusterChanged,
                ..
            }
        ));
        assert_eq!(cursor.ask().what, What::Wait { after: 4 });
    }

    #[test]
    fn failures_are_told_and_waited_out() {
        let mut cursor = started("/a", false);
        let told = cursor.saw(Seen::Failed(Error::invalid("test", "x")));
        assert!(told.is_some_and(|told| told.is_err()));
        let ask = cursor.ask();
        assert!(ask.pause.is_some_and(|pause| pause <= FIRST_PAUSE));
        assert_eq!(ask.what, What::Wait { after: 10 });
        assert!(cursor.ask().pause.is_none());
    }

    #[test]
    fn a_watch_after_an_index_lists_nothing() {
        let mut cursor = Cursor::new("/a".into(), WatchOptions::new().with_after(7));
        assert_eq!(cursor.ask().what, What::Wait { after: 7 });
    }
}
