use std::sync::Arc;
use std::time::{Duration, SystemTime, UNIX_EPOCH};

use rpds::RedBlackTreeSetSync;

use super::auth::Auth;
use super::command::{Command, Op, Reply, Write};
use super::event::Event;
use super::history::History;
use super::node::Node;
use super::path;
use super::refusal::{KeyRefusal, Refusal};
use super::row::Row;
use super::stats::{Kind, Stats};
use crate::engine::change::{Changes, Topic, Wake};
use crate::engine::{Row as AnyRow, Time};

/// The index of a store that nothing was written to: the real server spends its first ones on
/// itself.
pub const FIRST_INDEX: u64 = 3;

/// etcd's v2 state at one moment. Cheap to clone: everything is shared until it changes.
#[derive(Clone, Debug)]
pub struct State {
    pub(super) root: Arc<Node>,
    pub(super) index: u64,
    pub(super) history: History,
    /// What expires, soonest first.
    pub(super) deadlines: RedBlackTreeSetSync<(i64, Box<str>)>,
    /// The time of the clock at the start of the engine's own, in nanoseconds since 1970.
    started: i64,
    pub(super) stats: Stats,
    pub(super) auth: Auth,
    pub(super) peers: Option<Arc<[String]>>,
}

impl Default for State {
    fn default() -> Self {
        Self {
            root: Arc::new(Node::dir(0, None)),
            index: FIRST_INDEX,
            history: History::default(),
            deadlines: RedBlackTreeSetSync::default(),
            started: 0,
            stats: Stats::default(),
            auth: Auth::default(),
            peers: None,
        }
    }
}

impl State {
    /// The index of the newest change.
    #[must_use]
    pub fn index(&self) -> u64 {
        self.index
    }

    /// The node at `key`, which must be [`clean`](super::clean).
    ///
    /// # Errors
    /// [`Problem::NotFound`](super::Problem::NotFound) or
    /// [`Problem::NotDir`](super::Problem::NotDir), whichever comes first on the way.
    pub fn get(&self, key: &str) -> Result<&Arc<Node>, KeyRefusal> {
        self.root
            .find(key)
            .map_err(|refusal| refusal.at(self.index))
    }

    /// The last events.
    #[must_use]
    pub fn history(&self) -> &History {
        &self.history
    }

    /// How often writes succeeded and failed.
    #[must_use]
    pub fn stats(&self) -> &Stats {
        &self.stats
    }

    /// The users and roles.
    #[must_use]
    pub fn auth(&self) -> &Auth {
        &self.auth
    }

    /// Where the agent's own member would be reached by others, if a client has said so.
    #[must_use]
    pub fn peers(&self) -> Option<&Arc<[String]>> {
        self.peers.as_ref()
    }

    /// The time of the clock at `now`, in nanoseconds since 1970.
    #[must_use]
    pub fn clock(&self, now: Time) -> i64 {
        let elapsed = i64::try_from(now.elapsed().as_nanos()).unwrap_or(i64::MAX);
        self.started.saturating_add(elapsed)
    }

    /// Says what the clock showed at the start of the engine's own.
    pub(crate) fn set_started(&mut self, clock: SystemTime) {
        let since = clock.duration_since(UNIX_EPOCH).unwrap_or_default();
        self.started = i64::try_from(since.as_nanos()).unwrap_or(i64::MAX);
    }

    pub(crate) fn apply(
        &mut self,
        command: Command,
        now: Time,
        changes: &mut Changes,
    ) -> Result<Reply, Refusal> {
        let mut step = self.step(now, changes);
        match command {
            Command::Write(write) => Ok(Reply::Event(step.write(*write)?)),
            Command::Auth(command) => Ok(Reply::Auth(step.change_auth(*command)?)),
            Command::SetPeers(peers) => {
                step.set_peers(peers);
                Ok(Reply::Done)
            }
        }
    }

    pub(super) fn step<'a>(&'a mut self, now: Time, changes: &'a mut Changes) -> Step<'a> {
        let now = self.clock(now);
        Step {
            state: self,
            changes,
            now,
        }
    }

    /// Everything that is stored, as rows.
    pub fn rows(&self) -> impl Iterator<Item = Row> + '_ {
        let mut nodes = Vec::new();
        self.root.descend("/", &mut |key: &str, node: &Arc<Node>| {
            nodes.push(Row::Node(key.into(), Some(Arc::clone(node))));
        });
        let events = self.history.stored().cloned().map(Row::event);
        nodes
            .into_iter()
            .chain(events)
            .chain(self.auth.rows())
            .chain(self.peers.clone().map(Row::Peers))
    }

    pub(crate) fn restore(&mut self, row: Row) {
        match row {
            Row::Node(key, Some(node)) => self.restore_node(&key, node),
            Row::Event(_, Some(event)) => {
                self.index = self.index.max(event.index);
                self.history.restore(event);
            }
            Row::Peers(peers) => self.peers = Some(peers),
            row @ (Row::User(..) | Row::Role(..) | Row::Flags(_)) => self.auth.restore(row),
            Row::Node(_, None) | Row::Event(_, None) => {}
        }
    }

    /// Rows come in any order: a directory may follow what is in it.
    fn restore_node(&mut self, key: &str, node: Arc<Node>) {
        if let Some(at) = node.expiration {
            self.deadlines.insert_mut((at, key.into()));
        }
        let known = self.root.find(key).ok().filter(|_| node.is_dir());
        let node = match known.map(|known| known.content.clone()) {
            None => node,
            Some(content) => Arc::new(Node {
                content,
                ..Node::clone(&node)
            }),
        };
        self.root.place(key, node, 0, &mut |_, _| {});
    }

    /// To be called when all rows are restored.
    pub(crate) fn restored(&mut self) {
        self.history.restored(FIRST_INDEX + 1);
    }

    /// When something expires next.
    pub(crate) fn next_deadline(&self) -> Option<Time> {
        let (at, _) = self.deadlines.first()?;
        let left = at.saturating_sub(self.started).max(0);
        let left = u64::try_from(left).unwrap_or(0);
        Some(Time::since_start(Duration::from_nanos(left)))
    }
}

/// One change in progress.
pub(super) struct Step<'a> {
    pub(super) state: &'a mut State,
    pub(super) changes: &'a mut Changes,
    /// The time of the clock, in nanoseconds since 1970.
    pub(super) now: i64,
}

impl Step<'_> {
    fn write(&mut self, write: Write) -> Result<Arc<Event>, KeyRefusal> {
        let Write { key, op } = write;
        let (result, kind) = match op {
            Op::Set { put, refresh } => (self.set(key, put, refresh), Kind::Set),
            Op::Create { put, in_order } => (self.create(key, put, in_order), Kind::Create),
            Op::Update { put, refresh } => (self.update(key, put, refresh), Kind::Update),
            Op::CompareAndSwap {
                condition,
                put,
                refresh,
            } => (self.swap(key, &condition, put, refresh), Kind::Swap),
            Op::Delete { dir, recursive } => (self.delete(&key, dir, recursive), Kind::Delete),
            Op::CompareAndDelete(condition) => (
                self.compare_and_delete(&key, &condition),
                Kind::ComparedDelete,
            ),
        };
        self.state.stats.of(kind).count(result.is_ok());
        result.map_err(|refusal| refusal.at(self.state.index))
    }

    /// The index that the next change gets.
    pub(super) fn next_index(&self) -> u64 {
        self.state.index + 1
    }

    /// When something that lives `ttl` seconds from now on ends. It is at most the year 2262,
    /// where 64 bits of nanoseconds end, and the real server's reckoning breaks.
    pub(super) fn expiration(&self, ttl: Option<u64>) -> Option<i64> {
        let nanos = i128::from(ttl?) * 1_000_000_000 + i128::from(self.now);
        Some(i64::try_from(nanos).unwrap_or(i64::MAX))
    }

    /// Puts a node into the tree, stores it, and sees to its end.
    pub(super) fn put_node(&mut self, key: &str, node: Node, before: Option<&Node>) {
        let index = self.next_index();
        self.forget_deadline(key, before);
        if let Some(at) = node.expiration {
            self.state.deadlines.insert_mut((at, key.into()));
        }
        let node = Arc::new(node);
        let rows = &mut self.changes.rows;
        let mut store = |key: &str, node: &Arc<Node>| {
            let row = Row::Node(key.into(), Some(Arc::clone(node)));
            rows.push(AnyRow::Etcd2(row));
        };
        store(key, &node);
        self.state.root.place(key, node, index, &mut store);
    }

    /// No longer waits for the end of the node that stands at `key`.
    pub(super) fn forget_deadline(&mut self, key: &str, node: Option<&Node>) {
        if let Some(at) = node.and_then(|node| node.expiration) {
            let entry: (i64, Box<str>) = (at, key.into());
            self.state.deadlines.remove_mut(&entry);
        }
    }

    /// Counts the change, writes it into the history, and wakes who waits for it.
    pub(super) fn record(&mut self, event: Event) -> Arc<Event> {
        self.state.index = event.index;
        if !event.refresh {
            self.wake(&event);
        }
        let event = Arc::new(event);
        let pushed = self.state.history.push(Arc::clone(&event));
        for index in pushed.gone {
            self.store(Row::no_event(index));
        }
        if pushed.turn {
            self.changes.wakes.push(Wake::Topic(Topic::Etcd2Turn));
        }
        self.store(Row::event(Arc::clone(&event)));
        event
    }

    /// Wakes those who watch the key, a directory above it, or what went with it.
    fn wake(&mut self, event: &Event) {
        if event.key.is_empty() {
            return;
        }
        let wakes = &mut self.changes.wakes;
        let mut wake = |topic| wakes.push(Wake::Topic(topic));
        for dir in path::above(&event.key) {
            wake(Topic::Etcd2Tree(dir.into()));
        }
        let removed = event.removed.as_deref().unwrap_or_default();
        for key in removed.iter().chain([&event.key]) {
            wake(Topic::Etcd2Key(key.clone()));
            wake(Topic::Etcd2Tree(key.clone()));
        }
    }

    /// Says that `row` has to be stored.
    pub(super) fn store(&mut self, row: Row) {
        self.changes.rows.push(AnyRow::Etcd2(row));
    }
}
