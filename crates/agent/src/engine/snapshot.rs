use super::consul;

/// An immutable picture of the state, for any number of readers at once.
#[derive(Clone, Debug, Default)]
pub struct Snapshot {
    consul: consul::State,
}

impl Snapshot {
    pub(super) fn new(consul: consul::State) -> Self {
        Self { consul }
    }

    /// What Consul's API reads.
    #[must_use]
    pub fn consul(&self) -> &consul::State {
        &self.consul
    }
}
