//! What a stranger's bytes reach, one function for each decoder: for the fuzzer (`fuzz/`) and for the
//! tests of this crate. No part of the API: it is only there with the feature `fuzzing`.
//!
//! Each function takes any bytes, and panics when a member does something that it must not do. That it
//! ends soon is for the caller to see to.

#![allow(
    clippy::unwrap_used,
    missing_docs,
    clippy::missing_panics_doc,
    reason = "a finding is a panic, and its reader is the one who looks for it"
)]

mod member;
mod rpc;
mod seeds;
#[cfg(test)]
mod tests;

pub use rpc::serf_rpc;
pub use seeds::seeds;

use std::fmt::Debug;

use bytes::Bytes;

use crate::codec::{self, Envelope, FrameScanner, Kind, Message};
use crate::serf::message::{ConflictMember, KeyRequest, KeyResponse, SerfMessage};
use crate::serf::{Filter, Snapshot};
use member::{NONCE, Tried, envelope};

/// What takes any bytes.
pub type Target = fn(&[u8]);

/// Every target by its name.
pub const TARGETS: [(&str, Target); 6] = [
    ("gossip_packet", gossip_packet),
    ("gossip_stream", gossip_stream),
    ("gossip_message", gossip_message),
    ("gossip_lzw", gossip_lzw),
    ("serf_snapshot", serf_snapshot),
    ("serf_rpc", serf_rpc),
];

/// How large something compressed may become here.
const LIMIT: usize = 1 << 20;

/// What is taken is the same when it is written and read again.
fn same<T, E: Debug>(
    read: Result<T, E>,
    write: impl Fn(&T) -> Vec<u8>,
    again: impl Fn(&[u8]) -> Result<T, E>,
) {
    if let Ok(value) = read {
        let written = write(&value);
        let back = again(&written).unwrap();
        assert_eq!(write(&back), written);
    }
}

/// A packet. The first byte says which layers the member has, and whether the rest is inside of them:
/// otherwise no fuzzer would ever get behind encryption and checksum.
pub fn gossip_packet(data: &[u8]) {
    let Some((&mode, data)) = data.split_first() else {
        return;
    };
    let envelope = envelope(mode);
    let packet = if mode & 0x10 == 0 {
        data.to_vec()
    } else {
        let packet = envelope.seal_packet(data, mode & 0x20 != 0, &NONCE);
        comes_back(data, &envelope.open_packet(&packet));
        packet
    };
    if let Ok(inner) = envelope.open_packet(&packet) {
        parts(&inner);
    }
    let mut member = Tried::new(envelope);
    member.packet(&packet);
    // The same again finds nothing new, and then time passes.
    member.packet(&packet);
    member.pass();
}

fn comes_back(data: &[u8], opened: &Result<Vec<u8>, codec::OpenError>) {
    let layers = [Kind::Compress.byte(), Kind::Crc.byte(), Kind::Label.byte()];
    // What begins like another layer is taken for one.
    if data.first().is_some_and(|kind| !layers.contains(kind)) {
        assert_eq!(opened.as_deref(), Ok(data));
    }
}

fn parts(inner: &[u8]) {
    let compound = inner.first() == Some(&Kind::Compound.byte());
    let parts = if compound {
        codec::split(&inner[1..]).unwrap_or_default()
    } else {
        vec![inner]
    };
    for part in parts {
        same(Message::decode(part), Message::encode, Message::decode);
        if let Ok(Message::User(message)) = Message::decode(part) {
            serf_message(&message);
        }
    }
}

/// What one side of a stream sends; the first byte as in [`gossip_packet`].
pub fn gossip_stream(data: &[u8]) {
    let Some((&mode, data)) = data.split_first() else {
        return;
    };
    let envelope = envelope(mode);
    let stream = if mode & 0x10 == 0 {
        data.to_vec()
    } else {
        [envelope.label.header(), envelope.seal_stream(data, &NONCE)].concat()
    };
    let Some((label, frame)) = framed(&stream, &[stream.len().max(1)]) else {
        return;
    };
    let pieces = [1 + usize::from(mode), 1, 7];
    let found = framed(&stream, &pieces);
    assert_eq!(found, Some((label.clone(), frame.clone())), "cut elsewhere");
    let mut member = Tried::new(envelope);
    member.accept(&label, &frame);
    member.accept(&label, &frame);
    member.answer(&frame);
    member.pass();
}

/// The label and the message of a stream that comes in pieces of these lengths, if it is whole.
fn framed(stream: &[u8], lengths: &[usize]) -> Option<(Vec<u8>, Vec<u8>)> {
    let (mut scanner, mut rest) = (FrameScanner::new(), stream);
    for length in lengths.iter().cycle() {
        let (piece, more) = rest.split_at_checked(*length).unwrap_or((rest, &[]));
        if scanner.feed(piece).ok()? {
            return Some(scanner.into_parts());
        }
        if more.is_empty() {
            return None;
        }
        rest = more;
    }
    None
}

/// A message of Serf, what is inside of its queries and answers, and a filter.
pub fn gossip_message(data: &[u8]) {
    serf_message(&Bytes::copy_from_slice(data));
    same(Filter::decode(data), Filter::encode, Filter::decode);
    same(
        KeyRequest::from_payload(data),
        KeyRequest::to_payload,
        KeyRequest::from_payload,
    );
    same(
        KeyResponse::from_payload(data),
        KeyResponse::to_payload,
        KeyResponse::from_payload,
    );
    same(
        ConflictMember::from_payload(data),
        ConflictMember::to_payload,
        ConflictMember::from_payload,
    );
    let mut member = Tried::new(Envelope::default());
    member.packet(&[&[Kind::User.byte()], data].concat());
    member.pass();
}

fn serf_message(message: &Bytes) {
    same(
        SerfMessage::decode(message),
        SerfMessage::encode,
        SerfMessage::decode,
    );
}

/// Something compressed.
pub fn gossip_lzw(data: &[u8]) {
    if let Ok(inner) = codec::decompress(data, LIMIT) {
        assert!(inner.len() <= LIMIT);
        let again = codec::compress(&inner).unwrap();
        assert_eq!(codec::decompress(&again[1..], LIMIT), Ok(inner));
    }
    let compressed = codec::compress(data).unwrap();
    assert_eq!(
        codec::decompress(&compressed[1..], data.len()).as_deref(),
        Ok(data)
    );
}

/// A snapshot file.
pub fn serf_snapshot(data: &[u8]) {
    let text = String::from_utf8_lossy(data);
    for rejoin in [false, true] {
        let read = Snapshot::parse(&text, rejoin);
        let back = Snapshot::parse(&read.render(), rejoin);
        assert_eq!(back.render(), read.render());
        assert_eq!(back.alive, read.alive);
    }
}
