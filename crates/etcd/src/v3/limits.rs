//! What is refused before it is sent, or while it is read.

/// The bounds of a client.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
#[non_exhaustive]
pub struct Limits {
    /// The largest request, in bytes. Default 16 MiB, which is more than servers take unless they
    /// are told otherwise (1.5 MiB): they refuse it with words that are passed on.
    pub max_request_bytes: usize,
    /// The largest message of an answer. Default 256 MiB: servers send a range, or what a watch has
    /// to catch up with, as one message. Large ranges are better read in [pages](super::Kv::pages).
    pub max_response_bytes: usize,
}

impl Limits {
    /// Sets the largest request.
    #[must_use]
    pub fn with_max_request_bytes(mut self, bytes: usize) -> Self {
        self.max_request_bytes = bytes;
        self
    }

    /// Sets the largest message of an answer.
    #[must_use]
    pub fn with_max_response_bytes(mut self, bytes: usize) -> Self {
        self.max_response_bytes = bytes;
        self
    }
}

impl Default for Limits {
    fn default() -> Self {
        Self {
            max_request_bytes: 16 << 20,
            max_response_bytes: 256 << 20,
        }
    }
}
