//! etcd's v2 key space: the rules of writes, watches, time and users.

mod auth;
mod expiry;
mod model;
mod restart;
mod watch;
mod write;

use std::sync::Arc;
use std::time::Duration;

use quorate_agent::engine::etcd2::{
    Command, Condition, Event, KeyRefusal, Op, Problem, Put, Refusal, Reply, Seen, Watch, Write,
    clean,
};
use quorate_agent::engine::{self, Changes, Engine, Time};

/// An engine, and a clock that only moves when told.
struct Tree {
    engine: Engine,
    now: Time,
    changes: Changes,
}

impl Tree {
    fn new() -> Self {
        Self {
            engine: Engine::starting_at(10),
            now: Time::START,
            changes: Changes::default(),
        }
    }

    fn apply(&mut self, command: Command) -> Result<Reply, Refusal> {
        let (reply, changes) = self.engine.apply(command.into(), self.now);
        self.changes = changes;
        match reply {
            engine::Reply::Etcd2(reply) => reply,
            other => panic!("not a reply to a command of etcd's: {other:?}"),
        }
    }

    fn write(&mut self, key: &str, op: Op) -> Result<Arc<Event>, KeyRefusal> {
        let key = clean(key);
        match self.apply(Command::Write(Box::new(Write { key, op }))) {
            Ok(Reply::Event(event)) => Ok(event),
            Err(Refusal::Key(refusal)) => Err(refusal),
            other => panic!("not what a write comes to: {other:?}"),
        }
    }

    fn set(&mut self, key: &str, value: &str) -> Arc<Event> {
        self.write(key, set(put(value))).unwrap()
    }

    fn mkdir(&mut self, key: &str) -> Arc<Event> {
        self.write(key, create(dir())).unwrap()
    }

    fn delete(&mut self, key: &str) -> Arc<Event> {
        self.write(key, delete(true)).unwrap()
    }

    fn index(&self) -> u64 {
        self.engine.snapshot().etcd2().index()
    }

    /// The value of a file; `dir` of a directory, and nothing of what is not there.
    fn get(&self, key: &str) -> Option<String> {
        let snapshot = self.engine.snapshot();
        let node = snapshot.etcd2().get(key).ok()?;
        let text = |value: &bytes::Bytes| String::from_utf8(value.to_vec()).unwrap();
        Some(node.value().map_or_else(|| "dir".into(), text))
    }

    /// Lets time pass, and ends what is due at each moment on the way.
    fn pass(&mut self, seconds: u64) {
        let end = self.now.after(Duration::from_secs(seconds));
        while let Some(due) = self.engine.next_deadline().filter(|due| *due <= end) {
            self.now = due;
            self.changes = self.engine.apply(engine::Command::Expire, due).1;
        }
        self.now = end;
    }

    fn watch(&self, key: &str, recursive: bool, since: u64) -> Result<Watch, KeyRefusal> {
        let snapshot = self.engine.snapshot();
        Watch::begin(snapshot.etcd2(), clean(key), recursive, since, false)
    }

    /// The indexes of all that `watch` has to see.
    fn seen(&self, watch: &mut Watch) -> Vec<u64> {
        let snapshot = self.engine.snapshot();
        let mut seen = Vec::new();
        while let Seen::Event(event) = watch.look(snapshot.etcd2()) {
            seen.push(event.index);
        }
        seen
    }
}

fn put(value: &str) -> Put {
    Put {
        value: value.to_owned().into(),
        ..Put::default()
    }
}

fn lasting(value: &str, seconds: u64) -> Put {
    Put {
        ttl: Some(seconds),
        ..put(value)
    }
}

fn dir() -> Put {
    Put {
        dir: true,
        ..Put::default()
    }
}

fn set(put: Put) -> Op {
    Op::Set {
        put,
        refresh: false,
    }
}

fn create(put: Put) -> Op {
    Op::Create {
        put,
        in_order: false,
    }
}

fn update(put: Put) -> Op {
    Op::Update {
        put,
        refresh: false,
    }
}

fn delete(recursive: bool) -> Op {
    Op::Delete {
        dir: recursive,
        recursive,
    }
}

fn expecting(value: &str, index: u64) -> Condition {
    Condition {
        value: value.to_owned().into(),
        index,
    }
}

fn swap(condition: Condition, put: Put) -> Op {
    Op::CompareAndSwap {
        condition,
        put,
        refresh: false,
    }
}

/// What was refused, in short.
fn told(result: Result<Arc<Event>, KeyRefusal>) -> (Problem, String) {
    let refusal = result.unwrap_err();
    (refusal.problem, refusal.cause.into())
}
