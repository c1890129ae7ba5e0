//! The HTTP APIs of the agent, Consul's and etcd's, over real sockets, as bytes.

#![allow(
    clippy::unwrap_used,
    clippy::expect_used,
    reason = "tests fail by panicking"
)]

mod acl;
mod blocking;
mod client;
mod compression;
mod era;
mod etcd2;
mod etcd3;
mod hostile;
mod lenient;
mod lifecycle;
mod listeners;
mod local;
mod operations;
mod recorded;
mod sessions;
mod snapshot;
