//! What writers were told that they did.

use std::collections::{BTreeMap, BTreeSet};
use std::sync::atomic::{AtomicI64, AtomicU64, Ordering::Relaxed};
use std::sync::{Mutex, MutexGuard, PoisonError};

use bytes::Bytes;
use quorate_etcd::v3::{Error, ErrorKind, Kv};

/// The keys that one revision changed, and whether each is gone then.
pub(super) type Changed = BTreeSet<(Bytes, bool)>;

/// What acknowledged requests changed, by revision.
#[derive(Debug, Default)]
pub(super) struct Log {
    revisions: Mutex<BTreeMap<i64, Changed>>,
    last: AtomicI64,
    /// Nothing that was asked for compacts more than this.
    compacted: AtomicI64,
    acknowledged: AtomicU64,
    compactions: AtomicU64,
}

impl Log {
    pub(super) fn note(&self, revision: i64, changed: impl IntoIterator<Item = (Bytes, bool)>) {
        let changed: Changed = changed.into_iter().collect();
        self.last.fetch_max(revision, Relaxed);
        self.acknowledged.fetch_add(1, Relaxed);
        if !changed.is_empty() {
            self.revisions().insert(revision, changed);
        }
    }

    pub(super) async fn put(&self, kv: &Kv, key: &str, value: &str) -> Result<i64, Error> {
        let put = kv.put(key, value.to_owned()).await?;
        let revision = put.header.revision;
        self.note(revision, [(Bytes::copy_from_slice(key.as_bytes()), false)]);
        Ok(revision)
    }

    /// Compacts; that others did before is no failure.
    pub(super) async fn compact(&self, kv: &Kv, revision: i64) -> Result<(), Error> {
        self.compacted.fetch_max(revision, Relaxed);
        match kv.compact(revision, false).await {
            Ok(_) => {
                self.compactions.fetch_add(1, Relaxed);
                Ok(())
            }
            Err(error) if error.kind() == ErrorKind::Compacted => Ok(()),
            Err(error) => Err(error),
        }
    }

    /// The highest revision that was told.
    pub(super) fn last(&self) -> i64 {
        self.last.load(Relaxed)
    }

    pub(super) fn compacted(&self) -> i64 {
        self.compacted.load(Relaxed)
    }

    /// What was changed in these revisions, both included.
    pub(super) fn between(&self, first: i64, last: i64) -> Vec<(i64, Changed)> {
        if first > last {
            return Vec::new();
        }
        let revisions = self.revisions();
        let range = revisions.range(first..=last);
        range.map(|(at, changed)| (*at, changed.clone())).collect()
    }

    /// Copies are compared with it no more.
    pub(super) fn forget(&self) {
        self.revisions().clear();
    }

    pub(super) fn line(&self) -> String {
        let (acknowledged, compactions) = (&self.acknowledged, &self.compactions);
        format!(
            "{} acknowledged writes, {} compactions",
            acknowledged.load(Relaxed),
            compactions.load(Relaxed)
        )
    }

    fn revisions(&self) -> MutexGuard<'_, BTreeMap<i64, Changed>> {
        self.revisions
            .lock()
            .unwrap_or_else(PoisonError::into_inner)
    }
}
