//! Rows of etcd's v3 state as bytes: keys have a fixed layout, because they are written most;
//! everything else is JSON.

use std::sync::Arc;

use bytes::{BufMut, Bytes};

use super::codec::{damaged, from_json, json, keyed, text};
use crate::engine::etcd3::{Alarm, Event, EventKind, Flags, KeyValue, Revision, Row};

pub(super) const VERSION: u8 = 50;
const MARKS: u8 = 51;
const LEASE: u8 = 52;
const USER: u8 = 53;
const ROLE: u8 = 54;
const AUTH: u8 = 55;
const ALARM: u8 = 56;
pub(super) const PEERS: u8 = 57;

/// What says whether a version is a write or a removal.
const PUT: u8 = 0;
const DELETE: u8 = 1;

/// The alarms by their number, which stays for ever.
const NO_SPACE: u8 = 1;
const CORRUPT: u8 = 2;

/// A row's key, and its value unless it is gone.
pub(super) fn encode(row: &Row) -> (Vec<u8>, Option<Vec<u8>>) {
    match row {
        Row::Version(at, it) => (version_key(*at), it.as_ref().map(encode_event)),
        Row::Marks {
            revision,
            compacted,
        } => {
            let value = [revision.to_be_bytes(), compacted.to_be_bytes()].concat();
            (vec![MARKS], Some(value))
        }
        Row::Lease(id, ttl) => {
            let value = ttl.map(|ttl| ttl.to_be_bytes().to_vec());
            (keyed(LEASE, &id.to_be_bytes()), value)
        }
        Row::User(name, it) => (keyed(USER, name.as_bytes()), json(it.as_deref())),
        Row::Role(name, it) => (keyed(ROLE, name.as_bytes()), json(it.as_deref())),
        Row::Auth(flags) => (vec![AUTH], json(Some(flags))),
        Row::Alarm(alarm, member, on) => {
            let mut key = vec![ALARM, number(*alarm)];
            key.put_u64(*member);
            (key, on.then(Vec::new))
        }
        Row::Peers(peers) => (vec![PEERS], json(Some(&peers.to_vec()))),
    }
}

/// The row that [`encode`] made these of, or what is wrong with it.
pub(super) fn decode(table: u8, key: &[u8], value: &[u8]) -> Result<Row, String> {
    Ok(match table {
        VERSION => {
            let at = decode_revision(key)?;
            Row::Version(at, Some(decode_event(at, value)?))
        }
        MARKS => {
            let mut read = Reader(value, "mark of etcd");
            Row::Marks {
                revision: read.i64()?,
                compacted: read.i64()?,
            }
        }
        LEASE => {
            let id = Reader(key, "lease").i64()?;
            Row::Lease(id, Some(Reader(value, "lease").i64()?))
        }
        USER => Row::User(text("user", key)?, from_json("user", value)?),
        ROLE => Row::Role(text("role", key)?, from_json("role", value)?),
        AUTH => {
            let flags: Option<Arc<Flags>> = from_json("setting of users", value)?;
            Row::Auth(flags.map(|flags| *flags).unwrap_or_default())
        }
        ALARM => {
            let mut read = Reader(key, "alarm");
            let alarm = alarm(read.u8()?)?;
            let member = u64::from_be_bytes(read.array()?);
            Row::Alarm(alarm, member, true)
        }
        PEERS => {
            let peers: Option<Arc<Vec<String>>> = from_json("member", value)?;
            Row::Peers(peers.map(|peers| peers.to_vec()).unwrap_or_default().into())
        }
        other => return Err(format!("a row of the unknown table {other}")),
    })
}

fn version_key(at: Revision) -> Vec<u8> {
    let mut key = Vec::with_capacity(13);
    key.put_u8(VERSION);
    key.put_i64(at.main);
    key.put_u32(at.sub);
    key
}

fn decode_revision(key: &[u8]) -> Result<Revision, String> {
    let mut read = Reader(key, "key of etcd");
    Ok(Revision {
        main: read.i64()?,
        sub: u32::from_be_bytes(read.array()?),
    })
}

fn encode_event(event: &Event) -> Vec<u8> {
    let kv = &event.kv;
    let mut out = Vec::with_capacity(29 + kv.key.len() + kv.value.len());
    let key_bytes = u32::try_from(kv.key.len()).unwrap_or(u32::MAX);
    match event.kind {
        EventKind::Delete => out.put_u8(DELETE),
        EventKind::Put => {
            out.put_u8(PUT);
            out.put_i64(kv.create_revision);
            out.put_i64(kv.version);
            out.put_i64(kv.lease);
            out.put_u32(key_bytes);
        }
    }
    out.put_slice(&kv.key);
    out.put_slice(&kv.value);
    out
}

fn decode_event(at: Revision, value: &[u8]) -> Result<Event, String> {
    let mut read = Reader(value, "key of etcd");
    let kv = match read.u8()? {
        DELETE => KeyValue {
            key: Bytes::copy_from_slice(read.0),
            mod_revision: at.main,
            ..KeyValue::default()
        },
        PUT => decode_put(at, &mut read)?,
        other => return Err(damaged(read.1, &format!("unknown kind of change {other}"))),
    };
    let kind = if kv.version == 0 {
        EventKind::Delete
    } else {
        EventKind::Put
    };
    let kv = Arc::new(kv);
    Ok(Event { kind, kv })
}

fn decode_put(at: Revision, read: &mut Reader<'_>) -> Result<KeyValue, String> {
    let create_revision = read.i64()?;
    let version = read.i64()?;
    let lease = read.i64()?;
    let key_bytes = u32::from_be_bytes(read.array()?);
    let key_bytes = usize::try_from(key_bytes).map_err(|_| read.short())?;
    if version < 1 || key_bytes > read.0.len() {
        return Err(read.short());
    }
    let mut key = Bytes::copy_from_slice(read.0);
    Ok(KeyValue {
        value: key.split_off(key_bytes),
        key,
        create_revision,
        mod_revision: at.main,
        version,
        lease,
    })
}

fn number(alarm: Alarm) -> u8 {
    match alarm {
        Alarm::NoSpace => NO_SPACE,
        Alarm::Corrupt => CORRUPT,
    }
}

fn alarm(number: u8) -> Result<Alarm, String> {
    match number {
        NO_SPACE => Ok(Alarm::NoSpace),
        CORRUPT => Ok(Alarm::Corrupt),
        other => Err(damaged("alarm", &format!("unknown alarm {other}"))),
    }
}

/// The rest of a row, and what is in it.
struct Reader<'a>(&'a [u8], &'static str);

impl Reader<'_> {
    fn array<const N: usize>(&mut self) -> Result<[u8; N], String> {
        let (bytes, rest) = self.0.split_first_chunk().ok_or_else(|| self.short())?;
        self.0 = rest;
        Ok(*bytes)
    }

    fn u8(&mut self) -> Result<u8, String> {
        self.array().map(|[byte]| byte)
    }

    fn i64(&mut self) -> Result<i64, String> {
        self.array().map(i64::from_be_bytes)
    }

    fn short(&self) -> String {
        damaged(self.1, "a value that is too short")
    }
}

#[cfg(test)]
mod tests {
    use super::super::codec::{decode_row, encode_row};
    use super::*;
    use crate::engine::Row as AnyRow;
    use crate::engine::etcd3::{KeyRange, Permission, PermissionKind, Role, User};

    fn rows() -> Vec<Row> {
        let at = Revision { main: 7, sub: 300 };
        let kv = KeyValue {
            key: Bytes::from_static(b"\0k\xff"),
            value: Bytes::from_static(b"\xfe\0v"),
            create_revision: 3,
            mod_revision: 7,
            version: 2,
            lease: -9,
        };
        let gone = KeyValue {
            key: kv.key.clone(),
            mod_revision: 7,
            ..KeyValue::default()
        };
        let put = Event {
            kind: EventKind::Put,
            kv: Arc::new(kv),
        };
        let delete = Event {
            kind: EventKind::Delete,
            kv: Arc::new(gone),
        };
        let role = Role {
            name: "r".into(),
            permissions: vec![Permission {
                kind: PermissionKind::Other(9),
                range: KeyRange::prefix(&b"\xff\xff"[..]),
            }],
        };
        let user = User {
            name: "u".into(),
            hash: Some("h".into()),
            no_password: false,
            roles: vec!["r".into()],
            since: 4,
        };
        vec![
            Row::Version(at, Some(put)),
            Row::Version(at, Some(delete)),
            Row::Marks {
                revision: 9,
                compacted: -1,
            },
            Row::Lease(-7, Some(9_000_000_000)),
            Row::User("u".into(), Some(Arc::new(user))),
            Row::Role("r".into(), Some(Arc::new(role))),
            Row::Auth(Flags::default()),
            Row::Alarm(Alarm::Corrupt, u64::MAX, true),
            Row::Peers(vec!["http://a:1".to_owned()].into()),
        ]
    }

    #[test]
    fn every_row_comes_back_as_it_was() {
        for row in rows() {
            let (key, value) = encode_row(&AnyRow::Etcd3(row.clone()));
            let back = decode_row(&key, &value.unwrap());
            assert_eq!(back, Ok(AnyRow::Etcd3(row)));
        }
    }

    #[test]
    fn rows_that_were_cut_short_are_told_and_not_believed() {
        for row in rows() {
            let (key, value) = encode_row(&AnyRow::Etcd3(row));
            let value = value.unwrap();
            for end in 0..value.len() {
                // What is left may be a whole row with a shorter text; it must not be a panic.
                let _ = decode_row(&key, &value[..end]);
            }
        }
        assert!(decode_row(&[VERSION, 0], &[PUT]).is_err());
        assert!(decode_row(&version_key(Revision::default()), &[7]).is_err());
    }
}
