//! The end of a stream.

use crate::msgpack::record;

record! {
    /// Ends the stream or monitor of a request. Accepted for every number, also an unknown one.
    #[derive(Clone, Debug, Default, PartialEq, Eq)]
    pub struct Stop {
        /// The number of the request that began it.
        seq: u64 = "Stop",
    }
}
