//! What is different between two configurations.

use std::fmt;

use super::{Parameter, Parameters};

/// One parameter that is different.
#[derive(Clone, Debug, PartialEq, Eq)]
#[non_exhaustive]
pub struct ParameterChange {
    /// The path: `HTTP/port`.
    pub path: String,
    /// What it was; `None` if it was added.
    pub old: Option<Parameter>,
    /// What it is; `None` if it was removed.
    pub new: Option<Parameter>,
}

impl ParameterChange {
    /// Whether only the origin is different, and the value is the same.
    #[must_use]
    pub fn is_same_value(&self) -> bool {
        match (&self.old, &self.new) {
            (Some(old), Some(new)) => old.value == new.value,
            _ => false,
        }
    }
}

/// `+HTTP/port = 80`, `-HTTP/port = 80`, `HTTP/port: 80 -> 81`; secrets are `***`.
impl fmt::Display for ParameterChange {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let path = &self.path;
        match (&self.old, &self.new) {
            (None, Some(new)) => write!(f, "+{path} = {}", new.shown()),
            (Some(old), None) => write!(f, "-{path} = {}", old.shown()),
            (Some(old), Some(new)) => write!(f, "{path}: {} -> {}", old.shown(), new.shown()),
            (None, None) => f.write_str(path),
        }
    }
}

/// What makes `new` of `old`, by path.
pub(super) fn between(old: &Parameters, new: &Parameters) -> Vec<ParameterChange> {
    let mut changes = Vec::new();
    for (path, parameter) in old.iter() {
        let now = new.get(path);
        if now.is_none_or(|now| now.value != parameter.value || now.origin != parameter.origin) {
            changes.push(ParameterChange {
                path: path.to_owned(),
                old: Some(parameter.clone()),
                new: now.cloned(),
            });
        }
    }
    let added = new.iter().filter(|(path, _)| old.get(path).is_none());
    changes.extend(added.map(|(path, parameter)| ParameterChange {
        path: path.to_owned(),
        old: None,
        new: Some(parameter.clone()),
    }));
    changes.sort_by(|a, b| a.path.cmp(&b.path));
    changes
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::config::{Origin, Secrets};

    fn parameters(of: &[(&str, &'static str)]) -> Parameters {
        let one = |value: &'static str| Parameter::new(value.into(), Origin::Defaults, None);
        let all = of.iter().map(|(path, value)| ((*path).into(), one(value)));
        Parameters::new(all.collect(), &Secrets::default())
    }

    #[test]
    fn a_difference_names_what_was_added_changed_and_removed() {
        let old = parameters(&[("a", "1"), ("b", "1"), ("c", "1")]);
        let new = parameters(&[("a", "1"), ("b", "2"), ("d", "1")]);
        let shown: Vec<_> = between(&old, &new)
            .iter()
            .map(ToString::to_string)
            .collect();
        assert_eq!(shown, ["b: 1 -> 2", "-c = 1", "+d = 1"]);
        assert!(between(&old, &old).is_empty());
    }

    #[test]
    fn a_difference_hides_secrets() {
        let old = parameters(&[("DB/password", "old")]);
        let new = parameters(&[("DB/password", "new")]);
        let changes = between(&old, &new);
        assert_eq!(changes[0].to_string(), "DB/password: *** -> ***");
        assert!(!format!("{changes:?}").contains("new\""));
    }
}
