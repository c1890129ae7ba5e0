//! `quorate consul kv export` and `import`.

use std::io::BufWriter;

use quorate_consul::wire::txn::MAX_OPS;
use quorate_consul::{Client, PutOptions, QueryOptions, TxnOutcome};

use crate::args::consul::kv::{ExportArgs, ImportArgs};
use crate::command::consul::Context;
use crate::exit::Exit;
use crate::failure::Failure;
use crate::input;
use crate::record::{self, Record, Writer};

/// The largest document: it is checked as a whole before anything is written.
const MAX_DOCUMENT: usize = 1 << 30;

/// So many bytes of values fit into a transaction, however they are encoded.
const MAX_TXN_BYTES: usize = 256 * 1024;

pub(super) async fn export(context: Context<'_>, args: &ExportArgs) -> Result<(), Failure> {
    let kv = context.client.kv();
    let entries = kv.list_with(&args.prefix, &args.read.options()).await?;
    let mut writer = Writer::new(BufWriter::new(std::io::stdout().lock()));
    for entry in entries.value {
        writer.write(&Record {
            key: entry.key,
            flags: entry.flags,
            value: entry.value,
        })?;
    }
    Ok(writer.finish()?)
}

/// Nothing is written if anything is wrong with the document.
pub(super) async fn import(context: Context<'_>, args: &ImportArgs) -> Result<(), Failure> {
    let document = input::plain(&args.data, MAX_DOCUMENT)?;
    let records = record::read(&document, "")?;
    drop(document);
    let (total, mut written) = (records.len(), 0);
    for batch in batches(records) {
        let keys = batch.len();
        write(context.client, batch, args)
            .await
            .map_err(|failure| {
                failure.context(format!("import {total} keys: {written} are written"))
            })?;
        written += keys;
    }
    Ok(())
}

/// Records that go together: not too many, and not too large.
fn batches(records: Vec<Record>) -> Vec<Vec<Record>> {
    let mut batches: Vec<Vec<Record>> = Vec::new();
    let mut bytes = 0;
    for record in records {
        let size = record.key.len() + record.value.len();
        match batches.last_mut() {
            Some(batch) if batch.len() < MAX_OPS && bytes + size <= MAX_TXN_BYTES => {
                bytes += size;
                batch.push(record);
            }
            _ => {
                bytes = size;
                batches.push(vec![record]);
            }
        }
    }
    batches
}

async fn write(client: &Client, mut batch: Vec<Record>, args: &ImportArgs) -> Result<(), Failure> {
    let write = args.write.options();
    if batch.len() == 1
        && let Some(record) = batch.pop()
    {
        let options = PutOptions::new().with_flags(record.flags).with_write(write);
        client
            .kv()
            .put_with(&record.key, record.value, &options)
            .await?;
        return Ok(());
    }
    let mut txn = client.txn();
    for record in batch {
        txn = txn.set_with_flags(record.key, record.value, record.flags);
    }
    match txn.commit_with(&QueryOptions::from(write)).await? {
        TxnOutcome::Committed(_) => Ok(()),
        TxnOutcome::RolledBack(errors) => {
            let why = errors.into_iter().map(|error| error.what).next();
            let why = why.unwrap_or_else(|| "the server did not say why".into());
            Err(Failure::new(Exit::Failure, why))
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn records_are_split_by_number_and_by_size() {
        let record = |bytes| Record {
            key: "k".into(),
            flags: 0,
            value: vec![0; bytes].into(),
        };
        let sizes = |records| -> Vec<usize> { batches(records).iter().map(Vec::len).collect() };
        assert_eq!(sizes((0..130).map(|_| record(1)).collect()), [64, 64, 2]);
        let large = MAX_TXN_BYTES / 2;
        assert_eq!(
            sizes(vec![record(1), record(large), record(large), record(1)]),
            [2, 2]
        );
        assert!(batches(Vec::new()).is_empty());
    }
}
