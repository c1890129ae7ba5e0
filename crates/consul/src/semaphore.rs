//! Semaphores: locks that a limited number can hold at a time.

mod guard;
mod options;
mod record;
mod slots;

use std::sync::Arc;
use std::time::Duration;

use quorate_wire::consul::KvEntry;

pub use guard::SemaphoreGuard;
pub use options::{SEMAPHORE_SESSION_NAME, SemaphoreOptions};
use record::Record;
use slots::Slots;

use crate::error::Class;
use crate::lock::{Acquisition, Holder, Patience, tenure};
use crate::{Client, Error, ErrorKind};

/// What marks the keys of a semaphore, for us and for Consul's own tools.
pub const SEMAPHORE_FLAGS: u64 = 0xe0f6_9a2b_aa41_4de0;

/// A semaphore: at most `limit` sessions hold a slot at a time.
///
/// It counts together with every client that follows Consul's own recipe, the `consul lock -n N`
/// command among them. The record of the holders is the key `PREFIX/.lock`; each holder has a
/// contender key `PREFIX/SESSION` that lives as long as its session. The first holder fixes the
/// limit; to change it, [`destroy`](Self::destroy) the semaphore when nobody holds a slot.
///
/// Clones are the same semaphore; each acquisition has a session and a task of its own, unless a
/// session is shared by [`SemaphoreOptions::with_session`]. Those who wait for the same semaphore
/// through the same client are served in the order in which they came.
///
/// A holder that dies is noticed when its session expires, after at most twice its TTL. There is no
/// lock-delay.
///
/// ```
/// # #[tokio::main(flavor = "current_thread")] async fn main() -> Result<(), Box<dyn std::error::Error>> {
/// # let agent = quorate_agent::Agent::start(Default::default()).await?;
/// # let client = quorate_consul::Client::builder().dialer(agent.dialer()).build()?;
/// let converters = client.semaphore("jobs/converters", 2);
/// let (first, second) = (converters.acquire().await?, converters.acquire().await?);
/// assert!(!converters.try_acquire().await?.is_acquired(), "two at a time");
///
/// match first.run_while_held(convert()).await {
///     Ok(()) => first.release().await?,
///     Err(reason) => return Err(format!("lost: {reason}").into()),
/// }
/// assert_eq!(converters.holders().await?.len(), 1);
/// # second.release().await?;
/// # async fn convert() {}
/// # Ok(())
/// # }
/// ```
#[derive(Clone, Debug)]
pub struct Semaphore {
    client: Client,
    prefix: String,
    limit: u32,
    options: Arc<SemaphoreOptions>,
}

impl Client {
    /// The semaphore at `prefix` with `limit` slots and default options. A slash at the end of
    /// `prefix` makes no difference. Nothing is sent.
    #[must_use]
    pub fn semaphore(&self, prefix: impl Into<String>, limit: u32) -> Semaphore {
        let prefix: String = prefix.into();
        let prefix = prefix.trim_end_matches('/').to_owned();
        let options = Arc::new(SemaphoreOptions::default());
        Semaphore {
            client: self.clone(),
            prefix,
            limit,
            options,
        }
    }
}

impl Semaphore {
    /// The same semaphore with these options.
    #[must_use]
    pub fn with_options(mut self, options: SemaphoreOptions) -> Self {
        self.options = Arc::new(options);
        self
    }

    /// The prefix, without a slash at the end.
    #[must_use]
    pub fn prefix(&self) -> &str {
        &self.prefix
    }

    /// How many slots there are.
    #[must_use]
    pub fn limit(&self) -> u32 {
        self.limit
    }

    /// Acquires a slot, however long it takes. Failures are treated as by
    /// [`Lock::acquire`](crate::lock::Lock::acquire).
    ///
    /// # Errors
    ///
    /// `Conflict` if the keys are no semaphore's or it has another limit, `Protocol` if its record
    /// can't be read, `InvalidArgument` for a limit of 0, `LeaseLost` if a shared session is lost,
    /// `Closed` if the client was closed, and what session, read and transaction answer.
    ///
    /// # Cancel safety
    ///
    /// Safe at every await: a task cleans up in the background, so that neither the slot nor a
    /// session is left behind.
    pub async fn acquire(&self) -> Result<SemaphoreGuard, Error> {
        match self.contend(Patience::Until(None)).await? {
            Acquisition::Acquired(guard) => Ok(guard),
            // It can't be: there is no end of the time. Better said than waited for.
            Acquisition::TimedOut { .. } => {
                let class = Class::refused(ErrorKind::Timeout);
                Err(Error::new(class, self.operation("acquire")))
            }
        }
    }

    /// Acquires a slot if that can be done within `time`, counted from now; zero is one try.
    ///
    /// # Errors
    ///
    /// As [`acquire`](Self::acquire). If the server could not be asked at the end of the time, that
    /// is the error: `TimedOut` says that all slots were seen to be held.
    ///
    /// # Cancel safety
    ///
    /// As [`acquire`](Self::acquire).
    pub async fn acquire_within(
        &self,
        time: Duration,
    ) -> Result<Acquisition<SemaphoreGuard>, Error> {
        self.contend(Patience::within(time)).await
    }

    /// Acquires a slot if one is free. If none is, this costs one read, and nothing is written.
    ///
    /// # Errors
    ///
    /// As [`acquire`](Self::acquire).
    ///
    /// # Cancel safety
    ///
    /// As [`acquire`](Self::acquire).
    pub async fn try_acquire(&self) -> Result<Acquisition<SemaphoreGuard>, Error> {
        self.contend(Patience::Once).await
    }

    async fn contend(&self, patience: Patience) -> Result<Acquisition<SemaphoreGuard>, Error> {
        let operation = self.operation("acquire");
        self.check(&operation)?;
        let source = self.options.source(&self.client, &operation)?;
        let slots = Slots {
            client: self.client.clone(),
            prefix: self.prefix.clone(),
            key: self.key(),
            limit: self.limit,
            value: self.options.value.clone(),
            terms: self.options.terms(),
        };
        let acquisition = tenure::acquire(slots, source, patience).await?;
        Ok(acquisition.map(|tenure| SemaphoreGuard::new(self.prefix.clone(), tenure)))
    }

    /// Who holds a slot now, in no particular order.
    ///
    /// `GET /v1/kv/PREFIX/?recurse`
    ///
    /// # Errors
    ///
    /// `Conflict` or `Protocol` if the keys are no semaphore's, and what any read answers.
    ///
    /// # Cancel safety
    ///
    /// Safe: nothing is changed.
    pub async fn holders(&self) -> Result<Vec<Holder>, Error> {
        let (record, entries) = self.record("look at").await?;
        Ok(record.holders(&entries))
    }

    /// Deletes the record of a semaphore that nobody holds a slot of. Nothing happens if there is
    /// none.
    ///
    /// # Errors
    ///
    /// `Conflict` if a slot is held, if the record changed meanwhile, or if the keys are no
    /// semaphore's; and what any read and write answers.
    ///
    /// # Cancel safety
    ///
    /// The record may be deleted or not.
    pub async fn destroy(&self) -> Result<(), Error> {
        let (record, _) = self.record("destroy").await?;
        let in_use = |why: &str| {
            let class = Class::refused(ErrorKind::Conflict);
            Error::new(class, self.operation("destroy")).with_detail(why)
        };
        if record.limit.is_none() {
            return Ok(());
        }
        if !record.holders.is_empty() {
            return Err(in_use(&format!(
                "it is in use: {} slots are held",
                record.holders.len()
            )));
        }
        let write = self.options.terms().write();
        let deleted = self
            .client
            .kv()
            .delete_cas_with(&self.key(), record.index, &write)
            .await?;
        if deleted {
            Ok(())
        } else {
            Err(in_use("it is in use: its record changed meanwhile"))
        }
    }

    async fn record(&self, verb: &str) -> Result<(Record, Vec<KvEntry>), Error> {
        let operation = self.operation(verb);
        self.check(&operation)?;
        let query = self.options.terms().query();
        let prefix = format!("{}/", self.prefix);
        let entries = self.client.kv().list_with(&prefix, &query).await?.value;
        Ok((Record::of(&entries, &self.key(), &operation)?, entries))
    }

    fn key(&self) -> String {
        format!("{}/.lock", self.prefix)
    }

    fn check(&self, operation: &str) -> Result<(), Error> {
        if self.prefix.is_empty() {
            return Err(Error::invalid(operation, "prefix: must not be empty"));
        }
        if self.limit == 0 {
            return Err(Error::invalid(operation, "limit: must be at least 1"));
        }
        Ok(())
    }

    fn operation(&self, verb: &str) -> String {
        format!("{verb} semaphore `{}`", self.prefix.escape_debug())
    }
}
