//! What is refused before it is sent, or while it is read.

use std::time::Duration;

use quorate_wire::consul::{kv, session, txn};

/// The bounds of a client. The defaults are those of a server with default settings; raise them
/// together with the server's.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
#[non_exhaustive]
pub struct Limits {
    /// The largest value of a key. Default 512 KiB (the server's `kv_max_value_size`).
    pub max_value_bytes: usize,
    /// The most operations in a transaction. Default 64.
    pub max_txn_ops: usize,
    /// The largest body of a transaction. Default 512 KiB (the server's `txn_max_req_len`).
    pub max_txn_bytes: usize,
    /// The largest body of an answer, after decompression too. Default 64 MiB.
    pub max_response_bytes: usize,
    /// The shortest TTL of a session. Default 10 s (the server's `session_ttl_min`).
    pub min_session_ttl: Duration,
}

impl Limits {
    /// The default bound of an answer: 64 MiB.
    pub const DEFAULT_MAX_RESPONSE_BYTES: usize = 64 << 20;

    /// Sets the largest value of a key.
    #[must_use]
    pub fn with_max_value_bytes(mut self, bytes: usize) -> Self {
        self.max_value_bytes = bytes;
        self
    }

    /// Sets the most operations in a transaction.
    #[must_use]
    pub fn with_max_txn_ops(mut self, ops: usize) -> Self {
        self.max_txn_ops = ops;
        self
    }

    /// Sets the largest body of a transaction.
    #[must_use]
    pub fn with_max_txn_bytes(mut self, bytes: usize) -> Self {
        self.max_txn_bytes = bytes;
        self
    }

    /// Sets the largest body of an answer.
    #[must_use]
    pub fn with_max_response_bytes(mut self, bytes: usize) -> Self {
        self.max_response_bytes = bytes;
        self
    }

    /// Sets the shortest TTL of a session, for servers with a smaller `session_ttl_min`.
    #[must_use]
    pub fn with_min_session_ttl(mut self, ttl: Duration) -> Self {
        self.min_session_ttl = ttl;
        self
    }
}

impl Default for Limits {
    fn default() -> Self {
        Self {
            max_value_bytes: kv::MAX_VALUE_BYTES,
            max_txn_ops: txn::MAX_OPS,
            max_txn_bytes: txn::MAX_BODY_BYTES,
            max_response_bytes: Self::DEFAULT_MAX_RESPONSE_BYTES,
            min_session_ttl: session::MIN_TTL,
        }
    }
}
