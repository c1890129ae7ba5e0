//! Members of the cluster.

use std::collections::BTreeMap;
use std::fmt;
use std::net::{IpAddr, Ipv4Addr, SocketAddr};

use super::MemberTags;
use crate::msgpack::{Decode, DecodeError, Encode, Reader, Writer, record};

/// What is known of a member.
#[derive(Clone, Debug, Default, PartialEq, Eq, Hash, PartialOrd, Ord)]
#[non_exhaustive]
pub enum MemberStatus {
    /// Nothing.
    #[default]
    None,
    /// It is there.
    Alive,
    /// It says that it will leave.
    Leaving,
    /// It has left.
    Left,
    /// It was there and does not answer any more.
    Failed,
    /// A word that is not documented.
    Other(String),
}

impl MemberStatus {
    /// The word on the wire.
    #[must_use]
    pub fn as_str(&self) -> &str {
        match self {
            Self::None => "none",
            Self::Alive => "alive",
            Self::Leaving => "leaving",
            Self::Left => "left",
            Self::Failed => "failed",
            Self::Other(word) => word,
        }
    }
}

impl From<&str> for MemberStatus {
    fn from(word: &str) -> Self {
        match word {
            "none" | "" => Self::None,
            "alive" => Self::Alive,
            "leaving" => Self::Leaving,
            "left" => Self::Left,
            "failed" => Self::Failed,
            word => Self::Other(word.to_owned()),
        }
    }
}

impl fmt::Display for MemberStatus {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.pad(self.as_str())
    }
}

impl Encode for MemberStatus {
    fn encode(&self, writer: &mut Writer) {
        writer.text(self.as_str());
    }
}

impl Decode for MemberStatus {
    fn decode(reader: &mut Reader<'_>) -> Result<Self, DecodeError> {
        reader.text().map(|word| Self::from(&*word))
    }
}

/// An agent in the cluster, as another one knows it.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Member {
    /// The address at which other agents reach it.
    pub addr: IpAddr,
    /// The version of Serf's protocol that it speaks.
    pub delegate_cur: u8,
    /// The newest version of Serf's protocol that it understands.
    pub delegate_max: u8,
    /// The oldest version of Serf's protocol that it understands.
    pub delegate_min: u8,
    /// Its name, which nobody else in the cluster has.
    pub name: String,
    /// The port at which other agents reach it.
    pub port: u16,
    /// The version of the membership protocol that it speaks.
    pub protocol_cur: u8,
    /// The newest version of the membership protocol that it understands.
    pub protocol_max: u8,
    /// The oldest version of the membership protocol that it understands.
    pub protocol_min: u8,
    /// What is known of it.
    pub status: MemberStatus,
    /// What it says of itself.
    pub tags: MemberTags,
}

impl Member {
    /// Where other agents reach it.
    #[must_use]
    pub fn address(&self) -> SocketAddr {
        SocketAddr::new(self.addr, self.port)
    }
}

impl Default for Member {
    fn default() -> Self {
        Self {
            addr: Ipv4Addr::UNSPECIFIED.into(),
            delegate_cur: 0,
            delegate_max: 0,
            delegate_min: 0,
            name: String::new(),
            port: 0,
            protocol_cur: 0,
            protocol_max: 0,
            protocol_min: 0,
            status: MemberStatus::None,
            tags: MemberTags::default(),
        }
    }
}

const FIELDS: &[&str] = &[
    "Addr",
    "DelegateCur",
    "DelegateMax",
    "DelegateMin",
    "Name",
    "Port",
    "ProtocolCur",
    "ProtocolMax",
    "ProtocolMin",
    "Status",
    "Tags",
];

impl Encode for Member {
    fn encode(&self, writer: &mut Writer) {
        writer.map(FIELDS.len());
        writer.text("Addr");
        self.addr.encode(writer);
        let versions = [self.delegate_cur, self.delegate_max, self.delegate_min];
        field_numbers(writer, &FIELDS[1..4], versions);
        writer.text("Name");
        writer.text(&self.name);
        writer.text("Port");
        self.port.encode(writer);
        let versions = [self.protocol_cur, self.protocol_max, self.protocol_min];
        field_numbers(writer, &FIELDS[6..9], versions);
        writer.text("Status");
        self.status.encode(writer);
        writer.text("Tags");
        self.tags.encode(writer);
    }
}

fn field_numbers(writer: &mut Writer, names: &[&str], numbers: [u8; 3]) {
    for (name, number) in names.iter().zip(numbers) {
        writer.text(name);
        number.encode(writer);
    }
}

impl Decode for Member {
    fn decode(reader: &mut Reader<'_>) -> Result<Self, DecodeError> {
        let mut member = Self::default();
        reader.structure(FIELDS, |at, reader| {
            match at {
                0 => member.addr = Decode::decode(reader)?,
                1 => member.delegate_cur = Decode::decode(reader)?,
                2 => member.delegate_max = Decode::decode(reader)?,
                3 => member.delegate_min = Decode::decode(reader)?,
                4 => member.name = Decode::decode(reader)?,
                5 => member.port = Decode::decode(reader)?,
                6 => member.protocol_cur = Decode::decode(reader)?,
                7 => member.protocol_max = Decode::decode(reader)?,
                8 => member.protocol_min = Decode::decode(reader)?,
                9 => member.status = Decode::decode(reader)?,
                _ => member.tags = Decode::decode(reader)?,
            }
            Ok(())
        })?;
        Ok(member)
    }
}

record! {
    /// Members, in no order.
    #[derive(Clone, Debug, Default, PartialEq, Eq)]
    pub struct Members {
        /// All that match. Those that left or failed are among them until they are reaped.
        members: Vec<Member> = "Members",
    }
}

record! {
    /// Which members to list: those that match all of it.
    ///
    /// Each is a regular expression, put between `^` and `$` without a group: `a|b` means `^a|b$`. An
    /// expression that can't be compiled makes a real agent end the connection without a word.
    #[derive(Clone, Debug, Default, PartialEq, Eq)]
    pub struct MemberFilter {
        /// The name. Empty for every name.
        name: String = "Name",
        /// The status. Empty for every status.
        status: String = "Status",
        /// Values of tags by their names. A tag that a member does not have is an empty one.
        tags: BTreeMap<String, String> = "Tags",
    }
    listed as ["Tags", "Status", "Name"]
}

impl MemberFilter {
    /// Asks for a name.
    #[must_use]
    pub fn with_name(mut self, expression: impl Into<String>) -> Self {
        self.name = expression.into();
        self
    }

    /// Asks for a status: the words are those of [`MemberStatus::as_str`].
    #[must_use]
    pub fn with_status(mut self, expression: impl Into<String>) -> Self {
        self.status = expression.into();
        self
    }

    /// Asks for a tag.
    #[must_use]
    pub fn with_tag(mut self, name: impl Into<String>, expression: impl Into<String>) -> Self {
        self.tags.insert(name.into(), expression.into());
        self
    }
}
