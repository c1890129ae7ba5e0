//! An embedded agent that speaks the wire protocols of real coordination servers.
//!
//! Every write goes through one pure state machine ([`engine`]), is made durable by a [`store`],
//! and is only then answered by the [`writer`]. Reads look at an immutable snapshot and never
//! wait for a write; a read that blocks until something changes registers with [`waiters`].

pub mod engine;
pub mod store;
pub mod waiters;
pub mod writer;
