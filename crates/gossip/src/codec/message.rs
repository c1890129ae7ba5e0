//! Any message that is not a layer around others.

use bytes::Bytes;

use super::{Ack, Alive, Dead, Fault, IndirectPing, Kind, Nack, Ping, PushPull, Suspect};
use crate::msgpack::{Body as _, DecodeError};

/// One message of memberlist, without the layers that may be around it.
#[derive(Clone, Debug, PartialEq)]
#[non_exhaustive]
pub enum Message {
    /// See [`Ping`].
    Ping(Ping),
    /// See [`IndirectPing`].
    IndirectPing(IndirectPing),
    /// See [`Ack`].
    Ack(Ack),
    /// See [`Nack`].
    Nack(Nack),
    /// See [`Suspect`].
    Suspect(Suspect),
    /// See [`Alive`].
    Alive(Alive),
    /// See [`Dead`].
    Dead(Dead),
    /// A message of the layer above, in a packet.
    User(Bytes),
    /// See [`PushPull`]; over TCP only.
    PushPull(PushPull),
    /// See [`Fault`]; over TCP only.
    Fault(Fault),
}

impl Message {
    /// Reads a message that starts with the byte that names it.
    ///
    /// # Errors
    ///
    /// [`DecodeError`] when it is no such message, or a layer.
    pub fn decode(bytes: &[u8]) -> Result<Self, DecodeError> {
        let (&kind, body) = bytes.split_first().ok_or(DecodeError::Truncated)?;
        Ok(
            match Kind::from_byte(kind).ok_or(DecodeError::Kind(kind))? {
                Kind::Ping => Self::Ping(Ping::decode(body)?),
                Kind::IndirectPing => Self::IndirectPing(IndirectPing::decode(body)?),
                Kind::Ack => Self::Ack(Ack::decode(body)?),
                Kind::Nack => Self::Nack(Nack::decode(body)?),
                Kind::Suspect => Self::Suspect(Suspect::decode(body)?),
                Kind::Alive => Self::Alive(Alive::decode(body)?),
                Kind::Dead => Self::Dead(Dead::decode(body)?),
                Kind::User => Self::User(Bytes::copy_from_slice(body)),
                Kind::PushPull => Self::PushPull(PushPull::decode(body)?),
                Kind::Fault => Self::Fault(Fault::decode(body)?),
                Kind::Compound | Kind::Compress | Kind::Encrypt | Kind::Crc | Kind::Label => {
                    return Err(DecodeError::Kind(kind));
                }
            },
        )
    }

    /// The bytes on the wire.
    pub fn encode(&self) -> Vec<u8> {
        match self {
            Self::Ping(body) => body.encode(Kind::Ping.byte()),
            Self::IndirectPing(body) => body.encode(Kind::IndirectPing.byte()),
            Self::Ack(body) => body.encode(Kind::Ack.byte()),
            Self::Nack(body) => body.encode(Kind::Nack.byte()),
            Self::Suspect(body) => body.encode(Kind::Suspect.byte()),
            Self::Alive(body) => body.encode(Kind::Alive.byte()),
            Self::Dead(body) => body.encode(Kind::Dead.byte()),
            Self::User(body) => {
                let mut bytes = vec![Kind::User.byte()];
                bytes.extend_from_slice(body);
                bytes
            }
            Self::PushPull(body) => body.encode(),
            Self::Fault(body) => body.encode(Kind::Fault.byte()),
        }
    }
}
