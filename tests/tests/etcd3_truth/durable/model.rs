//! What one writer's part of the store must look like.

use std::collections::{BTreeMap, BTreeSet};

use bytes::Bytes;
use quorate_etcd::v3::{Client, KeyRange, KeyValue, LeaseId, RangeOptions};

/// The revision of a write whose answer was lost.
const UNKNOWN: i64 = 0;

/// One write.
#[derive(Clone, Debug)]
pub(super) enum Write {
    Put {
        key: Bytes,
        value: Bytes,
        lease: Option<LeaseId>,
    },
    Delete {
        keys: KeyRange,
    },
    /// Both keys at one revision, and a third gone.
    Txn {
        put: [Bytes; 2],
        value: Bytes,
        delete: Bytes,
    },
    Grant {
        lease: LeaseId,
    },
    Revoke {
        lease: LeaseId,
    },
}

/// Keys and leases.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub(super) struct Model {
    pub(super) keys: BTreeMap<Bytes, KeyValue>,
    pub(super) leases: BTreeSet<LeaseId>,
}

impl Model {
    /// The keys as the server has them.
    pub(super) async fn read(
        client: &Client,
        range: &KeyRange,
        revision: Option<i64>,
    ) -> anyhow::Result<Self> {
        let mut options = RangeOptions::new();
        options.revision = revision;
        let found = client.kv().range(range, &options).await?;
        let keys = found.kvs.into_iter().map(|kv| (kv.key.clone(), kv));
        Ok(Self {
            keys: keys.collect(),
            leases: BTreeSet::new(),
        })
    }

    /// What the write makes of it, at a revision if that is known.
    pub(super) fn apply(&mut self, write: &Write, revision: Option<i64>) {
        let revision = revision.unwrap_or(UNKNOWN);
        match write {
            Write::Put { key, value, lease } => self.put(key, value, *lease, revision),
            Write::Delete { keys } => self.keys.retain(|key, _| !keys.contains(key)),
            Write::Txn { put, value, delete } => {
                put.iter()
                    .for_each(|key| self.put(key, value, None, revision));
                self.keys.remove(delete);
            }
            Write::Grant { lease } => {
                self.leases.insert(*lease);
            }
            Write::Revoke { lease } => {
                self.leases.remove(lease);
                self.keys.retain(|_, kv| kv.lease != Some(*lease));
            }
        }
    }

    fn put(&mut self, key: &Bytes, value: &Bytes, lease: Option<LeaseId>, revision: i64) {
        let kv = self.keys.entry(key.clone()).or_insert_with(|| {
            let mut kv = KeyValue::default();
            kv.key = key.clone();
            kv.create_revision = revision;
            kv
        });
        kv.value = value.clone();
        kv.mod_revision = revision;
        kv.version += 1;
        kv.lease = lease;
    }

    /// Whether the server's state is this, but for revisions that nobody knows.
    pub(super) fn describes(&self, found: &Self) -> bool {
        let same = |at: i64, found: i64| at == UNKNOWN || at == found;
        self.leases == found.leases
            && self.keys.len() == found.keys.len()
            && self
                .keys
                .iter()
                .zip(&found.keys)
                .all(|((_, kv), (_, found))| {
                    let mut kv = kv.clone();
                    let revisions = same(kv.create_revision, found.create_revision)
                        && same(kv.mod_revision, found.mod_revision);
                    kv.create_revision = found.create_revision;
                    kv.mod_revision = found.mod_revision;
                    revisions && kv == *found
                })
    }
}
