//! etcd's v2 HTTP API over the engine.
//!
//! Decodes a request, reads the newest snapshot or submits a command, and encodes the answer; it
//! keeps no state but what it counts. One file a noun, as in the wire and the client. A read that
//! does not wait is answered within the call of the service; a watch that waits costs its place
//! among the waiters and no buffers.

mod auth;
mod decode;
mod front;
#[cfg(any(test, feature = "fuzzing"))]
pub(crate) mod fuzzing;
mod health;
mod identity;
mod keys;
mod machines;
mod member;
mod member_urls;
mod metrics;
mod reply;
mod request;
mod service;
mod stats;
mod target;
mod version;

pub(crate) use auth::is_of_etcd;
pub(crate) use front::{Front, Settings};
pub(crate) use member_urls::peer_urls;
pub(crate) use reply::Reply;
pub(crate) use service::{Answering, Service};
