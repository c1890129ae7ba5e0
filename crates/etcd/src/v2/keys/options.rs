//! How keys are read, written and deleted.

use std::time::Duration;

use quorate_wire::etcd2::Parameters;

use super::ttl_seconds;
use crate::v2::call::Operation;
use crate::v2::error::Error;

/// What must be there for a write or a deletion to happen: a value, an index, or both.
///
/// ```
/// use quorate_etcd::v2::Condition;
///
/// let both = Condition::value("old").and_index(7);
/// assert_eq!((both.prev_value.as_deref(), both.prev_index), (Some("old"), Some(7)));
/// ```
#[derive(Clone, Debug, Default, PartialEq, Eq)]
#[non_exhaustive]
pub struct Condition {
    /// The value that must be there (`prevValue`). Servers cannot compare with an empty one, so
    /// that is refused.
    pub prev_value: Option<String>,
    /// The index of the last change that must be there (`prevIndex`). 0 would be no condition at
    /// all on servers, so it is refused.
    pub prev_index: Option<u64>,
}

impl Condition {
    /// The value must be this one.
    pub fn value(value: impl Into<String>) -> Self {
        Self::default().and_value(value)
    }

    /// The index of the last change must be this one.
    #[must_use]
    pub fn index(index: u64) -> Self {
        Self::default().and_index(index)
    }

    /// The value must be this one, too.
    #[must_use]
    pub fn and_value(mut self, value: impl Into<String>) -> Self {
        self.prev_value = Some(value.into());
        self
    }

    /// The index of the last change must be this one, too.
    #[must_use]
    pub fn and_index(mut self, index: u64) -> Self {
        self.prev_index = Some(index);
        self
    }

    fn apply(&self, to: &mut Parameters, operation: Operation<'_>) -> Result<(), Error> {
        let refuse = |why: &str| Err(Error::invalid(operation.to_string(), why));
        match (&self.prev_value, self.prev_index) {
            (None, None) => return refuse("condition: neither a value nor an index"),
            (Some(value), _) if value.is_empty() => {
                return refuse("prev_value: an empty value cannot be compared with");
            }
            (_, Some(0)) => return refuse("prev_index: 0 would be no condition"),
            _ => {}
        }
        to.prev_value.clone_from(&self.prev_value);
        to.prev_index = self.prev_index.unwrap_or_default();
        Ok(())
    }
}

/// Options of [`Keys::get_with`](super::Keys::get_with).
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
#[non_exhaustive]
pub struct GetOptions {
    /// Everything below it too, at all depths (`recursive`).
    pub recursive: bool,
    /// In the order of the keys, at each level (`sorted`). Otherwise the order is random.
    pub sorted: bool,
    /// By agreement of the servers, so never stale (`quorum`). Otherwise the server that is asked
    /// answers from its own copy, even when it is cut off.
    pub quorum: bool,
    /// The time for the call, instead of the client's.
    pub timeout: Option<Duration>,
}

impl GetOptions {
    /// The defaults: one level, any order, possibly stale.
    #[must_use]
    pub fn new() -> Self {
        Self::default()
    }

    /// Everything below it too.
    #[must_use]
    pub fn with_recursive(mut self) -> Self {
        self.recursive = true;
        self
    }

    /// In the order of the keys.
    #[must_use]
    pub fn with_sorted(mut self) -> Self {
        self.sorted = true;
        self
    }

    /// Never stale.
    #[must_use]
    pub fn with_quorum(mut self) -> Self {
        self.quorum = true;
        self
    }

    /// Sets the time for the call.
    #[must_use]
    pub fn with_timeout(mut self, timeout: Duration) -> Self {
        self.timeout = Some(timeout);
        self
    }

    pub(super) fn parameters(self) -> Parameters {
        let mut parameters = Parameters::default();
        parameters.recursive = self.recursive;
        parameters.sorted = self.sorted;
        parameters.quorum = self.quorum;
        parameters
    }
}

/// Options of [`Keys::set_with`](super::Keys::set_with).
#[derive(Clone, Debug, Default, PartialEq, Eq)]
#[non_exhaustive]
pub struct SetOptions {
    /// How long it lives, in whole seconds, rounded up: at least 1 s (`ttl`). Without it the key
    /// lives for ever, **also if it had a TTL before**: every write sets it anew.
    pub ttl: Option<Duration>,
    /// Writes a directory, without a value (`dir`).
    pub dir: bool,
    /// `true`: it must be there (an update). `false`: it must not (a creation). Default: either
    /// (`prevExist`).
    pub prev_exist: Option<bool>,
    /// What must be there.
    pub condition: Option<Condition>,
    /// A new TTL and the old value, without waking watches (`refresh`). Needs a TTL, and no value.
    pub refresh: bool,
    /// The answer is to have the action alone (`noValueOnSuccess`), since etcd 3.1.
    pub no_value_on_success: bool,
    /// The time for the call, instead of the client's.
    pub timeout: Option<Duration>,
}

impl SetOptions {
    /// The defaults: a file that lives for ever, whatever was there.
    #[must_use]
    pub fn new() -> Self {
        Self::default()
    }

    /// Sets how long it lives.
    #[must_use]
    pub fn with_ttl(mut self, ttl: Duration) -> Self {
        self.ttl = Some(ttl);
        self
    }

    /// Writes a directory.
    #[must_use]
    pub fn with_dir(mut self) -> Self {
        self.dir = true;
        self
    }

    /// It must be there (`true`) or must not (`false`).
    #[must_use]
    pub fn with_prev_exist(mut self, exists: bool) -> Self {
        self.prev_exist = Some(exists);
        self
    }

    /// Sets what must be there.
    #[must_use]
    pub fn with_condition(mut self, condition: Condition) -> Self {
        self.condition = Some(condition);
        self
    }

    /// A new TTL and the old value.
    #[must_use]
    pub fn with_refresh(mut self) -> Self {
        self.refresh = true;
        self
    }

    /// The answer is to have the action alone.
    #[must_use]
    pub fn with_no_value_on_success(mut self) -> Self {
        self.no_value_on_success = true;
        self
    }

    /// Sets the time for the call.
    #[must_use]
    pub fn with_timeout(mut self, timeout: Duration) -> Self {
        self.timeout = Some(timeout);
        self
    }

    /// The parameters, if servers would heed all of them.
    pub(super) fn parameters(
        &self,
        value: &str,
        operation: Operation<'_>,
    ) -> Result<Parameters, Error> {
        let refuse = |why: &str| Err(Error::invalid(operation.to_string(), why));
        if self.refresh && self.ttl.is_none() {
            return refuse("refresh: it needs a ttl");
        }
        if self.refresh && !value.is_empty() {
            return refuse("refresh: it keeps the value, and takes none");
        }
        if self.dir && !value.is_empty() {
            return refuse("dir: a directory has no value");
        }
        if self.prev_exist == Some(false) && self.condition.is_some() {
            return refuse("condition: nothing can be there that must not exist");
        }
        let mut parameters = Parameters::default();
        if let Some(condition) = &self.condition {
            condition.apply(&mut parameters, operation)?;
        }
        parameters.ttl = self
            .ttl
            .map(|ttl| ttl_seconds(ttl, operation))
            .transpose()?;
        parameters.dir = self.dir;
        parameters.prev_exist = self.prev_exist;
        parameters.refresh = self.refresh.then_some(true);
        parameters.no_value_on_success = self.no_value_on_success;
        // A refresh must not have the field at all on some servers, and a directory needs none.
        parameters.value = (!self.refresh && !self.dir).then(|| value.to_owned());
        Ok(parameters)
    }
}

/// Options of [`Keys::delete_with`](super::Keys::delete_with).
#[derive(Clone, Debug, Default, PartialEq, Eq)]
#[non_exhaustive]
pub struct DeleteOptions {
    /// An empty directory may be deleted too (`dir`).
    pub dir: bool,
    /// A directory may be deleted with everything in it (`recursive`).
    pub recursive: bool,
    /// What must be there. Directories have neither.
    pub condition: Option<Condition>,
    /// The time for the call, instead of the client's.
    pub timeout: Option<Duration>,
}

impl DeleteOptions {
    /// The defaults: a file, whatever is in it.
    #[must_use]
    pub fn new() -> Self {
        Self::default()
    }

    /// An empty directory may be deleted too.
    #[must_use]
    pub fn with_dir(mut self) -> Self {
        self.dir = true;
        self
    }

    /// A directory may be deleted with everything in it.
    #[must_use]
    pub fn with_recursive(mut self) -> Self {
        self.recursive = true;
        self
    }

    /// Sets what must be there.
    #[must_use]
    pub fn with_condition(mut self, condition: Condition) -> Self {
        self.condition = Some(condition);
        self
    }

    /// Sets the time for the call.
    #[must_use]
    pub fn with_timeout(mut self, timeout: Duration) -> Self {
        self.timeout = Some(timeout);
        self
    }

    pub(super) fn parameters(&self, operation: Operation<'_>) -> Result<Parameters, Error> {
        let mut parameters = Parameters::default();
        if let Some(condition) = &self.condition {
            if self.dir || self.recursive {
                let why = "condition: a directory has neither value nor index to compare with";
                return Err(Error::invalid(operation.to_string(), why));
            }
            condition.apply(&mut parameters, operation)?;
        }
        parameters.dir = self.dir || self.recursive;
        parameters.recursive = self.recursive;
        Ok(parameters)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    const OPERATION: Operation<'static> = Operation::new("write", "/k");

    fn refused(options: &SetOptions, value: &str) -> String {
        options
            .parameters(value, OPERATION)
            .unwrap_err()
            .to_string()
    }

    #[test]
    fn what_servers_would_ignore_is_refused() {
        let base = SetOptions::new();
        let ttl = base.clone().with_ttl(Duration::from_secs(1));
        assert!(refused(&base.clone().with_refresh(), "").contains("needs a ttl"));
        assert!(refused(&ttl.with_refresh(), "v").contains("keeps the value"));
        assert!(refused(&base.clone().with_dir(), "v").contains("dir"));
        let zero = base.clone().with_condition(Condition::index(0));
        assert!(refused(&zero, "v").contains("prev_index"));
        let empty = base.clone().with_condition(Condition::value(""));
        assert!(refused(&empty, "v").contains("prev_value"));
        let none = base.clone().with_condition(Condition::default());
        assert!(refused(&none, "v").contains("neither"));
        let both = base
            .with_prev_exist(false)
            .with_condition(Condition::index(1));
        assert!(refused(&both, "v").contains("must not exist"));
        let delete = DeleteOptions::new()
            .with_recursive()
            .with_condition(Condition::index(1));
        assert!(delete.parameters(OPERATION).is_err());
    }

    #[test]
    fn a_refresh_has_no_value_field() {
        let options = SetOptions::new()
            .with_ttl(Duration::from_secs(5))
            .with_refresh();
        let parameters = options.parameters("", OPERATION).unwrap();
        assert_eq!((parameters.value, parameters.refresh), (None, Some(true)));
    }

    #[test]
    fn an_empty_value_is_sent() {
        let parameters = SetOptions::new().parameters("", OPERATION).unwrap();
        assert_eq!(parameters.value.as_deref(), Some(""));
    }
}
