//! Carrying out what a write changes.

use super::handle::{Tree, Written};
use super::node::Node;
use super::place::Place;
use super::plan::{Existing, Plan, is_named};
use crate::backend::KvBackend as _;
use crate::{
    Compare, Error, ErrorKind, KvExt, Operation, Outcome, Result, RetryAdvice, Transaction,
    TxnOutcome,
};

/// How often a replacement reads anew because others changed what it had read.
pub(super) const TRIES: usize = 32;
/// What one operation of a transaction takes beside its key and value, at most.
const OVERHEAD: usize = 160;

impl Tree {
    /// Deletes what is at `path` and everything beneath it, with locks that are kept there. That
    /// nothing is there is fine.
    ///
    /// In one step where the backend has transactions; otherwise what is beneath goes first.
    ///
    /// # Errors
    /// Those of every request; `Indeterminate` if the answer was lost. Repeating it is safe.
    ///
    /// # Cancel safety
    /// What was already sent may still happen.
    pub async fn remove(&self, path: &str) -> Result<()> {
        let place = Place::new(path)?;
        let kv = self.coordinator.kv();
        let Some(key) = &place.key else {
            return kv.delete_all(&place.prefix).await;
        };
        if !self.coordinator.capabilities().transactions {
            kv.delete_all(&place.prefix).await?;
            return kv.delete(key.as_str()).await;
        }
        let both = Transaction::new()
            .operation(Operation::Delete(key.clone()))
            .operation(Operation::DeletePrefix(place.prefix.clone()));
        kv.transact(both).await.map(drop)
    }

    pub(super) async fn replace_node(
        &self,
        place: &Place,
        node: &Node,
        operation: String,
    ) -> Result<Written> {
        for _ in 0..TRIES {
            let existing = self.read(place).await?;
            let plan = Plan::replace(&existing, node);
            let guards = unchanged(place, &existing, &plan)?;
            let operations = operations(place, &plan)?;
            if plan.len() == 0 || !self.fits(&guards, &operations) {
                return self.execute(place, &plan, operation).await;
            }
            if let Some(written) = self.commit(guards, operations, &plan).await? {
                return Ok(written);
            }
        }
        Err(contended(operation))
    }

    /// Writes what differs: in one step if that is possible.
    pub(super) async fn execute(
        &self,
        place: &Place,
        plan: &Plan,
        operation: String,
    ) -> Result<Written> {
        let operations = operations(place, plan)?;
        let mut written = Written {
            atomic: true,
            puts: plan.puts.len(),
            deletes: plan.deletes.len(),
            revision: None,
        };
        match operations.len() {
            0 => return Ok(written),
            1 => {}
            _ if self.fits(&[], &operations) => {
                let done = self.commit(Vec::new(), operations, plan).await?;
                // Nothing was compared, so nothing can have failed to hold.
                return done.ok_or_else(|| contended(operation));
            }
            count if self.atomic => return Err(self.too_much(count, operation)),
            _ => written.atomic = false,
        }
        let (count, mut done) = (operations.len(), 0);
        for batch in self.batches(operations) {
            let size = batch.len();
            let step = self.step(batch).await;
            let revision = step.map_err(|error| partly(error, &operation, done, count))?;
            written.revision = written.revision.max(revision);
            done += size;
        }
        Ok(written)
    }

    /// One transaction; `None` if a comparison did not hold.
    pub(super) async fn commit(
        &self,
        guards: Vec<Compare>,
        operations: Vec<Operation>,
        plan: &Plan,
    ) -> Result<Option<Written>> {
        let transaction = guards
            .into_iter()
            .fold(Transaction::new(), Transaction::compare);
        let transaction = operations
            .into_iter()
            .fold(transaction, Transaction::operation);
        match self.coordinator.kv().transact(transaction).await? {
            TxnOutcome::Failed(_) => Ok(None),
            TxnOutcome::Committed(done) => Ok(Some(Written {
                atomic: true,
                puts: plan.puts.len(),
                deletes: plan.deletes.len(),
                revision: done.revision,
            })),
        }
    }

    /// Whether one transaction of the backend takes all of this.
    pub(super) fn fits(&self, guards: &[Compare], operations: &[Operation]) -> bool {
        let can = self.coordinator.capabilities();
        let compared = guards
            .iter()
            .map(|guard| guard.key().as_str().len() * 2 + OVERHEAD);
        let bytes = compared.chain(operations.iter().map(size)).sum::<usize>();
        can.transactions
            && guards.len() + operations.len() <= can.max_txn_ops
            && bytes <= can.max_txn_bytes
    }

    /// As many operations at once as a transaction takes; one by one where there are none.
    fn batches(&self, operations: Vec<Operation>) -> Vec<Vec<Operation>> {
        let mut batches: Vec<Vec<Operation>> = Vec::new();
        for operation in operations {
            if let Some(batch) = batches.last_mut() {
                batch.push(operation);
                if self.fits(&[], batch) {
                    continue;
                }
                let moved = batch.pop();
                batches.push(moved.into_iter().collect());
            } else {
                batches.push(vec![operation]);
            }
        }
        batches
    }

    async fn step(&self, mut batch: Vec<Operation>) -> Result<Option<crate::Revision>> {
        let kv = self.coordinator.kv();
        match (batch.pop(), batch.is_empty()) {
            (Some(Operation::Put(key, value)), true) => kv.put(key.as_str(), value).await.map(Some),
            (Some(Operation::Delete(key)), true) => kv.delete(key.as_str()).await.map(|()| None),
            (last, _) => {
                batch.extend(last);
                let transaction = Transaction::new();
                let transaction = batch.into_iter().fold(transaction, Transaction::operation);
                match kv.transact(transaction).await? {
                    TxnOutcome::Committed(done) => Ok(done.revision),
                    TxnOutcome::Failed(_) => Err(contended("transact".into())),
                }
            }
        }
    }

    pub(super) fn too_much(&self, count: usize, operation: String) -> Error {
        let can = self.coordinator.capabilities();
        if !can.transactions {
            let detail = format!("{count} keys change, and this backend can't change them at once");
            return Error::unsupported(operation, detail);
        }
        let detail = format!(
            "{count} changes and what they depend on are more than one transaction takes: {} \
             operations, {} bytes",
            can.max_txn_ops, can.max_txn_bytes
        );
        Error::invalid(operation, detail)
    }
}

/// What the plan does. A leaf that gives way to what is beneath it goes first, because etcd v2 has
/// no keys beneath keys; then come the puts, so that whoever looks in between misses nothing.
pub(super) fn operations(place: &Place, plan: &Plan) -> Result<Vec<Operation>> {
    let gives_way = |key: &&String| {
        let beneath = format!("{key}/");
        let next = plan.puts.range(beneath.clone()..).next();
        key.is_empty() || next.is_some_and(|(put, _)| put.starts_with(&beneath))
    };
    let delete = |key: &String| place.full(key).map(Operation::Delete);
    let first = plan.deletes.iter().filter(gives_way).map(delete);
    let puts = plan.puts.iter().map(|(key, value)| {
        let key = place.full(key)?;
        Ok(Operation::Put(key, value.clone()))
    });
    let last = plan.deletes.iter().filter(|key| !gives_way(key));
    first.chain(puts).chain(last.map(delete)).collect()
}

/// Comparisons of what was read and stays as it is.
fn unchanged(place: &Place, existing: &Existing, plan: &Plan) -> Result<Vec<Compare>> {
    let stays = |key: &String| !plan.puts.contains_key(key) && !plan.deletes.contains(key);
    let unchanged = existing.iter().filter(|(key, _)| stays(key));
    // What is no key of ours, such as `a/`, can't be compared; nor is it part of a value.
    let unchanged = unchanged.filter(|(key, _)| is_named(key));
    unchanged
        .map(|(key, entry)| Ok(Compare::Revision(place.full(key)?, entry.revision)))
        .collect()
}

fn size(operation: &Operation) -> usize {
    match operation {
        Operation::Put(key, value) => {
            key.as_str().len() * 2 + value.len().div_ceil(3) * 4 + OVERHEAD
        }
        Operation::Delete(key) | Operation::Get(key) => key.as_str().len() * 2 + OVERHEAD,
        Operation::DeletePrefix(prefix) => prefix.as_str().len() * 2 + OVERHEAD,
    }
}

pub(super) fn contended(operation: String) -> Error {
    let detail = "others changed it each time between reading and writing";
    Error::new(ErrorKind::Conflict, operation, detail)
}

/// The error of a step after others were done.
fn partly(error: Error, operation: &str, done: usize, count: usize) -> Error {
    if done == 0 {
        return error;
    }
    let detail = format!("it failed after {done} of {count} changes");
    Error::new(ErrorKind::Indeterminate, operation, detail)
        .with_outcome(Outcome::Unknown)
        .with_advice(RetryAdvice::IfIdempotent)
        .with_source(error)
}
