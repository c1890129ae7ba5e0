//! One who writes below a directory of its own.

use std::sync::atomic::{AtomicU64, Ordering::Relaxed};
use std::time::Duration;

use anyhow::{bail, ensure};
use bytes::Bytes;
use quorate_conformance::random::Random;
use quorate_etcd::v3::{
    Client, DeleteOptions, Error, KeyRange, LeaseId, Outcome, PutOptions, Txn, TxnOp,
};

use super::model::{Model, Write};

/// Longer than the test takes.
const TTL: Duration = Duration::from_secs(3000);
const KEYS: u64 = 8;

pub(super) struct Writer {
    pub(super) number: usize,
    pub(super) highest: i64,
    random: Random,
    written: u64,
    model: Model,
    /// The write whose answer was lost.
    pending: Option<Write>,
}

impl Writer {
    pub(super) fn new(number: usize, seed: u64) -> Self {
        Self {
            number,
            highest: 0,
            random: Random::new(seed),
            written: 0,
            model: Model::default(),
            pending: None,
        }
    }

    /// All its keys.
    pub(super) fn range(&self) -> KeyRange {
        KeyRange::prefix(format!("crash/{}/", self.number))
    }

    fn key(&mut self) -> Bytes {
        let name = self.random.below(KEYS);
        format!("crash/{}/{name}", self.number).into()
    }

    /// Writes until the first failure: the server was killed.
    pub(super) async fn run(&mut self, client: &Client, told: &AtomicU64) -> anyhow::Result<()> {
        loop {
            let write = self.choose();
            match send(client, &write).await {
                Ok(revision) => {
                    self.model.apply(&write, revision);
                    self.highest = self.highest.max(revision.unwrap_or_default());
                    told.fetch_add(1, Relaxed);
                }
                Err(error) if error.outcome() == Outcome::Unknown => {
                    self.pending = Some(write);
                    return Ok(());
                }
                Err(error) if error.net().is_some() => return Ok(()),
                Err(error) => bail!("{write:?}: {error}"),
            }
        }
    }

    fn choose(&mut self) -> Write {
        self.written += 1;
        let value = Bytes::from(format!("{}-{}", self.number, self.written));
        let leases: Vec<_> = self.model.leases.iter().copied().collect();
        let key = self.key();
        let id = i64::try_from(self.random.number() >> 1).unwrap_or(1);
        match (self.random.below(12), leases.is_empty()) {
            (0, _) => Write::Delete {
                keys: KeyRange::key(key),
            },
            (1, _) => Write::Delete {
                keys: KeyRange::between(key, format!("crash/{}/4", self.number)),
            },
            (2 | 3, _) => self.txn(key, value),
            (4, _) if leases.len() < 4 => Write::Grant {
                lease: LeaseId::of(id).unwrap_or_else(|| unreachable!("{id} is not 0")),
            },
            (5, false) => Write::Revoke {
                lease: *self.random.pick(&leases),
            },
            (6..9, false) => Write::Put {
                key,
                value,
                lease: Some(*self.random.pick(&leases)),
            },
            _ => Write::Put {
                key,
                value,
                lease: None,
            },
        }
    }

    fn txn(&mut self, first: Bytes, value: Bytes) -> Write {
        let second = format!("crash/{}/second", self.number).into();
        let delete = format!("crash/{}/second-{}", self.number, self.random.below(2));
        Write::Txn {
            put: [first, second],
            value,
            delete: delete.into(),
        }
    }

    /// Compares what is there with what must be, and goes on from there.
    pub(super) async fn verify(&mut self, client: &Client) -> anyhow::Result<()> {
        let mut found = Model::read(client, &self.range(), None).await?;
        let all = client.leases().list().await?;
        let pending = self.pending.take();
        let asked = match &pending {
            Some(Write::Grant { lease }) => Some(*lease),
            _ => None,
        };
        let mine = |lease: &LeaseId| self.model.leases.contains(lease) || asked == Some(*lease);
        found.leases = all.into_iter().filter(mine).collect();
        let mut after = self.model.clone();
        if let Some(write) = &pending {
            after.apply(write, None);
        }
        ensure!(
            self.model.describes(&found) || after.describes(&found),
            "writer {} must have {:?}, found {found:?}; unknown is {pending:?}",
            self.number,
            self.model
        );
        self.model = found;
        self.leases_have_their_keys(client).await
    }

    async fn leases_have_their_keys(&self, client: &Client) -> anyhow::Result<()> {
        for lease in &self.model.leases {
            let info = client.leases().keys_of(*lease).await?;
            let mut keys = info
                .as_ref()
                .map(|info| info.keys.clone())
                .unwrap_or_default();
            keys.sort();
            let with_it = self
                .model
                .keys
                .values()
                .filter(|kv| kv.lease == Some(*lease));
            let expected: Vec<_> = with_it.map(|kv| kv.key.clone()).collect();
            ensure!(
                keys == expected,
                "lease {lease}: {info:?} instead of {expected:?}"
            );
            let granted = info.map(|info| info.granted);
            ensure!(granted == Some(TTL), "lease {lease} lives for {granted:?}");
        }
        Ok(())
    }
}

/// The revision of the write, if its answer tells it.
async fn send(client: &Client, write: &Write) -> Result<Option<i64>, Error> {
    let kv = client.kv();
    let header = match write {
        Write::Put { key, value, lease } => {
            let mut options = PutOptions::new();
            options.lease = *lease;
            kv.put_with(key, value.clone(), &options).await?.header
        }
        Write::Delete { keys } => kv.delete_range(keys, &DeleteOptions::new()).await?.header,
        Write::Txn { put, value, delete } => {
            let puts = put.iter().map(|key| TxnOp::put(key, value.clone()));
            let txn = puts.fold(Txn::new(), Txn::then);
            let txn = txn.then(TxnOp::delete(KeyRange::key(delete)));
            kv.txn(&txn).await?.header
        }
        Write::Grant { lease } => {
            client.leases().grant_with(*lease, TTL).await?;
            return Ok(None);
        }
        Write::Revoke { lease } => {
            client.leases().revoke(*lease).await?;
            return Ok(None);
        }
    };
    Ok(Some(header.revision))
}
