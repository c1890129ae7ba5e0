//! One parameter: its value, and where that came from.

use std::fmt;
use std::path::PathBuf;

use bytes::Bytes;

use crate::Revision;

/// Where the value of a parameter came from.
#[derive(Clone, Debug, PartialEq, Eq, Hash)]
#[non_exhaustive]
pub enum Origin {
    /// The defaults that the program gave.
    Defaults,
    /// A file.
    File(PathBuf),
    /// A variable of the environment, by its name.
    Environment(String),
    /// A key of a backend.
    Key {
        /// The backend, as [`Coordinator::url`](crate::Coordinator::url) calls it.
        url: String,
        /// The full path of the key.
        key: String,
    },
}

impl fmt::Display for Origin {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Self::Defaults => f.write_str("the defaults"),
            Self::File(path) => path.display().fmt(f),
            Self::Environment(name) => write!(f, "${name}"),
            Self::Key { url, key } => write!(f, "`{key}` of {url}"),
        }
    }
}

/// One parameter.
///
/// `Debug` shows `***` in place of a secret value.
#[derive(Clone, PartialEq, Eq)]
#[non_exhaustive]
pub struct Parameter {
    /// The value: text, as it stands in the key, the file or the variable.
    pub value: Bytes,
    /// Where it came from.
    pub origin: Origin,
    /// When the key was last changed that it came from.
    pub revision: Option<Revision>,
    /// Whether messages show `***` in place of the value.
    pub is_secret: bool,
}

/// What is shown in place of a secret.
pub(super) const HIDDEN: &str = "***";

impl Parameter {
    pub(super) fn new(value: Bytes, origin: Origin, revision: Option<Revision>) -> Self {
        Self {
            value,
            origin,
            revision,
            is_secret: false,
        }
    }

    /// The value as text, if it is UTF-8: also that of a secret.
    #[must_use]
    pub fn text(&self) -> Option<&str> {
        std::str::from_utf8(&self.value).ok()
    }

    /// The value as messages show it: `***` for a secret, and the number of bytes for what is no
    /// text.
    #[must_use]
    pub fn shown(&self) -> String {
        match self.text() {
            _ if self.is_secret => HIDDEN.to_owned(),
            Some(text) => text.to_owned(),
            None => format!("({} bytes)", self.value.len()),
        }
    }
}

impl fmt::Debug for Parameter {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("Parameter")
            .field("value", &self.shown())
            .field("origin", &self.origin)
            .field("revision", &self.revision)
            .finish_non_exhaustive()
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_secret_is_never_in_a_message() {
        let mut parameter = Parameter::new("hunter2".into(), Origin::Defaults, None);
        assert!(format!("{parameter:?}").contains("hunter2"));
        parameter.is_secret = true;
        assert!(!format!("{parameter:?}").contains("hunter2"));
        assert_eq!(parameter.shown(), "***");
        assert_eq!(parameter.text(), Some("hunter2"));
    }
}
