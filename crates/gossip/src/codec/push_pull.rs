//! The exchange of everything that two members know, and a message of the layer above, over TCP.

use std::net::SocketAddr;

use bytes::Bytes;

use super::{Kind, MAX_STREAM, Versions};
use crate::address;
use crate::msgpack::{Body as _, DecodeError, Field, Reader, Writer, bodies};

/// How many members a push/pull may name: twice as many as a member lists. Go's takes 2^20, and a few
/// bytes for each would become a hundred times as many in memory.
pub const MAX_NODES: u64 = 1 << 17;

/// What a member thinks of another one.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub enum NodeState {
    /// It answers.
    #[default]
    Alive,
    /// It did not answer a probe, and may still say that it is there.
    Suspect,
    /// It failed.
    Dead,
    /// It said that it leaves.
    Left,
}

impl Field for NodeState {
    fn put(&self, out: &mut Writer) {
        out.unsigned(match self {
            Self::Alive => 0,
            Self::Suspect => 1,
            Self::Dead => 2,
            Self::Left => 3,
        });
    }

    fn take(from: &mut Reader<'_>) -> Result<Self, DecodeError> {
        Ok(match from.unsigned()? {
            0 => Self::Alive,
            1 => Self::Suspect,
            2 => Self::Dead,
            3 => Self::Left,
            _ => return Err(DecodeError::Range),
        })
    }
}

bodies! {
    /// What precedes the members in a push/pull.
    Header {
        join: bool = "Join",
        nodes: u64 = "Nodes",
        user_len: u64 = "UserStateLen",
    }

    /// What precedes a message of the layer above.
    UserHeader {
        len: u64 = "UserMsgLen",
    }

    /// A member as another one sees it.
    pub RemoteNode {
        /// Its address, 4 or 16 bytes.
        addr: Bytes = "Addr",
        /// The newest incarnation that is known.
        incarnation: u32 = "Incarnation",
        /// What the layer above says about it.
        meta: Bytes = "Meta",
        /// Its name.
        name: String = "Name",
        /// Its port.
        port: u16 = "Port",
        /// What it is thought to be.
        state: NodeState = "State",
        /// The versions of the protocols: [`Versions`].
        versions: Bytes = "Vsn",
    }
}

impl RemoteNode {
    /// Where the member listens, if that is an address.
    pub fn address(&self) -> Option<SocketAddr> {
        address::from_bytes(&self.addr, self.port)
    }

    /// The versions that it names.
    pub fn versions(&self) -> Versions {
        Versions::from_bytes(&self.versions)
    }
}

/// Everything that a member knows.
#[derive(Clone, Debug, Default, PartialEq)]
pub struct PushPull {
    /// Whether the sender joins.
    pub join: bool,
    /// All members that it knows.
    pub nodes: Vec<RemoteNode>,
    /// What the layer above adds: Serf's clocks and events.
    pub user: Bytes,
}

impl PushPull {
    /// The message.
    pub fn encode(&self) -> Vec<u8> {
        let mut out = Writer::old(&[Kind::PushPull.byte()]);
        let header = Header {
            join: self.join,
            nodes: self.nodes.len() as u64,
            user_len: self.user.len() as u64,
        };
        header.write(&mut out);
        self.nodes.iter().for_each(|node| node.write(&mut out));
        out.raw(&self.user);
        out.into_bytes()
    }

    /// Reads what follows the byte that names the message.
    ///
    /// # Errors
    ///
    /// [`DecodeError`], also when it says that it is larger than a stream may be.
    pub fn decode(body: &[u8]) -> Result<Self, DecodeError> {
        let mut from = Reader::new(body);
        let header = Header::read(&mut from)?;
        limited("the number of members", header.nodes, MAX_NODES)?;
        limited(
            "the state of the layer above",
            header.user_len,
            MAX_STREAM as u64,
        )?;
        let nodes = (0..header.nodes)
            .map(|_| RemoteNode::read(&mut from))
            .collect::<Result<_, _>>()?;
        let user_len = usize::try_from(header.user_len).map_err(|_| DecodeError::Range)?;
        Ok(Self {
            join: header.join,
            nodes,
            user: Bytes::copy_from_slice(from.take(user_len)?),
        })
    }
}

/// A message of the layer above, sent over TCP.
#[derive(Clone, Debug, Default, PartialEq)]
pub struct StreamUser(
    /// The message.
    pub Bytes,
);

impl StreamUser {
    /// The message with what precedes it.
    pub fn encode(&self) -> Vec<u8> {
        let mut out = Writer::old(&[Kind::User.byte()]);
        let len = self.0.len() as u64;
        UserHeader { len }.write(&mut out);
        out.raw(&self.0);
        out.into_bytes()
    }

    /// Reads what follows the byte that names the message.
    ///
    /// # Errors
    ///
    /// [`DecodeError`], also when it says that it is larger than a stream may be.
    pub fn decode(body: &[u8]) -> Result<Self, DecodeError> {
        let mut from = Reader::new(body);
        let header = UserHeader::read(&mut from)?;
        limited("a message", header.len, MAX_STREAM as u64)?;
        let len = usize::try_from(header.len).map_err(|_| DecodeError::Range)?;
        Ok(Self(Bytes::copy_from_slice(from.take(len)?)))
    }
}

/// How many values and how many bytes follow the header of a push/pull.
pub(super) fn push_pull_extent(header: &[u8]) -> Result<(u64, u64), DecodeError> {
    let header = Header::decode(header)?;
    limited("the number of members", header.nodes, MAX_NODES)?;
    limited(
        "the state of the layer above",
        header.user_len,
        MAX_STREAM as u64,
    )?;
    Ok((header.nodes, header.user_len))
}

/// How many bytes follow the header of a message of the layer above.
pub(super) fn user_extent(header: &[u8]) -> Result<u64, DecodeError> {
    let header = UserHeader::decode(header)?;
    limited("a message", header.len, MAX_STREAM as u64)?;
    Ok(header.len)
}

pub(super) fn limited(what: &'static str, size: u64, limit: u64) -> Result<(), DecodeError> {
    if size > limit {
        return Err(DecodeError::TooLarge { what, size, limit });
    }
    Ok(())
}
