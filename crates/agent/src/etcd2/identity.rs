//! Who the agent is to clients of etcd: a cluster of one member.

use ring::digest::{SHA256, digest};

/// The ids of the cluster and of its only member.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) struct Identity {
    pub(crate) cluster: u64,
    pub(crate) member: u64,
}

impl Identity {
    /// The ids of a node: the same for as long as its data directory lives, and others for every
    /// agent that starts with nothing. Clients tell by them that indexes begin again.
    pub(crate) fn of(node_id: &str) -> Self {
        let id = |what: &str| {
            let hash = digest(&SHA256, format!("etcd2 {what} {node_id}").as_bytes());
            let bytes = hash.as_ref().first_chunk::<8>();
            // Zero stands for no member at all.
            bytes.map_or(1, |bytes| u64::from_be_bytes(*bytes).max(1))
        };
        Self {
            cluster: id("cluster"),
            member: id("member"),
        }
    }

    /// The member's id, as clients read it.
    pub(crate) fn member_text(self) -> String {
        format!("{:x}", self.member)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn ids_stay_with_the_node() {
        let one = Identity::of("7c2ff3a8");
        assert_eq!(one, Identity::of("7c2ff3a8"));
        assert_ne!(one, Identity::of("7c2ff3a9"));
        assert_ne!(one.cluster, one.member);
        assert_eq!(one.member_text(), format!("{:x}", one.member));
    }
}
