//! What a member wants, or somebody wants for it.

use crate::msgpack::bodies;

bodies! {
    /// Says that a member leaves, or is to be taken for one that left.
    pub LeaveIntent {
        /// The time of the members' clock.
        ltime: u64 = "LTime",
        /// Who leaves.
        node: String = "Node",
        /// Whether it is to be forgotten at once.
        prune: bool = "Prune",
    }

    /// Says that a member is there, after all.
    pub JoinIntent {
        /// The time of the members' clock.
        ltime: u64 = "LTime",
        /// Who is there.
        node: String = "Node",
    }
}
