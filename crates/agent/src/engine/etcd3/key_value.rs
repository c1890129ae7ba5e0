use bytes::Bytes;

/// A key as it was after one write of it.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct KeyValue {
    /// The key; never empty.
    pub key: Bytes,
    /// The value.
    pub value: Bytes,
    /// The revision at which the key began to exist.
    pub create_revision: i64,
    /// The revision of this write.
    pub mod_revision: i64,
    /// How often it was written since it exists; 1 is the first time.
    pub version: i64,
    /// The lease that it ends with; 0 is none.
    pub lease: i64,
}

impl KeyValue {
    /// What says that `key` was removed at `revision`: nothing else is known of it.
    pub(super) fn removed(key: Bytes, revision: i64) -> Self {
        Self {
            key,
            mod_revision: revision,
            ..Self::default()
        }
    }

    /// How many bytes it takes on the wire at most.
    pub(super) fn bytes(&self) -> usize {
        // Five numbers, and what says where each field begins and how long it is.
        64 + self.key.len() + self.value.len()
    }
}
