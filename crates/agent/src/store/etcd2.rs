//! Rows of etcd's v2 state as bytes: keys and events have a fixed layout, because they are
//! written most; everything else is JSON.

use std::sync::Arc;

use bytes::{BufMut, Bytes};

use super::codec::{damaged, from_json, json, keyed, text};
use crate::engine::etcd2::{Action, Children, Content, Event, Flags, Node, NodeState, Row};

pub(super) const NODE: u8 = 40;
const EVENT: u8 = 41;
const USER: u8 = 42;
const ROLE: u8 = 43;
const FLAGS: u8 = 44;
pub(super) const PEERS: u8 = 45;

/// What a number of bits stands for.
const HAS_VALUE: u8 = 1;
const IS_DIR: u8 = 2;
const HAS_EXPIRATION: u8 = 4;
const IS_REFRESH: u8 = 1;
const HAS_PREV: u8 = 2;

/// The actions by their number, which stays for ever.
const ACTIONS: [Action; 8] = [
    Action::Internal,
    Action::Set,
    Action::Create,
    Action::Update,
    Action::CompareAndSwap,
    Action::Delete,
    Action::CompareAndDelete,
    Action::Expire,
];

/// A row's key, and its value unless it is gone.
pub(super) fn encode(row: &Row) -> (Vec<u8>, Option<Vec<u8>>) {
    match row {
        Row::Node(key, it) => (keyed(NODE, key.as_bytes()), it.as_deref().map(encode_node)),
        Row::Event(slot, it) => {
            let key = keyed(EVENT, &slot.to_be_bytes());
            (key, it.as_deref().map(encode_event))
        }
        Row::User(name, it) => (keyed(USER, name.as_bytes()), json(it.as_deref())),
        Row::Role(name, it) => (keyed(ROLE, name.as_bytes()), json(it.as_deref())),
        Row::Flags(flags) => (vec![FLAGS], json(Some(flags))),
        Row::Peers(peers) => (vec![PEERS], json(Some(&peers.to_vec()))),
    }
}

/// The row that [`encode`] made these of, or what is wrong with it.
pub(super) fn decode(table: u8, key: &[u8], value: &[u8]) -> Result<Row, String> {
    Ok(match table {
        NODE => {
            let key = text("key of etcd", key)?;
            Row::Node(key, Some(Arc::new(decode_node(value)?)))
        }
        EVENT => {
            let slot = <[u8; 2]>::try_from(key).map(u16::from_be_bytes);
            let slot = slot.map_err(|_| damaged("event", "a key of the wrong size"))?;
            Row::Event(slot, Some(Arc::new(decode_event(value)?)))
        }
        USER => Row::User(text("user", key)?, from_json("user", value)?),
        ROLE => Row::Role(text("role", key)?, from_json("role", value)?),
        FLAGS => {
            let flags: Option<Arc<Flags>> = from_json("setting of users", value)?;
            Row::Flags(flags.map(|flags| *flags).unwrap_or_default())
        }
        PEERS => {
            let peers: Option<Arc<Vec<String>>> = from_json("member", value)?;
            Row::Peers(peers.map(|peers| peers.to_vec()).unwrap_or_default().into())
        }
        other => return Err(format!("a row of the unknown table {other}")),
    })
}

fn encode_node(node: &Node) -> Vec<u8> {
    let value = node.value();
    let mut bits = if value.is_some() { HAS_VALUE } else { IS_DIR };
    if node.expiration.is_some() {
        bits |= HAS_EXPIRATION;
    }
    let mut out = Vec::with_capacity(25 + value.map_or(0, Bytes::len));
    out.put_u8(bits);
    out.put_u64(node.created);
    out.put_u64(node.modified);
    if let Some(at) = node.expiration {
        out.put_i64(at);
    }
    out.put_slice(value.map(AsRef::as_ref).unwrap_or_default());
    out
}

fn decode_node(value: &[u8]) -> Result<Node, String> {
    let mut read = Reader(value, "key of etcd");
    let bits = read.u8()?;
    Ok(Node {
        created: read.u64()?,
        modified: read.u64()?,
        expiration: read.i64_if(bits & HAS_EXPIRATION != 0)?,
        content: if bits & IS_DIR == 0 {
            Content::File(Bytes::copy_from_slice(read.0))
        } else {
            Content::Dir(Children::default())
        },
    })
}

fn encode_event(event: &Event) -> Vec<u8> {
    let action = ACTIONS.iter().position(|it| *it == event.action);
    let action = action.and_then(|at| u8::try_from(at).ok()).unwrap_or(0);
    let mut bits = if event.refresh { IS_REFRESH } else { 0 };
    if event.prev.is_some() {
        bits |= HAS_PREV;
    }
    let mut out = Vec::with_capacity(128 + event.key.len());
    out.put_u8(action);
    out.put_u8(bits);
    out.put_u64(event.index);
    put_bytes(&mut out, event.key.as_bytes());
    put_state(&mut out, &event.node);
    if let Some(prev) = &event.prev {
        put_state(&mut out, prev);
    }
    out
}

fn decode_event(value: &[u8]) -> Result<Event, String> {
    let mut read = Reader(value, "event");
    let action = ACTIONS.get(usize::from(read.u8()?)).copied();
    let bits = read.u8()?;
    Ok(Event {
        action: action.ok_or_else(|| damaged("event", "an unknown action"))?,
        index: read.u64()?,
        key: text("event", read.bytes()?)?,
        node: read.state()?,
        prev: match bits & HAS_PREV {
            0 => None,
            _ => Some(read.state()?),
        },
        refresh: bits & IS_REFRESH != 0,
        removed: None,
    })
}

fn put_bytes(out: &mut Vec<u8>, bytes: &[u8]) {
    // No request brings as much as 4 GiB.
    out.put_u32(u32::try_from(bytes.len()).unwrap_or(u32::MAX));
    out.put_slice(bytes);
}

fn put_state(out: &mut Vec<u8>, state: &NodeState) {
    let bit = |set: bool, bit: u8| if set { bit } else { 0 };
    out.put_u8(
        bit(state.value.is_some(), HAS_VALUE)
            | bit(state.dir, IS_DIR)
            | bit(state.expiration.is_some(), HAS_EXPIRATION),
    );
    out.put_u64(state.created);
    out.put_u64(state.modified);
    if let Some(at) = state.expiration {
        out.put_i64(at);
        out.put_i64(state.ttl);
    }
    if let Some(value) = &state.value {
        put_bytes(out, value);
    }
}

/// Takes a row apart from the front.
struct Reader<'a>(&'a [u8], &'static str);

impl<'a> Reader<'a> {
    fn take<const N: usize>(&mut self) -> Result<[u8; N], String> {
        let (first, rest) = self
            .0
            .split_first_chunk::<N>()
            .ok_or_else(|| self.short())?;
        self.0 = rest;
        Ok(*first)
    }

    fn short(&self) -> String {
        damaged(self.1, "a value that is too short")
    }

    fn u8(&mut self) -> Result<u8, String> {
        self.take().map(u8::from_be_bytes)
    }

    fn u64(&mut self) -> Result<u64, String> {
        self.take().map(u64::from_be_bytes)
    }

    fn i64_if(&mut self, there: bool) -> Result<Option<i64>, String> {
        there
            .then(|| self.take().map(i64::from_be_bytes))
            .transpose()
    }

    fn bytes(&mut self) -> Result<&'a [u8], String> {
        let length = u32::from_be_bytes(self.take()?);
        let length = usize::try_from(length).unwrap_or(usize::MAX);
        let (bytes, rest) = self
            .0
            .split_at_checked(length)
            .ok_or_else(|| self.short())?;
        self.0 = rest;
        Ok(bytes)
    }

    fn state(&mut self) -> Result<NodeState, String> {
        let bits = self.u8()?;
        let (created, modified) = (self.u64()?, self.u64()?);
        let ends = bits & HAS_EXPIRATION != 0;
        Ok(NodeState {
            created,
            modified,
            expiration: self.i64_if(ends)?,
            ttl: self.i64_if(ends)?.unwrap_or(0),
            value: match bits & HAS_VALUE {
                0 => None,
                _ => Some(Bytes::copy_from_slice(self.bytes()?)),
            },
            dir: bits & IS_DIR != 0,
        })
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn node(value: Option<&'static str>, expiration: Option<i64>) -> Node {
        Node {
            created: 4,
            modified: u64::MAX,
            expiration,
            content: value.map_or_else(
                || Content::Dir(Children::default()),
                |value| Content::File(Bytes::from_static(value.as_bytes())),
            ),
        }
    }

    fn reads_back(row: &Row) {
        let (key, value) = encode(row);
        let read = decode(key[0], &key[1..], &value.unwrap()).unwrap();
        assert_eq!(read, *row);
    }

    #[test]
    fn a_key_reads_back_the_same() {
        for value in [None, Some(""), Some("v")] {
            for expiration in [None, Some(-1), Some(i64::MAX)] {
                let node = Arc::new(node(value, expiration));
                reads_back(&Row::Node("/a/b".into(), Some(node)));
            }
        }
    }

    #[test]
    fn an_event_reads_back_the_same() {
        for action in ACTIONS {
            for prev in [None, Some(node(None, None)), Some(node(Some("v"), Some(9)))] {
                let event = Event {
                    action,
                    index: 1007,
                    key: "/a".into(),
                    node: NodeState::of(&node(Some("new"), Some(5_000_000_000)), 1),
                    prev: prev.map(|node| NodeState::of(&node, 0)),
                    refresh: action == Action::Update,
                    removed: None,
                };
                reads_back(&Row::Event(7, Some(Arc::new(event))));
            }
        }
    }

    #[test]
    fn settings_read_back_the_same() {
        reads_back(&Row::Flags(Flags {
            ensured: true,
            enabled: false,
        }));
        reads_back(&Row::Peers(["http://a:1".to_owned()].into()));
    }

    #[test]
    fn a_row_that_is_cut_short_is_damaged() {
        let event = Row::Event(
            1,
            Some(Arc::new(Event {
                action: Action::Set,
                index: 1001,
                key: "/a".into(),
                node: NodeState::of(&node(Some("new"), None), 1),
                prev: None,
                refresh: false,
                removed: None,
            })),
        );
        let (key, value) = encode(&event);
        let value = value.unwrap();
        for length in 0..value.len() {
            let problem = decode(EVENT, &key[1..], &value[..length]).unwrap_err();
            assert!(problem.contains("event"), "{problem}");
        }
    }
}
