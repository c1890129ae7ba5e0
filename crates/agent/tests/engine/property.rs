//! Random histories: the engine against the naive model, and against its own promises.

use std::collections::BTreeMap;

use bytes::Bytes;
use proptest::prelude::*;
use quorate_agent::engine::consul::{
    Command, Delete, KvOp, KvVerb, PutMode, Refusal, Reply, Row, SessionId, SessionSpec, TxnOp,
};
use quorate_agent::engine::{self, Engine, Time, Wake};

use crate::model::{Entry, Lease, Model, Op};
use crate::world::{World, bytes};

const KEYS: [&str; 8] = ["a", "a/", "a/b", "a/b/c", "ab", "b", "b/x", "c"];
const PREFIXES: [&str; 8] = ["", "a", "a/", "a/b", "a/b/", "ab", "b", "z"];
const VERBS: [KvVerb; 12] = [
    KvVerb::Set,
    KvVerb::Cas,
    KvVerb::Lock,
    KvVerb::Unlock,
    KvVerb::Get,
    KvVerb::GetTree,
    KvVerb::CheckIndex,
    KvVerb::CheckSession,
    KvVerb::CheckNotExists,
    KvVerb::Delete,
    KvVerb::DeleteTree,
    KvVerb::DeleteCas,
];
/// The verbs that have a request of their own; they come first in [`VERBS`] of writes.
const WRITES: [KvVerb; 7] = [
    KvVerb::Set,
    KvVerb::Cas,
    KvVerb::Lock,
    KvVerb::Unlock,
    KvVerb::Delete,
    KvVerb::DeleteTree,
    KvVerb::DeleteCas,
];

#[derive(Clone, Debug)]
enum Step {
    Write(Draft),
    Txn(Vec<Draft>),
    Create {
        session: u8,
        deletes: bool,
        delay: u64,
        ttl: Option<u64>,
    },
    Destroy(u8),
    Renew(u8),
    Pass(u64),
    Restart,
}

/// An operation whose index is still to be chosen: the key's own, or something else.
#[derive(Clone, Debug)]
struct Draft {
    verb: KvVerb,
    place: usize,
    value: u8,
    own_index: bool,
    session: u8,
}

impl Draft {
    fn op(&self, model: &Model) -> Op {
        let tree = matches!(self.verb, KvVerb::DeleteTree | KvVerb::GetTree);
        let key = if tree {
            PREFIXES[self.place]
        } else {
            KEYS[self.place]
        };
        let own = model.entries.get(key).map_or(0, |entry| entry.modify_index);
        Op {
            verb: self.verb,
            key,
            value: self.value,
            index: if self.own_index { own } else { 3 },
            session: id(self.session),
        }
    }
}

fn id(session: u8) -> SessionId {
    SessionId::from_bytes([session; 16])
}

fn draft(verbs: &'static [KvVerb]) -> impl Strategy<Value = Draft> {
    let verb = prop::sample::select(verbs);
    (verb, 0..KEYS.len(), 0..3u8, any::<bool>(), 1..4u8).prop_map(
        |(verb, place, value, own_index, session)| Draft {
            verb,
            place,
            value,
            own_index,
            session,
        },
    )
}

fn step() -> impl Strategy<Value = Step> {
    let ttl = prop::option::of(10..40u64);
    let create = (
        1..4u8,
        any::<bool>(),
        prop::sample::select(vec![0, 5, 90]),
        ttl,
    );
    prop_oneof![
        10 => draft(&WRITES).prop_map(Step::Write),
        4 => prop::collection::vec(draft(&VERBS), 1..5).prop_map(Step::Txn),
        4 => create.prop_map(|(session, deletes, delay, ttl)| {
            Step::Create { session, deletes, delay, ttl }
        }),
        1 => (1..4u8).prop_map(Step::Destroy),
        1 => (1..4u8).prop_map(Step::Renew),
        2 => prop::sample::select(vec![1, 7, 30, 400]).prop_map(Step::Pass),
        1 => Just(Step::Restart),
    ]
}

/// The engine, the model, the rows that a store would have, and what readers saw last.
struct Run {
    world: World,
    model: Model,
    stored: BTreeMap<String, engine::Row>,
    seen: BTreeMap<&'static str, (u64, Vec<String>)>,
}

impl Run {
    fn new() -> Self {
        let world = World::new();
        let mut run = Self {
            model: Model {
                index: world.index(),
                ..Model::default()
            },
            world,
            stored: BTreeMap::new(),
            seen: BTreeMap::new(),
        };
        run.store();
        run
    }

    fn store(&mut self) {
        let rows = std::mem::take(&mut self.world.changes.rows);
        for row in rows.into_iter().chain([self.world.engine.index_row(0)]) {
            let (key, gone) = row_key(&row);
            if gone {
                self.stored.remove(&key)
            } else {
                self.stored.insert(key, row)
            };
        }
    }

    fn take(&mut self, step: &Step) {
        match step {
            Step::Write(draft) => self.write(&draft.op(&self.model)),
            Step::Txn(drafts) => {
                let ops: Vec<Op> = drafts.iter().map(|draft| draft.op(&self.model)).collect();
                self.txn(&ops);
            }
            Step::Create {
                session,
                deletes,
                delay,
                ttl,
            } => {
                self.create(id(*session), *deletes, *delay, *ttl);
            }
            Step::Destroy(session) => {
                self.world.destroy(id(*session));
                self.model.end(id(*session));
            }
            Step::Renew(session) => {
                let known = self.model.sessions.contains_key(&id(*session));
                assert_eq!(self.world.renew(id(*session)), known);
                self.model.renew(id(*session));
            }
            Step::Pass(seconds) => self.pass(*seconds),
            Step::Restart => self.restart(),
        }
        self.store();
        self.compare();
    }

    fn write(&mut self, op: &Op) {
        let session = op.session.to_string();
        let put = |world: &mut World, mode| {
            let put = world.put_with(op.key, &op.value.to_string(), 0, mode);
            match put {
                Err(Refusal::UnknownSession(_)) => None,
                other => Some(other.unwrap()),
            }
        };
        let world = &mut self.world;
        let applied = match op.verb {
            KvVerb::Set => put(world, PutMode::Set),
            KvVerb::Cas => put(world, PutMode::Cas(op.index)),
            KvVerb::Lock => put(world, PutMode::Acquire(session)),
            KvVerb::Unlock => put(world, PutMode::Release(session)),
            KvVerb::DeleteCas => Some(world.delete_cas(op.key, op.index)),
            KvVerb::DeleteTree => {
                let deleted = world.apply(Command::Delete(Delete::Tree(bytes(op.key))));
                Some(deleted == Ok(Reply::Applied(true)))
            }
            _ => {
                world.delete(op.key);
                Some(true)
            }
        };
        assert_eq!(applied, self.model.single(op), "{op:?}");
    }

    fn txn(&mut self, ops: &[Op]) {
        let list = ops.iter().map(|op| {
            TxnOp::Kv(KvOp {
                verb: op.verb,
                key: bytes(op.key),
                value: Bytes::from(op.value.to_string()),
                flags: 0,
                index: op.index,
                session: op.session.to_string(),
            })
        });
        let failed = match self.world.txn(list.collect()) {
            Ok(_) => Vec::new(),
            Err(failed) => failed.into_iter().map(|it| it.op_index).collect(),
        };
        assert_eq!(failed, self.model.txn(ops), "{ops:?}");
    }

    fn create(&mut self, id: SessionId, deletes: bool, delay: u64, ttl: Option<u64>) {
        let spec = SessionSpec {
            id,
            node: "n1".into(),
            behavior: if deletes { "delete" } else { "release" }.into(),
            lock_delay_nanos: i64::try_from(delay).unwrap() * 1_000_000_000,
            ttl: ttl.map(|ttl| format!("{ttl}s")).unwrap_or_default(),
            ..SessionSpec::default()
        };
        let created = self.world.create(spec).is_ok();
        assert_eq!(created, !self.model.sessions.contains_key(&id));
        if created {
            self.model.index += 1;
            let lease = Lease {
                deletes,
                delay,
                ttl,
                deadline: None,
            };
            self.model.sessions.insert(id, lease);
            self.model.renew(id);
        }
    }

    /// Stores what each moment changes; the readers start anew where tombstones are reaped.
    fn pass(&mut self, seconds: u64) {
        let end = self.world.now.elapsed().as_secs() + seconds;
        let tombstones = self.model.tombstones.len();
        while let Some(due) = self.world.engine.next_deadline() {
            if due.elapsed().as_secs() > end {
                break;
            }
            let wait = due.elapsed().as_secs() - self.world.now.elapsed().as_secs();
            self.world.pass(wait);
            self.store();
        }
        self.world.pass(end - self.world.now.elapsed().as_secs());
        self.model.pass(seconds);
        if self.model.tombstones.len() < tombstones {
            self.seen.clear();
        }
    }

    /// Goes on with the stored rows alone.
    fn restart(&mut self) {
        let rows = self.stored.values().cloned();
        self.world.engine = Engine::restore(rows, Time::START);
        self.world.now = Time::START;
        self.model.now = 0;
        self.model.delays.clear();
        let ids: Vec<SessionId> = self.model.sessions.keys().copied().collect();
        for id in ids {
            self.model.renew(id);
        }
        for (_, end) in self.model.tombstones.values_mut() {
            *end = 15 * 60;
        }
    }

    fn compare(&mut self) {
        let snapshot = self.world.engine.snapshot();
        let state = snapshot.consul();
        assert_eq!(self.world.index(), self.model.index);
        let entries: BTreeMap<String, Entry> = state
            .kv_list(b"")
            .value
            .iter()
            .map(|it| {
                let key = String::from_utf8(it.key.to_vec()).unwrap();
                let value = std::str::from_utf8(&it.value).unwrap().parse().unwrap();
                let entry = Entry {
                    value,
                    lock_index: it.lock_index,
                    session: it.session,
                    create_index: it.create_index,
                    modify_index: it.modify_index,
                };
                (key, entry)
            })
            .collect();
        assert_eq!(entries, self.model.entries);
        let sessions: Vec<_> = state.sessions().value.iter().map(|it| it.id).collect();
        assert_eq!(
            sessions,
            self.model.sessions.keys().copied().collect::<Vec<_>>()
        );
        for key in KEYS {
            assert_eq!(
                self.world.key_index(key),
                self.model.key_index(key),
                "{key}"
            );
        }
        for prefix in PREFIXES {
            self.look(prefix);
        }
        self.compare_rows();
    }

    /// What a watch on a prefix relies on: the index never goes back, and goes on with every
    /// change under the prefix.
    fn look(&mut self, prefix: &'static str) {
        let index = self.world.prefix_index(prefix);
        assert_eq!(index, self.model.prefix_index(prefix), "{prefix:?}");
        let under = self
            .model
            .entries
            .iter()
            .filter(|(key, _)| key.starts_with(prefix));
        let content: Vec<String> = under
            .map(|(key, entry)| format!("{key} {entry:?}"))
            .collect();
        if let Some((before, old)) = self.seen.get(prefix) {
            assert!(
                index >= *before,
                "the index of {prefix:?} went from {before} to {index}"
            );
            if *old != content {
                assert!(
                    index > *before,
                    "a change under {prefix:?} left the index at {index}"
                );
            }
        }
        self.seen.insert(prefix, (index, content));
    }

    /// The rows that were stored are the rows that are there.
    fn compare_rows(&self) {
        let rows = self
            .world
            .engine
            .snapshot()
            .consul()
            .rows()
            .collect::<Vec<_>>();
        let rows = rows.into_iter().map(engine::Row::Consul);
        let rows: BTreeMap<String, engine::Row> = rows.map(|row| (row_key(&row).0, row)).collect();
        assert_eq!(self.stored, rows);
    }
}

/// What tells a row from others, and whether it says that the row is gone.
fn row_key(row: &engine::Row) -> (String, bool) {
    let engine::Row::Consul(row) = row else {
        panic!("not a row of Consul's: {row:?}");
    };
    match row {
        Row::Kv(key, it) => (format!("kv {key:?}"), it.is_none()),
        Row::Tombstone(key, it) => (format!("tombstone {key:?}"), it.is_none()),
        Row::Session(key, it) => (format!("session {key}"), it.is_none()),
        Row::Node(key, it) => (format!("node {key}"), it.is_none()),
        Row::Service(key, it) => (format!("service {key:?}"), it.is_none()),
        Row::Check(key, it) => (format!("check {key:?}"), it.is_none()),
        Row::Indexes(_) => ("indexes".into(), false),
        other => panic!("unknown row: {other:?}"),
    }
}

proptest! {
    #![proptest_config(ProptestConfig { cases: 400, failure_persistence: None, ..ProptestConfig::default() })]

    #[test]
    fn any_history_follows_the_model(steps in prop::collection::vec(step(), 1..60)) {
        let mut run = Run::new();
        for step in &steps {
            run.take(step);
        }
    }

    #[test]
    fn a_change_wakes_the_readers_of_every_key_that_changed(
        steps in prop::collection::vec(step(), 1..40),
    ) {
        let mut run = Run::new();
        for step in &steps {
            let before = run.model.entries.clone();
            if let Step::Pass(_) | Step::Restart = step {
                run.take(step);
                continue;
            }
            run.take(step);
            let after = &run.model.entries;
            let wakes = &run.world.changes.wakes;
            for key in KEYS.iter().filter(|key| before.get(**key) != after.get(**key)) {
                let woken = wakes.iter().any(|wake| match wake {
                    Wake::Key(woken) => woken == key,
                    Wake::Tree(prefix) => key.as_bytes().starts_with(prefix),
                    _ => false,
                });
                prop_assert!(woken, "{key} changed in silence: {step:?}");
            }
            if before == *after {
                let silent = wakes.iter().all(|wake| matches!(wake, Wake::Topic(_)));
                prop_assert!(silent || matches!(step, Step::Txn(_)), "{step:?} woke {wakes:?}");
            }
        }
    }
}
