//! The byte that a message starts with.

/// The type of a memberlist message.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
#[repr(u8)]
pub enum Kind {
    /// Are you there?
    Ping = 0,
    /// Ask somebody else whether he is there, for me.
    IndirectPing = 1,
    /// I am here.
    Ack = 2,
    /// Somebody may have failed.
    Suspect = 3,
    /// Somebody is there, and this is what he is like.
    Alive = 4,
    /// Somebody has failed, or left.
    Dead = 5,
    /// All that the sender knows, over TCP.
    PushPull = 6,
    /// Several messages.
    Compound = 7,
    /// A message of the layer above.
    User = 8,
    /// A compressed message.
    Compress = 9,
    /// An encrypted message, over TCP.
    Encrypt = 10,
    /// I was asked to probe somebody, and he has not answered yet.
    Nack = 11,
    /// A message with a checksum.
    Crc = 12,
    /// What went wrong, over TCP.
    Fault = 13,
    /// The name of the cluster.
    Label = 244,
}

impl Kind {
    /// The kind that `byte` names.
    pub fn from_byte(byte: u8) -> Option<Self> {
        Some(match byte {
            0 => Self::Ping,
            1 => Self::IndirectPing,
            2 => Self::Ack,
            3 => Self::Suspect,
            4 => Self::Alive,
            5 => Self::Dead,
            6 => Self::PushPull,
            7 => Self::Compound,
            8 => Self::User,
            9 => Self::Compress,
            10 => Self::Encrypt,
            11 => Self::Nack,
            12 => Self::Crc,
            13 => Self::Fault,
            244 => Self::Label,
            _ => return None,
        })
    }

    /// The byte on the wire.
    pub const fn byte(self) -> u8 {
        self as u8
    }
}
