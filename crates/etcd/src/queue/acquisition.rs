//! How an attempt ended.

/// How an attempt to acquire within a time ended.
#[derive(Clone, Debug, PartialEq, Eq)]
#[must_use]
pub enum Acquisition<G, H> {
    /// It is held.
    Acquired(G),
    /// The time was over. Nothing is left behind.
    TimedOut {
        /// Who held it at the last look; none if that could not be told.
        holders: Vec<H>,
    },
}

impl<G, H> Acquisition<G, H> {
    /// What is held; `None` if the time was over.
    pub fn acquired(self) -> Option<G> {
        match self {
            Self::Acquired(guard) => Some(guard),
            Self::TimedOut { .. } => None,
        }
    }

    pub(crate) fn map<T>(self, f: impl FnOnce(G) -> T) -> Acquisition<T, H> {
        match self {
            Self::Acquired(guard) => Acquisition::Acquired(f(guard)),
            Self::TimedOut { holders } => Acquisition::TimedOut { holders },
        }
    }
}
