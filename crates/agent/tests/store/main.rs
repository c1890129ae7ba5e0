//! The store and the writer in front of it.
#![expect(clippy::unwrap_used, reason = "a test fails by panicking")]

mod file;
mod scripted;
mod writer;
