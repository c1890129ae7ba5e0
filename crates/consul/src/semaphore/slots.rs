//! The slots of a semaphore on the server.

use bytes::Bytes;
use quorate_net::lease::random_up_to;
use quorate_wire::consul::{KvEntry, KvOp, KvVerb, TxnResult};
use tokio::time::sleep;

use super::SEMAPHORE_FLAGS;
use super::record::Record;
use crate::answer::Answer;
use crate::error::Class;
use crate::lock::place::refused;
use crate::lock::recipe::{GiveBack, Recipe, Standing, Take, Terms};
use crate::{Client, Error, ErrorKind, QueryOptions, TxnOutcome};

/// How often the record is rewritten at most to leave it, when others keep changing it.
const MAX_LEAVES: u32 = 64;
/// The longest pause between two of these.
const LEAVE_JITTER: std::time::Duration = std::time::Duration::from_millis(50);

/// A semaphore that somebody holds a slot of, or contends for one.
#[derive(Clone, Debug)]
pub(super) struct Slots {
    pub(super) client: Client,
    /// Without a slash at the end.
    pub(super) prefix: String,
    /// `PREFIX/.lock`.
    pub(super) key: String,
    pub(super) limit: u32,
    pub(super) value: Bytes,
    pub(super) terms: Terms,
}

impl Slots {
    fn contender(&self, session: &str) -> String {
        format!("{}/{session}", self.prefix)
    }

    fn operation(&self, verb: &str) -> String {
        format!("{verb} {}", self.title())
    }

    fn check_limit(&self, record: &Record) -> Result<(), Error> {
        match record.limit {
            Some(limit) if limit != i64::from(self.limit) => {
                let why = format!(
                    "limit: it has {limit} slots, and {} were asked for",
                    self.limit
                );
                let class = Class::refused(ErrorKind::Conflict);
                Err(Error::new(class, self.operation("acquire")).with_detail(why))
            }
            _ => Ok(()),
        }
    }

    /// The operation that replaces the record, if nobody did so before.
    fn rewrite(&self, record: &Record) -> KvOp {
        KvOp::new(KvVerb::Cas, self.key.as_str())
            .with_value(record.encode(self.limit))
            .with_flags(SEMAPHORE_FLAGS)
            .with_index(record.index)
    }

    async fn commit(&self, ops: [KvOp; 2]) -> Result<TxnOutcome, Error> {
        let txn = ops
            .into_iter()
            .fold(self.client.txn(), |txn, op| txn.op(op));
        txn.commit_with(&self.terms.query()).await
    }

    /// Takes the session out of the record and removes its contender key, once.
    async fn leave(&self, session: &str) -> Result<Left, Error> {
        let entry = self
            .client
            .kv()
            .get_with(&self.key, &self.terms.query())
            .await?
            .value;
        let mut record = Record::raw(entry.as_ref(), &self.operation("release"))?;
        if record.holders.remove(session).is_none() {
            let write = self.terms.write();
            self.client
                .kv()
                .delete_with(&self.contender(session), &write)
                .await?;
            return Ok(Left::WasNotIn);
        }
        let limit = record
            .limit
            .and_then(|limit| u32::try_from(limit).ok())
            .unwrap_or(self.limit);
        let mut rewrite = self.rewrite(&record);
        rewrite.value = record.encode(limit).into();
        let forget = KvOp::new(KvVerb::Delete, self.contender(session));
        match self.commit([rewrite, forget]).await? {
            TxnOutcome::Committed(_) => Ok(Left::Out),
            TxnOutcome::RolledBack(errors) => match refused(&errors, &self.operation("release"))? {
                Take::Moved => Ok(Left::Moved),
                other => Err(self.unexpected("release", other)),
            },
        }
    }

    fn unexpected(&self, verb: &str, take: Take) -> Error {
        let why = match take {
            Take::Delayed | Take::Beaten => "the contender key belongs to another session",
            Take::Won(_) | Take::Moved | Take::SessionGone => "the session does not exist",
        };
        Error::new(Class::refused(ErrorKind::Conflict), self.operation(verb)).with_detail(why)
    }

    /// The ModifyIndex of the record that this transaction wrote.
    fn token(&self, rows: &[TxnResult]) -> Result<Take, Error> {
        let row = rows
            .iter()
            .filter_map(|row| row.kv.as_ref())
            .find(|row| row.key == self.key);
        row.map(|row| Take::Won(row.modify_index)).ok_or_else(|| {
            let class = Class::unknown(true, ErrorKind::Indeterminate);
            Error::new(class, self.operation("acquire")).with_detail("the answer lacks the record")
        })
    }
}

/// What came of leaving the record.
enum Left {
    Out,
    WasNotIn,
    Moved,
}

impl Recipe for Slots {
    type Seen = Vec<KvEntry>;

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
        format!("semaphore `{}`", self.prefix.escape_debug())
    }

    /// Lists `PREFIX/`, and so no neighbour whose name only starts like this one's.
    async fn look(&self, options: QueryOptions) -> Result<Answer<Vec<KvEntry>>, Error> {
        self.client
            .kv()
            .list_with(&format!("{}/", self.prefix), &options)
            .await
    }

    fn judge(&self, seen: &Vec<KvEntry>, session: Option<&str>) -> Result<Standing, Error> {
        let record = Record::of(seen, &self.key, &self.operation("acquire"))?;
        if session.is_some_and(|session| record.holders.contains_key(session)) {
            return Ok(Standing::Mine);
        }
        self.check_limit(&record)?;
        let limit = usize::try_from(self.limit).unwrap_or(usize::MAX);
        if record.holders.len() < limit {
            Ok(Standing::Free)
        } else {
            Ok(Standing::Busy(record.holders(seen)))
        }
    }

    /// One transaction makes the contender key and writes the record, so that nobody is ever seen
    /// with one and without the other.
    async fn take(&self, session: &str, seen: &Vec<KvEntry>) -> Result<Take, Error> {
        let mut record = Record::of(seen, &self.key, &self.operation("acquire"))?;
        if record.holders.insert(session.to_owned(), true).is_some() {
            // In it already, through a try whose answer was lost.
            return Ok(Take::Won(record.index));
        }
        let contend = KvOp::new(KvVerb::Lock, self.contender(session))
            .with_value(self.value.clone())
            .with_flags(SEMAPHORE_FLAGS)
            .with_session(session);
        match self.commit([contend, self.rewrite(&record)]).await? {
            TxnOutcome::Committed(answer) => self.token(&answer.value),
            TxnOutcome::RolledBack(errors) => match refused(&errors, &self.operation("acquire"))? {
                taken @ (Take::Delayed | Take::Beaten) => Err(self.unexpected("acquire", taken)),
                taken => Ok(taken),
            },
        }
    }

    async fn give_back(&self, session: &str, _: GiveBack) -> Result<bool, Error> {
        for _ in 0..MAX_LEAVES {
            match self.leave(session).await? {
                Left::Out => return Ok(true),
                Left::WasNotIn => return Ok(false),
                Left::Moved => sleep(random_up_to(LEAVE_JITTER)).await,
            }
        }
        let class = Class::refused(ErrorKind::Unavailable);
        let why = format!("the record changed {MAX_LEAVES} times while it was to be changed");
        Err(Error::new(class, self.operation("release")).with_detail(why))
    }
}
