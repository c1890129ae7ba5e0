//! Ending the membership of another.

use crate::msgpack::record;

record! {
    /// Makes a failed member one that has left, so that nobody tries to reach it any more. Accepted
    /// also for a name that nobody has.
    #[derive(Clone, Debug, Default, PartialEq, Eq)]
    pub struct ForceLeave {
        /// Its name.
        node: String = "Node",
        /// Whether it is removed from the list at once.
        prune: bool = "Prune",
    }
}
