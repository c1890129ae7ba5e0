//! The two places where this crate prints.

/// A line for the person who reads the outcome of the tests.
#[expect(
    clippy::print_stdout,
    reason = "counts belong beside those of the test runner"
)]
pub(crate) fn result(line: &str) {
    println!("{line}");
}

/// A line that helps to find out why a test failed.
#[expect(
    clippy::print_stderr,
    reason = "a Drop has no other way to say where the log is"
)]
pub(crate) fn hint(line: &str) {
    eprintln!("{line}");
}
