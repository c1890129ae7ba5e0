//! The side of a lease that renews it.

use std::time::Duration;

use tokio::sync::watch;
use tokio::time::{Instant, sleep, sleep_until, timeout};

use super::{Lease, Reason};
use crate::backoff::Backoff;

/// The longest pause before a renewal that failed is tried again.
const MAX_RETRY_PAUSE: Duration = Duration::from_secs(1);

/// What is known about a lease.
#[derive(Clone, Copy, Debug)]
pub(super) struct State<R> {
    /// Start of the last renewal that succeeded + TTL.
    pub(super) deadline: Instant,
    /// Set once, and never unset.
    pub(super) lost: Option<R>,
}

/// What came of asking a server to renew.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Renewal<R> {
    /// It lives for this long from the request on.
    For(Duration),
    /// Nobody knows: ask again soon.
    Failed,
    /// It is gone.
    Gone(R),
}

/// Until when something may be relied on: what its owner's task says, and every [`Lease`] shows.
#[derive(Debug)]
pub struct Validity<R> {
    state: watch::Sender<State<R>>,
}

impl<R: Reason> Validity<R> {
    /// Something that may be relied on until `deadline`: the start of the request that made or
    /// renewed it, plus its time to live.
    pub fn new(deadline: Instant) -> Self {
        let (state, _) = watch::channel(State {
            deadline,
            lost: None,
        });
        Self { state }
    }

    /// A view for those who rely on it.
    pub fn lease(&self) -> Lease<R> {
        Lease::new(self.state.subscribe())
    }

    /// Says that it is lost, unless that was said before.
    pub fn lose(&self, reason: R) {
        self.state.send_if_modified(|state| {
            let first = state.lost.is_none();
            state.lost = state.lost.or(Some(reason));
            first
        });
    }

    /// Takes a renewal that counts until `deadline`.
    ///
    /// # Errors
    ///
    /// The deadline of before has passed: somebody may have seen that it was over, so the renewal
    /// must not bring it back to life.
    pub fn confirm(&self, deadline: Instant) -> Result<(), R> {
        let in_time = self.state.send_if_modified(|state| {
            let in_time = Instant::now() < state.deadline;
            if in_time {
                state.deadline = deadline;
            }
            in_time
        });
        if in_time {
            Ok(())
        } else {
            Err(R::DEADLINE_PASSED)
        }
    }

    /// Renews it, for as long as it is polled, after each third of its time less up to a tenth of
    /// that; each `renew` gets a third of the time, and one that failed is tried again within a
    /// second. Tells why it can't be relied on any more, but says so to nobody else.
    ///
    /// # Cancel safety
    ///
    /// A renewal may be under way.
    pub async fn keep<F>(&self, mut ttl: Duration, mut renew: impl FnMut() -> F) -> R
    where
        F: Future<Output = Renewal<R>>,
    {
        let mut pause = renewal_pause(ttl);
        loop {
            let deadline = self.state.borrow().deadline;
            let asked = async {
                sleep(pause).await;
                let begun = Instant::now();
                let renewal = timeout(ttl / 3, renew()).await;
                (begun, renewal.unwrap_or(Renewal::Failed))
            };
            let (begun, renewal) = tokio::select! {
                biased;
                () = sleep_until(deadline) => return R::DEADLINE_PASSED,
                answered = asked => answered,
            };
            pause = match renewal {
                Renewal::For(time) => {
                    ttl = time;
                    if let Err(late) = self.confirm(begun + time) {
                        return late;
                    }
                    renewal_pause(ttl)
                }
                Renewal::Failed => retry_pause(ttl),
                Renewal::Gone(reason) => return reason,
            };
        }
    }
}

/// A third of the TTL less up to a tenth of that, so that clients that were started together do
/// not renew together.
fn renewal_pause(ttl: Duration) -> Duration {
    let third = ttl / 3;
    third.saturating_sub(random_up_to(third / 10))
}

fn retry_pause(ttl: Duration) -> Duration {
    let cap = MAX_RETRY_PAUSE.min(ttl / 15);
    cap / 2 + random_up_to(cap / 2)
}

/// A random time between zero and `most`.
pub fn random_up_to(most: Duration) -> Duration {
    Backoff::new(most, most).next_delay()
}

#[cfg(test)]
pub(super) mod tests {
    use super::*;

    #[derive(Clone, Copy, Debug, PartialEq, Eq)]
    pub(in crate::lease) enum Why {
        DeadlinePassed,
        TakenAway,
        Released,
    }

    impl Reason for Why {
        const DEADLINE_PASSED: Self = Self::DeadlinePassed;
    }

    pub(in crate::lease) fn validity(ttl: Duration) -> Validity<Why> {
        Validity::new(Instant::now() + ttl)
    }

    const TTL: Duration = Duration::from_secs(15);

    #[test]
    fn renewals_are_a_third_of_the_ttl_apart_or_a_tenth_less() {
        let pauses: Vec<_> = (0..500).map(|_| renewal_pause(TTL)).collect();
        let fits = |pause: &Duration| *pause <= TTL / 3 && *pause >= TTL / 3 * 9 / 10;
        assert!(pauses.iter().all(fits));
        assert!(pauses.iter().any(|p| *p != pauses[0]), "they must differ");
    }

    #[test]
    fn several_retries_fit_into_the_ttl() {
        for _ in 0..100 {
            assert!(retry_pause(Duration::from_secs(10)) <= Duration::from_secs(1));
        }
    }

    #[tokio::test(start_paused = true)]
    async fn a_confirmation_moves_the_deadline_unless_it_has_passed() {
        let (validity, begun) = (validity(TTL), Instant::now());
        let lease = validity.lease();
        tokio::time::advance(TTL / 2).await;
        assert_eq!(validity.confirm(begun + TTL / 3 + TTL), Ok(()));
        assert_eq!(lease.valid_until(), begun + TTL / 3 + TTL);
        tokio::time::advance(TTL).await;
        assert_eq!(validity.confirm(begun + 3 * TTL), Err(Why::DeadlinePassed));
        assert_eq!(lease.valid_until(), begun + TTL / 3 + TTL);
    }

    #[tokio::test(start_paused = true)]
    async fn it_is_kept_until_renewals_fail_for_as_long_as_the_ttl() {
        let (validity, begun) = (validity(TTL), Instant::now());
        let mut renewals = 0;
        let lost = validity.keep(TTL, || {
            renewals += 1;
            let renewal = if renewals <= 3 {
                Renewal::For(TTL)
            } else {
                Renewal::Failed
            };
            async move { renewal }
        });
        assert_eq!(lost.await, Why::DeadlinePassed);
        assert!(renewals > 10, "it was tried again soon: {renewals}");
        assert!(begun.elapsed() > TTL + 2 * TTL / 3 && begun.elapsed() <= 2 * TTL);
    }

    #[tokio::test(start_paused = true)]
    async fn a_renewal_that_hangs_is_given_up_after_a_third_of_the_ttl() {
        let validity = validity(TTL);
        let mut renewals = 0;
        let lost = validity.keep(TTL, || {
            renewals += 1;
            std::future::pending()
        });
        assert_eq!(lost.await, Why::DeadlinePassed);
        assert_eq!(renewals, 2);
    }

    #[tokio::test(start_paused = true)]
    async fn what_the_server_says_is_gone_is_lost_at_once() {
        let (validity, begun) = (validity(TTL), Instant::now());
        let gone = || async { Renewal::Gone(Why::TakenAway) };
        assert_eq!(validity.keep(TTL, gone).await, Why::TakenAway);
        assert!(begun.elapsed() <= TTL / 3);
        assert!(validity.lease().is_valid(), "its owner says so");
    }
}
