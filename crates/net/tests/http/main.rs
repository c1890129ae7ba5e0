//! The HTTP client against scripted servers.

mod bodies;
mod cancel;
mod clocks;
mod failover;
mod pool;
mod support;
mod tls;
mod transports;
