//! Writers that do all that changes keys.

use std::collections::BTreeSet;
use std::sync::Arc;
use std::time::Duration;

use bytes::Bytes;
use quorate_conformance::random::Random;
use quorate_etcd::v3::{
    Cond, DeleteOptions, Error, ErrorKind, KeyRange, Kv, LeaseId, Leases, PutOptions, Txn, TxnOp,
    TxnReply,
};

use super::log::Log;

/// How many operations are one burst.
const BURST: u64 = 25;
const KEYS: u64 = 40;
/// The shortest time that servers grant.
const TTL: Duration = Duration::from_secs(2);
/// Values of which a few are more than a message takes.
const BULK: usize = 30_000;
const BULK_KEYS: u64 = 30;

pub(super) struct Writer {
    kv: Kv,
    leases: Leases,
    random: Random,
    log: Arc<Log>,
    number: u64,
    written: u64,
    granted: Vec<LeaseId>,
}

fn bytes(text: &str) -> Bytes {
    Bytes::copy_from_slice(text.as_bytes())
}

impl Writer {
    pub(super) fn new(number: u64, kv: Kv, leases: Leases, seed: u64, log: Arc<Log>) -> Self {
        Self {
            kv,
            leases,
            random: Random::new(seed),
            log,
            number,
            written: 0,
            granted: Vec::new(),
        }
    }

    /// Writes for a while. What a fault broke is passed over; what the server refuses is a failure.
    pub(super) async fn burst(&mut self, bulk: bool) -> anyhow::Result<()> {
        for _ in 0..BURST {
            match self.one().await {
                Ok(()) => {}
                Err(error) if is_passing(&error) => {}
                Err(error) => return Err(error.into()),
            }
        }
        if bulk
            && let Err(error) = self.bulk().await
            && !is_passing(&error)
        {
            return Err(error.into());
        }
        Ok(())
    }

    async fn one(&mut self) -> Result<(), Error> {
        match self.random.below(100) {
            0..40 => self.put().await,
            40..50 => {
                let key = self.key();
                self.delete(KeyRange::key(key)).await
            }
            50..53 => {
                let prefix = format!("w/k{}", self.random.below(10));
                self.delete(KeyRange::prefix(prefix)).await
            }
            53..75 => self.txn().await,
            75..80 => {
                let (key, value) = (format!("x/{}", self.random.below(5)), self.value());
                self.log.put(&self.kv, &key, &value).await.map(drop)
            }
            80..87 => self.lend().await,
            87..92 => self.take_back().await,
            _ => self.compact().await,
        }
    }

    fn key(&mut self) -> String {
        format!("w/k{}", self.random.below(KEYS))
    }

    fn value(&mut self) -> String {
        self.written += 1;
        format!("{}-{}", self.number, self.written)
    }

    async fn put(&mut self) -> Result<(), Error> {
        let (key, value) = (self.key(), self.value());
        let mut options = PutOptions::new();
        if self.random.below(4) == 0 && !self.granted.is_empty() {
            options = options.with_lease(*self.random.pick(&self.granted));
        }
        let put = self.kv.put_with(&key, value, &options).await?;
        self.log.note(put.header.revision, [(bytes(&key), false)]);
        Ok(())
    }

    async fn delete(&mut self, range: KeyRange) -> Result<(), Error> {
        let options = DeleteOptions::new().with_previous();
        let deleted = self.kv.delete_range(&range, &options).await?;
        let gone = deleted.previous.into_iter().map(|kv| (kv.key, true));
        self.log.note(deleted.header.revision, gone);
        Ok(())
    }

    /// Several keys at one revision, some of them gone.
    async fn txn(&mut self) -> Result<(), Error> {
        let keys: BTreeSet<_> = (0..1 + self.random.below(6)).map(|_| self.key()).collect();
        let mut txn = Txn::new();
        if let Some(first) = keys.first()
            && self.random.below(2) == 0
        {
            txn = txn.when(Cond::version(first).is_not(1_000_000));
        }
        let mut puts = Vec::new();
        for key in keys {
            if self.random.below(3) == 0 {
                let options = DeleteOptions::new().with_previous();
                txn = txn.then(TxnOp::delete_with(KeyRange::key(&key), &options));
            } else {
                txn = txn.then(TxnOp::put(&key, self.value()));
                puts.push((bytes(&key), false));
            }
        }
        let done = self.kv.txn(&txn).await?;
        let gone = done.replies.into_iter().filter_map(|reply| match reply {
            TxnReply::Deleted(deleted) => Some(deleted.previous),
            _ => None,
        });
        let gone: Vec<_> = gone.flatten().map(|kv| (kv.key, true)).collect();
        self.log
            .note(done.header.revision, gone.into_iter().chain(puts));
        Ok(())
    }

    /// Keys that go by themselves.
    async fn lend(&mut self) -> Result<(), Error> {
        let lease = self.leases.grant(TTL).await?.id;
        self.granted.push(lease);
        if self.granted.len() > 6 {
            self.granted.remove(0);
        }
        for _ in 0..3 {
            let (key, value) = (self.key(), self.value());
            let options = PutOptions::new().with_lease(lease);
            let put = self.kv.put_with(&key, value, &options).await?;
            self.log.note(put.header.revision, [(bytes(&key), false)]);
        }
        Ok(())
    }

    /// All keys of a lease go at one revision, which is not told.
    async fn take_back(&mut self) -> Result<(), Error> {
        if self.granted.is_empty() {
            return Ok(());
        }
        let at = self
            .random
            .below(u64::try_from(self.granted.len()).unwrap_or(1));
        let lease = self.granted.remove(usize::try_from(at).unwrap_or(0));
        self.leases.revoke(lease).await
    }

    async fn compact(&mut self) -> Result<(), Error> {
        if self.random.below(3) > 0 {
            return Ok(());
        }
        let (compacted, last) = (self.log.compacted(), self.log.last());
        let new = u64::try_from(last - compacted).unwrap_or(0);
        if new == 0 {
            return Ok(());
        }
        let revision = last - i64::try_from(self.random.below(new)).unwrap_or(0);
        self.log.compact(&self.kv, revision).await
    }

    /// More at one revision than one message of a watch takes, together with the next ones.
    async fn bulk(&mut self) -> Result<(), Error> {
        for _ in 0..3 {
            let value = Bytes::from(vec![b'b'; BULK]);
            let mut txn = Txn::new();
            let mut puts = Vec::new();
            for number in 0..BULK_KEYS {
                let key = format!("w/k1-bulk-{number:02}");
                txn = txn.then(TxnOp::put(&key, value.clone()));
                puts.push((bytes(&key), false));
            }
            let done = self.kv.txn(&txn).await?;
            self.log.note(done.header.revision, puts);
        }
        Ok(())
    }
}

/// Whether a fault can have done it, or that a lease ended.
fn is_passing(error: &Error) -> bool {
    matches!(
        error.kind(),
        ErrorKind::Indeterminate
            | ErrorKind::Unavailable
            | ErrorKind::Timeout
            | ErrorKind::NotFound
    )
}
