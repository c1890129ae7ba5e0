//! What clients tell of a call that failed, in the same words for every protocol.
//!
//! A client has an error type of its own, with the kinds and facts of its protocol, around a
//! [`FailedCall`]; [`call_error!`](crate::call_error) writes what all of them have in common.

mod class;
mod failed;

use std::fmt;

pub use class::{Class, Kind, Outcome, RetryAdvice};
pub use failed::{Facts, FailedCall, MAX_TEXT_BYTES, one_line};

/// What a call does and to what, for errors: "get key `jobs/a`".
#[derive(Clone, Copy, Debug)]
pub struct Operation<'a> {
    /// What it does.
    pub verb: &'static str,
    /// A name, or nothing.
    pub subject: &'a str,
}

impl<'a> Operation<'a> {
    /// Both of them.
    pub const fn new(verb: &'static str, subject: &'a str) -> Self {
        Self { verb, subject }
    }
}

impl fmt::Display for Operation<'_> {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self.subject {
            "" => f.write_str(self.verb),
            subject => write!(f, "{} `{}`", self.verb, subject.escape_debug()),
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn an_operation_names_its_subject_if_it_has_one() {
        assert_eq!(Operation::new("list", "").to_string(), "list");
        assert_eq!(Operation::new("get", "a\nb").to_string(), "get `a\\nb`");
    }
}
