//! Locks.

use std::ops::Deref;
use std::sync::Arc;
use std::time::Duration;

use bytes::Bytes;

use crate::backend::{Grip, Hold, LockBackend};
use crate::gate::Gate;
use crate::held::{Acquisition, Held, Wait};
use crate::{Key, Result, body};

/// How a lock is taken.
#[derive(Clone, Debug, PartialEq, Eq)]
#[non_exhaustive]
pub struct LockOptions {
    /// How long to wait while another holds it: default for ever.
    pub wait: Wait,
    /// For how long it stays held when nothing is heard of its holder any more: default 15 s,
    /// within [`min_ttl`](crate::Capabilities::min_ttl) and `max_ttl` of the backend (Consul: 10 s
    /// to 24 h). The holder counts it as lost after this time; Consul gives it to another after up
    /// to twice this time and the lock-delay, etcd after this time and the lock-delay.
    pub ttl: Duration,
    /// For how long nobody gets it after its holder died without releasing it: default 15 s, at
    /// most [`max_lock_delay`](crate::Capabilities::max_lock_delay). Zero is no delay.
    pub lock_delay: Duration,
    /// What the lock's key holds while it is held, for people and tools: default nothing.
    pub value: Bytes,
    /// What the session is called in the server's listings: default `quorate lock NAME`. etcd
    /// has nowhere to say it.
    pub label: Option<String>,
}

impl Default for LockOptions {
    fn default() -> Self {
        Self {
            wait: Wait::Forever,
            ttl: Duration::from_secs(15),
            lock_delay: Duration::from_secs(15),
            value: Bytes::new(),
            label: None,
        }
    }
}

impl LockOptions {
    /// Says how long to wait.
    #[must_use]
    pub fn with_wait(mut self, wait: Wait) -> Self {
        self.wait = wait;
        self
    }

    /// Says for how long it stays held when nothing is heard of its holder.
    #[must_use]
    pub fn with_ttl(mut self, ttl: Duration) -> Self {
        self.ttl = ttl;
        self
    }

    /// Says for how long nobody gets it after its holder died.
    #[must_use]
    pub fn with_lock_delay(mut self, delay: Duration) -> Self {
        self.lock_delay = delay;
        self
    }

    /// Says what the lock's key holds.
    #[must_use]
    pub fn with_value(mut self, value: impl Into<Bytes>) -> Self {
        self.value = value.into();
        self
    }

    /// Says what the session is called.
    #[must_use]
    pub fn with_label(mut self, label: impl Into<String>) -> Self {
        self.label = Some(label.into());
        self
    }
}

/// A lock that at most one holder has: [`Coordinator::lock`](crate::Coordinator::lock).
///
/// A cheap handle; it holds nothing itself. The name follows the rules of [`Key`], which are
/// checked when it is first used.
///
/// **Where it lives.** On Consul and the embedded agent a lock `jobs` is the key `jobs/.lock`, as
/// the command `consul lock jobs` uses it, so the two exclude each other. A semaphore of the same
/// name lives at the same key and is told apart by its flags: one name is one or the other, and
/// using it as both gives `Conflict`.
///
/// On etcd v3 it is the keys beneath `_locks/jobs/`, where `etcdctl lock _locks/jobs` takes part;
/// semaphores are beneath `_semaphores/`, and elections beneath `_elections/`.
///
/// On etcd v2 it is the directory `/_locks/jobs`, as python-etcd has it, so that the contenders of
/// both exclude each other; semaphores and elections have directories of their own.
#[derive(Clone, Debug)]
pub struct Lock {
    backend: Arc<dyn LockBackend>,
    gate: Gate,
    name: String,
    options: LockOptions,
}

impl Lock {
    pub(crate) fn new(backend: Arc<dyn LockBackend>, gate: Gate, name: String) -> Self {
        Self {
            backend,
            gate,
            name,
            options: LockOptions::default(),
        }
    }

    /// The same lock, taken with `options`.
    #[must_use]
    pub fn with_options(mut self, options: LockOptions) -> Self {
        self.options = options;
        self
    }

    /// The lock's name.
    #[must_use]
    pub fn name(&self) -> &str {
        &self.name
    }

    /// The options.
    #[must_use]
    pub fn options(&self) -> &LockOptions {
        &self.options
    }

    /// Takes the lock, waiting for as long as it takes, whatever the options say.
    ///
    /// # Errors
    /// `Conflict` if the key is used for something else; those of every request.
    ///
    /// # Cancel safety
    /// Dropping this future at any point leaves nothing behind: what was begun is ended by the
    /// task that keeps the session.
    pub async fn acquire(&self) -> Result<LockGuard> {
        loop {
            if let Acquisition::Acquired(guard) = self.acquire_with(Wait::Forever).await? {
                return Ok(guard);
            }
        }
    }

    /// Takes the lock, waiting at most `wait`.
    ///
    /// # Errors
    /// As [`acquire`](Self::acquire). That the time was over is no error.
    ///
    /// # Cancel safety
    /// As [`acquire`](Self::acquire).
    pub async fn acquire_within(&self, wait: Duration) -> Result<Acquisition<LockGuard>> {
        self.acquire_with(Wait::AtMost(wait)).await
    }

    /// Takes the lock if it is free.
    ///
    /// # Errors
    /// As [`acquire`](Self::acquire). That it is taken is no error.
    ///
    /// # Cancel safety
    /// As [`acquire`](Self::acquire).
    pub async fn try_acquire(&self) -> Result<Acquisition<LockGuard>> {
        self.acquire_with(Wait::Try).await
    }

    /// Takes the lock, waiting as `wait` says.
    ///
    /// # Errors
    /// As [`acquire`](Self::acquire).
    ///
    /// # Cancel safety
    /// As [`acquire`](Self::acquire).
    pub async fn acquire_with(&self, wait: Wait) -> Result<Acquisition<LockGuard>> {
        let name = Key::new(self.name.as_str())?;
        let options = self.options.clone().with_wait(wait);
        let acquiring = self.backend.acquire(&name, &options);
        let operation = || format!("acquire lock `{name}`");
        let hold = self.gate.run(operation, acquiring).await?;
        Ok(hold.map(LockGuard::new))
    }

    /// Takes the lock as the options say, runs `body`, and releases it. If the lock is lost, the
    /// body is dropped where it stands.
    ///
    /// # Errors
    /// `LeaseLost` if the lock was lost before `body` ended; those of
    /// [`acquire`](Self::acquire).
    ///
    /// # Cancel safety
    /// Dropping this future drops `body` and releases the lock.
    pub async fn run<T, F, Fut>(&self, body: F) -> Result<Acquisition<T>>
    where
        F: FnOnce(Held) -> Fut,
        Fut: Future<Output = T>,
    {
        match self.acquire_with(self.options.wait).await? {
            Acquisition::Acquired(guard) => guard.run(body).await.map(Acquisition::Acquired),
            Acquisition::TimedOut { holders } => Ok(Acquisition::TimedOut { holders }),
        }
    }

    /// Removes what the lock keeps on the server, if nobody holds it. It need not be called: a
    /// released lock is one small key.
    ///
    /// # Errors
    /// `Conflict` if somebody holds it, or the key is used for something else.
    pub async fn destroy(&self) -> Result<()> {
        let name = Key::new(self.name.as_str())?;
        let operation = || format!("destroy lock `{name}`");
        self.gate.run(operation, self.backend.destroy(&name)).await
    }
}

/// A lock that is held. What it knows is in [`Held`], to which it dereferences.
///
/// Dropping it releases the lock in the background; [`release`](Self::release) does the same and
/// says how it went. If the process dies, the lock ends with its time.
#[derive(Debug)]
#[must_use = "dropping a guard releases it"]
pub struct LockGuard {
    held: Held,
    grip: Box<dyn Grip>,
}

impl LockGuard {
    fn new(hold: Hold) -> Self {
        Self {
            held: Held::new(hold.holding, hold.lease),
            grip: hold.grip,
        }
    }

    /// What is known of the lock, for those who work under it.
    #[must_use]
    pub fn held(&self) -> &Held {
        &self.held
    }

    /// Releases the lock, so that the next one gets it at once.
    ///
    /// # Errors
    /// `LeaseLost` if it was lost before; `NotHolder` if another has it; `Indeterminate` if the
    /// answer was lost: then it ends with its time at the latest.
    ///
    /// # Cancel safety
    /// Dropping this future leaves the release to the background.
    pub async fn release(self) -> Result<()> {
        self.grip.release().await
    }

    /// Runs `body` while the lock is held, and releases it. If the lock is lost, the body is
    /// dropped where it stands.
    ///
    /// # Errors
    /// `LeaseLost` if the lock was lost before `body` ended. A release that fails is no error,
    /// for the work was done under the lock: it is logged, and the lock ends with its time.
    ///
    /// # Cancel safety
    /// Dropping this future drops `body` and releases the lock.
    pub async fn run<T, F, Fut>(self, body: F) -> Result<T>
    where
        F: FnOnce(Held) -> Fut,
        Fut: Future<Output = T>,
    {
        body::run(self.held, self.grip, body).await
    }
}

impl Deref for LockGuard {
    type Target = Held;

    fn deref(&self) -> &Held {
        &self.held
    }
}
