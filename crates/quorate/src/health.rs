//! How things are.

use std::fmt;

/// How an instance, a node or a check is.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
#[non_exhaustive]
pub enum HealthStatus {
    /// All is well.
    Passing,
    /// It works, and somebody should look at it.
    Warning,
    /// It can't be used. What is not known is critical.
    Critical,
    /// It was taken out of service by hand.
    Maintenance,
}

impl HealthStatus {
    /// In one word, as messages and tables have it: `passing`, `warning`, `critical`,
    /// `maintenance`.
    #[must_use]
    pub fn as_str(self) -> &'static str {
        match self {
            Self::Passing => "passing",
            Self::Warning => "warning",
            Self::Critical => "critical",
            Self::Maintenance => "maintenance",
        }
    }
}

impl fmt::Display for HealthStatus {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.pad(self.as_str())
    }
}

/// How a service says that it is, and why.
#[derive(Clone, Debug, PartialEq, Eq)]
#[non_exhaustive]
pub struct Health {
    /// How it is; [`Maintenance`](HealthStatus::Maintenance) counts as critical here.
    pub status: HealthStatus,
    /// Why, for people. Consul's agents keep the first 4 KiB.
    pub note: String,
}

impl Health {
    /// It is `status`, because of `note`.
    pub fn new(status: HealthStatus, note: impl Into<String>) -> Self {
        let note = note.into();
        Self { status, note }
    }

    /// It is well.
    pub fn passing(note: impl Into<String>) -> Self {
        Self::new(HealthStatus::Passing, note)
    }

    /// It works, and somebody should look at it.
    pub fn warning(note: impl Into<String>) -> Self {
        Self::new(HealthStatus::Warning, note)
    }

    /// It can't be used.
    pub fn critical(note: impl Into<String>) -> Self {
        Self::new(HealthStatus::Critical, note)
    }
}

/// What a check said last.
#[derive(Clone, Debug, PartialEq, Eq)]
#[non_exhaustive]
pub struct CheckResult {
    /// Its node.
    pub node: String,
    /// Its id, unique within its node.
    pub id: String,
    /// A name for people.
    pub name: String,
    /// How what it checks is.
    pub status: HealthStatus,
    /// What it said, for people.
    pub output: String,
    /// The id of the instance that it belongs to; `None` for a check of the node.
    pub instance: Option<String>,
}

impl CheckResult {
    /// A check of `node` that found `status`.
    pub fn new(node: impl Into<String>, id: impl Into<String>, status: HealthStatus) -> Self {
        let id = id.into();
        Self {
            node: node.into(),
            name: id.clone(),
            id,
            status,
            output: String::new(),
            instance: None,
        }
    }
}
