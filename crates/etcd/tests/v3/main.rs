//! The v3 client against servers that do exactly as they are told, without a socket.

#![expect(clippy::unwrap_used, reason = "a broken script is a failed test")]

mod auth;
mod calls;
mod cancel;
mod garbage;
mod identity;
mod lease;
mod pages;
mod script;
mod servers;
mod watch;
mod watch_breaks;
