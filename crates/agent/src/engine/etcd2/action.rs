use serde::{Deserialize, Serialize};

/// What happened to a key.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash, Serialize, Deserialize)]
#[serde(rename_all = "camelCase")]
#[non_exhaustive]
pub enum Action {
    /// It was written, whether or not it existed.
    Set,
    /// It was made where nothing was.
    Create,
    /// It was written where something was.
    Update,
    /// It was written under a condition.
    CompareAndSwap,
    /// It was removed.
    Delete,
    /// It was removed under a condition.
    CompareAndDelete,
    /// Its time was up.
    Expire,
    /// Nothing that a reader of keys sees: a change of users, roles or members, which takes an
    /// index on the real server too.
    Internal,
}

impl Action {
    /// The word that etcd answers.
    #[must_use]
    pub fn as_str(self) -> &'static str {
        match self {
            Self::Set => "set",
            Self::Create => "create",
            Self::Update => "update",
            Self::CompareAndSwap => "compareAndSwap",
            Self::Delete => "delete",
            Self::CompareAndDelete => "compareAndDelete",
            Self::Expire => "expire",
            Self::Internal => "internal",
        }
    }

    /// Whether the key is gone afterwards.
    #[must_use]
    pub fn removes(self) -> bool {
        matches!(self, Self::Delete | Self::CompareAndDelete | Self::Expire)
    }
}
