//! The v2 client against servers that do exactly as they are told, without a socket.

#![expect(clippy::unwrap_used, reason = "a broken script is a failed test")]

mod auth;
mod failover;
mod failures;
mod keys;
mod member;
mod queue;
mod redirect;
mod script;
mod watch;
