//! User events.

use bytes::Bytes;

use crate::msgpack::record;

record! {
    /// Sends a user event through the cluster. Name and payload together have 512 bytes at most, and
    /// so has the message that is made of them, which is larger.
    #[derive(Clone, Debug, Default, PartialEq, Eq)]
    pub struct Event {
        /// Whether agents tell only the last one of several with the same name.
        coalesce: bool = "Coalesce",
        /// Its name. May be empty.
        name: String = "Name",
        /// What comes with it.
        payload: Bytes = "Payload",
    }
    listed as ["Name", "Payload", "Coalesce"]
}
