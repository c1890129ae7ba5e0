use std::cmp::Ordering;

use bytes::Bytes;

use super::key_range::KeyRange;
use super::key_value::KeyValue;
use super::refusal::Refusal;
use super::state::State;

/// What of a key is compared, and with what.
#[derive(Clone, Debug, PartialEq, Eq)]
#[non_exhaustive]
pub enum Target {
    /// How often it was written.
    Version(i64),
    /// When it began to exist.
    Create(i64),
    /// When it was written last.
    Mod(i64),
    /// The value.
    Value(Bytes),
    /// The lease.
    Lease(i64),
    /// Something that does not exist, which etcd takes for equal.
    Unknown,
}

/// How it has to compare.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Comparison {
    /// It is equal.
    Equal,
    /// It is greater.
    Greater,
    /// It is less.
    Less,
    /// It is not equal.
    NotEqual,
    /// A way that does not exist, which etcd takes for one that always holds.
    Unknown,
}

/// A condition of a transaction. It has to hold for every key of the range; a range without keys
/// is as a key whose numbers are all 0, and that has no value at all: nothing holds of its value.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Compare {
    /// The keys.
    pub range: KeyRange,
    /// What is compared.
    pub target: Target,
    /// How.
    pub result: Comparison,
}

impl Compare {
    pub(super) fn check(&self) -> Result<(), Refusal> {
        if self.range.key.is_empty() {
            return Err(Refusal::EmptyKey);
        }
        Ok(())
    }

    fn holds_of(&self, kv: &KeyValue) -> bool {
        let ordering = match &self.target {
            Target::Version(version) => kv.version.cmp(version),
            Target::Create(revision) => kv.create_revision.cmp(revision),
            Target::Mod(revision) => kv.mod_revision.cmp(revision),
            Target::Value(value) => kv.value.cmp(value),
            Target::Lease(lease) => kv.lease.cmp(lease),
            Target::Unknown => Ordering::Equal,
        };
        match self.result {
            Comparison::Equal => ordering.is_eq(),
            Comparison::Greater => ordering.is_gt(),
            Comparison::Less => ordering.is_lt(),
            Comparison::NotEqual => ordering.is_ne(),
            Comparison::Unknown => true,
        }
    }
}

impl State {
    /// Whether a condition holds now.
    pub(super) fn holds(&self, compare: &Compare) -> bool {
        let mut keys = self.keys_now(&compare.range).peekable();
        if keys.peek().is_none() {
            let of_value = matches!(compare.target, Target::Value(_));
            return !of_value && compare.holds_of(&KeyValue::default());
        }
        keys.all(|kv| compare.holds_of(kv))
    }
}
