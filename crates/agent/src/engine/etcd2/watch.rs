use std::sync::Arc;

use super::action::Action;
use super::event::Event;
use super::path::{is_below, is_hidden};
use super::refusal::{KeyRefusal, Problem};
use super::state::State;
use crate::engine::Topic;

/// What a watcher waits for.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Watch {
    /// The key, which need not exist; as [`clean`](super::clean) makes it.
    pub key: Box<str>,
    /// What is below counts too, except what is hidden there.
    pub recursive: bool,
    /// What happened at this index or later counts; the next index to look at.
    pub since: u64,
    /// The index when the watch began: older events come from the history.
    pub started: u64,
    /// Looks at the history as etcd does, which forgets there what is hidden, and where a name
    /// ends.
    pub strict: bool,
}

/// What a watcher finds when it looks.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Seen {
    /// The first event that it waits for; the watch goes on behind it.
    Event(Arc<Event>),
    /// Nothing yet.
    Nothing,
    /// It looked too late: what it has not seen is gone.
    Lost,
}

impl Watch {
    /// A watch that begins now, where 0 stands for the next index.
    ///
    /// # Errors
    /// [`Problem::HistoryCleared`] when the history does not go back to `since`.
    pub fn begin(
        state: &State,
        key: Box<str>,
        recursive: bool,
        since: u64,
        strict: bool,
    ) -> Result<Self, KeyRefusal> {
        let started = state.index();
        let since = if since == 0 { started + 1 } else { since };
        let oldest = state.history().oldest(started);
        if since < oldest {
            let cause = format!("the requested history has been cleared [{oldest}/{since}]");
            return Err(KeyRefusal::new(Problem::HistoryCleared, cause).at(started));
        }
        Ok(Self {
            key,
            recursive,
            since,
            started,
            strict,
        })
    }

    /// What wakes a watcher of `key`, besides [`Topic::Etcd2Turn`].
    #[must_use]
    pub fn topic(key: &str, recursive: bool) -> Topic {
        if recursive {
            Topic::Etcd2Tree(key.into())
        } else {
            Topic::Etcd2Key(key.into())
        }
    }

    /// Looks for the next event, and moves on behind it.
    pub fn look(&mut self, state: &State) -> Seen {
        let Some(mut events) = state.history().since(self.since) else {
            return Seen::Lost;
        };
        let found = events.find(|event| self.wants(event)).cloned();
        if let Some(event) = found {
            self.since = event.index + 1;
            return Seen::Event(event);
        }
        // What was looked at need not be looked at again; a watch for the future stays there.
        self.since = self.since.max(state.index() + 1);
        Seen::Nothing
    }

    /// Whether the watcher is to hear of `event`.
    #[must_use]
    pub fn wants(&self, event: &Event) -> bool {
        if event.refresh || event.action == Action::Internal {
            return false;
        }
        let of_history = event.index <= self.started;
        *event.key == *self.key
            || self.wants_from_below(event, of_history)
            || self.went_with(event, of_history)
    }

    fn wants_from_below(&self, event: &Event, of_history: bool) -> bool {
        let shows_hidden = self.strict && of_history;
        self.recursive
            && is_below(&self.key, &event.key)
            && (shows_hidden || !is_hidden(&self.key, &event.key))
    }

    /// Whether the watched key went with a directory above it. A key that did not exist then did
    /// not go; of events that are history nobody knows any more.
    fn went_with(&self, event: &Event, of_history: bool) -> bool {
        if !event.removes_dir() {
            return false;
        }
        match &event.removed {
            Some(removed) if !of_history => removed.binary_search(&self.key).is_ok(),
            _ if self.strict => self.key.starts_with(&*event.key),
            _ => is_below(&event.key, &self.key),
        }
    }
}
