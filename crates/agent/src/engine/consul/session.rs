use std::sync::Arc;
use std::time::Duration;

use bytes::Bytes;
use quorate_wire::consul::session::{ServiceCheck, SessionBehavior};
use rpds::{RedBlackTreeMapSync, RedBlackTreeSetSync};
use serde::{Deserialize, Serialize};

use super::index::Table;
use super::kv::Found;
use super::refusal::{BadUuid, Refusal};
use super::row::Row;
use super::session_id::SessionId;
use super::state::State;
use crate::engine::Time;

/// A session: what holds keys for as long as it lives.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct Session {
    /// Its id.
    pub id: SessionId,
    /// A name for people.
    pub name: String,
    /// The node that it belongs to, as the client wrote it.
    pub node: String,
    /// For how long its keys can't be acquired after it ended, in nanoseconds as given; at most
    /// 60 s take effect, 0 and less mean none.
    pub lock_delay_nanos: i64,
    /// What happens to its keys when it ends.
    pub behavior: SessionBehavior,
    /// The TTL as given; empty for none.
    pub ttl_text: String,
    /// The TTL; `None` for a session that does not expire. It ends after twice this time without
    /// a renewal, as on the real server.
    pub ttl: Option<Duration>,
    /// The checks of the node that keep it alive; `None` is shown as `null`.
    pub node_checks: Option<Vec<String>>,
    /// The service checks that keep it alive; `None` is shown as `null`.
    pub service_checks: Option<Vec<ServiceCheck>>,
    /// Further checks that keep it alive, in the form of clients before Consul 1.7.
    pub old_checks: Vec<String>,
    /// The index of its creation.
    pub create_index: u64,
    /// The index of its last change.
    pub modify_index: u64,
}

impl Session {
    /// The checks that keep it alive, as the client wrote their ids.
    pub fn checks(&self) -> impl Iterator<Item = &str> {
        let old = self.old_checks.iter().map(String::as_str);
        let nodes = self.node_checks.iter().flatten().map(String::as_str);
        let services = self.service_checks.iter().flatten();
        let services = services.map(|check| check.id.as_str());
        old.chain(nodes).chain(services)
    }

    /// The ids of the checks that keep it alive, in lower case.
    pub(super) fn check_ids(&self) -> impl Iterator<Item = Box<str>> + '_ {
        self.checks().map(|id| id.to_lowercase().into())
    }

    /// The node's name in lower case.
    pub(super) fn node_key(&self) -> Box<str> {
        self.node.to_lowercase().into()
    }

    /// For how long its keys can't be acquired after it ended, before the cap.
    pub(super) fn lock_delay(&self) -> Duration {
        Duration::from_nanos(u64::try_from(self.lock_delay_nanos).unwrap_or(0))
    }
}

/// All sessions, what they hold and what they depend on.
#[derive(Clone, Debug, Default)]
pub(super) struct Sessions {
    by_id: RedBlackTreeMapSync<SessionId, Arc<Session>>,
    by_node: RedBlackTreeSetSync<(Box<str>, SessionId)>,
    by_check: RedBlackTreeSetSync<(Box<str>, Box<str>, SessionId)>,
    held: RedBlackTreeSetSync<(SessionId, Bytes)>,
    deadlines: RedBlackTreeMapSync<SessionId, Time>,
    by_deadline: RedBlackTreeSetSync<(Time, SessionId)>,
}

impl Sessions {
    pub(super) fn get(&self, id: SessionId) -> Option<&Arc<Session>> {
        self.by_id.get(&id)
    }

    /// Adds a session, whose TTL starts now.
    pub(super) fn insert(&mut self, session: Arc<Session>, now: Time) {
        let (id, node) = (session.id, session.node_key());
        for check in session.check_ids() {
            self.by_check.insert_mut((node.clone(), check, id));
        }
        self.by_node.insert_mut((node, id));
        self.by_id.insert_mut(id, session);
        self.restart_ttl(id, now);
    }

    /// Removes a session; the keys that it held have to be let go apart from this.
    pub(super) fn remove(&mut self, id: SessionId) -> Option<Arc<Session>> {
        let session = self.by_id.get(&id).cloned()?;
        let node = session.node_key();
        for check in session.check_ids() {
            self.by_check.remove_mut(&(node.clone(), check, id));
        }
        self.by_node.remove_mut(&(node, id));
        self.by_id.remove_mut(&id);
        self.stop_ttl(id);
        Some(session)
    }

    /// Starts the session's TTL again, if it has one.
    pub(super) fn restart_ttl(&mut self, id: SessionId, now: Time) {
        let ttl = self.by_id.get(&id).and_then(|session| session.ttl);
        if let Some(ttl) = ttl {
            self.stop_ttl(id);
            let deadline = now.after(ttl.saturating_mul(2));
            self.deadlines.insert_mut(id, deadline);
            self.by_deadline.insert_mut((deadline, id));
        }
    }

    fn stop_ttl(&mut self, id: SessionId) {
        if let Some(deadline) = self.deadlines.get(&id).copied() {
            self.deadlines.remove_mut(&id);
            self.by_deadline.remove_mut(&(deadline, id));
        }
    }

    /// The sessions whose time is up, the one that was due first in front.
    pub(super) fn due(&self, now: Time) -> Vec<SessionId> {
        let due = self.by_deadline.iter();
        let due = due.take_while(|(deadline, _)| *deadline <= now);
        due.map(|(_, id)| *id).collect()
    }

    pub(super) fn next_deadline(&self) -> Option<Time> {
        self.by_deadline.first().map(|(deadline, _)| *deadline)
    }

    pub(super) fn hold(&mut self, id: SessionId, key: Bytes) {
        self.held.insert_mut((id, key));
    }

    pub(super) fn let_go(&mut self, id: SessionId, key: &Bytes) {
        self.held.remove_mut(&(id, key.clone()));
    }

    /// The keys that the session holds.
    pub(super) fn held_by(&self, id: SessionId) -> Vec<Bytes> {
        let held = self.held.range((id, Bytes::new())..);
        let held = held.take_while(|(holder, _)| *holder == id);
        held.map(|(_, key)| key.clone()).collect()
    }

    /// The sessions of a node, which is given in lower case.
    pub(super) fn of_node(&self, node: &str) -> Vec<SessionId> {
        let sessions = self
            .by_node
            .range((node.into(), SessionId::MIN)..=(node.into(), SessionId::MAX));
        sessions.map(|(_, id)| *id).collect()
    }

    /// The sessions that a check keeps alive; node and check are given in lower case.
    pub(super) fn of_check(&self, node: &str, check: &str) -> Vec<SessionId> {
        let from = (Box::from(node), Box::from(check), SessionId::MIN);
        let to = (Box::from(node), Box::from(check), SessionId::MAX);
        let sessions = self.by_check.range(from..=to);
        sessions.map(|(_, _, id)| *id).collect()
    }

    pub(super) fn rows(&self) -> impl Iterator<Item = Row> + '_ {
        let sessions = self.by_id.iter();
        sessions.map(|(id, session)| Row::Session(*id, Some(Arc::clone(session))))
    }
}

impl State {
    /// The session of that id, with the index of the newest change of any session.
    ///
    /// # Errors
    /// When the text can't be a session's id.
    pub fn session(&self, id: &str) -> Result<Found<Option<&Arc<Session>>>, Refusal> {
        let id = self.session_id(id)?;
        let session = id.and_then(|id| self.sessions.get(id));
        Ok(Found::new(session, self.table_index(Table::Sessions)))
    }

    /// All sessions by id.
    #[must_use]
    pub fn sessions(&self) -> Found<Vec<&Arc<Session>>> {
        let sessions = self.sessions.by_id.values().collect();
        Found::new(sessions, self.table_index(Table::Sessions))
    }

    /// The sessions of a node by id; none for a node that does not exist.
    #[must_use]
    pub fn node_sessions(&self, node: &str) -> Found<Vec<&Arc<Session>>> {
        let ids = self.sessions.of_node(&node.to_lowercase());
        let sessions = ids.into_iter().filter_map(|id| self.sessions.get(id));
        Found::new(sessions.collect(), self.table_index(Table::Sessions))
    }

    pub(super) fn session_id(&self, text: &str) -> Result<Option<SessionId>, Refusal> {
        SessionId::named(text).map_err(|bad: BadUuid| Refusal::MalformedSession(bad))
    }
}
