//! What an agent says of itself.

use std::collections::BTreeMap;

use crate::msgpack::record;

record! {
    /// Changes the tags of the agent. Answered when the change has been passed on, after 5 s at most.
    #[derive(Clone, Debug, Default, PartialEq, Eq)]
    pub struct Tags {
        /// Names of tags that are removed, before the others are set.
        delete_tags: Vec<String> = "DeleteTags",
        /// Tags that are set. The others stay.
        tags: BTreeMap<String, String> = "Tags",
    }
    listed as ["Tags", "DeleteTags"]
}
