//! The engine's rules, as histories in virtual time: no sockets, no clock, no disk.
#![expect(clippy::unwrap_used, reason = "a test fails by panicking")]

mod acl;
mod autopilot;
mod catalog;
mod coordinate;
mod etcd2;
mod etcd3;
mod event;
mod index;
mod kv;
mod local;
mod lock;
mod model;
mod prepared_query;
mod property;
mod session;
mod txn;
mod waiters;
mod world;
