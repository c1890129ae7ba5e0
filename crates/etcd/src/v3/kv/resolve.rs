//! Finding out whether a write happened whose answer was lost.

use super::{KeyValue, Kv};
use crate::v3::error::Error;

/// What became of a write.
#[derive(Clone, Debug, PartialEq, Eq)]
#[non_exhaustive]
pub enum Resolved {
    /// It happened: the key has this value, and was changed after the revision that was named.
    Happened(KeyValue),
    /// The key was not changed since: it did not happen, at least not by now.
    NotYet,
    /// The key was changed since, and has another value or none: nobody can tell.
    Overwritten(Option<KeyValue>),
}

impl Kv {
    /// Whether a put whose answer was lost ([`ErrorKind::Indeterminate`](crate::v3::ErrorKind))
    /// happened. `since` is a revision of the store from before the put, such as the
    /// `mod_revision` or header that was read last. The value has to be one that nobody else
    /// writes.
    ///
    /// A request that is still on its way can happen later: [`Resolved::NotYet`] is certain only
    /// after a write of another condition on the key.
    ///
    /// `KV.Range`
    ///
    /// # Errors
    /// As [`get`](Self::get).
    ///
    /// # Cancel safety
    /// Safe: nothing is changed.
    pub async fn was_written(
        &self,
        key: impl AsRef<[u8]>,
        value: impl AsRef<[u8]>,
        since: i64,
    ) -> Result<Resolved, Error> {
        Ok(match self.get(key).await? {
            Some(kv) if kv.mod_revision <= since => Resolved::NotYet,
            Some(kv) if *kv.value == *value.as_ref() => Resolved::Happened(kv),
            Some(kv) => Resolved::Overwritten(Some(kv)),
            // It may never have been there, or have been deleted since.
            None => Resolved::Overwritten(None),
        })
    }
}
