//! When a command has to be asked to end, and when it is ended, so that it never outlives its lock.

use std::time::{Duration, Instant};

use super::job::{Job, Kind};
use super::respite::ASK;
use crate::failure::Failure;

/// What stays between the end of the command and the moment from which another may hold the lock.
const MARGIN: Duration = Duration::from_millis(500);

/// The times of one run.
#[derive(Clone, Copy, Debug)]
pub(crate) struct Terms {
    /// From SIGTERM to SIGKILL.
    pub(crate) grace: Duration,
    /// How long the lock outlives its last renewal.
    ttl: Duration,
    /// How long nobody gets a lock whose session was ended from outside; nothing for a semaphore.
    lock_delay: Duration,
}

impl Terms {
    /// Checks that the grace leaves time for renewals to fail and to come back.
    pub(crate) fn new(job: &Job) -> Result<Self, Failure> {
        if job.grace >= job.ttl / 2 {
            let (grace, ttl) = (job.grace, job.ttl);
            let message = format!("--grace {grace:?} has to be less than half of --ttl {ttl:?}");
            return Err(Failure::usage(message)
                .with_next(format!("--ttl {}s", job.grace.as_secs().max(4) * 2 + 2)));
        }
        let lock_delay = match job.kind {
            Kind::Semaphore(_) => Duration::ZERO,
            Kind::Lock | Kind::Election => job.lock_delay,
        };
        Ok(Self {
            grace: job.grace,
            ttl: job.ttl,
            lock_delay,
        })
    }

    /// When the command has to be gone, if the lock is valid until `valid_until`.
    pub(crate) fn kill_at(&self, valid_until: Instant) -> Instant {
        valid_until.checked_sub(MARGIN).unwrap_or(valid_until)
    }

    /// When the command is asked to end, if no renewal comes before.
    pub(crate) fn ask_at(&self, valid_until: Instant) -> Instant {
        let kill_at = self.kill_at(valid_until);
        kill_at.checked_sub(self.grace).unwrap_or(kill_at)
    }

    /// The grace of the watchdog: shorter, so that the holder acts first where it can.
    pub(crate) fn watchdog_grace(&self) -> Duration {
        self.grace / 4 * 3
    }

    /// Whether there is time to ask the server anything at `now`, before the watchdog of a lock that
    /// was valid until `valid_until` acts by itself.
    pub(crate) fn may_ask(&self, now: Instant, valid_until: Instant) -> bool {
        now + ASK + self.watchdog_grace() < self.kill_at(valid_until)
    }

    /// When the command has to be gone that is asked to end at `now`, and whose lock is valid until
    /// `valid_until`.
    pub(crate) fn kill_at_while_held(&self, now: Instant, valid_until: Instant) -> Instant {
        self.kill_at(valid_until).min(now + self.grace)
    }

    /// The same if the lock was valid until `valid_until`, but has lost its session, and the
    /// lock-delay keeps everybody out.
    pub(crate) fn kill_at_in_lock_delay(&self, now: Instant, valid_until: Instant) -> Instant {
        // The session was alive when its last renewal was sent, so its lock-delay began later.
        let free_at = valid_until
            .checked_sub(self.ttl)
            .and_then(|renewed| renewed.checked_add(self.lock_delay))
            .unwrap_or(now);
        self.kill_at_while_held(now, valid_until.min(free_at))
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    const TERMS: Terms = Terms {
        grace: Duration::from_secs(3),
        ttl: Duration::from_secs(15),
        lock_delay: Duration::from_secs(15),
    };

    #[test]
    fn the_command_is_gone_before_the_lock_can_be_lost() {
        let valid_until = Instant::now() + Duration::from_secs(15);
        assert!(TERMS.kill_at(valid_until) < valid_until);
        assert_eq!(
            TERMS.kill_at(valid_until) - TERMS.ask_at(valid_until),
            TERMS.grace
        );
        assert!(TERMS.watchdog_grace() < TERMS.grace);
    }

    #[test]
    fn a_lost_session_leaves_what_is_certain_of_its_lock_delay() {
        let now = Instant::now();
        let seconds = Duration::from_secs;
        // Renewed a second ago.
        let valid_until = now + seconds(14);
        let after = |lock_delay| {
            let terms = Terms {
                lock_delay,
                ..TERMS
            };
            let kill_at = terms.kill_at_in_lock_delay(now, valid_until);
            kill_at.saturating_duration_since(now)
        };
        assert_eq!(after(seconds(15)), TERMS.grace);
        assert_eq!(after(seconds(3)), seconds(2) - MARGIN);
        assert_eq!(after(seconds(1)), Duration::ZERO);
        assert_eq!(after(seconds(0)), Duration::ZERO);
    }

    #[test]
    fn the_server_is_asked_only_while_the_watchdog_keeps_still() {
        let now = Instant::now();
        assert!(TERMS.may_ask(now, now + Duration::from_secs(10)));
        assert!(!TERMS.may_ask(now, now + TERMS.grace));
    }
}
