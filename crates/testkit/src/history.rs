//! Proof that a lock excluded and a semaphore limited, from what the holders themselves claimed.
//!
//! Each holder writes down from when until when it believed to hold. [`History::check_exclusive`]
//! and [`History::check_limit`] then look at all of it: a lock is safe when no two of these
//! intervals overlap and when the fencing tokens grow from each to the next.
//!
//! ```
//! use std::time::Duration;
//! use quorate_testkit::history::{History, Moment};
//!
//! let history = History::new();
//! let ttl = Duration::from_secs(10);
//! for (holder, token) in [("a", 7), ("b", 9)] {
//!     let holding = history.acquired(holder, token, Moment::now() + ttl);
//!     holding.extend(Moment::now() + ttl); // the session was renewed
//!     holding.released(); // before the release is sent
//! }
//! assert_eq!(history.check_exclusive().unwrap(), 2);
//! ```

mod check;
mod moment;
mod validity;

use std::sync::{Arc, Mutex, MutexGuard, PoisonError};

pub use check::Violation;
pub use moment::Moment;
pub use validity::{End, NotAValidity, Validity};

/// Everything that the holders of one lock or semaphore claimed. Clones write into the same one.
#[derive(Clone, Debug, Default)]
pub struct History {
    claims: Arc<Mutex<Vec<Validity>>>,
}

impl History {
    /// An empty history.
    pub fn new() -> Self {
        Self::default()
    }

    /// `holder` has just learnt that it holds, with this fencing token, until `valid_until` unless
    /// it renews. Call it as soon as the guard is there.
    #[must_use = "dropping it says that the end was not seen"]
    pub fn acquired(&self, holder: impl Into<String>, token: u64, valid_until: Moment) -> Holding {
        let holder = holder.into();
        let from = Moment::now();
        let claim = Validity {
            holder,
            token,
            from,
            until: valid_until,
            end: End::NotSeen,
        };
        let mut claims = self.lock();
        claims.push(claim);
        Holding {
            history: self.clone(),
            at: claims.len() - 1,
        }
    }

    /// Adds what a holder elsewhere wrote down, such as one in another process.
    pub fn add(&self, claim: Validity) {
        self.lock().push(claim);
    }

    /// Adds the lines that another process wrote, one [`Validity`] in each; empty ones are skipped.
    ///
    /// # Errors
    ///
    /// [`NotAValidity`] quotes the first line that is none; nothing is added then.
    pub fn add_lines(&self, lines: &str) -> Result<(), NotAValidity> {
        let lines = lines.lines().filter(|line| !line.trim().is_empty());
        let claims = lines
            .map(str::parse)
            .collect::<Result<Vec<Validity>, _>>()?;
        self.lock().extend(claims);
        Ok(())
    }

    /// What was claimed, in the order of writing.
    pub fn claims(&self) -> Vec<Validity> {
        self.lock().clone()
    }

    /// Checks a lock: no two intervals overlap, and tokens grow strictly from holder to holder.
    /// Returns how many intervals were checked.
    ///
    /// A claim that was over before it began, because the acquire came back too late, never was
    /// one and is not counted. One that is still open counts until the end of its validity.
    ///
    /// # Errors
    ///
    /// The first [`Violation`], described with its two holders.
    pub fn check_exclusive(&self) -> Result<usize, Violation> {
        check::exclusive(self.claims())
    }

    /// Checks a semaphore: never more than `limit` intervals at one instant. Returns how many
    /// intervals were checked.
    ///
    /// # Errors
    ///
    /// The first [`Violation`], described with all who held at that instant.
    pub fn check_limit(&self, limit: usize) -> Result<usize, Violation> {
        check::limit(self.claims(), limit)
    }

    fn lock(&self) -> MutexGuard<'_, Vec<Validity>> {
        // A holder that panicked left a whole entry behind: its claim counts.
        self.claims.lock().unwrap_or_else(PoisonError::into_inner)
    }
}

/// A claim that goes on. Dropping it leaves the claim standing until the end of its validity.
#[derive(Debug)]
pub struct Holding {
    history: History,
    at: usize,
}

impl Holding {
    /// The guard is now valid until this moment.
    pub fn extend(&self, valid_until: Moment) {
        self.change(|claim| claim.until = valid_until);
    }

    /// The holder gives it up. Call it before the release is sent, because another holder may
    /// begin before the answer is back.
    pub fn released(self) {
        self.finish(End::Released);
    }

    /// The holder learnt that it holds no longer, and has stopped to claim it.
    pub fn lost(self) {
        self.finish(End::Lost);
    }

    fn finish(&self, end: End) {
        self.change(|claim| {
            claim.until = claim.until.min(Moment::now());
            claim.end = end;
        });
    }

    fn change(&self, change: impl FnOnce(&mut Validity)) {
        if let Some(claim) = self.history.lock().get_mut(self.at) {
            change(claim);
        }
    }
}

#[cfg(test)]
mod tests {
    use std::time::Duration;

    use super::*;

    const TTL: Duration = Duration::from_secs(60);

    #[test]
    fn a_release_ends_the_claim_before_its_validity() {
        let history = History::new();
        history.acquired("a", 1, Moment::now() + TTL).released();
        history.acquired("b", 2, Moment::now() + TTL).lost();
        assert_eq!(history.check_exclusive().unwrap(), 2);
        let ends: Vec<_> = history.claims().iter().map(|claim| claim.end).collect();
        assert_eq!(ends, [End::Released, End::Lost]);
    }

    #[test]
    fn a_release_after_the_validity_does_not_lengthen_it() {
        let history = History::new();
        let until = Moment::now();
        history.acquired("late", 1, until).released();
        assert_eq!(history.claims()[0].until, until);
    }

    #[test]
    fn a_holder_that_vanishes_claims_until_the_end_of_its_validity() {
        let history = History::new();
        drop(history.acquired("gone", 1, Moment::now() + TTL));
        history.acquired("next", 2, Moment::now() + TTL).released();
        let text = history.check_exclusive().unwrap_err().to_string();
        assert!(
            text.contains("gone") && text.contains("end not seen"),
            "{text}"
        );
    }

    #[test]
    fn a_claim_that_is_still_open_is_checked_too() {
        let history = History::new();
        let first = history.acquired("first", 1, Moment::now() + TTL);
        let second = history.acquired("second", 2, Moment::now() + TTL);
        assert!(history.check_exclusive().is_err());
        assert_eq!(history.check_limit(2).unwrap(), 2);
        first.released();
        second.released();
    }

    #[test]
    fn an_extended_claim_lasts_longer() {
        let history = History::new();
        let holding = history.acquired("a", 1, Moment::now());
        holding.extend(Moment::now() + TTL);
        let other = history.acquired("b", 2, Moment::now() + TTL);
        assert!(history.check_exclusive().is_err());
        holding.released();
        other.released();
    }

    #[test]
    fn lines_of_another_process_are_added_or_refused_as_a_whole() {
        let history = History::new();
        let claim = Validity {
            holder: "pid 7".into(),
            token: 3,
            from: Moment::now(),
            until: Moment::now() + TTL,
            end: End::NotSeen,
        };
        history.add_lines(&format!("{claim}\n\n{claim}\n")).unwrap();
        assert_eq!(history.claims(), [claim.clone(), claim.clone()]);
        let error = history
            .add_lines(&format!("{claim}\nnonsense"))
            .unwrap_err();
        assert!(error.to_string().contains("nonsense"), "{error}");
        assert_eq!(history.claims().len(), 2);
    }
}
