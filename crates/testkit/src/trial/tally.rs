//! How many trials of a target passed.

use std::collections::BTreeMap;
use std::fmt;
use std::sync::{Mutex, PoisonError};

/// The counts of one target, and the reasons for what was left out.
///
/// `Display` is one phrase: `12 passed`, `11 passed 1 failed`, `12 ignored (no consul here)`.
#[derive(Debug, Default)]
pub struct Tally {
    counts: Mutex<Counts>,
}

#[derive(Clone, Debug, Default)]
struct Counts {
    passed: usize,
    failed: usize,
    ignored: BTreeMap<String, usize>,
}

impl Tally {
    /// How many passed.
    pub fn passed(&self) -> usize {
        self.with(|counts| counts.passed)
    }

    /// How many failed.
    pub fn failed(&self) -> usize {
        self.with(|counts| counts.failed)
    }

    /// How many were ignored.
    pub fn ignored(&self) -> usize {
        self.with(|counts| counts.ignored.values().sum())
    }

    pub(super) fn is_empty(&self) -> bool {
        self.passed() + self.failed() + self.ignored() == 0
    }

    pub(super) fn ignore(&self, reason: &str) {
        self.with(|counts| *counts.ignored.entry(reason.to_owned()).or_default() += 1);
    }

    /// Counts one trial: as failed, unless it is said to have passed before the value is dropped.
    pub(super) fn begin(&self) -> Begun<'_> {
        Begun {
            tally: self,
            passed: false,
        }
    }

    fn with<R>(&self, act: impl FnOnce(&mut Counts) -> R) -> R {
        act(&mut self.counts.lock().unwrap_or_else(PoisonError::into_inner))
    }
}

impl fmt::Display for Tally {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let Counts {
            passed,
            failed,
            ignored,
        } = self.with(|counts| counts.clone());
        let mut parts = Vec::new();
        if passed > 0 || ignored.is_empty() {
            parts.push(format!("{passed} passed"));
        }
        if failed > 0 {
            parts.push(format!("{failed} failed"));
        }
        parts.extend(
            ignored
                .iter()
                .map(|(reason, count)| format!("{count} ignored ({reason})")),
        );
        f.write_str(&parts.join(" "))
    }
}

/// A trial that runs.
pub(super) struct Begun<'a> {
    tally: &'a Tally,
    passed: bool,
}

impl Begun<'_> {
    pub(super) fn passed(mut self) {
        self.passed = true;
    }
}

impl Drop for Begun<'_> {
    fn drop(&mut self) {
        let Self { tally, passed } = self;
        tally.with(|counts| {
            if *passed {
                counts.passed += 1;
            } else {
                counts.failed += 1;
            }
        });
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_phrase_says_what_there_is_to_say() {
        let tally = Tally::default();
        assert_eq!(tally.to_string(), "0 passed");
        tally.ignore("no consul");
        tally.ignore("no consul");
        assert_eq!(tally.to_string(), "2 ignored (no consul)");
        tally.begin().passed();
        assert_eq!(tally.to_string(), "1 passed 2 ignored (no consul)");
        drop(tally.begin());
        assert_eq!(tally.to_string(), "1 passed 1 failed 2 ignored (no consul)");
    }
}
