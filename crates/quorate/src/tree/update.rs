//! Reading, changing and writing back, without losing what others write.

use serde::Serialize;
use serde::de::DeserializeOwned;

use super::handle::Tree;
use super::place::Place;
use super::plan::{Existing, Plan, is_named};
use super::ser;
use super::write::{TRIES, contended, operations};
use crate::backend::KvBackend as _;
use crate::{Compare, DeleteOptions, ErrorKind, Operation, Precondition, PutOptions, Result};

impl Tree {
    /// Reads the value at `path`, lets `change` make a new one of it, and replaces it if nothing of
    /// it was changed meanwhile; otherwise it reads anew, at most 32 times. Gives what was
    /// written.
    ///
    /// ```
    /// # #[cfg(feature = "embedded")]
    /// # #[tokio::main(flavor = "current_thread")] async fn main() -> quorate::Result<()> {
    /// # let coordinator = quorate::connect("memory:").await?;
    /// let tree = coordinator.tree();
    /// let count = tree.update("visits", |count: Option<u64>| count.unwrap_or(0) + 1).await?;
    /// assert_eq!(count, 1);
    /// # coordinator.close().await
    /// # }
    /// # #[cfg(not(feature = "embedded"))] fn main() {}
    /// ```
    ///
    /// All keys of the value must fit into one transaction: on Consul 64, read and written. On a
    /// backend without transactions, such as etcd v2, the value must be a single key.
    ///
    /// # Errors
    /// `Conflict` if others changed it each time; `InvalidArgument` or `Unsupported` if it is too
    /// much for one step; those of [`get`](Self::get), without `NotFound`, and of
    /// [`set`](Self::set). If `Indeterminate`, the change may have been made: read before you repeat
    /// one that counts.
    ///
    /// # Cancel safety
    /// What was already sent may still happen.
    pub async fn update<T, F>(&self, path: &str, mut change: F) -> Result<T>
    where
        T: Serialize + DeserializeOwned,
        F: FnMut(Option<T>) -> T,
    {
        let place = Place::new(path)?;
        let operation = || format!("update `{}`", place.path());
        for _ in 0..TRIES {
            let existing = self.read(&place).await?;
            let value = change(self.parse(&place, &existing)?);
            let node = ser::to_node(&value, &self.options);
            let node = node.map_err(|error| error.into_error(operation(), true))?;
            let plan = Plan::replace(&existing, &node);
            if self
                .write_if_unchanged(&place, &existing, &plan, operation)
                .await?
            {
                return Ok(value);
            }
        }
        Err(contended(operation()))
    }

    async fn write_if_unchanged(
        &self,
        place: &Place,
        existing: &Existing,
        plan: &Plan,
        operation: impl Fn() -> String,
    ) -> Result<bool> {
        let mut todo = operations(place, plan)?;
        if todo.is_empty() {
            return Ok(true);
        }
        let guards = as_read(place, existing, plan)?;
        if self.fits(&guards, &todo) {
            return Ok(self.commit(guards, todo, plan).await?.is_some());
        }
        let count = todo.len();
        let (Some(only), true, [guard]) = (todo.pop(), todo.is_empty(), &guards[..]) else {
            return Err(self.too_much(count, operation()));
        };
        let kv = self.coordinator.kv();
        let precondition = match guard {
            Compare::Revision(_, revision) => Precondition::Revision(*revision),
            _ => Precondition::NotExists,
        };
        let done = match only {
            Operation::Put(key, value) => {
                let options = PutOptions::default().with_precondition(precondition);
                kv.put_with(&key, value, &options).await.map(drop)
            }
            Operation::Delete(key) => {
                let options = DeleteOptions::default().with_precondition(precondition);
                kv.delete_with(&key, &options).await
            }
            _ => return Err(self.too_much(count, operation())),
        };
        match done {
            Ok(()) => Ok(true),
            Err(error) => match error.kind() {
                ErrorKind::Conflict | ErrorKind::AlreadyExists => Ok(false),
                _ => Err(error),
            },
        }
    }
}

/// Comparisons of everything that was read, and of everything that was not there.
fn as_read(place: &Place, existing: &Existing, plan: &Plan) -> Result<Vec<Compare>> {
    let read = existing.iter();
    let read = read.filter(|(key, _)| is_named(key));
    let read = read.map(|(key, entry)| Ok(Compare::Revision(place.full(key)?, entry.revision)));
    let new = plan.puts.keys().filter(|key| !existing.contains_key(*key));
    let new = new.map(|key| Ok(Compare::NotExists(place.full(key)?)));
    read.chain(new).collect()
}
