use std::sync::Arc;

use quorate_wire::consul::PreparedQuery;
use rpds::{RedBlackTreeMapSync, RedBlackTreeSetSync};

use super::template::Template;
use crate::engine::consul::row::Row;
use crate::engine::consul::session_id::SessionId;

/// A query as it is kept.
#[derive(Clone, Debug)]
pub(super) struct Stored {
    pub(super) query: Arc<PreparedQuery>,
    /// What makes queries of it, if it is a template.
    pub(super) template: Option<Arc<Template>>,
}

/// All queries, by what they are looked up by. Names are in lower case.
#[derive(Clone, Debug, Default)]
pub(in crate::engine::consul) struct PreparedQueries {
    by_id: RedBlackTreeMapSync<SessionId, Stored>,
    by_name: RedBlackTreeMapSync<Box<str>, SessionId>,
    by_prefix: RedBlackTreeMapSync<Box<str>, SessionId>,
    by_session: RedBlackTreeSetSync<(SessionId, SessionId)>,
}

impl PreparedQueries {
    pub(super) fn get(&self, id: SessionId) -> Option<&Stored> {
        self.by_id.get(&id)
    }

    pub(super) fn all(&self) -> impl Iterator<Item = &Arc<PreparedQuery>> {
        self.by_id.values().map(|stored| &stored.query)
    }

    /// The query of that name, templates among them.
    pub(super) fn named(&self, name: &str) -> Option<(SessionId, &Stored)> {
        let name: Box<str> = name.to_lowercase().into();
        let id = self.by_name.get(&name)?;
        Some((*id, self.get(*id)?))
    }

    /// The template for every name that has no better one.
    pub(super) fn catch_all(&self) -> Option<SessionId> {
        self.by_prefix.get("").copied()
    }

    /// The template with the longest prefix of `name`.
    pub(super) fn template_of(&self, name: &str) -> Option<&Stored> {
        let name = name.to_lowercase();
        let mut rest = name.as_str();
        loop {
            // The nearest one below is the longest prefix, or shares as much with it as we do.
            let (prefix, id) = self.by_prefix.range(..=Box::from(rest)).next_back()?;
            if rest.starts_with(&**prefix) {
                return self.get(*id);
            }
            rest = common_prefix(rest, prefix);
        }
    }

    /// The queries that end with a session.
    pub(super) fn of_session(&self, session: SessionId) -> Vec<SessionId> {
        let bound = self
            .by_session
            .range((session, SessionId::MIN)..=(session, SessionId::MAX));
        bound.map(|(_, id)| *id).collect()
    }

    /// Adds a query, in place of the one of the same id.
    pub(super) fn put(&mut self, id: SessionId, stored: Stored) {
        self.remove(id);
        let query = &stored.query;
        let name: Box<str> = query.name.to_lowercase().into();
        if query.is_template() {
            self.by_prefix.insert_mut(name.clone(), id);
        }
        if !name.is_empty() {
            self.by_name.insert_mut(name, id);
        }
        if let Ok(Some(session)) = SessionId::named(&query.session) {
            self.by_session.insert_mut((session, id));
        }
        self.by_id.insert_mut(id, stored);
    }

    pub(super) fn remove(&mut self, id: SessionId) -> bool {
        let Some(stored) = self.by_id.get(&id) else {
            return false;
        };
        let name: Box<str> = stored.query.name.to_lowercase().into();
        let session = SessionId::named(&stored.query.session);
        self.by_name.remove_mut(&name);
        if stored.query.is_template() {
            self.by_prefix.remove_mut(&name);
        }
        if let Ok(Some(session)) = session {
            self.by_session.remove_mut(&(session, id));
        }
        self.by_id.remove_mut(&id)
    }

    /// Adds a query that was stored.
    pub(in crate::engine::consul) fn restore(&mut self, id: SessionId, query: Arc<PreparedQuery>) {
        // What was accepted once compiles again; if not, it is kept and found by its id.
        let template = query.is_template().then(|| Template::compile(&query).ok());
        let template = template.flatten().map(Arc::new);
        self.put(id, Stored { query, template });
    }

    pub(in crate::engine::consul) fn rows(&self) -> impl Iterator<Item = Row> + '_ {
        let queries = self.by_id.iter();
        queries.map(|(id, stored)| Row::PreparedQuery(*id, Some(Arc::clone(&stored.query))))
    }
}

fn common_prefix<'a>(one: &'a str, other: &str) -> &'a str {
    let pairs = one.char_indices().zip(other.chars());
    let mut same = pairs.skip_while(|((_, a), b)| a == b);
    let end = same
        .next()
        .map_or(one.len().min(other.len()), |((at, _), _)| at);
    &one[..end]
}
