//! An answer that takes another way.

use std::net::SocketAddr;

use bytes::Bytes;

use super::MessageKind;
use crate::address;
use crate::msgpack::{Body, DecodeError, Reader, Writer, bodies};

bodies! {
    /// An address as Go writes one.
    UdpAddr {
        ip: Bytes = "IP",
        port: u16 = "Port",
        zone: String = "Zone",
    }

    /// Where the message is to go.
    Header {
        to: UdpAddr = "DestAddr",
        name: String = "DestName",
    }
}

/// A message to pass on: a way around a connection that fails in one direction.
#[derive(Clone, Debug, PartialEq)]
pub struct Relay {
    /// Where it is to go.
    pub to: SocketAddr,
    /// Who listens there.
    pub name: String,
    /// The message: one of Serf's.
    pub message: Bytes,
}

impl Relay {
    /// The bytes on the wire.
    pub fn encode(&self) -> Vec<u8> {
        let mut out = Writer::old(&[MessageKind::Relay.byte()]);
        let to = UdpAddr {
            ip: address::to_bytes(self.to.ip()),
            port: self.to.port(),
            zone: String::new(),
        };
        let name = self.name.clone();
        Header { to, name }.write(&mut out);
        out.raw(&self.message);
        out.into_bytes()
    }

    pub(super) fn decode_body(body: &[u8]) -> Result<Self, DecodeError> {
        let mut from = Reader::new(body);
        let header = Header::read(&mut from)?;
        let to = address::from_bytes(&header.to.ip, header.to.port)
            .ok_or(DecodeError::Malformed("the address of a relay is none"))?;
        Ok(Self {
            to,
            name: header.name,
            message: Bytes::copy_from_slice(from.rest()),
        })
    }
}
