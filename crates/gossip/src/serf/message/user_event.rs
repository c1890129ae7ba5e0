//! User events.

use bytes::Bytes;

use crate::msgpack::bodies;

bodies! {
    /// An event that a user sent to all members.
    pub UserEventMessage {
        /// Whether of several with this name only the latest matters.
        coalesce: bool = "CC",
        /// The time of the events' clock.
        ltime: u64 = "LTime",
        /// Its name.
        name: String = "Name",
        /// What comes with it.
        payload: Bytes = "Payload",
    }
}
