//! A member of the gossip pool.

use std::collections::BTreeMap;
use std::fmt;
use std::net::IpAddr;

use serde::{Deserialize, Deserializer, Serialize, Serializer};

/// A node as the gossip pool sees it.
#[derive(Clone, Debug, Default, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "PascalCase", default)]
#[non_exhaustive]
pub struct Member {
    /// The node's name; in the pool between datacenters, `node.datacenter`.
    pub name: String,
    /// The IP address that it gossips at.
    pub addr: String,
    /// The port that it gossips at.
    pub port: u16,
    /// What it says of itself; the methods read the well-known ones.
    #[serde(deserialize_with = "crate::consul::null::empty")]
    pub tags: BTreeMap<String, String>,
    /// Whether it is alive.
    pub status: MemberStatus,
    /// The oldest protocol that it understands.
    pub protocol_min: u8,
    /// The newest protocol that it understands.
    pub protocol_max: u8,
    /// The protocol that it speaks.
    pub protocol_cur: u8,
    /// The oldest protocol of its user messages.
    pub delegate_min: u8,
    /// The newest protocol of its user messages.
    pub delegate_max: u8,
    /// The protocol of its user messages that it speaks.
    pub delegate_cur: u8,
}

impl Member {
    /// The address, if it is one.
    #[must_use]
    pub fn ip(&self) -> Option<IpAddr> {
        self.addr.parse().ok()
    }

    /// One of the tags.
    #[must_use]
    pub fn tag(&self, name: &str) -> Option<&str> {
        self.tags.get(name).map(String::as_str)
    }

    /// Whether it is a server.
    #[must_use]
    pub fn is_server(&self) -> bool {
        self.tag("role") == Some("consul")
    }

    /// Its datacenter.
    #[must_use]
    pub fn datacenter(&self) -> Option<&str> {
        self.tag("dc")
    }

    /// Its node's UUID.
    #[must_use]
    pub fn node_id(&self) -> Option<&str> {
        self.tag("id")
    }

    /// Its version: `1.8.7`.
    #[must_use]
    pub fn version(&self) -> Option<&str> {
        let build = self.tag("build")?;
        build
            .split(':')
            .next()
            .filter(|version| !version.is_empty())
    }

    /// The port at which the servers talk to each other; only servers have one.
    #[must_use]
    pub fn server_port(&self) -> Option<u16> {
        self.tag("port")?.parse().ok()
    }

    /// The network segment; empty for the default one.
    #[must_use]
    pub fn segment(&self) -> &str {
        self.tag("segment").unwrap_or_default()
    }

    /// Whether it is alive.
    #[must_use]
    pub fn is_alive(&self) -> bool {
        self.status == MemberStatus::Alive
    }
}

/// Whether a member is alive: a number on the wire.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, Hash)]
#[non_exhaustive]
pub enum MemberStatus {
    /// Nothing is known of it (0).
    #[default]
    None,
    /// It answers (1).
    Alive,
    /// It is about to leave (2).
    Leaving,
    /// It left in good order (3).
    Left,
    /// It no longer answers (4).
    Failed,
    /// A number that is not known here.
    Other(i64),
}

impl MemberStatus {
    /// The number on the wire.
    #[must_use]
    pub fn number(self) -> i64 {
        match self {
            Self::None => 0,
            Self::Alive => 1,
            Self::Leaving => 2,
            Self::Left => 3,
            Self::Failed => 4,
            Self::Other(number) => number,
        }
    }
}

impl From<i64> for MemberStatus {
    fn from(number: i64) -> Self {
        match number {
            0 => Self::None,
            1 => Self::Alive,
            2 => Self::Leaving,
            3 => Self::Left,
            4 => Self::Failed,
            other => Self::Other(other),
        }
    }
}

impl fmt::Display for MemberStatus {
    /// As Consul's own commands print it.
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Self::None => f.write_str("none"),
            Self::Alive => f.write_str("alive"),
            Self::Leaving => f.write_str("leaving"),
            Self::Left => f.write_str("left"),
            Self::Failed => f.write_str("failed"),
            Self::Other(number) => write!(f, "status {number}"),
        }
    }
}

impl Serialize for MemberStatus {
    fn serialize<S: Serializer>(&self, serializer: S) -> Result<S::Ok, S::Error> {
        serializer.serialize_i64(self.number())
    }
}

impl<'de> Deserialize<'de> for MemberStatus {
    fn deserialize<D: Deserializer<'de>>(deserializer: D) -> Result<Self, D::Error> {
        i64::deserialize(deserializer).map(Self::from)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_well_known_tags_are_read() {
        let text = r#"{"Name":"n","Addr":"::1","Port":8301,"Status":9,"Tags":{"role":"consul",
            "dc":"dc1","id":"i","build":"1.8.7:abc","port":"8300","segment":""},"New":1}"#;
        let member: Member = serde_json::from_str(text).unwrap();
        assert!(member.is_server() && !member.is_alive());
        assert_eq!(member.version(), Some("1.8.7"));
        assert_eq!(member.server_port(), Some(8300));
        assert_eq!(member.ip(), Some("::1".parse().unwrap()));
        assert_eq!((member.datacenter(), member.segment()), (Some("dc1"), ""));
        assert_eq!(member.status, MemberStatus::Other(9));
    }

    #[test]
    fn every_status_survives() {
        for number in -1..7 {
            assert_eq!(MemberStatus::from(number).number(), number);
        }
    }
}
