//! A lock, a slot of a semaphore or the office of a leader, as one thing that can be held.

use quorate::{
    Acquisition, Coordinator, Election, ElectionOptions, Held, Leadership, Lock, LockGuard,
    LockOptions, Semaphore, SemaphoreGuard, SemaphoreOptions, Wait,
};

use super::job::{Job, Kind};

/// What is contended for.
#[derive(Debug)]
pub(crate) enum Contended {
    Lock(Lock),
    Semaphore(Semaphore),
    /// … and what others read of the leader.
    Election(Election, String),
}

/// What is held.
#[derive(Debug)]
pub(crate) enum Guard {
    Lock(LockGuard),
    Slot(SemaphoreGuard),
    Office(Leadership),
}

impl Contended {
    /// What the job has to hold.
    pub(crate) fn new(coordinator: &Coordinator, job: &Job) -> Self {
        let (name, ttl) = (job.name.as_str(), job.ttl);
        let value = job.value.clone().unwrap_or_else(own_name);
        let label = format!("quorate {} {name} ({})", job.verb(), own_name());
        match job.kind {
            Kind::Lock => {
                let options = LockOptions::default().with_ttl(ttl);
                let options = options.with_lock_delay(job.lock_delay);
                let options = options.with_value(value).with_label(label);
                Self::Lock(coordinator.lock(name).with_options(options))
            }
            Kind::Semaphore(limit) => {
                let options = SemaphoreOptions::default().with_ttl(ttl);
                let options = options.with_value(value).with_label(label);
                Self::Semaphore(coordinator.semaphore(name, limit).with_options(options))
            }
            Kind::Election => {
                let options = ElectionOptions::default().with_ttl(ttl);
                let options = options.with_lock_delay(job.lock_delay).with_label(label);
                Self::Election(coordinator.election(name).with_options(options), value)
            }
        }
    }

    /// Whether a lock-delay keeps everybody out when its holder's session ends.
    pub(crate) fn has_lock_delay(&self) -> bool {
        !matches!(self, Self::Semaphore(_))
    }

    /// Takes it, waiting as `wait` says.
    pub(crate) async fn acquire(&self, wait: Wait) -> quorate::Result<Acquisition<Guard>> {
        Ok(match self {
            Self::Lock(lock) => lock.acquire_with(wait).await?.map(Guard::Lock),
            Self::Semaphore(semaphore) => semaphore.acquire_with(wait).await?.map(Guard::Slot),
            Self::Election(election, value) => {
                let elected = election.campaign_with(value.clone(), wait).await?;
                elected.map(Guard::Office)
            }
        })
    }
}

impl Guard {
    /// Whether it is still held, and until when.
    pub(crate) fn held(&self) -> &Held {
        match self {
            Self::Lock(guard) => guard.held(),
            Self::Slot(guard) => guard.held(),
            Self::Office(leadership) => leadership.held(),
        }
    }

    /// Gives it back.
    pub(crate) async fn release(self) -> quorate::Result<()> {
        match self {
            Self::Lock(guard) => guard.release().await,
            Self::Slot(guard) => guard.release().await,
            Self::Office(leadership) => leadership.resign().await,
        }
    }
}

/// `host pid 42`: what others see of the holder.
pub(crate) fn own_name() -> String {
    let host = crate::host::name().unwrap_or_else(|| "unknown host".into());
    format!("{host} pid {}", std::process::id())
}
