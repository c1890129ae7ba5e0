//! The cases times the targets.

use std::process::ExitCode;
use std::sync::Arc;
use std::time::Duration;

use libtest_mimic::{Arguments, Completion, Conclusion, Failed, Trial};
use tokio::runtime::{Builder, Runtime};
use tokio::time::timeout;

use super::{Case, Subject, Tally, Target};
use crate::{say, server};

/// How long one trial may take unless the suite says otherwise.
const TIME_LIMIT: Duration = Duration::from_secs(120);
/// How long tasks that were left behind may take to end.
const GRACE: Duration = Duration::from_secs(5);

/// Targets and cases; [`run`](Self::run) is the `main` of a test binary.
#[derive(Debug)]
pub struct Suite<T> {
    targets: Vec<Target<T>>,
    cases: Vec<Case<T>>,
    time_limit: Duration,
    missing_fails: bool,
}

/// What came out of a run.
#[derive(Debug)]
pub struct Outcome {
    /// The counts of the whole run, as the test runner printed them.
    pub conclusion: Conclusion,
    /// The counts of each target, by its name, in the order of the targets.
    pub tallies: Vec<(String, Arc<Tally>)>,
}

impl Outcome {
    /// One line: `embedded: 40 passed, real consul 1.8.7: 40 passed`. Without targets that had no
    /// trial.
    pub fn line(&self) -> String {
        let ran = self.tallies.iter().filter(|(_, tally)| !tally.is_empty());
        let parts: Vec<_> = ran
            .map(|(name, tally)| format!("{name}: {tally}"))
            .collect();
        parts.join(", ")
    }

    /// A line for each trial that failed: `embedded::a_value_is_read_back: no end within 120s`.
    fn failures(&self) -> impl Iterator<Item = String> {
        self.tallies.iter().flat_map(|(name, tally)| {
            let failures = tally.failures().into_iter();
            failures.map(move |(case, reason)| format!("{name}::{case}: {reason}"))
        })
    }

    /// The end of a binary that runs several suites: prints the counts of each, then every trial that failed,
    /// for what the suites printed of it is far above by then. A failure of one is a failure of all.
    pub fn report(outcomes: &[(&str, Self)]) -> ExitCode {
        let mut code = ExitCode::SUCCESS;
        for (name, outcome) in outcomes {
            if !outcome.line().is_empty() {
                say::result(&format!("{name}: {}\n", outcome.line()));
            }
        }
        for (name, outcome) in outcomes {
            for failure in outcome.failures() {
                say::result(&format!("failed in {name}: {failure}\n"));
            }
            if outcome.conclusion.has_failed() {
                code = outcome.conclusion.exit_code();
            }
        }
        code
    }
}

impl<T: Send + Sync + 'static> Suite<T> {
    /// One without targets and cases. A trial may take 120 s; a missing real server is a failure
    /// when `QUORATE_REQUIRE_REAL=1` is set.
    pub fn new() -> Self {
        Self {
            targets: Vec::new(),
            cases: Vec::new(),
            time_limit: TIME_LIMIT,
            missing_fails: server::real_servers_required(),
        }
    }

    /// Adds a target.
    #[must_use]
    pub fn with_target(mut self, target: Target<T>) -> Self {
        self.targets.push(target);
        self
    }

    /// Adds cases.
    #[must_use]
    pub fn with_cases(mut self, cases: impl IntoIterator<Item = Case<T>>) -> Self {
        self.cases.extend(cases);
        self
    }

    /// How long one trial may take, the start of its target included.
    #[must_use]
    pub fn with_time_limit(mut self, limit: Duration) -> Self {
        self.time_limit = limit;
        self
    }

    /// Runs what the command line asks for, as `cargo test` passes it, and prints the counts.
    ///
    /// # Panics
    ///
    /// When two cases have one name, or a case needs what no target is able to do: a table that is
    /// wrong. When no runtime can be started.
    pub fn run(self) -> ExitCode {
        let outcome = self.run_with(&Arguments::from_args());
        let line = outcome.line();
        if !line.is_empty() {
            say::result(&format!("{line}\n"));
        }
        outcome.conclusion.exit_code()
    }

    /// Like [`run`](Self::run) with arguments of the caller's, and without the line at the end.
    ///
    /// # Panics
    ///
    /// As [`run`](Self::run).
    pub fn run_with(self, arguments: &Arguments) -> Outcome {
        self.check();
        let runtime = Builder::new_multi_thread().enable_all().build();
        let runtime = runtime.unwrap_or_else(|error| panic!("no runtime for the trials: {error}"));
        let runtime = Arc::new(runtime);
        let mut trials = Vec::new();
        let mut targets = Vec::new();
        for target in self.targets {
            let (target, tally) = (Arc::new(target), Arc::new(Tally::default()));
            let plan = Plan {
                runtime: runtime.clone(),
                target: target.clone(),
                tally: tally.clone(),
                time_limit: self.time_limit,
                missing_fails: self.missing_fails,
            };
            trials.extend(self.cases.iter().map(|case| plan.trial(*case)));
            targets.push((target, tally));
        }
        let conclusion = libtest_mimic::run(arguments, trials);
        let tallies = targets.into_iter().map(|(target, tally)| {
            let name = target.name().to_owned();
            if let Some(target) = Arc::into_inner(target) {
                runtime.block_on(target.end(tally.failed()));
            }
            (name, tally)
        });
        let outcome = Outcome {
            conclusion,
            tallies: tallies.collect(),
        };
        if let Some(runtime) = Arc::into_inner(runtime) {
            runtime.shutdown_timeout(GRACE);
        }
        outcome
    }

    fn check(&self) {
        for (at, case) in self.cases.iter().enumerate() {
            let twice = self.cases[..at]
                .iter()
                .any(|other| other.name() == case.name());
            assert!(!twice, "two cases are called {}", case.name());
            for need in case.needs {
                let able = self.targets.iter().any(|target| target.is_able(need));
                assert!(
                    able,
                    "{} needs {need}, which no target is able to do",
                    case.name()
                );
            }
        }
    }
}

impl<T: Send + Sync + 'static> Default for Suite<T> {
    fn default() -> Self {
        Self::new()
    }
}

/// What the trials of one target share.
struct Plan<T> {
    runtime: Arc<Runtime>,
    target: Arc<Target<T>>,
    tally: Arc<Tally>,
    time_limit: Duration,
    missing_fails: bool,
}

impl<T> Clone for Plan<T> {
    fn clone(&self) -> Self {
        let Self {
            runtime,
            target,
            tally,
            time_limit,
            missing_fails,
        } = self;
        Self {
            runtime: runtime.clone(),
            target: target.clone(),
            tally: tally.clone(),
            time_limit: *time_limit,
            missing_fails: *missing_fails,
        }
    }
}

impl<T: Send + Sync + 'static> Plan<T> {
    fn trial(&self, case: Case<T>) -> Trial {
        let name = format!("{}::{}", self.target.slug(), case.name());
        let plan = self.clone();
        Trial::ignorable_test(name, move || plan.run(case))
    }

    /// Why the case is left out on this target.
    fn left_out(&self, case: &Case<T>) -> Option<String> {
        let lacking = case.needs.iter().find(|need| !self.target.is_able(need));
        let lacking = lacking.map(|need| format!("not able to do: {need}"));
        let missing = self.target.missing().filter(|_| !self.missing_fails);
        lacking.or_else(|| missing.map(str::to_owned))
    }

    fn run(self, case: Case<T>) -> Result<Completion, Failed> {
        if let Some(reason) = self.left_out(&case) {
            self.tally.ignore(&reason);
            return Ok(Completion::ignored_with(reason));
        }
        let begun = self.tally.begin(case.name());
        let run = async {
            let value = self.target.value().await?;
            let subject = Subject::new(value, &self.target.slug(), &case.name());
            (case.run)(&subject).await
        };
        let limit = self.time_limit;
        let outcome = self.runtime.block_on(async { timeout(limit, run).await });
        let outcome = outcome.unwrap_or_else(|_| Err(anyhow::anyhow!("no end within {limit:?}")));
        let Err(error) = outcome else {
            begun.passed();
            return Ok(Completion::Completed);
        };
        begun.failed(&format!("{error:#}"));
        // The chain of causes is what a failure is found by.
        Err(Failed::from(format!("{error:?}")))
    }
}

#[cfg(test)]
mod tests;
