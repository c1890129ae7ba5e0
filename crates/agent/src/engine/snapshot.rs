use std::sync::Arc;

use super::{consul, etcd2, etcd3};

/// An immutable picture of the state, for any number of readers at once.
#[derive(Clone, Debug, Default)]
pub struct Snapshot {
    consul: Arc<consul::State>,
    etcd2: Arc<etcd2::State>,
    etcd3: Arc<etcd3::State>,
}

impl Snapshot {
    pub(super) fn new(
        consul: Arc<consul::State>,
        etcd2: Arc<etcd2::State>,
        etcd3: Arc<etcd3::State>,
    ) -> Self {
        Self {
            consul,
            etcd2,
            etcd3,
        }
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

    /// What etcd's v3 API reads.
    #[must_use]
    pub fn etcd3(&self) -> &etcd3::State {
        &self.etcd3
    }
}
