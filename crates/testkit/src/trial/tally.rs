//! How many trials of a target passed, and which failed why.

use std::collections::BTreeMap;
use std::fmt;
use std::mem;
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
    failures: Vec<(String, String)>,
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

    /// The cases that failed, each with the first line of its reason, in the order of their ends.
    pub fn failures(&self) -> Vec<(String, String)> {
        self.with(|counts| counts.failures.clone())
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
    pub(super) fn begin(&self, case: String) -> Begun<'_> {
        let reason = Some("it panicked".to_owned());
        Begun {
            tally: self,
            case,
            reason,
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
            failures: _,
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
    case: String,
    /// Why it has failed, if it ends now.
    reason: Option<String>,
}

impl Begun<'_> {
    pub(super) fn passed(mut self) {
        self.reason = None;
    }

    pub(super) fn failed(mut self, reason: &str) {
        self.reason = Some(reason.lines().next().unwrap_or_default().to_owned());
    }
}

impl Drop for Begun<'_> {
    fn drop(&mut self) {
        let (case, reason) = (mem::take(&mut self.case), self.reason.take());
        self.tally.with(|counts| match reason {
            None => counts.passed += 1,
            Some(reason) => {
                counts.failed += 1;
                counts.failures.push((case, reason));
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
        tally.begin("a".to_owned()).passed();
        assert_eq!(tally.to_string(), "1 passed 2 ignored (no consul)");
        drop(tally.begin("b".to_owned()));
        assert_eq!(tally.to_string(), "1 passed 1 failed 2 ignored (no consul)");
        tally.begin("c".to_owned()).failed("two\nlines");
        let failures = [("b", "it panicked"), ("c", "two")];
        assert_eq!(
            tally.failures(),
            failures.map(|(case, reason)| (case.to_owned(), reason.to_owned()))
        );
    }
}
