//! The client against an agent that does what a script says.

#![allow(clippy::unwrap_used, reason = "tests fail by panicking")]

mod agent;
mod calls;
mod failover;
mod hostile;
mod queries;
mod streams;
