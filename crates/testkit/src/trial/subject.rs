//! What a case works on.

use std::collections::hash_map::RandomState;
use std::hash::{BuildHasher, Hasher};
use std::ops::Deref;
use std::sync::{Arc, OnceLock};

/// A target, and a place in it that belongs to one trial alone.
///
/// It dereferences to the target's value.
#[derive(Debug)]
pub struct Subject<T> {
    target: Arc<T>,
    prefix: String,
}

impl<T> Subject<T> {
    pub(super) fn new(target: Arc<T>, target_name: &str, case: &str) -> Self {
        let prefix = format!("quorate-test/{}/{target_name}/{case}/", run_id());
        Self { target, prefix }
    }

    /// The prefix of the keys of this trial, with a slash at its end. No other trial has it, in this
    /// run or another, so that trials may run at the same time against a server that is shared.
    pub fn prefix(&self) -> &str {
        &self.prefix
    }

    /// A key under the prefix.
    pub fn key(&self, name: &str) -> String {
        format!("{}{name}", self.prefix)
    }
}

impl<T> Deref for Subject<T> {
    type Target = T;

    fn deref(&self) -> &T {
        &self.target
    }
}

/// Tells this run of the tests from any other.
fn run_id() -> &'static str {
    static ID: OnceLock<String> = OnceLock::new();
    ID.get_or_init(|| {
        format!(
            "{:08x}",
            RandomState::new().build_hasher().finish() & 0xffff_ffff
        )
    })
}
