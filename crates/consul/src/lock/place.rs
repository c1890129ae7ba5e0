//! A locked key on the server.

use std::sync::{Arc, Mutex, PoisonError};

use bytes::Bytes;
use quorate_wire::consul::{KvEntry, KvOp, KvVerb, TxnError, TxnResult};

use super::Holder;
use super::recipe::{GiveBack, Recipe, Standing, Take, Terms};
use crate::answer::Answer;
use crate::error::Class;
use crate::{Client, Error, ErrorKind, Precondition, PutOptions, QueryOptions, TxnOutcome};

/// What marks the key of a lock, for us and for Consul's own tools.
pub const LOCK_FLAGS: u64 = 0x2ddc_cbc0_58a5_0c18;

/// A key that is locked, or is to be.
#[derive(Debug)]
pub(super) struct Place {
    pub(super) client: Client,
    pub(super) key: String,
    pub(super) terms: Terms,
    /// What the key is to hold.
    pub(super) value: Mutex<Bytes>,
}

impl Place {
    pub(super) fn title(&self) -> String {
        format!("lock `{}`", self.key.escape_debug())
    }

    fn value(&self) -> Bytes {
        self.value
            .lock()
            .unwrap_or_else(PoisonError::into_inner)
            .clone()
    }

    /// The operation that acquires the key, or changes its value if the session holds it already.
    fn lock(&self, session: &str, value: Bytes) -> KvOp {
        self.op(KvVerb::Lock)
            .with_value(value)
            .with_flags(LOCK_FLAGS)
            .with_session(session)
    }

    fn op(&self, verb: KvVerb) -> KvOp {
        KvOp::new(verb, self.key.as_str())
    }

    /// The operation that fails unless the session holds the key.
    pub(super) fn check(&self, session: &str) -> KvOp {
        self.op(KvVerb::CheckSession).with_session(session)
    }

    async fn commit(&self, ops: impl IntoIterator<Item = KvOp>) -> Result<TxnOutcome, Error> {
        let txn = ops
            .into_iter()
            .fold(self.client.txn(), |txn, op| txn.op(op));
        txn.commit_with(&self.terms.query()).await
    }

    /// Changes the value, if the session holds the key.
    pub(super) async fn set_value(&self, session: &str, value: Bytes) -> Result<(), Error> {
        let ops = [self.check(session), self.lock(session, value.clone())];
        match self.commit(ops).await? {
            TxnOutcome::Committed(_) => {
                *self.value.lock().unwrap_or_else(PoisonError::into_inner) = value;
                Ok(())
            }
            TxnOutcome::RolledBack(errors) => {
                let operation = format!("set the value of {}", self.title());
                Err(Error::new(Class::refused(ErrorKind::NotHolder), operation)
                    .with_detail(texts(&errors)))
            }
        }
    }

    /// Deletes the key, if the session holds it.
    async fn delete(&self, session: &str) -> Result<bool, Error> {
        match self
            .commit([self.check(session), self.op(KvVerb::Delete)])
            .await?
        {
            TxnOutcome::Committed(_) => Ok(true),
            TxnOutcome::RolledBack(_) => Ok(false),
        }
    }

    fn conflict(&self, entry: &KvEntry) -> Error {
        foreign_flags(&format!("acquire {}", self.title()), entry, LOCK_FLAGS)
    }
}

impl Recipe for Arc<Place> {
    type Seen = Option<KvEntry>;

    fn client(&self) -> &Client {
        &self.client
    }

    fn terms(&self) -> &Terms {
        &self.terms
    }

    fn key(&self) -> &str {
        &self.key
    }

    fn title(&self) -> String {
        Place::title(self)
    }

    async fn look(&self, options: QueryOptions) -> Result<Answer<Option<KvEntry>>, Error> {
        self.client.kv().get_with(&self.key, &options).await
    }

    fn judge(&self, seen: &Option<KvEntry>, session: Option<&str>) -> Result<Standing, Error> {
        let Some(entry) = seen else {
            return Ok(Standing::Free);
        };
        // A plain write over a lock changes the flags and leaves the holder.
        if entry.session.is_some() && entry.session.as_deref() == session {
            return Ok(Standing::Mine);
        }
        if entry.flags != LOCK_FLAGS {
            return Err(self.conflict(entry));
        }
        Ok(Holder::of(entry).map_or(Standing::Free, |holder| Standing::Busy(vec![holder])))
    }

    /// One transaction takes the key, makes sure that it still is what was seen, and answers the
    /// new ModifyIndex.
    async fn take(&self, session: &str, seen: &Option<KvEntry>) -> Result<Take, Error> {
        let first = match seen {
            None => self.op(KvVerb::CheckNotExists),
            // Ours already, through a try whose answer was lost. Released and taken again, it
            // gets a token that nobody had before.
            Some(entry) if entry.session.is_some() => self
                .op(KvVerb::Unlock)
                .with_value(entry.value.clone())
                .with_flags(LOCK_FLAGS)
                .with_session(session),
            Some(entry) => self.op(KvVerb::CheckIndex).with_index(entry.modify_index),
        };
        let outcome = self
            .commit([first, self.lock(session, self.value())])
            .await?;
        let operation = format!("acquire {}", self.title());
        match outcome {
            TxnOutcome::Committed(answer) => token(&answer.value, &self.key, session, &operation),
            TxnOutcome::RolledBack(errors) => refused(&errors, &operation),
        }
    }

    async fn give_back(&self, session: &str, how: GiveBack) -> Result<bool, Error> {
        if how == GiveBack::Delete {
            return self.delete(session).await;
        }
        // A release replaces value and flags by what it brings along.
        let options = PutOptions::new()
            .with_flags(LOCK_FLAGS)
            .with_precondition(Precondition::Release(session.to_owned()))
            .with_write(self.terms.write());
        self.client
            .kv()
            .put_with(&self.key, self.value(), &options)
            .await
    }
}

/// The fencing token: the ModifyIndex of `key` in the rows that show it to be the session's.
fn token(rows: &[TxnResult], key: &str, session: &str, operation: &str) -> Result<Take, Error> {
    let row = rows
        .iter()
        .rev()
        .filter_map(|row| row.kv.as_ref())
        .find(|row| row.key == key && row.session.as_deref() == Some(session));
    row.map(|row| Take::Won(row.modify_index)).ok_or_else(|| {
        let class = Class::unknown(true, ErrorKind::Indeterminate);
        Error::new(class, operation).with_detail("the answer does not show the session's key")
    })
}

/// What a transaction that took nothing says. Every operation that failed is in it.
pub(crate) fn refused(errors: &[TxnError], operation: &str) -> Result<Take, Error> {
    let says = |text: &str| errors.iter().any(|error| error.what.contains(text));
    if says("due to lock delay") {
        Ok(Take::Delayed)
    } else if says("lock is already held") {
        Ok(Take::Beaten)
    } else if says("invalid session") {
        Ok(Take::SessionGone)
    } else if ["index check", "is stale", "exist", "isn't held"]
        .into_iter()
        .any(says)
    {
        Ok(Take::Moved)
    } else {
        let class = Class::refused(ErrorKind::Conflict);
        Err(Error::new(class, operation).with_detail(texts(errors)))
    }
}

fn texts(errors: &[TxnError]) -> String {
    errors
        .iter()
        .map(|error| error.what.as_str())
        .collect::<Vec<_>>()
        .join("; ")
}

/// The error for a key that belongs to something else.
pub(crate) fn foreign_flags(operation: &str, entry: &KvEntry, ours: u64) -> Error {
    let why = format!(
        "the key `{}` is something else: its flags are {:#x}, not {ours:#x}",
        entry.key.escape_debug(),
        entry.flags
    );
    Error::new(Class::refused(ErrorKind::Conflict), operation).with_detail(why)
}

#[cfg(test)]
mod tests {
    use super::*;

    fn said(what: &str) -> Vec<TxnError> {
        let json = serde_json::json!([{ "OpIndex": 1, "What": what }]);
        serde_json::from_value(json).unwrap()
    }

    #[test]
    fn the_servers_words_say_why_it_was_not_taken() {
        for (what, take) in [
            (
                "failed to lock key \"l/a\" due to lock delay",
                Take::Delayed,
            ),
            (
                "failed to lock key \"l/a\", lock is already held",
                Take::Beaten,
            ),
            (
                "invalid session \"9c672a3f-65af-8491-baad-905abe590685\"",
                Take::SessionGone,
            ),
            (
                "failed index check for key \"k\", current modify index 124 != 1",
                Take::Moved,
            ),
            ("key \"k\" exists", Take::Moved),
            ("key \"k\" doesn't exist", Take::Moved),
            ("failed to set key \"k\", index is stale", Take::Moved),
            (
                "failed to unlock key \"k\", lock isn't held, or is held by another session",
                Take::Moved,
            ),
        ] {
            assert_eq!(refused(&said(what), "acquire").unwrap(), take, "{what}");
        }
    }

    #[test]
    fn the_lock_is_what_decides_when_several_operations_failed() {
        let mut errors = said("failed index check for key \"k\", current modify index 124 != 1");
        errors.extend(said("failed to lock key \"k\", lock is already held"));
        assert_eq!(refused(&errors, "acquire").unwrap(), Take::Beaten);
    }

    #[test]
    fn unknown_words_are_an_error_that_keeps_them() {
        let error = refused(&said("something new"), "acquire").unwrap_err();
        assert_eq!(
            (error.kind(), error.text()),
            (ErrorKind::Conflict, Some("something new"))
        );
    }
}
