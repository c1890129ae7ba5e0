use std::sync::Arc;

use quorate_wire::consul::PreparedQuery;

use crate::engine::consul::index::Table;
use crate::engine::consul::kv::Found;
use crate::engine::consul::refusal::{BadUuid, Refusal};
use crate::engine::consul::session_id::SessionId;
use crate::engine::consul::state::State;

use super::write::PreparedQueryRefusal;

/// Why an id or a name leads to no query.
#[derive(Clone, Debug, PartialEq, Eq, thiserror::Error)]
#[non_exhaustive]
pub enum Unresolved {
    /// There is none (status 404).
    #[error("Query not found")]
    NotFound,
    /// It is a template, which only names lead to.
    #[error("prepared query templates can only be resolved up by name, not by ID")]
    TemplateById,
    /// It is a template that makes no query of this name, in the real server's words.
    #[error("{0}")]
    Rendering(String),
}

impl State {
    /// All prepared queries by id.
    #[must_use]
    pub fn prepared_queries(&self) -> Found<Vec<&Arc<PreparedQuery>>> {
        let all = self.prepared_queries.all().collect();
        Found::new(all, self.table_index(Table::Queries))
    }

    /// The query of that id.
    ///
    /// # Errors
    /// When the text can't be an id; names are none.
    pub fn prepared_query(&self, id: &str) -> Result<Found<Option<&Arc<PreparedQuery>>>, Refusal> {
        let id = SessionId::named(id).map_err(PreparedQueryRefusal::MalformedId)?;
        let found = id.and_then(|id| self.prepared_queries.get(id));
        let query = found.map(|stored| &stored.query);
        Ok(Found::new(query, self.table_index(Table::Queries)))
    }

    /// The query that an id or a name leads to: of that id, else of that name, else made from the
    /// template with the longest prefix of the name.
    ///
    /// # Errors
    /// When there is none.
    pub fn resolve_prepared_query(&self, name: &str) -> Result<Arc<PreparedQuery>, Unresolved> {
        let queries = &self.prepared_queries;
        let by_id = |id: Result<Option<SessionId>, BadUuid>| queries.get(id.ok()??);
        if let Some(stored) = by_id(SessionId::named(name)) {
            return match stored.query.is_template() {
                true => Err(Unresolved::TemplateById),
                false => Ok(Arc::clone(&stored.query)),
            };
        }
        let named = queries.named(name).map(|(_, stored)| stored);
        let stored = named.or_else(|| queries.template_of(name));
        // An empty name leads nowhere, not even to a template for all.
        let stored = stored.filter(|_| !name.is_empty());
        let stored = stored.ok_or(Unresolved::NotFound)?;
        match &stored.template {
            None => Ok(Arc::clone(&stored.query)),
            Some(template) => template
                .render(&stored.query, name)
                .map(Arc::new)
                .map_err(Unresolved::Rendering),
        }
    }
}
