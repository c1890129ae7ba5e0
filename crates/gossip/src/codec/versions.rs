//! Which versions of the protocols a member speaks.

/// What a member says about its protocols: six bytes in its alive message.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Versions {
    /// The oldest memberlist protocol it understands.
    pub protocol_min: u8,
    /// The newest memberlist protocol it understands.
    pub protocol_max: u8,
    /// The memberlist protocol it speaks.
    pub protocol: u8,
    /// The oldest Serf protocol it understands.
    pub delegate_min: u8,
    /// The newest Serf protocol it understands.
    pub delegate_max: u8,
    /// The Serf protocol it speaks.
    pub delegate: u8,
}

impl Versions {
    /// What this implementation says, and what Serf since 0.8 says.
    pub const OURS: Self = Self {
        protocol_min: 1,
        protocol_max: 5,
        protocol: 2,
        delegate_min: 2,
        delegate_max: 5,
        delegate: 5,
    };

    /// The bytes on the wire.
    pub const fn to_bytes(self) -> [u8; 6] {
        [
            self.protocol_min,
            self.protocol_max,
            self.protocol,
            self.delegate_min,
            self.delegate_max,
            self.delegate,
        ]
    }

    /// From the bytes on the wire. Bytes that are missing are zero, as in old versions.
    pub fn from_bytes(bytes: &[u8]) -> Self {
        let at = |index: usize| bytes.get(index).copied().unwrap_or(0);
        Self {
            protocol_min: at(0),
            protocol_max: at(1),
            protocol: at(2),
            delegate_min: at(3),
            delegate_max: at(4),
            delegate: at(5),
        }
    }

    /// Whether the memberlist range is one at all; members without are not believed.
    pub fn is_valid(self) -> bool {
        self.protocol_min != 0 && self.protocol_max != 0 && self.protocol_min <= self.protocol_max
    }

    /// Whether each of `all` speaks what every other understands.
    pub fn agree(all: impl Iterator<Item = Self> + Clone) -> bool {
        let (mut protocol, mut delegate) = ((0, u8::MAX), (0, u8::MAX));
        for one in all.clone() {
            protocol = (
                protocol.0.max(one.protocol_min),
                protocol.1.min(one.protocol_max),
            );
            delegate = (
                delegate.0.max(one.delegate_min),
                delegate.1.min(one.delegate_max),
            );
        }
        all.into_iter().all(|one| {
            (protocol.0..=protocol.1).contains(&one.protocol)
                && (delegate.0..=delegate.1).contains(&one.delegate)
        })
    }
}
