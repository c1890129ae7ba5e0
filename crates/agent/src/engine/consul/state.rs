use std::sync::Arc;

use quorate_wire::consul::GoTime;

use super::acl;
use quorate_wire::consul::operator::AutopilotConfig;

use super::catalog::Catalog;
use super::command::{Command, Reply};
use super::config_entry::ConfigEntries;
use super::coordinate::Coordinates;
use super::event::Events;
use super::index::{Indexes, Table};
use super::intention::Intentions;
use super::kv::KvMap;
use super::local::Local;
use super::lock_delay::LockDelays;
use super::prepared_query::PreparedQueries;
use super::refusal::Refusal;
use super::row::Row;
use super::session::Sessions;
use super::tombstone::Tombstones;
use crate::engine::change::{Changes, Topic, Wake};
use crate::engine::{Row as AnyRow, Time};

/// Consul's state at one moment. Cheap to clone: everything is shared until it changes.
#[derive(Clone, Debug, Default)]
pub struct State {
    pub(super) indexes: Indexes,
    /// How many snapshots were restored since the start.
    pub(super) restores: u64,
    pub(super) kv: KvMap,
    pub(super) tombstones: Tombstones,
    pub(super) sessions: Sessions,
    pub(super) catalog: Catalog,
    pub(super) lock_delays: LockDelays,
    pub(super) local: Local,
    pub(super) config_entries: ConfigEntries,
    pub(super) intentions: Intentions,
    pub(super) acl: acl::Tables,
    /// The time of the clock at the start of the engine's own.
    pub(super) started: GoTime,
    pub(super) coordinates: Coordinates,
    pub(super) prepared_queries: PreparedQueries,
    pub(super) events: Events,
    pub(super) autopilot: Option<Arc<AutopilotConfig>>,
}

impl State {
    pub(crate) fn starting_at(index: u64) -> Self {
        Self {
            indexes: Indexes::starting_at(index),
            ..Self::default()
        }
    }

    /// The index counter and the index of each table.
    #[must_use]
    pub fn indexes(&self) -> &Indexes {
        &self.indexes
    }

    /// The index of the newest change of `table`, at least 1.
    #[must_use]
    pub fn table_index(&self, table: Table) -> u64 {
        self.indexes.table(table).max(1)
    }

    /// Everything that is stored, as rows: what [`Engine::restore`](crate::engine::Engine::restore)
    /// takes.
    pub fn rows(&self) -> impl Iterator<Item = Row> + '_ {
        let kv = self.kv.values();
        let kv = kv.map(|entry| Row::Kv(entry.key.clone(), Some(Arc::clone(entry))));
        let tombstones = self.tombstones.iter();
        let tombstones = tombstones.map(|(key, index)| Row::Tombstone(key.clone(), Some(index)));
        let coordinates = self.coordinates.iter();
        let coordinates =
            coordinates.map(|(key, it)| Row::Coordinate(key.clone(), Some(Arc::clone(it))));
        kv.chain(tombstones)
            .chain(coordinates)
            .chain(self.prepared_queries.rows())
            .chain(self.sessions.rows())
            .chain(self.catalog.rows())
            .chain(self.local.rows())
            .chain(self.config_entries.rows())
            .chain(self.intentions.rows())
            .chain(self.acl.rows())
            .chain(self.autopilot.clone().map(|it| Row::Autopilot(Some(it))))
            .chain([Row::Indexes(self.indexes)])
    }

    pub(crate) fn restore(&mut self, row: Row, now: Time) {
        match row {
            Row::Kv(key, Some(entry)) => {
                if let Some(session) = entry.session {
                    self.sessions.hold(session, key.clone());
                }
                self.kv.insert_mut(key, entry);
            }
            Row::Tombstone(key, Some(index)) => self.tombstones.insert(key, index, now),
            Row::Session(_, Some(session)) => self.sessions.insert(session, now),
            Row::Node(name, Some(node)) => self.catalog.put_node(name, node),
            Row::Service(id, Some(service)) => self.catalog.put_service(id, service),
            Row::Check(id, Some(check)) => self.catalog.put_check(id, check),
            Row::LocalService(id, Some(service)) => self.local.restore_service(id, service),
            Row::LocalCheck(id, Some(check)) => self.local.restore_check(id, check),
            Row::ConfigEntry(id, Some(entry)) => self.config_entries.put(id, entry),
            Row::Intention(id, Some(intention)) => self.intentions.put(id, intention),
            Row::PreparedQuery(id, Some(query)) => self.prepared_queries.restore(id, query),
            Row::Coordinate(key, Some(it)) => self.coordinates.insert_mut(key, it),
            Row::Autopilot(Some(config)) => self.autopilot = Some(config),
            Row::Indexes(indexes) => self.indexes = indexes,
            row @ (Row::AclToken(..)
            | Row::AclPolicy(..)
            | Row::AclRole(..)
            | Row::AclAuthMethod(..)
            | Row::AclBindingRule(..)
            | Row::AclBootstrap(_)
            | Row::AgentToken(..)) => self.acl.restore(row),
            Row::Kv(_, None)
            | Row::Autopilot(None)
            | Row::Tombstone(_, None)
            | Row::Session(_, None)
            | Row::Node(_, None)
            | Row::Service(_, None)
            | Row::Check(_, None)
            | Row::LocalService(_, None)
            | Row::LocalCheck(_, None)
            | Row::ConfigEntry(_, None)
            | Row::Intention(_, None)
            | Row::PreparedQuery(_, None)
            | Row::Coordinate(_, None) => {}
        }
    }

    /// Puts the state that `rows` describe in the place of this one. Indexes may go back with it,
    /// but never the counter: no write gets an index that another one had.
    fn replace(&mut self, rows: Vec<Row>, now: Time, changes: &mut Changes) -> Reply {
        let mut new = Self {
            restores: self.restores + 1,
            started: self.started,
            ..Self::default()
        };
        let rows = rows.into_iter().filter(|row| !row.is_local());
        let own = self.rows().filter(Row::is_local);
        rows.chain(own).for_each(|row| new.restore(row, now));
        new.indexes.continue_after(&self.indexes);
        new.local = std::mem::take(&mut self.local);
        *self = new;
        changes.replaced = true;
        Reply::Done
    }

    /// How many snapshots were restored since the start. A reader that waits while it grows has
    /// something new to see, whatever its index.
    pub(crate) fn restores(&self) -> u64 {
        self.restores
    }

    pub(crate) fn apply(
        &mut self,
        command: Command,
        now: Time,
        changes: &mut Changes,
    ) -> Result<Reply, Refusal> {
        match command {
            Command::Put(put) => self.put(put, now, changes),
            Command::Delete(delete) => self.delete(delete, now, changes),
            Command::Txn(ops) => Ok(Reply::Txn(self.txn(&ops, now, changes))),
            Command::CreateSession(spec) => self.create_session(*spec, now, changes),
            Command::DestroySession(id) => self.destroy_session(&id, now, changes),
            Command::RenewSession(id) => self.renew_session(&id, now),
            Command::SetAutopilot(set) => Ok(self.set_autopilot(*set, now, changes)),
            Command::Register(register) => self.register(*register, now, changes),
            Command::Deregister(what) => self.deregister(&what, now, changes),
            Command::Local(write) => self.write_local(*write, now, changes),
            Command::Restore(rows) => Ok(self.replace(rows, now, changes)),
            Command::SetConfigEntry(entry, cas) => self.set_config_entry(*entry, cas, now, changes),
            Command::DeleteConfigEntry { kind, name } => {
                self.delete_config_entry(&kind, &name, now, changes)
            }
            Command::Intention(change) => self.change_intention(change, now, changes),
            Command::Acl(command) => self.apply_acl(command, now, changes).map(Reply::Acl),
            Command::PreparedQuery(write) => self.write_prepared_query(write, now, changes),
            Command::FireEvent(spec) => self.fire_event(*spec, changes),
            Command::UpdateCoordinate(located) => self.update_coordinate(*located, now, changes),
        }
    }

    /// Ends the sessions whose time is up, and forgets old tombstones.
    pub(crate) fn expire(&mut self, now: Time, changes: &mut Changes) {
        for id in self.sessions.due(now) {
            Step::begin(self, now, changes).end_session(id);
        }
        self.expire_local(now, changes);
        self.expire_acl(now, changes);
        for key in self.tombstones.reap(now) {
            changes.rows.push(AnyRow::Consul(Row::Tombstone(key, None)));
        }
    }

    pub(crate) fn next_deadline(&self) -> Option<Time> {
        let deadlines = [
            self.sessions.next_deadline(),
            self.tombstones.next_reap(),
            self.local.next_deadline(),
            self.next_acl_end(),
        ];
        deadlines.into_iter().flatten().min()
    }

    /// Runs `work` at the next index. When it fails, the index is spent and nothing else is
    /// changed.
    pub(super) fn atomically<T, E>(
        &mut self,
        now: Time,
        changes: &mut Changes,
        work: impl FnOnce(&mut Step<'_>) -> Result<T, E>,
    ) -> Result<T, E> {
        let before = self.clone();
        let mark = changes.mark();
        let result = work(&mut Step::begin(self, now, changes));
        if result.is_err() {
            let failed = std::mem::replace(self, before);
            self.indexes.keep_counter_of(&failed.indexes);
            changes.undo_to(&mark);
        }
        result
    }
}

/// One write in progress: everything that it changes gets the same index.
pub(super) struct Step<'a> {
    pub(super) state: &'a mut State,
    pub(super) changes: &'a mut Changes,
    pub(super) index: u64,
    pub(super) now: Time,
}

impl<'a> Step<'a> {
    /// Spends the next index on a write.
    pub(super) fn begin(state: &'a mut State, now: Time, changes: &'a mut Changes) -> Self {
        let index = state.indexes.advance();
        Self {
            state,
            changes,
            index,
            now,
        }
    }

    /// Says that `table` changed.
    pub(super) fn touch(&mut self, table: Table) {
        self.state.indexes.touch(table, self.index);
        self.changes.indexes_moved = true;
        self.wake(Topic::Table(table));
    }

    /// Says that the readers of `topic` have something to see.
    pub(super) fn wake(&mut self, topic: Topic) {
        self.changes.wakes.push(Wake::Topic(topic));
    }

    /// Says that `row` has to be stored.
    pub(super) fn store(&mut self, row: Row) {
        self.changes.rows.push(AnyRow::Consul(row));
    }
}
