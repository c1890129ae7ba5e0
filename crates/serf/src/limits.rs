//! How much memory a client may take.

use crate::link::QueueLimits;

/// How much memory a client may take. An agent can't make it take more.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
#[non_exhaustive]
pub struct Limits {
    /// The largest answer or record that is read, in bytes. Default 16 MiB, which holds some 60,000
    /// members. A larger one ends the connection.
    pub object_bytes: usize,
    /// How many records of a stream may wait to be read. Default 4,096. What comes on top is
    /// counted, and the stream says so.
    pub stream_records: usize,
    /// How many bytes of records of a stream may wait to be read. Default 16 MiB.
    pub stream_bytes: usize,
}

impl Default for Limits {
    fn default() -> Self {
        Self {
            object_bytes: 16 << 20,
            stream_records: 4096,
            stream_bytes: 16 << 20,
        }
    }
}

impl Limits {
    /// Sets the largest answer or record, in bytes.
    #[must_use]
    pub fn with_object_bytes(mut self, bytes: usize) -> Self {
        self.object_bytes = bytes;
        self
    }

    /// Sets how many records of a stream may wait.
    #[must_use]
    pub fn with_stream_records(mut self, records: usize) -> Self {
        self.stream_records = records;
        self
    }

    /// Sets how many bytes of records of a stream may wait.
    #[must_use]
    pub fn with_stream_bytes(mut self, bytes: usize) -> Self {
        self.stream_bytes = bytes;
        self
    }

    pub(crate) fn queue(self) -> QueueLimits {
        QueueLimits {
            records: self.stream_records,
            bytes: self.stream_bytes,
        }
    }
}
