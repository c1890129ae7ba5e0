//! What real members sent, and what hostile ones could.

#![allow(clippy::unwrap_used, reason = "tests fail by panicking")]

mod hostile;
mod properties;
mod recorded;
