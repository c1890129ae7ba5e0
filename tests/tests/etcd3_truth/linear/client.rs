//! One client, and how the model's requests are asked of a server.

use std::sync::Arc;
use std::sync::atomic::{AtomicU64, Ordering::Relaxed};

use anyhow::{Context as _, bail};
use quorate_conformance::random::Random;
use quorate_etcd::v3::{
    Client, Cond, DeleteOptions, Error, KeyRange, KeyValue, Outcome, PutOptions, RangeOptions, Txn,
    TxnOp, TxnReply,
};
use quorate_testkit::linear::{Action, Condition, Recorder, Reply, Request, Seen};

/// What the keys of the model are called.
pub(super) struct Names {
    names: Vec<String>,
    single: u64,
    group: u64,
}

impl Names {
    pub(super) fn new(prefix: &str, single: usize, group: usize) -> Self {
        let name = |number| format!("{prefix}{number}");
        Self {
            names: (0..single + group).map(name).collect(),
            single: u64::try_from(single).unwrap_or_default(),
            group: u64::try_from(group).unwrap_or_default(),
        }
    }

    fn of(&self, key: usize) -> &str {
        &self.names[key]
    }
}

/// One who asks, again and again.
pub(super) struct Asker {
    pub(super) number: usize,
    pub(super) client: Client,
    pub(super) names: Arc<Names>,
    pub(super) random: Random,
    /// Values are never written twice.
    pub(super) values: Arc<AtomicU64>,
    pub(super) recorder: Recorder<Request, Reply>,
}

impl Asker {
    /// Asks for something and writes down what came of it.
    pub(super) async fn ask(&mut self) -> anyhow::Result<()> {
        let request = self.choose();
        let called = self.recorder.called(self.number, request.clone());
        match self.send(&request).await {
            Ok(reply) => called.answered(reply?),
            Err(error) => match error.outcome() {
                Outcome::DidNotHappen => called.did_not_happen(),
                Outcome::Unknown => called.unknown(),
                Outcome::Happened => bail!("it happened, and its answer makes no sense: {error}"),
            },
        }
        Ok(())
    }

    fn value(&self) -> u64 {
        self.values.fetch_add(1, Relaxed)
    }

    /// One that was written a short time ago: a guess that is right now and then.
    fn guess(&mut self) -> u64 {
        let last = self.values.load(Relaxed);
        last.saturating_sub(self.random.below(24))
    }

    fn below(&mut self, limit: u64) -> usize {
        usize::try_from(self.random.below(limit)).unwrap_or_default()
    }

    fn choose(&mut self) -> Request {
        if self.random.below(3) == 0 {
            return self.choose_group();
        }
        let key = self.below(self.names.single);
        let (value, guess) = (self.value(), self.guess());
        match self.random.below(10) {
            0..4 => Request::of(Action::Get(key)),
            4..6 => Request::of(Action::Put(key, value)),
            6 => Request::of(Action::Delete(key)),
            7 => Request::of(Action::Put(key, value))
                .when(Condition::Missing(key))
                .otherwise([Action::Get(key)]),
            8 => Request::of(Action::Put(key, value))
                .when(Condition::Is(key, guess))
                .otherwise([Action::Get(key)]),
            _ => Request::of(Action::Delete(key))
                .when(Condition::Is(key, guess))
                .otherwise([Action::Put(key, value)]),
        }
    }

    /// Several keys at once.
    fn choose_group(&mut self) -> Request {
        let (first, count) = (self.names.names.len(), self.names.group);
        let first = first - usize::try_from(count).unwrap_or_default();
        let all: Vec<_> = (first..self.names.names.len()).collect();
        let key = first + self.below(count);
        let other = *all.iter().rfind(|it| **it != key).unwrap_or(&key);
        let get = || all.iter().map(|key| Action::Get(*key));
        let guess = self.guess();
        match self.random.below(8) {
            0..3 => Request::all(get()),
            3 => Request::all(all.iter().map(|key| Action::Put(*key, self.value()))),
            4 => Request::all([Action::Delete(key), Action::Put(other, self.value())]),
            5 => Request::all([
                Action::Put(key, self.value()),
                Action::Put(other, self.value()),
            ])
            .when(Condition::Is(key, guess))
            .otherwise(get()),
            6 => Request::all([Action::Put(key, self.value()), Action::Get(other)])
                .when(Condition::Missing(key))
                .otherwise([Action::Delete(key), Action::Put(other, self.value())]),
            _ => Request::all([Action::Get(key), Action::Put(key, self.value())])
                .when(Condition::Missing(other))
                .otherwise(get()),
        }
    }

    async fn send(&self, request: &Request) -> Result<anyhow::Result<Reply>, Error> {
        match request.then[..] {
            [action] if request.conditions.is_empty() => self.send_one(action).await,
            _ => self.send_txn(request).await,
        }
    }

    async fn send_one(&self, action: Action) -> Result<anyhow::Result<Reply>, Error> {
        let (kv, key) = (self.client.kv(), self.names.of(action.key()));
        let (header, before) = match action {
            Action::Get(_) => {
                let range = KeyRange::key(key);
                let found = kv.range(&range, &RangeOptions::new()).await?;
                (found.header, found.kvs.into_iter().next())
            }
            Action::Put(_, value) => {
                let options = PutOptions::new().with_previous();
                let put = kv.put_with(key, value.to_string(), &options).await?;
                (put.header, put.previous)
            }
            Action::Delete(_) => {
                let options = DeleteOptions::new().with_previous();
                let deleted = kv.delete_range(&KeyRange::key(key), &options).await?;
                (deleted.header, deleted.previous.into_iter().next())
            }
        };
        let reply = |seen| Reply::new(header.revision).with_seen([seen]);
        Ok(seen(before.as_ref()).map(reply))
    }

    async fn send_txn(&self, request: &Request) -> Result<anyhow::Result<Reply>, Error> {
        let mut txn = Txn::new();
        for condition in &request.conditions {
            txn = txn.when(match *condition {
                Condition::Missing(key) => Cond::missing(self.names.of(key)),
                Condition::Is(key, value) => Cond::value(self.names.of(key)).is(value.to_string()),
            });
        }
        for action in &request.then {
            txn = txn.then(self.operation(*action));
        }
        for action in &request.otherwise {
            txn = txn.otherwise(self.operation(*action));
        }
        let done = self.client.kv().txn(&txn).await?;
        let before = done.replies.into_iter().map(before);
        let seen = before.map(|kv| seen(kv?.as_ref()));
        let seen: anyhow::Result<Vec<_>> = seen.collect();
        Ok(seen.map(|seen| {
            let reply = Reply::new(done.header.revision).with_seen(seen);
            if done.succeeded {
                reply
            } else {
                reply.failed()
            }
        }))
    }

    fn operation(&self, action: Action) -> TxnOp {
        let key = self.names.of(action.key());
        match action {
            Action::Get(_) => TxnOp::get(KeyRange::key(key)),
            Action::Put(_, value) => {
                let options = PutOptions::new().with_previous();
                TxnOp::put_with(key, value.to_string(), &options)
            }
            Action::Delete(_) => {
                let options = DeleteOptions::new().with_previous();
                TxnOp::delete_with(KeyRange::key(key), &options)
            }
        }
    }
}

/// How the key was before one operation of a transaction.
fn before(reply: TxnReply) -> anyhow::Result<Option<KeyValue>> {
    Ok(match reply {
        TxnReply::Range(range) => range.kvs.into_iter().next(),
        TxnReply::Put(put) => put.previous,
        TxnReply::Deleted(deleted) => deleted.previous.into_iter().next(),
        other => bail!("unexpected: {other:?}"),
    })
}

fn seen(kv: Option<&KeyValue>) -> anyhow::Result<Option<Seen>> {
    let Some(kv) = kv else { return Ok(None) };
    let value = kv
        .value_text()
        .parse()
        .context("a value that nobody wrote")?;
    let seen = Seen::new(value).at(kv.create_revision, kv.mod_revision, kv.version);
    Ok(Some(seen))
}
