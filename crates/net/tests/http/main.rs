//! The HTTP client against scripted servers.

#![expect(clippy::unwrap_used, reason = "a test fails by panicking")]

mod bodies;
mod cancel;
mod clocks;
mod failover;
mod pool;
mod support;
mod tls;
mod transports;
mod uploads;
