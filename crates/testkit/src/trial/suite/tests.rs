//! What becomes of cases and targets.

use std::collections::BTreeSet;
use std::sync::Mutex;
use std::sync::atomic::{AtomicUsize, Ordering};

use anyhow::{bail, ensure};

use super::*;
use crate::cases;
use crate::server::Located;

/// A target that remembers the prefixes of its trials.
#[derive(Default)]
struct Memory {
    prefixes: Mutex<BTreeSet<String>>,
}

const LOCKS: &str = "locks";

async fn passes(subject: &Subject<Memory>) -> anyhow::Result<()> {
    let prefix = subject.prefix().to_owned();
    ensure!(subject.key("a") == format!("{prefix}a"));
    ensure!(
        subject.prefixes.lock().unwrap().insert(prefix),
        "the prefix was used before"
    );
    Ok(())
}

async fn also_passes(subject: &Subject<Memory>) -> anyhow::Result<()> {
    passes(subject).await
}

mod inner {
    use super::{Memory, Subject};

    pub(super) async fn passes(subject: &Subject<Memory>) -> anyhow::Result<()> {
        super::passes(subject).await
    }
}

async fn locks(subject: &Subject<Memory>) -> anyhow::Result<()> {
    passes(subject).await
}

async fn fails(_: &Subject<Memory>) -> anyhow::Result<()> {
    bail!("this is expected")
}

async fn panics(_: &Subject<Memory>) -> anyhow::Result<()> {
    panic!("this is expected")
}

async fn hangs(_: &Subject<Memory>) -> anyhow::Result<()> {
    std::future::pending().await
}

fn memory(name: &str) -> Target<Memory> {
    Target::new(name, || async { Ok(Memory::default()) })
}

fn missing() -> Target<Memory> {
    let located = Located::Missing("no such server".to_owned());
    Target::real("real thing 1.0", located, || async {
        Ok(Memory::default())
    })
}

fn quietly() -> Arguments {
    Arguments {
        logfile: Some("/dev/null".to_owned()),
        quiet: true,
        ..Arguments::default()
    }
}

fn counts(outcome: &Outcome) -> (u64, u64, u64) {
    let Conclusion {
        num_passed,
        num_failed,
        num_ignored,
        ..
    } = outcome.conclusion;
    (num_passed, num_failed, num_ignored)
}

#[test]
fn every_case_runs_on_every_target_under_a_prefix_of_its_own() {
    let suite = Suite::new()
        .with_target(memory("embedded"))
        .with_target(memory("another one"))
        .with_cases(cases![Memory; passes, also_passes]);
    let outcome = suite.run_with(&quietly());
    assert_eq!(counts(&outcome), (4, 0, 0));
    assert_eq!(outcome.line(), "embedded: 2 passed, another one: 2 passed");
}

#[test]
fn a_case_is_left_out_where_the_target_is_not_able() {
    let suite = Suite::new()
        .with_target(memory("able").able(&[LOCKS]))
        .with_target(memory("unable"))
        .with_cases(cases![Memory; passes, locks needs [LOCKS]]);
    let outcome = suite.run_with(&quietly());
    assert_eq!(counts(&outcome), (3, 0, 1));
    let line = "able: 2 passed, unable: 1 passed 1 ignored (not able to do: locks)";
    assert_eq!(outcome.line(), line);
}

#[test]
fn a_missing_server_is_ignored_with_the_reason_or_fails_where_it_is_required() {
    let suite = |required| {
        let cases = cases![Memory; passes, also_passes];
        let suite = Suite::new()
            .with_target(memory("embedded"))
            .with_target(missing());
        Suite {
            missing_fails: required,
            ..suite
        }
        .with_cases(cases)
    };
    let outcome = suite(false).run_with(&quietly());
    assert_eq!(counts(&outcome), (2, 0, 2));
    let line = "embedded: 2 passed, real thing 1.0: 2 ignored (no such server)";
    assert_eq!(outcome.line(), line);
    let outcome = suite(true).run_with(&quietly());
    assert_eq!(counts(&outcome), (2, 2, 0));
    assert_eq!(
        outcome.line(),
        "embedded: 2 passed, real thing 1.0: 0 passed 2 failed"
    );
}

#[test]
fn an_error_a_panic_and_a_hang_are_failures() {
    let suite = Suite::new()
        .with_target(memory("embedded"))
        .with_time_limit(Duration::from_secs(4))
        .with_cases(cases![Memory; fails, passes, panics, hangs]);
    let outcome = suite.run_with(&quietly());
    assert_eq!(counts(&outcome), (1, 3, 0));
    assert_eq!(outcome.line(), "embedded: 1 passed 3 failed");
    assert!(outcome.conclusion.has_failed());
    let mut failures: Vec<_> = outcome.failures().collect();
    failures.sort();
    let expected = [
        "embedded::fails: this is expected",
        "embedded::hangs: no end within 4s",
        "embedded::panics: it panicked",
    ];
    assert_eq!(failures, expected);
    let code = Outcome::report(&[
        ("nothing", Suite::<Memory>::new().run_with(&quietly())),
        ("one", outcome),
    ]);
    assert_ne!(code, ExitCode::SUCCESS);
}

#[test]
fn a_target_that_cannot_start_fails_all_its_trials_and_is_tried_once() {
    static STARTS: AtomicUsize = AtomicUsize::new(0);
    let broken = Target::<Memory>::new("broken", || async {
        STARTS.fetch_add(1, Ordering::Relaxed);
        bail!("no port")
    });
    let suite = Suite::new()
        .with_target(broken)
        .with_cases(cases![Memory; passes, also_passes]);
    let outcome = suite.run_with(&quietly());
    assert_eq!(counts(&outcome), (0, 2, 0));
    assert_eq!(STARTS.load(Ordering::Relaxed), 1);
}

#[test]
fn a_target_is_started_only_for_a_trial_and_ended_with_the_number_of_failures() {
    static ENDED_WITH: AtomicUsize = AtomicUsize::new(usize::MAX);
    let target = || {
        memory("embedded").with_end(|_, failed| async move {
            ENDED_WITH.store(failed, Ordering::Relaxed);
        })
    };
    let suite = || {
        Suite::new()
            .with_target(target())
            .with_cases(cases![Memory; passes, fails])
    };
    let nothing = Arguments {
        filter: Some("no such case".to_owned()),
        ..quietly()
    };
    let outcome = suite().run_with(&nothing);
    assert_eq!((counts(&outcome), outcome.line().as_str()), ((0, 0, 0), ""));
    assert_eq!(
        ENDED_WITH.load(Ordering::Relaxed),
        usize::MAX,
        "it was never started"
    );
    suite().run_with(&quietly());
    assert_eq!(ENDED_WITH.load(Ordering::Relaxed), 1);
}

#[test]
fn trials_are_chosen_by_their_name() {
    let suite = Suite::new()
        .with_target(memory("some target"))
        .with_cases(cases![Memory; passes, also_passes, inner::passes]);
    let filter = Some("some-target::inner::passes".to_owned());
    let outcome = suite.run_with(&Arguments {
        filter,
        exact: true,
        ..quietly()
    });
    assert_eq!(outcome.line(), "some target: 1 passed");
}

#[test]
#[should_panic(expected = "needs locks, which no target is able to do")]
fn a_need_that_nobody_meets_is_a_mistake() {
    let cases = cases![Memory; locks needs [LOCKS]];
    Suite::new()
        .with_target(memory("embedded"))
        .with_cases(cases)
        .run_with(&quietly());
}

#[test]
#[should_panic(expected = "two cases are called passes")]
fn two_cases_of_one_name_are_a_mistake() {
    let suite = Suite::new().with_cases(cases![Memory; passes, passes]);
    suite.with_target(memory("embedded")).run_with(&quietly());
}
