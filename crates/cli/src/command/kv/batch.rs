//! Records in transactions: as many at once as the backend takes.

use bytes::Bytes;
use quorate::prelude::*;
use quorate::{Coordinator, Transaction, TxnOutcome};
use quorate_consul::{Client, PutOptions};

use crate::exit::Exit;
use crate::failure::Failure;
use crate::record::Record;

/// What one operation costs beside its key and value: the names and marks of its JSON.
const OVERHEAD: usize = 100;

/// Records that are written together.
#[derive(Debug, PartialEq, Eq)]
pub(crate) struct Batch(Vec<Record>);

/// Splits `records` by the backend's limits, in their order.
pub(crate) fn split(coordinator: &Coordinator, records: Vec<Record>) -> Vec<Batch> {
    let limits = coordinator.capabilities();
    split_by(limits.max_txn_ops, limits.max_txn_bytes, records)
}

fn split_by(max_ops: usize, max_bytes: usize, records: Vec<Record>) -> Vec<Batch> {
    let mut batches: Vec<Batch> = Vec::new();
    let mut room = 0;
    for record in records {
        let cost = cost(&record);
        match batches.last_mut() {
            Some(batch) if cost <= room && batch.len() < max_ops => {
                room -= cost;
                batch.0.push(record);
            }
            _ => {
                room = max_bytes.saturating_sub(cost);
                batches.push(Batch(vec![record]));
            }
        }
    }
    batches
}

/// At most what a record takes in the body of a transaction: a key may need an escape for every
/// byte, and a value takes 4/3.
fn cost(record: &Record) -> usize {
    OVERHEAD + record.key.len() * 2 + record.value.len().div_ceil(3) * 4
}

impl Batch {
    /// How many records it has.
    pub(crate) fn len(&self) -> usize {
        self.0.len()
    }

    /// Writes all of it, or nothing.
    pub(crate) async fn write(self, coordinator: &Coordinator) -> Result<(), Failure> {
        match (coordinator.native_consul(), self.0.as_slice()) {
            // A value that is too large for a transaction may be small enough for a plain write.
            (Some(client), [record]) => put(client, record).await,
            (Some(client), records) => commit(client, records).await,
            (None, records) => transact(coordinator, records).await,
        }
    }
}

async fn put(client: &Client, record: &Record) -> Result<(), Failure> {
    let options = PutOptions::new().with_flags(record.flags);
    let written = client
        .kv()
        .put_with(&record.key, record.value.clone(), &options)
        .await;
    written?;
    Ok(())
}

async fn commit(client: &Client, records: &[Record]) -> Result<(), Failure> {
    let txn = records.iter().fold(client.txn(), |txn, record| {
        txn.set_with_flags(&record.key, record.value.clone(), record.flags)
    });
    match txn.commit().await? {
        quorate_consul::TxnOutcome::Committed(_) => Ok(()),
        quorate_consul::TxnOutcome::RolledBack(errors) => {
            let reasons: Vec<_> = errors.iter().map(ToString::to_string).collect();
            Err(refused(&reasons.join("; ")))
        }
    }
}

/// Through the unified layer, which has no flags.
async fn transact(coordinator: &Coordinator, records: &[Record]) -> Result<(), Failure> {
    let mut transaction = Transaction::new();
    for record in records {
        if record.flags != 0 {
            let message = format!("{} has flags, which this backend has not", record.key);
            return Err(Failure::new(Exit::Failure, message));
        }
        transaction = transaction.put(&record.key, Bytes::clone(&record.value))?;
    }
    match coordinator.kv().transact(transaction).await? {
        TxnOutcome::Committed(_) => Ok(()),
        TxnOutcome::Failed(failed) => {
            let reasons: Vec<_> = failed.iter().map(|failed| failed.detail.as_str()).collect();
            Err(refused(&reasons.join("; ")))
        }
    }
}

fn refused(reasons: &str) -> Failure {
    Failure::new(
        Exit::Failure,
        format!("the server refused the transaction: {reasons}"),
    )
}

/// The longest folder, with its `/`, in which all keys lie.
pub(crate) fn common_folder(records: &[Record]) -> &str {
    let Some(first) = records.first() else {
        return "";
    };
    let mut common = folder(&first.key);
    for record in records {
        while !record.key.starts_with(common) {
            common = folder(common.strip_suffix('/').unwrap_or_default());
        }
    }
    common
}

fn folder(key: &str) -> &str {
    &key[..key.rfind('/').map_or(0, |slash| slash + 1)]
}

#[cfg(test)]
mod tests {
    use super::*;

    fn record(key: &str, bytes: usize) -> Record {
        Record {
            key: key.into(),
            flags: 0,
            value: vec![0; bytes].into(),
        }
    }

    fn sizes(max_ops: usize, max_bytes: usize, records: Vec<Record>) -> Vec<usize> {
        split_by(max_ops, max_bytes, records)
            .iter()
            .map(Batch::len)
            .collect()
    }

    #[test]
    fn a_batch_keeps_to_both_limits() {
        let many = || (0..10).map(|_| record("k", 30)).collect();
        assert_eq!(sizes(4, 1 << 20, many()), [4, 4, 2]);
        assert_eq!(sizes(64, cost(&record("k", 30)) * 3, many()), [3, 3, 3, 1]);
    }

    #[test]
    fn a_record_that_is_too_large_goes_alone() {
        let records = vec![record("a", 1), record("b", 10_000), record("c", 1)];
        assert_eq!(sizes(64, 1_000, records), [1, 1, 1]);
    }

    #[test]
    fn the_common_folder_ends_with_a_slash() {
        let folder = |keys: &[&str]| {
            let records: Vec<_> = keys.iter().map(|key| record(key, 0)).collect();
            common_folder(&records).to_owned()
        };
        assert_eq!(folder(&["a/b/c", "a/b/d", "a/be"]), "a/");
        assert_eq!(folder(&["a/b", "c"]), "");
        assert_eq!(folder(&["a/b"]), "a/");
        assert_eq!(folder(&["ä/b", "äö/b"]), "");
        assert_eq!(folder(&[]), "");
    }
}
