//! The HTTP client against scripted servers.

#![expect(clippy::unwrap_used, reason = "a test fails by panicking")]

mod bodies;
mod cancel;
// By its path: testkit depends on this crate, whose tests shall not wait for all the others.
#[path = "../../../testkit/src/certificates.rs"]
pub mod certificates;
mod clocks;
mod failover;
mod pool;
mod support;
mod tls;
mod transports;
mod uploads;
