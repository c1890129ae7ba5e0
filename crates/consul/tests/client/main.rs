//! The client against servers that do exactly as they are told, without a socket.

#![expect(clippy::unwrap_used, reason = "a broken script is a failed test")]

mod agent;
mod agent_noun;
mod blocking;
mod cancel;
mod failover;
mod failures;
mod gzip;
mod kv;
mod operator;
mod raw;
mod script;
mod session;
mod token;
mod txn;
