//! The state machine behind every protocol that the agent speaks.
//!
//! [`Engine::apply`] takes a command and the time, and returns the answer and what changed. It
//! has no clock, no randomness and no I/O: a history of commands gives the same state on every
//! run. All state lives in persistent maps, so that an [`Engine`] and its [`Snapshot`] are cheap
//! to clone: a batch that could not be stored is undone by going back to the clone.

use std::sync::Arc;
use std::time::SystemTime;

mod change;
mod command;
pub mod consul;
pub mod etcd2;
pub mod etcd3;
mod row;
mod snapshot;
mod time;

pub use change::{Changes, Topic, Wake};
pub use command::{Command, Reply};
pub use row::Row;
pub use snapshot::Snapshot;
pub use time::Time;

/// The state of all protocols, and the one way to change it.
#[derive(Clone, Debug, Default)]
pub struct Engine {
    /// Shared with the snapshots, so that one costs nothing for what a batch leaves as it is.
    consul: Arc<consul::State>,
    etcd2: Arc<etcd2::State>,
    etcd3: Arc<etcd3::State>,
}

impl Engine {
    /// An empty state whose first write gets an index above `index`. Real servers spend their
    /// first ten indexes on themselves, so pass at least 10: clients take 1 for "no index yet".
    #[must_use]
    pub fn starting_at(index: u64) -> Self {
        Self {
            consul: Arc::new(consul::State::starting_at(index)),
            ..Self::default()
        }
    }

    /// The state that `rows` describe. Timers are not stored: TTLs and the life of tombstones
    /// start again at `now`, as they do on a real server whose leader changes.
    #[must_use]
    pub fn restore(rows: impl IntoIterator<Item = Row>, now: Time) -> Self {
        let mut consul = consul::State::default();
        let mut etcd2 = etcd2::State::default();
        let mut etcd3 = etcd3::State::default();
        for row in rows {
            match row {
                Row::Consul(row) => consul.restore(row, now),
                Row::Etcd2(row) => etcd2.restore(row),
                Row::Etcd3(row) => etcd3.restore(row, now),
            }
        }
        consul.restart_service_indexes();
        etcd2.restored();
        etcd3.restored();
        Self {
            consul: Arc::new(consul),
            etcd2: Arc::new(etcd2),
            etcd3: Arc::new(etcd3),
        }
    }

    /// Says what the clock showed at the start of the engine's own, by which tokens and etcd's
    /// keys end. Without it tokens end only where they are used, and the time of keys is counted
    /// from 1970.
    pub fn set_started(&mut self, clock: SystemTime) {
        Arc::make_mut(&mut self.consul).set_started(clock);
        Arc::make_mut(&mut self.etcd2).set_started(clock);
    }

    /// Applies one command at `now`, and says what changed.
    pub fn apply(&mut self, command: Command, now: Time) -> (Reply, Changes) {
        let mut changes = Changes::default();
        let reply = self.apply_into(command, now, &mut changes);
        (reply, changes)
    }

    /// As [`Engine::apply`], but adds to the changes of the commands before it.
    pub fn apply_into(&mut self, command: Command, now: Time, changes: &mut Changes) -> Reply {
        match command {
            Command::Consul(command) => {
                let state = Arc::make_mut(&mut self.consul);
                Reply::Consul(state.apply(command, now, changes))
            }
            Command::Etcd2(command) => {
                let state = Arc::make_mut(&mut self.etcd2);
                Reply::Etcd2(state.apply(command, now, changes))
            }
            Command::Etcd3(command) => {
                let state = Arc::make_mut(&mut self.etcd3);
                Reply::Etcd3(state.apply(command, now, changes))
            }
            Command::Expire => {
                Arc::make_mut(&mut self.consul).expire(now, changes);
                Arc::make_mut(&mut self.etcd2).expire(now, changes);
                Arc::make_mut(&mut self.etcd3).expire(now, changes);
                Reply::Expired
            }
        }
    }

    /// When [`Command::Expire`] next has something to do, if ever.
    #[must_use]
    pub fn next_deadline(&self) -> Option<Time> {
        let deadlines = [
            self.consul.next_deadline(),
            self.etcd2.next_deadline(),
            self.etcd3.next_deadline(),
        ];
        deadlines.into_iter().flatten().min()
    }

    /// The highest index that was given out in Consul's state.
    #[must_use]
    pub fn last_index(&self) -> u64 {
        self.consul.indexes().last()
    }

    /// Everything that is stored, as rows.
    pub fn rows(&self) -> impl Iterator<Item = Row> + '_ {
        let consul = self.consul.rows().map(Row::Consul);
        consul
            .chain(self.etcd2.rows().map(Row::Etcd2))
            .chain(self.etcd3.rows().map(Row::Etcd3))
    }

    /// The row that keeps indexes from going back after a restart. It claims every index up to
    /// `ahead` beyond the last one, so that writes that change no row need not be stored.
    #[must_use]
    pub fn index_row(&self, ahead: u64) -> Row {
        Row::Consul(consul::Row::Indexes(self.consul.indexes().claimed(ahead)))
    }

    /// What readers see until the next snapshot.
    #[must_use]
    pub fn snapshot(&self) -> Snapshot {
        Snapshot::new(
            Arc::clone(&self.consul),
            Arc::clone(&self.etcd2),
            Arc::clone(&self.etcd3),
        )
    }
}
