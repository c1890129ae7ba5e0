use quorate_wire::consul::health::{CRITICAL, PASSING, WARNING};

use crate::engine::consul::CheckPlan;

/// What one run of a check said.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(super) struct Outcome {
    pub(super) status: &'static str,
    pub(super) output: String,
}

impl Outcome {
    pub(super) fn passing(output: impl Into<String>) -> Self {
        Self::new(PASSING, output)
    }

    pub(super) fn warning(output: impl Into<String>) -> Self {
        Self::new(WARNING, output)
    }

    pub(super) fn critical(output: impl Into<String>) -> Self {
        Self::new(CRITICAL, output)
    }

    fn new(status: &'static str, output: impl Into<String>) -> Self {
        Self {
            status,
            output: output.into(),
        }
    }
}

/// Counts successes and failures in a row, for checks that change their status only after some.
#[derive(Debug, Default)]
pub(super) struct Streak {
    successes: u32,
    failures: u32,
}

impl Streak {
    /// Whether an outcome counts: it is told to nobody before there were enough of its kind. A
    /// warning is a success here.
    pub(super) fn admits(&mut self, outcome: &Outcome, plan: &CheckPlan) -> bool {
        if outcome.status == CRITICAL {
            self.successes = 0;
            self.failures = self.failures.saturating_add(1);
            self.failures >= plan.failures_before_critical
        } else {
            self.failures = 0;
            self.successes = self.successes.saturating_add(1);
            self.successes >= plan.success_before_passing
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_status_changes_after_as_many_in_a_row_as_the_check_asks_for() {
        let plan = CheckPlan {
            success_before_passing: 2,
            failures_before_critical: 3,
            ..CheckPlan::default()
        };
        let mut streak = Streak::default();
        let said = [
            Outcome::passing(""),
            Outcome::critical(""),
            Outcome::warning(""),
            Outcome::passing(""),
            Outcome::critical(""),
            Outcome::critical(""),
            Outcome::critical(""),
            Outcome::critical(""),
        ];
        let admitted = said.map(|outcome| streak.admits(&outcome, &plan));
        let want = [false, false, false, true, false, false, true, true];
        assert_eq!(admitted, want);
    }
}
