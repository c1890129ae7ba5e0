//! The begin of a connection.

use crate::msgpack::record;

/// The only version of the protocol.
pub const VERSION: i32 = 1;

record! {
    /// Begins a connection.
    #[derive(Clone, Debug, Default, PartialEq, Eq)]
    pub struct Handshake {
        /// The version that the client speaks: [`VERSION`].
        version: i32 = "Version",
    }
}
