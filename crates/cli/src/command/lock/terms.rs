//! When a command has to be asked to end, and when it is ended, so that it never outlives its lock.

use std::time::{Duration, Instant};

use quorate::LostReason;

use crate::args::lock::LockArgs;
use crate::failure::Failure;

/// What stays between the end of the command and the moment from which another may hold the lock.
const MARGIN: Duration = Duration::from_millis(500);

/// The times of one run.
#[derive(Clone, Copy, Debug)]
pub(crate) struct Terms {
    /// From SIGTERM to SIGKILL.
    pub(crate) grace: Duration,
    /// How long nobody gets a lock whose session was ended from outside; nothing for a semaphore.
    lock_delay: Duration,
}

impl Terms {
    /// Checks that the grace leaves time for renewals to fail and to come back.
    pub(crate) fn new(args: &LockArgs) -> Result<Self, Failure> {
        if args.grace >= args.ttl / 2 {
            let (grace, ttl) = (args.grace, args.ttl);
            let message = format!("--grace {grace:?} has to be less than half of --ttl {ttl:?}");
            return Err(Failure::usage(message)
                .with_next(format!("--ttl {}s", args.grace.as_secs().max(4) * 2 + 2)));
        }
        let lock_delay = if args.is_semaphore() {
            Duration::ZERO
        } else {
            args.lock_delay
        };
        Ok(Self {
            grace: args.grace,
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

    /// When the command has to be gone, if the lock was lost at `now` for `reason`.
    ///
    /// Where the session was ended from outside, the server's lock-delay is what is left. Where
    /// somebody took the key itself away, nothing is.
    pub(crate) fn kill_at_after_loss(&self, now: Instant, reason: LostReason) -> Instant {
        match reason {
            LostReason::LeaseEnded => now + self.grace.min(self.lock_delay.saturating_sub(MARGIN)),
            _ => now,
        }
    }
}

impl LockArgs {
    /// Whether more than one may hold it. One place is a lock, as for `consul lock -n 1`.
    pub(crate) fn is_semaphore(&self) -> bool {
        self.limit.is_some_and(|limit| limit > 1)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    const TERMS: Terms = Terms {
        grace: Duration::from_secs(3),
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
    fn a_lost_session_leaves_the_lock_delay_and_a_taken_key_nothing() {
        let now = Instant::now();
        let after = |terms: Terms, reason| terms.kill_at_after_loss(now, reason) - now;
        assert_eq!(after(TERMS, LostReason::LeaseEnded), TERMS.grace);
        assert_eq!(after(TERMS, LostReason::TakenAway), Duration::ZERO);
        assert_eq!(after(TERMS, LostReason::Expired), Duration::ZERO);
        let hasty = Terms {
            lock_delay: Duration::ZERO,
            ..TERMS
        };
        assert_eq!(after(hasty, LostReason::LeaseEnded), Duration::ZERO);
    }
}
