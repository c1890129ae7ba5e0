//! Why a value can't become a tree, or a tree a value.

use std::fmt;

use crate::{Error, ErrorKind};

/// Why a value can't be written as a tree, or a tree can't be read as the type that was wanted. It
/// names the path beneath the tree where that is so, and never quotes what is stored there.
///
/// Calls of [`Tree`](crate::Tree) have it as the source of their error:
/// `error.native::<TreeError>()`.
#[derive(Clone, Debug, PartialEq, Eq, thiserror::Error)]
#[error("{problem}{}", At(path))]
pub struct TreeError {
    path: String,
    problem: TreeProblem,
}

/// What is wrong.
#[derive(Clone, Debug, PartialEq, Eq, thiserror::Error)]
#[non_exhaustive]
pub enum TreeProblem {
    /// There is nothing there at all.
    #[error("there is nothing")]
    Absent,
    /// Something else is there than what was wanted.
    #[error("expected {expected}, found {found}")]
    WrongType {
        /// What was wanted.
        expected: String,
        /// What is there.
        found: &'static str,
    },
    /// A key has a value and children, and no type says which is meant.
    #[error("it has a value and children, and nothing says which is meant")]
    Ambiguous,
    /// A child of what was wanted as a list is called something that is no number.
    #[error("expected a list, found a child that is no number")]
    NotAnIndex,
    /// A key of a map is neither text nor a number, a flag, or a variant without data.
    #[error("{0} can't be the key of a map in a tree")]
    KeyType(&'static str),
    /// Two keys of a map are written as the same name.
    #[error("two keys of the map have this name")]
    DuplicateName,
    /// JSON has no such number.
    #[error("JSON has no NaN and no infinity")]
    NotFinite,
    /// Directories lie too deep within each other.
    #[error("it is deeper than the {limit} levels allowed")]
    TooDeep {
        /// How deep they may.
        limit: usize,
    },
    /// There are too many keys.
    #[error("with it there are more than the {limit} keys allowed")]
    TooMany {
        /// How many there may be.
        limit: usize,
    },
    /// There are too many bytes.
    #[error("with it there are more than the {limit} bytes allowed")]
    TooLarge {
        /// How many there may be.
        limit: usize,
    },
    /// What the type itself says.
    #[error("{0}")]
    Custom(String),
}

/// Where: nothing to say for the tree as a whole.
struct At<'a>(&'a str);

impl fmt::Display for At<'_> {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self.0 {
            "" => Ok(()),
            path => write!(f, " (at `{path}`)"),
        }
    }
}

impl TreeError {
    pub(super) fn new(problem: TreeProblem) -> Self {
        Self {
            path: String::new(),
            problem,
        }
    }

    /// Where beneath the tree: `servers/2/port`, in the form of keys. Empty for the tree as a whole.
    #[must_use]
    pub fn path(&self) -> &str {
        &self.path
    }

    /// What is wrong.
    #[must_use]
    pub fn problem(&self) -> &TreeProblem {
        &self.problem
    }

    /// The same error, seen from the directory that holds `name`.
    #[must_use]
    pub(super) fn beneath(mut self, name: &str) -> Self {
        if !self.path.is_empty() {
            self.path.insert(0, '/');
        }
        self.path.insert_str(0, name);
        self
    }

    /// As the error of a call: a value that can't be written is the caller's fault, one that can't
    /// be read is not.
    pub(crate) fn into_error(self, operation: impl Into<String>, writing: bool) -> Error {
        let kind = match self.problem {
            TreeProblem::Absent => ErrorKind::NotFound,
            _ if writing => ErrorKind::InvalidArgument,
            _ => ErrorKind::Malformed,
        };
        let detail = self.to_string();
        Error::new(kind, operation, detail).with_source(self)
    }
}

impl From<TreeProblem> for TreeError {
    fn from(problem: TreeProblem) -> Self {
        Self::new(problem)
    }
}

impl serde::ser::Error for TreeError {
    fn custom<T: fmt::Display>(message: T) -> Self {
        TreeProblem::Custom(message.to_string()).into()
    }
}

impl serde::de::Error for TreeError {
    fn custom<T: fmt::Display>(message: T) -> Self {
        TreeProblem::Custom(message.to_string()).into()
    }

    fn invalid_type(found: serde::de::Unexpected<'_>, wanted: &dyn serde::de::Expected) -> Self {
        wrong(found, wanted)
    }

    fn invalid_value(found: serde::de::Unexpected<'_>, wanted: &dyn serde::de::Expected) -> Self {
        wrong(found, wanted)
    }

    fn unknown_variant(_: &str, wanted: &'static [&'static str]) -> Self {
        TreeProblem::WrongType {
            expected: format!("one of {}", wanted.join(", ")),
            found: "another name",
        }
        .into()
    }
}

/// What was found, without its value, which may be a secret.
fn wrong(found: serde::de::Unexpected<'_>, wanted: &dyn serde::de::Expected) -> TreeError {
    use serde::de::Unexpected as U;
    let found = match found {
        U::Bool(_) => "a flag",
        U::Unsigned(_) | U::Signed(_) | U::Float(_) => "a number",
        U::Char(_) | U::Str(_) => "a text",
        U::Bytes(_) => "bytes",
        U::Unit | U::Option => "null",
        U::Seq => "a list",
        U::Map => "a map",
        _ => "something else",
    };
    TreeProblem::WrongType {
        expected: wanted.to_string(),
        found,
    }
    .into()
}
