//! What is refused before it is sent, or while it is read.

/// The bounds of a client.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
#[non_exhaustive]
pub struct Limits {
    /// The largest value of a key, in bytes as they are sent: encoded, most are up to three times
    /// as long. Default and most: 10 MiB, beyond which servers read no body.
    pub max_value_bytes: usize,
    /// The largest body of an answer. Default 64 MiB.
    pub max_response_bytes: usize,
}

impl Limits {
    /// The default bound of an answer: 64 MiB.
    pub const DEFAULT_MAX_RESPONSE_BYTES: usize = 64 << 20;

    /// Sets the largest value of a key, as it is sent.
    #[must_use]
    pub fn with_max_value_bytes(mut self, bytes: usize) -> Self {
        self.max_value_bytes = bytes;
        self
    }

    /// Sets the largest body of an answer.
    #[must_use]
    pub fn with_max_response_bytes(mut self, bytes: usize) -> Self {
        self.max_response_bytes = bytes;
        self
    }
}

impl Default for Limits {
    fn default() -> Self {
        Self {
            max_value_bytes: quorate_wire::etcd2::form::MAX_BODY_BYTES,
            max_response_bytes: Self::DEFAULT_MAX_RESPONSE_BYTES,
        }
    }
}
