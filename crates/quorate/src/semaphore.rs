//! Semaphores.

use std::ops::Deref;
use std::sync::Arc;
use std::time::Duration;

use bytes::Bytes;

use crate::backend::{Grip, Hold, SemaphoreBackend};
use crate::gate::Gate;
use crate::held::{Acquisition, Held, Wait};
use crate::{Key, Result, body};

/// How a slot is taken.
#[derive(Clone, Debug, PartialEq, Eq)]
#[non_exhaustive]
pub struct SemaphoreOptions {
    /// How long to wait while all are taken: default for ever.
    pub wait: Wait,
    /// For how long it stays held when nothing is heard of its holder any more: default 15 s,
    /// within [`min_ttl`](crate::Capabilities::min_ttl) and `max_ttl` of the backend (Consul: 10 s
    /// to 24 h). The holder counts it as lost after this time; Consul gives it to another after up
    /// to twice this time.
    pub ttl: Duration,
    /// What the contender's key holds while the slot is held, for people and tools: default nothing.
    pub value: Bytes,
    /// What the session is called in the server's listings: default `quorate semaphore NAME`.
    pub label: Option<String>,
}

impl Default for SemaphoreOptions {
    fn default() -> Self {
        Self {
            wait: Wait::Forever,
            ttl: Duration::from_secs(15),
            value: Bytes::new(),
            label: None,
        }
    }
}

impl SemaphoreOptions {
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

    /// Says what the contender's key holds.
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

/// A semaphore with a number of slots: [`Coordinator::semaphore`](crate::Coordinator::semaphore).
///
/// A cheap handle; it holds nothing itself. The name follows the rules of [`Key`], which are
/// checked when it is first used. Everybody must name the same number of slots; another number
/// gives `Conflict` while the semaphore exists.
///
/// **Where it lives.** On Consul and the embedded agent a semaphore `jobs` keeps its holders in the
/// key `jobs/.lock`, and each contender has a key `jobs/SESSION`, as the command
/// `consul lock -n N jobs` uses them, so the two share the slots. A lock of the same name lives at
/// the same key and is told apart by its flags: one name is one or the other, and using it as both
/// gives `Conflict`. Give it a name with nothing else beneath it. On etcd v3 it is the keys beneath
/// `_semaphores/jobs/`, on etcd v2 the directory `/_semaphores/jobs`.
#[derive(Clone, Debug)]
pub struct Semaphore {
    backend: Arc<dyn SemaphoreBackend>,
    gate: Gate,
    name: String,
    limit: u32,
    options: SemaphoreOptions,
}

impl Semaphore {
    pub(crate) fn new(
        backend: Arc<dyn SemaphoreBackend>,
        gate: Gate,
        name: String,
        limit: u32,
    ) -> Self {
        Self {
            backend,
            gate,
            name,
            limit,
            options: SemaphoreOptions::default(),
        }
    }

    /// The same semaphore, taken with `options`.
    #[must_use]
    pub fn with_options(mut self, options: SemaphoreOptions) -> Self {
        self.options = options;
        self
    }

    /// The semaphore's name.
    #[must_use]
    pub fn name(&self) -> &str {
        &self.name
    }

    /// How many may hold it at once.
    #[must_use]
    pub fn limit(&self) -> u32 {
        self.limit
    }

    /// The options.
    #[must_use]
    pub fn options(&self) -> &SemaphoreOptions {
        &self.options
    }

    /// Takes a slot, waiting for as long as it takes, whatever the options say.
    ///
    /// # Errors
    /// `Conflict` if the key is used for something else; those of every request.
    ///
    /// # Cancel safety
    /// Dropping this future at any point leaves nothing behind: what was begun is ended by the
    /// task that keeps the session.
    pub async fn acquire(&self) -> Result<SemaphoreGuard> {
        loop {
            if let Acquisition::Acquired(guard) = self.acquire_with(Wait::Forever).await? {
                return Ok(guard);
            }
        }
    }

    /// Takes a slot, waiting at most `wait`.
    ///
    /// # Errors
    /// As [`acquire`](Self::acquire). That the time was over is no error.
    ///
    /// # Cancel safety
    /// As [`acquire`](Self::acquire).
    pub async fn acquire_within(&self, wait: Duration) -> Result<Acquisition<SemaphoreGuard>> {
        self.acquire_with(Wait::AtMost(wait)).await
    }

    /// Takes a slot if one is free.
    ///
    /// # Errors
    /// As [`acquire`](Self::acquire). That all are taken is no error.
    ///
    /// # Cancel safety
    /// As [`acquire`](Self::acquire).
    pub async fn try_acquire(&self) -> Result<Acquisition<SemaphoreGuard>> {
        self.acquire_with(Wait::Try).await
    }

    /// Takes a slot, waiting as `wait` says.
    ///
    /// # Errors
    /// As [`acquire`](Self::acquire).
    ///
    /// # Cancel safety
    /// As [`acquire`](Self::acquire).
    pub async fn acquire_with(&self, wait: Wait) -> Result<Acquisition<SemaphoreGuard>> {
        let name = Key::new(self.name.as_str())?;
        let options = self.options.clone().with_wait(wait);
        let acquiring = self.backend.acquire(&name, self.limit, &options);
        let operation = || format!("acquire semaphore `{name}`");
        let hold = self.gate.run(operation, acquiring).await?;
        Ok(hold.map(SemaphoreGuard::new))
    }

    /// Takes a slot as the options say, runs `body`, and releases it. If the slot is lost, the
    /// body is dropped where it stands.
    ///
    /// # Errors
    /// `LeaseLost` if the slot was lost before `body` ended; those of
    /// [`acquire`](Self::acquire).
    ///
    /// # Cancel safety
    /// Dropping this future drops `body` and releases the slot.
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

    /// Removes what the semaphore keeps on the server, if nobody holds it. Then it can be used
    /// with another number of slots.
    ///
    /// # Errors
    /// `Conflict` if somebody holds it, or the key is used for something else.
    pub async fn destroy(&self) -> Result<()> {
        let name = Key::new(self.name.as_str())?;
        let operation = || format!("destroy semaphore `{name}`");
        self.gate
            .run(operation, self.backend.destroy(&name, self.limit))
            .await
    }
}

/// A slot that is held. What it knows is in [`Held`], to which it dereferences.
///
/// Dropping it releases the slot in the background; [`release`](Self::release) does the same and
/// says how it went. If the process dies, the slot ends with its time.
#[derive(Debug)]
#[must_use = "dropping a guard releases it"]
pub struct SemaphoreGuard {
    held: Held,
    grip: Box<dyn Grip>,
}

impl SemaphoreGuard {
    fn new(hold: Hold) -> Self {
        Self {
            held: Held::new(hold.holding, hold.lease),
            grip: hold.grip,
        }
    }

    /// What is known of the slot, for those who work under it.
    #[must_use]
    pub fn held(&self) -> &Held {
        &self.held
    }

    /// Releases the slot, so that the next one gets it at once.
    ///
    /// # Errors
    /// `LeaseLost` if it was lost before; `Indeterminate` if the
    /// answer was lost: then it ends with its time at the latest.
    ///
    /// # Cancel safety
    /// Dropping this future leaves the release to the background.
    pub async fn release(self) -> Result<()> {
        self.grip.release().await
    }

    /// Runs `body` while the slot is held, and releases it. If the slot is lost, the body is
    /// dropped where it stands.
    ///
    /// # Errors
    /// `LeaseLost` if the slot was lost before `body` ended. A release that fails is no error,
    /// for the work was done under the slot: it is logged, and the slot ends with its time.
    ///
    /// # Cancel safety
    /// Dropping this future drops `body` and releases the slot.
    pub async fn run<T, F, Fut>(self, body: F) -> Result<T>
    where
        F: FnOnce(Held) -> Fut,
        Fut: Future<Output = T>,
    {
        body::run(self.held, self.grip, body).await
    }
}

impl Deref for SemaphoreGuard {
    type Target = Held;

    fn deref(&self) -> &Held {
        &self.held
    }
}
