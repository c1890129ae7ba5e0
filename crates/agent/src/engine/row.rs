use super::{consul, etcd2, etcd3};

/// One durable row: a thing that was written, or the key of one that is gone.
#[derive(Clone, Debug, PartialEq)]
#[non_exhaustive]
pub enum Row {
    /// A row of Consul's state.
    Consul(consul::Row),
    /// A row of etcd's v2 state.
    Etcd2(etcd2::Row),
    /// A row of etcd's v3 state.
    Etcd3(etcd3::Row),
}
