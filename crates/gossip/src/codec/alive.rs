//! What a member says about itself.

use std::net::SocketAddr;

use bytes::Bytes;

use super::Versions;
use crate::address;
use crate::msgpack::bodies;

bodies! {
    /// Says that a member is there, and what it is like.
    pub Alive {
        /// Its address, 4 or 16 bytes.
        addr: Bytes = "Addr",
        /// Grows whenever the member says something new about itself.
        incarnation: u32 = "Incarnation",
        /// What the layer above says about it: Serf's tags. At most 512 bytes.
        meta: Bytes = "Meta",
        /// Its name.
        node: String = "Node",
        /// Its port, for UDP and TCP.
        port: u16 = "Port",
        /// The versions of the protocols, six bytes: [`Versions`].
        versions: Bytes = "Vsn",
    }
}

impl Alive {
    /// Where the member listens, if that is an address.
    pub fn address(&self) -> Option<SocketAddr> {
        address::from_bytes(&self.addr, self.port)
    }

    /// The versions that it names.
    pub fn versions(&self) -> Versions {
        Versions::from_bytes(&self.versions)
    }
}
