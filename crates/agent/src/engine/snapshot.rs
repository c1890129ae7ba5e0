use super::{consul, etcd2};

/// An immutable picture of the state, for any number of readers at once.
#[derive(Clone, Debug, Default)]
pub struct Snapshot {
    consul: consul::State,
    etcd2: etcd2::State,
}

impl Snapshot {
    pub(super) fn new(consul: consul::State, etcd2: etcd2::State) -> Self {
        Self { consul, etcd2 }
    }

    /// What Consul's API reads.
    #[must_use]
    pub fn consul(&self) -> &consul::State {
        &self.consul
    }

    /// What etcd's v2 API reads.
    #[must_use]
    pub fn etcd2(&self) -> &etcd2::State {
        &self.etcd2
    }
}
