//! etcd's v3 API over the engine: its gRPC services, one file each.
//!
//! Each decodes a request, reads the newest snapshot or submits a command, and encodes the answer.
//! What is kept here are the tokens that were given out, and what a stream of watches waits for.

mod auth;
mod call;
mod cluster;
mod descriptor;
mod election;
mod front;
pub(crate) mod gateway;
mod health;
mod kv;
mod lease;
mod lock;
mod maintenance;
mod queue;
mod reflection;
mod routes;
mod snapshot;
mod status;
mod stream;
mod watch;

pub(crate) use call::{Call, Quick};
pub(crate) use front::Front;
pub(crate) use routes::Routes;
