//! Rumours about members: suspected, failed, left.

use crate::msgpack::bodies;

bodies! {
    /// Says that a member did not answer a probe.
    pub Suspect {
        /// Who says so.
        from: String = "From",
        /// The incarnation that is suspected.
        incarnation: u32 = "Incarnation",
        /// Who is suspected.
        node: String = "Node",
    }

    /// Says that a member has failed; if it says so itself, that it has left.
    pub Dead {
        /// Who says so.
        from: String = "From",
        /// The incarnation that is meant.
        incarnation: u32 = "Incarnation",
        /// Who is meant.
        node: String = "Node",
    }
}

impl Dead {
    /// Whether the member says so itself, because it leaves.
    pub fn is_leave(&self) -> bool {
        self.node == self.from
    }
}
