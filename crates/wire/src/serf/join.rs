//! Joining other agents.

use crate::msgpack::record;

record! {
    /// Joins other agents.
    #[derive(Clone, Debug, Default, PartialEq, Eq)]
    pub struct Join {
        /// Where they are: `host:port`, `host`, or `name/host:port`. They are tried one after the
        /// other, up to 10 s each.
        existing: Vec<String> = "Existing",
        /// Whether events from before the join are told too.
        replay: bool = "Replay",
    }
}

record! {
    /// How many could be joined. Sent also when none could.
    #[derive(Clone, Debug, Default, PartialEq, Eq)]
    pub struct Joined {
        /// How many of the addresses answered.
        num: u64 = "Num",
    }
}
