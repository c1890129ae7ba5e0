//! An HTTP/1.1 client for a set of servers that give the same answers.
//!
//! One [`HttpClient`] keeps connections to each server open and uses the one that was used last.
//! When a server fails, the request goes to the next; when all have failed, it waits and starts
//! again, within the [`Timeouts`](crate::deadline::Timeouts). What may be repeated is decided by
//! what is certain:
//!
//! | what happened | [`Replay::Safe`] | [`Replay::NotSent`] |
//! |---|---|---|
//! | no connection, or no byte of the request was handed to it | repeated | repeated |
//! | the request went out, and no whole answer came | repeated | error with `sent()` |
//! | an answer came | the caller's [`Verdict`] | the caller's [`Verdict`] |
//! | the answer is longer than allowed | error | error |
//!
//! Redirects are answers like any other, never followed.

mod body;
mod client;
mod config;
mod connection;
mod exchange;
mod pool;
mod request;
mod response;
mod upload;

pub use body::HttpBodyStream;
pub use client::HttpClient;
pub use config::{ConfigError, HttpConfig};
pub use request::{HttpRequest, Replay};
pub use response::{HttpResponse, Verdict};
pub use upload::Upload;
