//! Locks that say when they are lost.

mod acquisition;
mod contest;
mod guard;
mod holder;
mod monitor;
mod options;
pub(crate) mod place;
pub(crate) mod recipe;
pub(crate) mod tenure;

use std::sync::{Arc, Mutex};
use std::time::Duration;

use quorate_wire::consul::KvEntry;

pub use acquisition::Acquisition;
pub(crate) use contest::Patience;
pub use guard::LockGuard;
pub use holder::Holder;
pub use options::{DEFAULT_TTL, LOCK_SESSION_NAME, LockOptions, MAX_LOCK_VALUE_BYTES};
pub(crate) use options::{check_value, source};
pub use place::LOCK_FLAGS;
use place::{Place, foreign_flags};

use crate::error::Class;
use crate::{Client, Error, ErrorKind};

/// A lock: a key that one session at a time can hold.
///
/// It excludes every client that follows Consul's own recipe, the `consul lock` command among them
/// (which locks `PREFIX/.lock`). Clones are the same lock; each acquisition has a session and a
/// task of its own, unless a session is shared by
/// [`LockOptions::with_session`].
///
/// Inside one process those who wait for the same lock through the same client are served in the
/// order in which they came, and only the first of them asks the server. Between processes there is
/// no order.
///
/// A holder that dies is noticed when its session expires, after at most twice its TTL; then the
/// lock-delay keeps everybody out. With the defaults the lock is free after at most 50 s, after a
/// release at once.
///
/// ```
/// # #[tokio::main(flavor = "current_thread")] async fn main() -> Result<(), Box<dyn std::error::Error>> {
/// # let agent = quorate_agent::Agent::start(Default::default()).await?;
/// # let client = quorate_consul::Client::builder().dialer(agent.dialer()).build()?;
/// let lock = client.lock("jobs/nightly");
/// let guard = lock.acquire().await?;
/// assert!(!lock.try_acquire().await?.is_acquired(), "one at a time");
/// match guard.run_while_held(work(guard.fencing_token())).await {
///     Ok(()) => guard.release().await?,
///     Err(reason) => return Err(format!("lost: {reason}").into()),
/// }
/// assert!(lock.holder().await?.is_none());
/// # async fn work(_: u64) {}
/// # Ok(())
/// # }
/// ```
#[derive(Clone, Debug)]
pub struct Lock {
    client: Client,
    key: String,
    options: Arc<LockOptions>,
}

impl Client {
    /// The lock at `key`, with default options. Nothing is sent.
    #[must_use]
    pub fn lock(&self, key: impl Into<String>) -> Lock {
        let options = Arc::new(LockOptions::default());
        Lock {
            client: self.clone(),
            key: key.into(),
            options,
        }
    }
}

impl Lock {
    /// The same lock with these options.
    #[must_use]
    pub fn with_options(mut self, options: LockOptions) -> Self {
        self.options = Arc::new(options);
        self
    }

    /// The key.
    #[must_use]
    pub fn key(&self) -> &str {
        &self.key
    }

    /// Acquires the lock, however long it takes.
    ///
    /// While others hold it, failures of the network that pass by themselves are ridden out, and a
    /// session that is lost meanwhile is replaced. Without anybody to wait for, a server that can't
    /// be reached is an error after the time that the client gives every call.
    ///
    /// # Errors
    ///
    /// `Conflict` if the key is not a lock's (its flags are others), `LeaseLost` if a shared session
    /// is lost, `Closed` if the client was closed, and what session, read and transaction answer.
    ///
    /// # Cancel safety
    ///
    /// Safe at every await: a task cleans up in the background, so that neither the lock nor a
    /// session is left behind.
    pub async fn acquire(&self) -> Result<LockGuard, Error> {
        match self.contend(Patience::Until(None)).await? {
            Acquisition::Acquired(guard) => Ok(guard),
            // It can't be: there is no end of the time. Better said than waited for.
            Acquisition::TimedOut { .. } => {
                let class = Class::refused(ErrorKind::Timeout);
                Err(Error::new(class, self.operation("acquire")))
            }
        }
    }

    /// Acquires the lock if that can be done within `time`, counted from now; zero is one try.
    ///
    /// # Errors
    ///
    /// As [`acquire`](Self::acquire). If the server could not be asked at the end of the time, that
    /// is the error: `TimedOut` says that the lock was seen to be held.
    ///
    /// # Cancel safety
    ///
    /// As [`acquire`](Self::acquire).
    pub async fn acquire_within(&self, time: Duration) -> Result<Acquisition<LockGuard>, Error> {
        self.contend(Patience::within(time)).await
    }

    /// Acquires the lock if it is free. If it is not, this costs one read, and nothing is written.
    ///
    /// # Errors
    ///
    /// As [`acquire`](Self::acquire).
    ///
    /// # Cancel safety
    ///
    /// As [`acquire`](Self::acquire).
    pub async fn try_acquire(&self) -> Result<Acquisition<LockGuard>, Error> {
        self.contend(Patience::Once).await
    }

    async fn contend(&self, patience: Patience) -> Result<Acquisition<LockGuard>, Error> {
        let operation = self.operation("acquire");
        self.check_key(&operation)?;
        let source = self.options.source(&self.client, &operation)?;
        let place = Arc::new(Place {
            client: self.client.clone(),
            key: self.key.clone(),
            terms: self.options.terms(),
            value: Mutex::new(self.options.value.clone()),
        });
        let acquisition = tenure::acquire(Arc::clone(&place), source, patience).await?;
        Ok(acquisition.map(|tenure| LockGuard::new(place, tenure)))
    }

    /// Who holds the lock now; `None` if nobody does, or it does not exist.
    ///
    /// `GET /v1/kv/:key`
    ///
    /// # Errors
    ///
    /// `Conflict` if the key is not a lock's, and what any read answers.
    ///
    /// # Cancel safety
    ///
    /// Safe: nothing is changed.
    pub async fn holder(&self) -> Result<Option<Holder>, Error> {
        let entry = self.entry("look at").await?;
        Ok(entry.as_ref().and_then(Holder::of))
    }

    /// Deletes the key of a lock that nobody holds. Nothing happens if there is none.
    ///
    /// # Errors
    ///
    /// `Conflict` if it is held, if it changed meanwhile, or if the key is not a lock's; and what
    /// any read and write answers.
    ///
    /// # Cancel safety
    ///
    /// The key may be deleted or not.
    pub async fn destroy(&self) -> Result<(), Error> {
        let Some(entry) = self.entry("destroy").await? else {
            return Ok(());
        };
        let in_use = |why: &str| {
            let class = Class::refused(ErrorKind::Conflict);
            Error::new(class, self.operation("destroy")).with_detail(why)
        };
        if let Some(session) = &entry.session {
            return Err(in_use(&format!("it is in use by session {session}")));
        }
        let write = self.options.terms().write();
        let deleted = self
            .client
            .kv()
            .delete_cas_with(&self.key, entry.modify_index, &write)
            .await?;
        if deleted {
            Ok(())
        } else {
            Err(in_use("it is in use: it changed meanwhile"))
        }
    }

    async fn entry(&self, verb: &str) -> Result<Option<KvEntry>, Error> {
        let operation = self.operation(verb);
        self.check_key(&operation)?;
        let query = self.options.terms().query();
        match self.client.kv().get_with(&self.key, &query).await?.value {
            Some(entry) if entry.flags != LOCK_FLAGS => {
                Err(foreign_flags(&operation, &entry, LOCK_FLAGS))
            }
            entry => Ok(entry),
        }
    }

    fn check_key(&self, operation: &str) -> Result<(), Error> {
        if self.key.is_empty() {
            return Err(Error::invalid(operation, "key: must not be empty"));
        }
        Ok(())
    }

    fn operation(&self, verb: &str) -> String {
        format!("{verb} lock `{}`", self.key.escape_debug())
    }
}
