use blake2::digest::consts::U32;
use blake2::{Blake2b, Digest};
use bytes::Bytes;
use quorate_wire::consul::acl::{Link, NodeIdentity, ServiceIdentity};

/// What identifies a version of something: BLAKE2b of what its author wrote, as on the real
/// server.
#[derive(Default)]
pub(super) struct Content(Blake2b<U32>);

impl Content {
    pub(super) fn add(mut self, text: &str) -> Self {
        self.0.update(text.as_bytes());
        self
    }

    pub(super) fn links(mut self, links: &[Link]) -> Self {
        for link in links {
            self = self.add(&link.id);
        }
        self
    }

    pub(super) fn services(mut self, identities: &[ServiceIdentity]) -> Self {
        for identity in identities {
            self = self.add(&identity.service_name);
            for datacenter in &identity.datacenters {
                self = self.add(datacenter);
            }
        }
        self
    }

    pub(super) fn nodes(mut self, identities: &[NodeIdentity]) -> Self {
        for identity in identities {
            self = self.add(&identity.node_name).add(&identity.datacenter);
        }
        self
    }

    pub(super) fn finish(self) -> Bytes {
        Bytes::copy_from_slice(&self.0.finalize())
    }
}

#[cfg(test)]
mod tests {
    use base64::Engine as _;
    use base64::engine::general_purpose::STANDARD;

    use super::*;

    // As Consul 1.8.7 shows them.
    #[test]
    fn hashes_are_those_of_the_real_server() {
        let show = |content: Content| STANDARD.encode(content.finish());
        let anonymous = Content::default().add("Anonymous Token").add("").add("");
        assert_eq!(
            show(anonymous.add("global")),
            "RNVFSWnfd5DUOuB8vplp+imivlIna3fKQVnkUHh21cA="
        );
        let policy = Content::default().add("p4").add("").add("").add("x y");
        assert_eq!(show(policy), "ifSCCpMKAS7rJZL6OC+3A4+c1a+f5eN2CIGe3dYuNvg=");
    }
}
