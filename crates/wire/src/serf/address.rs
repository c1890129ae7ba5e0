//! Addresses as bytes.

use std::net::{IpAddr, Ipv4Addr, Ipv6Addr};

use crate::msgpack::{Decode, DecodeError, Encode, Reader, Writer};

/// Written as 4 or 16 bytes.
impl Encode for IpAddr {
    fn encode(&self, writer: &mut Writer) {
        match self {
            Self::V4(address) => writer.bytes(&address.octets()),
            Self::V6(address) => writer.bytes(&address.octets()),
        }
    }
}

/// IPv4 in 16 bytes, as old agents write it, is read as IPv4.
impl Decode for IpAddr {
    fn decode(reader: &mut Reader<'_>) -> Result<Self, DecodeError> {
        let bytes = reader.bytes()?;
        if let Ok(octets) = <[u8; 4]>::try_from(&*bytes) {
            return Ok(Ipv4Addr::from(octets).into());
        }
        if let Ok(octets) = <[u8; 16]>::try_from(&*bytes) {
            return Ok(Self::from(Ipv6Addr::from(octets)).to_canonical());
        }
        let found = if bytes.is_empty() {
            "none"
        } else {
            "another number of them"
        };
        Err(DecodeError::Unexpected {
            wanted: "the 4 or 16 bytes of an address",
            found,
        })
    }
}
