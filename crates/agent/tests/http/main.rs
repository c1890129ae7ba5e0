//! Consul's HTTP API of the agent, over real sockets, as bytes.

#![allow(clippy::unwrap_used, clippy::expect_used, reason = "tests fail by panicking")]

mod client;
mod recorded;
