//! A lock or a slot of a semaphore, as one thing that can be held.

use quorate::{
    Acquisition, Coordinator, Held, Lock, LockGuard, LockOptions, Semaphore, SemaphoreGuard,
    SemaphoreOptions, Wait,
};

use crate::args::lock::LockArgs;

/// What is contended for.
#[derive(Debug)]
pub(crate) enum Contended {
    Lock(Lock),
    Semaphore(Semaphore),
}

/// What is held.
#[derive(Debug)]
pub(crate) enum Guard {
    Lock(LockGuard),
    Slot(SemaphoreGuard),
}

impl Contended {
    /// The lock or semaphore that the arguments name.
    pub(crate) fn new(coordinator: &Coordinator, args: &LockArgs) -> Self {
        let value = args.value.clone().unwrap_or_else(own_name);
        let label = format!("quorate lock {} ({})", args.name, own_name());
        match args.limit {
            Some(limit) if args.is_semaphore() => {
                let options = SemaphoreOptions::default().with_ttl(args.ttl);
                let options = options.with_value(value).with_label(label);
                let semaphore = coordinator.semaphore(args.name.as_str(), limit);
                Self::Semaphore(semaphore.with_options(options))
            }
            _ => {
                let options = LockOptions::default().with_ttl(args.ttl);
                let options = options.with_lock_delay(args.lock_delay);
                let options = options.with_value(value).with_label(label);
                Self::Lock(coordinator.lock(args.name.as_str()).with_options(options))
            }
        }
    }

    /// Takes it, waiting as `wait` says.
    pub(crate) async fn acquire(&self, wait: Wait) -> quorate::Result<Acquisition<Guard>> {
        Ok(match self {
            Self::Lock(lock) => lock.acquire_with(wait).await?.map(Guard::Lock),
            Self::Semaphore(semaphore) => semaphore.acquire_with(wait).await?.map(Guard::Slot),
        })
    }
}

impl Guard {
    /// Whether it is still held, and until when.
    pub(crate) fn held(&self) -> &Held {
        match self {
            Self::Lock(guard) => guard.held(),
            Self::Slot(guard) => guard.held(),
        }
    }

    /// Gives it back.
    pub(crate) async fn release(self) -> quorate::Result<()> {
        match self {
            Self::Lock(guard) => guard.release().await,
            Self::Slot(guard) => guard.release().await,
        }
    }
}

/// `host pid 42`: what others see of the holder.
fn own_name() -> String {
    let host = crate::host::name().unwrap_or_else(|| "unknown host".into());
    format!("{host} pid {}", std::process::id())
}
