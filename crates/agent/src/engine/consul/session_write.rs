use std::sync::Arc;
use std::time::Duration;

use quorate_wire::consul::GoDuration;
use quorate_wire::consul::session::{MAX_TTL, MIN_TTL, SessionBehavior};

use super::command::{Reply, SessionSpec};
use super::index::Table;
use super::kv_write::Hold;
use super::refusal::Refusal;
use super::row::Row;
use super::session::Session;
use super::session_id::SessionId;
use super::state::{State, Step};
use crate::engine::Time;
use crate::engine::change::{Changes, Topic};

impl State {
    pub(super) fn create_session(
        &mut self,
        spec: SessionSpec,
        now: Time,
        changes: &mut Changes,
    ) -> Result<Reply, Refusal> {
        if spec.node.is_empty() {
            return Err(Refusal::MissingSessionNode);
        }
        let behavior = behavior(&spec.behavior)?;
        let ttl = ttl(&spec.ttl, spec.min_ttl.unwrap_or(MIN_TTL))?;
        if self.sessions.get(spec.id).is_some() {
            return Err(Refusal::SessionExists(spec.id));
        }
        let mut step = Step::begin(self, now, changes);
        let session = Session {
            id: spec.id,
            name: spec.name,
            node: spec.node,
            lock_delay_nanos: spec.lock_delay_nanos,
            behavior,
            ttl_text: spec.ttl,
            ttl,
            node_checks: spec.node_checks,
            service_checks: spec.service_checks,
            old_checks: spec.old_checks,
            create_index: step.index,
            modify_index: step.index,
        };
        step.state.catalog.admit(&session)?;
        let session = Arc::new(session);
        step.state.sessions.insert(Arc::clone(&session), now);
        step.store(Row::Session(session.id, Some(Arc::clone(&session))));
        step.touch_session(&session);
        Ok(Reply::Created(session))
    }

    pub(super) fn destroy_session(
        &mut self,
        id: &str,
        now: Time,
        changes: &mut Changes,
    ) -> Result<Reply, Refusal> {
        let id = self.session_id(id)?;
        let mut step = Step::begin(self, now, changes);
        if let Some(id) = id {
            step.end_session(id);
        }
        Ok(Reply::Done)
    }

    /// Starts the session's TTL again. Nothing of it is stored and no index is spent: after a
    /// restart every TTL starts again anyway.
    pub(super) fn renew_session(&mut self, id: &str, now: Time) -> Result<Reply, Refusal> {
        let id = self.session_id(id)?;
        let session = id.and_then(|id| self.sessions.get(id)).cloned();
        if let Some(session) = &session {
            self.sessions.restart_ttl(session.id, now);
        }
        Ok(Reply::Renewed(session))
    }
}

impl Step<'_> {
    /// Ends a session for whatever reason: its keys are released or deleted, and can't be
    /// acquired until the lock-delay has passed.
    pub(super) fn end_session(&mut self, id: SessionId) {
        let held = self.state.sessions.held_by(id);
        let Some(session) = self.state.sessions.remove(id) else {
            return;
        };
        let delay = session.lock_delay();
        for key in held {
            if delay > Duration::ZERO {
                self.state.lock_delays.start(&key, delay, self.now);
            }
            match session.behavior {
                SessionBehavior::Delete => self.delete(&key),
                SessionBehavior::Release => {
                    if let Some(entry) = self.state.kv.get(&key).cloned() {
                        self.write(&key, entry.value.clone(), entry.flags, Hold::Drop);
                    }
                }
            }
        }
        self.delete_queries_of(id);
        self.store(Row::Session(id, None));
        self.touch_session(&session);
    }

    fn touch_session(&mut self, session: &Session) {
        self.wake(Topic::Session(session.id));
        self.wake(Topic::NodeSessions(session.node_key()));
        self.touch(Table::Sessions);
    }
}

fn behavior(text: &str) -> Result<SessionBehavior, Refusal> {
    match text {
        "" | "release" => Ok(SessionBehavior::Release),
        "delete" => Ok(SessionBehavior::Delete),
        other => Err(Refusal::UnknownBehavior(other.into())),
    }
}

fn ttl(text: &str, min: Duration) -> Result<Option<Duration>, Refusal> {
    if text.is_empty() {
        return Ok(None);
    }
    let parsed: GoDuration = text.parse().map_err(|problem| Refusal::MalformedTtl {
        text: text.into(),
        problem,
    })?;
    if parsed == GoDuration::ZERO {
        return Ok(None);
    }
    let in_range = |ttl: &Duration| (min..=MAX_TTL).contains(ttl);
    match parsed.to_duration().filter(in_range) {
        Some(ttl) => Ok(Some(ttl)),
        None => Err(Refusal::TtlOutOfRange {
            nanos: parsed.nanos(),
            min: min.into(),
        }),
    }
}
