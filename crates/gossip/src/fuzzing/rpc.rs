//! Serf's RPC: where objects end, and what they say.

use quorate_wire::msgpack::{Decode, Encode, Splitter};
use quorate_wire::serf::{
    Auth, CoordinateRequest, CoordinateResponse, Event, EventRecord, ForceLeave, Handshake, Join,
    Joined, Key, KeyResponse, LogRecord, MemberFilter, Members, Monitor, Query, QueryRecord,
    RequestHeader, Respond, ResponseHeader, Stats, Stop, StreamRequest, Tags,
};

/// How large one object may be.
const LIMIT: usize = 1 << 16;

/// What an agent or a client sends: it is split at the same places however it arrives, and what is
/// taken for a message is the same when it is written and read again.
pub fn serf_rpc(data: &[u8]) {
    let objects = split(data, &[data.len().max(1)]);
    assert_eq!(split(data, &[1, 3, 16]), objects, "cut elsewhere");
    for object in objects {
        requests(object);
        answers(object);
    }
}

/// The whole objects of a stream that comes in pieces of these lengths.
fn split<'a>(data: &'a [u8], lengths: &[usize]) -> Vec<&'a [u8]> {
    let (mut splitter, mut objects) = (Splitter::new(LIMIT), Vec::new());
    let (mut start, mut here) = (0, 0);
    for length in lengths.iter().cycle() {
        here = data.len().min(here + length);
        loop {
            match splitter.scan(&data[start..here]) {
                Ok(Some(len)) => {
                    assert!((1..=LIMIT).contains(&len));
                    objects.push(&data[start..start + len]);
                    start += len;
                }
                Ok(None) => break,
                Err(_) => return objects,
            }
        }
        if here == data.len() {
            break;
        }
    }
    objects
}

fn same<T: Decode + Encode>(object: &[u8]) {
    if let Ok(value) = T::from_msgpack(object) {
        let written = value.to_msgpack();
        let mut splitter = Splitter::new(usize::MAX);
        assert_eq!(
            splitter.scan(&written),
            Ok(Some(written.len())),
            "one object"
        );
        let back = T::from_msgpack(&written).unwrap();
        assert_eq!(back.to_msgpack(), written);
    }
}

fn requests(object: &[u8]) {
    same::<RequestHeader>(object);
    same::<Handshake>(object);
    same::<Auth>(object);
    same::<Event>(object);
    same::<ForceLeave>(object);
    same::<Join>(object);
    same::<MemberFilter>(object);
    same::<Tags>(object);
    same::<StreamRequest>(object);
    same::<Monitor>(object);
    same::<Stop>(object);
    same::<Query>(object);
    same::<Respond>(object);
    same::<Key>(object);
    same::<CoordinateRequest>(object);
}

fn answers(object: &[u8]) {
    same::<ResponseHeader>(object);
    same::<Joined>(object);
    same::<Members>(object);
    same::<KeyResponse>(object);
    same::<Stats>(object);
    same::<CoordinateResponse>(object);
    same::<EventRecord>(object);
    same::<QueryRecord>(object);
    same::<LogRecord>(object);
}
