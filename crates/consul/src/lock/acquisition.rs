//! What became of an attempt to acquire.

use super::Holder;

/// What became of an attempt to acquire that was limited in time.
#[derive(Debug)]
#[must_use = "dropping the guard gives back what was acquired"]
pub enum Acquisition<G> {
    /// It is ours, for as long as the guard lives and its lease is valid.
    Acquired(G),
    /// It was not to be had in time, and nothing was left behind.
    #[non_exhaustive]
    TimedOut {
        /// Who held it when that was last seen. Empty if nobody did: then the last holder's
        /// session ended without a release, and the lock-delay keeps everybody out.
        holders: Vec<Holder>,
    },
}

impl<G> Acquisition<G> {
    /// The guard, if there is one.
    #[must_use = "dropping the guard gives back what was acquired"]
    pub fn acquired(self) -> Option<G> {
        match self {
            Self::Acquired(guard) => Some(guard),
            Self::TimedOut { .. } => None,
        }
    }

    /// Whether there is a guard.
    #[must_use]
    pub fn is_acquired(&self) -> bool {
        matches!(self, Self::Acquired(_))
    }

    /// Who held it, if it was not acquired and somebody did. Of several, any one.
    #[must_use]
    pub fn holder(&self) -> Option<&Holder> {
        match self {
            Self::Acquired(_) => None,
            Self::TimedOut { holders } => holders.first(),
        }
    }

    pub(crate) fn map<H>(self, f: impl FnOnce(G) -> H) -> Acquisition<H> {
        match self {
            Self::Acquired(guard) => Acquisition::Acquired(f(guard)),
            Self::TimedOut { holders } => Acquisition::TimedOut { holders },
        }
    }
}
