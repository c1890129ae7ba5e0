use std::sync::Arc;

use quorate_wire::consul::PreparedQuery;

use super::table::Stored;
use super::template::Template;
use super::validate::validate;
use crate::engine::Time;
use crate::engine::change::Changes;
use crate::engine::consul::command::Reply;
use crate::engine::consul::index::Table;
use crate::engine::consul::refusal::{BadUuid, Refusal};
use crate::engine::consul::row::Row;
use crate::engine::consul::session_id::SessionId;
use crate::engine::consul::state::{State, Step};

/// A write of `/v1/query…`.
#[derive(Clone, Debug)]
#[non_exhaustive]
pub enum PreparedQueryWrite {
    /// `POST /v1/query`.
    Create {
        /// The new query's id; random.
        id: SessionId,
        /// The query; its own id must be empty.
        query: Box<PreparedQuery>,
        /// Whether a query needs neither name, template nor session, as before Consul 0.6.4.
        nameless: bool,
    },
    /// `PUT /v1/query/:id`: replaces all of it.
    Update {
        /// The id of the query that is replaced.
        id: String,
        /// The query; its own id is ignored.
        query: Box<PreparedQuery>,
        /// As of a new one.
        nameless: bool,
    },
    /// `DELETE /v1/query/:id`.
    Delete(String),
}

/// Why a write of a prepared query was refused.
#[derive(Clone, Debug, PartialEq, Eq, thiserror::Error)]
#[non_exhaustive]
pub enum PreparedQueryRefusal {
    /// What should be an id is not.
    #[error("failed prepared query lookup: index error: {0}")]
    MalformedId(BadUuid),
    /// The same, of the query that is to be changed.
    #[error("Prepared Query lookup failed: failed prepared query lookup: index error: {0}")]
    MalformedIdOfWrite(BadUuid),
    /// The new query's id is taken; draw another.
    #[error("prepared query {0} already exists")]
    Exists(SessionId),
    /// A new query has an id.
    #[error("ID must be empty when creating a new prepared query")]
    IdGiven,
    /// The query that is to be changed does not exist.
    #[error("Cannot modify non-existent prepared query: '{0}'")]
    Unknown(String),
    /// The definition can't be meant, in the real server's words.
    #[error("Invalid prepared query: {0}")]
    Invalid(String),
    /// Another query has the name.
    #[error("name '{0}' aliases an existing query name")]
    NameTaken(String),
    /// There is a template for all names already.
    #[error("a query template with an empty name already exists")]
    SecondCatchAll,
    /// The name is another query's id.
    #[error("name '{0}' aliases an existing query ID")]
    NameIsId(String),
    /// The session's id is none.
    #[error("invalid session: index error: {0}")]
    MalformedSession(BadUuid),
    /// The template can't be used, in the real server's words.
    #[error("failed compiling template: {0}")]
    BadTemplate(String),
}

impl State {
    pub(in crate::engine::consul) fn write_prepared_query(
        &mut self,
        write: PreparedQueryWrite,
        now: Time,
        changes: &mut Changes,
    ) -> Result<Reply, Refusal> {
        match write {
            PreparedQueryWrite::Create {
                id,
                query,
                nameless,
            } => {
                if !query.id.is_empty() {
                    return Err(PreparedQueryRefusal::IdGiven.into());
                }
                if self.prepared_queries.get(id).is_some() {
                    return Err(PreparedQueryRefusal::Exists(id).into());
                }
                validate(&query, nameless)?;
                Step::begin(self, now, changes).set_prepared_query(id, *query)?;
            }
            PreparedQueryWrite::Update {
                id,
                query,
                nameless,
            } => {
                let id = self.known_prepared_query(&id)?;
                validate(&query, nameless)?;
                Step::begin(self, now, changes).set_prepared_query(id, *query)?;
            }
            PreparedQueryWrite::Delete(id) => {
                let id = self.known_prepared_query(&id)?;
                Step::begin(self, now, changes).delete_prepared_query(id);
            }
        }
        Ok(Reply::Done)
    }

    fn known_prepared_query(&self, text: &str) -> Result<SessionId, PreparedQueryRefusal> {
        let id = SessionId::named(text).map_err(PreparedQueryRefusal::MalformedIdOfWrite)?;
        let known = id.filter(|id| self.prepared_queries.get(*id).is_some());
        known.ok_or_else(|| PreparedQueryRefusal::Unknown(text.to_owned()))
    }
}

impl Step<'_> {
    fn set_prepared_query(
        &mut self,
        id: SessionId,
        mut query: PreparedQuery,
    ) -> Result<(), Refusal> {
        self.check_name(id, &query)?;
        self.check_session(&query)?;
        let old = self.state.prepared_queries.get(id);
        query.create_index = old.map_or(self.index, |old| old.query.create_index);
        query.modify_index = self.index;
        query.id = id.to_string();
        let template = match query.is_template() {
            true => Template::compile(&query).map(Some),
            false => Ok(None),
        };
        let template = template.map_err(PreparedQueryRefusal::BadTemplate)?;
        let query = Arc::new(query);
        let stored = Stored {
            query: Arc::clone(&query),
            template: template.map(Arc::new),
        };
        self.state.prepared_queries.put(id, stored);
        self.store(Row::PreparedQuery(id, Some(query)));
        self.touch(Table::Queries);
        Ok(())
    }

    fn check_name(&self, id: SessionId, query: &PreparedQuery) -> Result<(), PreparedQueryRefusal> {
        let queries = &self.state.prepared_queries;
        if query.name.is_empty() {
            let other = queries.catch_all().filter(|other| *other != id);
            if query.is_template() && other.is_some() {
                return Err(PreparedQueryRefusal::SecondCatchAll);
            }
        } else if queries
            .named(&query.name)
            .is_some_and(|(other, _)| other != id)
        {
            return Err(PreparedQueryRefusal::NameTaken(query.name.clone()));
        }
        // Ids are looked up before names: nobody may take the place of another's.
        let as_id = SessionId::named(&query.name).ok().flatten();
        if as_id.is_some_and(|id| queries.get(id).is_some()) {
            return Err(PreparedQueryRefusal::NameIsId(query.name.clone()));
        }
        Ok(())
    }

    fn check_session(&self, query: &PreparedQuery) -> Result<(), Refusal> {
        if query.session.is_empty() {
            return Ok(());
        }
        let session =
            SessionId::named(&query.session).map_err(PreparedQueryRefusal::MalformedSession)?;
        let known = session.is_some_and(|id| self.state.sessions.get(id).is_some());
        match known {
            true => Ok(()),
            false => Err(Refusal::UnknownSession(query.session.clone())),
        }
    }

    fn delete_prepared_query(&mut self, id: SessionId) {
        if self.state.prepared_queries.remove(id) {
            self.store(Row::PreparedQuery(id, None));
            self.touch(Table::Queries);
        }
    }

    /// Deletes the queries that end with a session.
    pub(in crate::engine::consul) fn delete_queries_of(&mut self, session: SessionId) {
        for id in self.state.prepared_queries.of_session(session) {
            self.delete_prepared_query(id);
        }
    }
}
