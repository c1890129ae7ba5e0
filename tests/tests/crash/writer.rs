use std::time::Duration;

use quorate_consul::{Client, Error, Outcome, SessionRequest, TxnOutcome};

use crate::model::{Cell, Model, Op};
use quorate_conformance::random::Random;

/// One client with keys and a session of its own, and what it knows of them.
pub(crate) struct Writer {
    number: usize,
    random: Random,
    model: Model,
    /// The operation whose answer was lost.
    pending: Option<Op>,
    written: u64,
    highest_index: u64,
    acknowledged: u64,
    unknown: u64,
}

/// Writes one key and returns its new ModifyIndex.
pub(crate) async fn set(client: &Client, key: &str, value: &str) -> Result<u64, Error> {
    committed_index(client.txn().set(key, value.to_owned()).commit().await?)
}

fn committed_index(outcome: TxnOutcome) -> Result<u64, Error> {
    match outcome {
        TxnOutcome::Committed(answer) => Ok(answer
            .value
            .last()
            .unwrap()
            .kv
            .as_ref()
            .unwrap()
            .modify_index),
        TxnOutcome::RolledBack(errors) => panic!("refused: {errors:?}"),
    }
}

impl Writer {
    pub(crate) fn new(number: usize, seed: u64) -> Self {
        Self {
            number,
            random: Random::new(seed),
            model: Model::default(),
            pending: None,
            written: 0,
            highest_index: 0,
            acknowledged: 0,
            unknown: 0,
        }
    }

    pub(crate) fn number(&self) -> usize {
        self.number
    }

    pub(crate) fn highest_index(&self) -> u64 {
        self.highest_index
    }

    pub(crate) fn acknowledged(&self) -> u64 {
        self.acknowledged
    }

    pub(crate) fn unknown(&self) -> u64 {
        self.unknown
    }

    fn prefix(&self) -> String {
        format!("crash/{}/", self.number)
    }

    /// Writes until the first failure: the agent was killed.
    pub(crate) async fn run(&mut self, client: &Client) {
        loop {
            let op = self.choose();
            match execute(client, &op, &mut self.model).await {
                Ok(index) => {
                    self.model.apply(&op, index);
                    self.highest_index = self.highest_index.max(index.unwrap_or(0));
                    self.acknowledged += 1;
                }
                Err(error) => {
                    // An error that says "it did not happen" is taken at its word.
                    if error.outcome() != Outcome::DidNotHappen {
                        self.pending = Some(op);
                        self.unknown += 1;
                    }
                    return;
                }
            }
        }
    }

    /// Compares what the server has with what it must have, and goes on from there.
    pub(crate) async fn verify(&mut self, client: &Client) -> Result<(), String> {
        let found = self.read(client).await;
        let mut after = self.model.clone();
        let pending = self.pending.take();
        if let Some(op) = &pending {
            after.apply(op, None);
        }
        if self.model.describes(&found) || (pending.is_some() && after.describes(&found)) {
            self.model = found;
            return Ok(());
        }
        let (number, model) = (self.number, &self.model);
        Err(format!(
            "writer {number} must see\n{model:#?}\nor that with {pending:?}, and sees\n{found:#?}"
        ))
    }

    async fn read(&self, client: &Client) -> Model {
        let entries = client.kv().list(&self.prefix()).await.unwrap();
        let cells = entries.into_iter().map(|entry| {
            let value = String::from_utf8(entry.value.to_vec()).unwrap();
            let index = Some(entry.modify_index);
            (
                entry.key,
                Cell {
                    value,
                    session: entry.session,
                    index,
                },
            )
        });
        let session = match &self.model.session {
            Some(id) => client
                .session()
                .info(id)
                .await
                .unwrap()
                .map(|session| session.id),
            None => None,
        };
        Model {
            cells: cells.collect(),
            session,
        }
    }

    fn choose(&mut self) -> Op {
        self.written += 1;
        let value = format!("{}-{}", self.number, self.written);
        let prefix = self.prefix();
        let name = |number: u64| format!("{prefix}{number}");
        let (first, second) = (self.random.below(6), self.random.below(6));
        let (key, other) = (name(first), name((first + 1 + second % 5) % 6));
        let held = self
            .model
            .cells
            .get(&key)
            .and_then(|cell| cell.session.clone());
        match (self.random.below(16), self.model.session.clone(), held) {
            (0, ..) => Op::Delete { key },
            (1, ..) if second == 0 => Op::DeleteTree {
                prefix: self.prefix(),
            },
            (2, Some(session), _) => Op::DestroySession { session },
            (_, None, _) => Op::CreateSession,
            (3..=6, _, Some(session)) => Op::Release {
                key,
                value,
                session,
            },
            (3..=6, Some(session), None) => Op::Acquire {
                key,
                value,
                session,
            },
            (7..=9, ..) => Op::Pair {
                keys: [key, other],
                value,
            },
            _ => Op::Put { key, value },
        }
    }
}

/// Runs `op` and returns the ModifyIndex where the answer tells it.
async fn execute(client: &Client, op: &Op, model: &mut Model) -> Result<Option<u64>, Error> {
    let kv = client.kv();
    match op {
        Op::Put { key, value } if value.ends_with(['1', '3', '5', '7', '9']) => {
            kv.put(key, value.clone()).await?;
        }
        Op::Put { key, value } => return set(client, key, value).await.map(Some),
        Op::Pair {
            keys: [first, second],
            value,
        } => {
            let txn = client
                .txn()
                .set(first, value.clone())
                .set(second, value.clone());
            return committed_index(txn.commit().await?).map(Some);
        }
        Op::Delete { key } => kv.delete(key).await?,
        Op::DeleteTree { prefix } => kv.delete_tree(prefix).await?,
        Op::Acquire {
            key,
            value,
            session,
        } => {
            assert!(
                kv.acquire(key, value.clone(), session).await?,
                "{key} was free"
            );
        }
        Op::Release {
            key,
            value,
            session,
        } => {
            assert!(
                kv.release(key, value.clone(), session).await?,
                "{key} was held"
            );
        }
        Op::CreateSession => {
            let request = SessionRequest::new().with_lock_delay(Duration::ZERO);
            model.session = Some(client.session().create_no_checks(&request).await?);
        }
        Op::DestroySession { session } => client.session().destroy(session).await?,
    }
    Ok(None)
}
