//! Addresses as the protocols write them.

use std::net::{IpAddr, SocketAddr};

use bytes::Bytes;

/// 4 or 16 bytes; a v4 address that is mapped into v6 is written as the v4 address that it is.
pub(crate) fn to_bytes(addr: IpAddr) -> Bytes {
    match addr.to_canonical() {
        IpAddr::V4(addr) => Bytes::copy_from_slice(&addr.octets()),
        IpAddr::V6(addr) => Bytes::copy_from_slice(&addr.octets()),
    }
}

/// The address that 4 or 16 bytes mean.
pub(crate) fn from_bytes(bytes: &[u8], port: u16) -> Option<SocketAddr> {
    let addr = if let Ok(bytes) = <[u8; 4]>::try_from(bytes) {
        IpAddr::from(bytes)
    } else {
        IpAddr::from(<[u8; 16]>::try_from(bytes).ok()?).to_canonical()
    };
    Some(SocketAddr::new(addr, port))
}
