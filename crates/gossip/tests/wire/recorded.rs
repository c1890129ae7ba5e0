//! Bytes that real Serf 0.10.1 agents sent to each other, decoded and encoded again.

use std::collections::BTreeMap;

use quorate_gossip::codec::{Envelope, FrameScanner, Key, Keyring, Kind, Message, join, split};
use quorate_gossip::codec::{NONCE_LEN, StreamUser};
use quorate_gossip::serf::Filter;
use quorate_gossip::serf::message::{ConflictMember, KeyRequest, KeyResponse, SerfMessage};

const PLAIN: &str = include_str!("../../fixtures/serf-0.10.1/plain.txt");
const ENCRYPTED: &str = include_str!("../../fixtures/serf-0.10.1/encrypted.txt");

fn unhex(text: &str) -> Vec<u8> {
    let digits = text.as_bytes().chunks(2);
    digits
        .map(|pair| u8::from_str_radix(std::str::from_utf8(pair).unwrap(), 16).unwrap())
        .collect()
}

fn recorded(text: &str) -> impl Iterator<Item = (&str, Vec<u8>)> {
    text.lines().map(|line| {
        let (kind, hex) = line.split_once(' ').unwrap();
        (kind, unhex(hex))
    })
}

fn keys() -> Keyring {
    let bytes: Vec<u8> = (0..32).collect();
    Keyring::of([&bytes[..], &bytes[16..], &bytes[..24]].map(|key| Key::new(key).unwrap()))
}

/// The messages below all layers.
fn messages(text: &str, envelope: &Envelope) -> Vec<Vec<u8>> {
    let mut all = Vec::new();
    for (kind, bytes) in recorded(text) {
        if kind == "tcp" {
            let mut scanner = FrameScanner::new();
            // One byte at a time: the end is found wherever the pieces are cut.
            let found = bytes
                .iter()
                .position(|byte| scanner.feed(&[*byte]).unwrap());
            assert_eq!(found, Some(bytes.len() - 1), "the end of the stream");
            let (label, frame) = scanner.into_parts();
            assert!(label.is_empty());
            all.push(envelope.open_stream(&frame).unwrap());
            continue;
        }
        let message = envelope.open_packet(&bytes).unwrap();
        if message[0] == Kind::Compound.byte() {
            let parts = split(&message[1..]).unwrap();
            assert_eq!(join(&parts), message, "a compound message");
            all.extend(parts.into_iter().map(<[u8]>::to_vec));
        } else {
            all.push(message);
        }
    }
    all
}

fn check_serf(bytes: &[u8], seen: &mut BTreeMap<String, usize>) {
    let message = SerfMessage::decode(bytes).unwrap();
    assert_eq!(message.encode(), bytes, "{message:?}");
    *seen.entry(format!("serf {}", bytes[0])).or_default() += 1;
    match message {
        SerfMessage::Query(query) => {
            for filter in query.filters {
                assert_eq!(Filter::decode(&filter).unwrap().encode(), filter);
                *seen.entry(format!("filter {}", filter[0])).or_default() += 1;
            }
            if query.name.ends_with("-key") {
                let request = KeyRequest::from_payload(&query.payload).unwrap();
                assert_eq!(request.to_payload(), query.payload);
            }
        }
        SerfMessage::QueryResponse(response) => match response.payload.first() {
            Some(6) => {
                let member = ConflictMember::from_payload(&response.payload).unwrap();
                assert_eq!(member.to_payload(), response.payload);
                *seen.entry("serf 6".to_owned()).or_default() += 1;
            }
            Some(8) => {
                let answer = KeyResponse::from_payload(&response.payload).unwrap();
                assert_eq!(answer.to_payload(), response.payload, "{answer:?}");
                *seen.entry("serf 8".to_owned()).or_default() += 1;
            }
            _ => {}
        },
        SerfMessage::Relay(relay) => check_serf(&relay.message, seen),
        _ => {}
    }
}

fn check(text: &str, envelope: &Envelope) -> BTreeMap<String, usize> {
    let mut seen = BTreeMap::new();
    for bytes in messages(text, envelope) {
        let message = Message::decode(&bytes).unwrap();
        assert_eq!(message.encode(), bytes, "{message:?}");
        *seen.entry(format!("{}", bytes[0])).or_default() += 1;
        match message {
            Message::User(user) => check_serf(&user, &mut seen),
            Message::PushPull(state) => check_serf(&state.user, &mut seen),
            _ => {}
        }
    }
    seen
}

#[test]
fn plain_messages_of_serf_are_decoded_and_encoded_again() {
    let seen = check(PLAIN, &Envelope::default());
    for kind in ["0", "1", "2", "3", "4", "5", "6", "8", "11"] {
        assert!(
            seen.contains_key(kind),
            "no message of type {kind}: {seen:?}"
        );
    }
    for kind in ["0", "1", "2", "3", "4", "5", "6", "9"] {
        let kind = format!("serf {kind}");
        assert!(seen.contains_key(&kind), "no {kind}: {seen:?}");
    }
    assert!(
        seen.contains_key("filter 0") && seen.contains_key("filter 1"),
        "{seen:?}"
    );
}

#[test]
fn encrypted_messages_of_serf_are_decoded_and_encoded_again() {
    let envelope = Envelope::with_keyring(keys());
    let seen = check(ENCRYPTED, &envelope);
    for kind in ["0", "2", "4", "5", "6", "8", "serf 4", "serf 5", "serf 8"] {
        assert!(seen.contains_key(kind), "no {kind}: {seen:?}");
    }
}

#[test]
fn nothing_of_an_encrypted_cluster_is_read_without_its_key() {
    let plain = Envelope::default();
    let other = Envelope::with_keyring(Keyring::new(Key::new(&[1; 32]).unwrap()));
    for (kind, bytes) in recorded(ENCRYPTED) {
        if kind == "udp" {
            let read = plain.open_packet(&bytes).ok();
            assert!(read.is_none_or(|read| Message::decode(&read).is_err()));
            assert!(other.open_packet(&bytes).is_err());
        } else {
            assert!(plain.open_stream(&bytes).is_err());
            assert!(other.open_stream(&bytes).is_err());
        }
    }
}

#[test]
fn a_message_over_a_stream_is_found_and_read() {
    let message = StreamUser(bytes::Bytes::from_static(b"hello")).encode();
    let mut scanner = FrameScanner::new();
    assert!(!scanner.feed(&message[..message.len() - 1]).unwrap());
    assert!(scanner.feed(b"o and more").unwrap());
    let (_, frame) = scanner.into_parts();
    assert_eq!(frame, message);
    let nonce = [0; NONCE_LEN];
    let sealed = Envelope::default().seal_stream(&frame, &nonce);
    let opened = Envelope::default().open_stream(&sealed).unwrap();
    assert_eq!(StreamUser::decode(&opened[1..]).unwrap().0, "hello");
}
