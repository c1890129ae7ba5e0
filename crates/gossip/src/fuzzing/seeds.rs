//! What a fuzzer begins with: what real agents sent.

use std::path::Path;

use crate::codec::{Envelope, FrameScanner, Key, Keyring, Kind, split};

/// Inputs for a target; `fixtures` is the folder of the recorded bytes of this crate.
pub fn seeds(target: &str, fixtures: &Path) -> Vec<Vec<u8>> {
    match target {
        "gossip_packet" => with_mode(&packets(fixtures)),
        "gossip_stream" => with_mode(&streams(fixtures)),
        "gossip_message" => messages(fixtures),
        "gossip_lzw" => packets(fixtures)
            .into_iter()
            .chain(streams(fixtures))
            .filter(|bytes| bytes.first() == Some(&Kind::Compress.byte()))
            .map(|bytes| bytes[1..].to_vec())
            .collect(),
        "serf_snapshot" => vec![
            b"alive: a 127.0.0.1:7946\nalive: b [::1]:1\nnot-alive: a\nclock: 7\nevent-clock: 3\n\
              query-clock: 2\ncoordinate: {}\nleave\n"
                .to_vec(),
        ],
        "serf_rpc" => rpc(&fixtures.join("../../../wire/fixtures/serf-0.10.1")),
        _ => Vec::new(),
    }
}

/// As it is, and inside of all layers, in the clear and encrypted.
fn with_mode(inputs: &[Vec<u8>]) -> Vec<Vec<u8>> {
    let modes = [0, 0x10, 0x38, 0x13, 0x1d];
    let each = inputs
        .iter()
        .flat_map(|input| modes.map(|mode| [&[mode], &input[..]].concat()));
    each.collect()
}

fn recorded(fixtures: &Path, wanted: &str) -> Vec<Vec<u8>> {
    let text = std::fs::read_to_string(fixtures.join("plain.txt")).unwrap();
    let lines = text.lines().filter_map(|line| line.split_once(' '));
    let lines = lines.filter(|(kind, _)| *kind == wanted);
    lines.map(|(_, hex)| unhex(hex)).collect()
}

fn unhex(text: &str) -> Vec<u8> {
    let byte = |pair: &[u8]| u8::from_str_radix(std::str::from_utf8(pair).unwrap(), 16).unwrap();
    text.as_bytes().chunks(2).map(byte).collect()
}

/// The packets, and the messages in them.
fn packets(fixtures: &Path) -> Vec<Vec<u8>> {
    let packets = recorded(fixtures, "udp");
    let opened = packets
        .iter()
        .filter_map(|packet| Envelope::default().open_packet(packet).ok());
    let opened: Vec<_> = opened.collect();
    packets.into_iter().chain(opened).collect()
}

fn streams(fixtures: &Path) -> Vec<Vec<u8>> {
    let streams = recorded(fixtures, "tcp");
    let opened = streams.iter().filter_map(|stream| {
        let mut scanner = FrameScanner::new();
        scanner.feed(stream).ok()?;
        let (_, frame) = scanner.into_parts();
        Envelope::with_keyring(Keyring::of(Key::new(&[9; 16])))
            .open_stream(&frame)
            .or_else(|_| Envelope::default().open_stream(&frame))
            .ok()
    });
    let opened: Vec<_> = opened.collect();
    streams.into_iter().chain(opened).collect()
}

/// The messages of Serf, and the states of its push/pulls.
fn messages(fixtures: &Path) -> Vec<Vec<u8>> {
    let mut all = Vec::new();
    for packet in packets(fixtures) {
        let compound = packet.first() == Some(&Kind::Compound.byte());
        let parts = if compound {
            split(&packet[1..]).unwrap()
        } else {
            vec![&packet[..]]
        };
        let user = parts.iter().filter(|part| part[0] == Kind::User.byte());
        all.extend(user.map(|part| part[1..].to_vec()));
    }
    for stream in streams(fixtures) {
        if let Ok(crate::codec::Message::PushPull(state)) = crate::codec::Message::decode(&stream) {
            all.push(state.user.to_vec());
        }
    }
    all
}

fn rpc(folder: &Path) -> Vec<Vec<u8>> {
    let files = std::fs::read_dir(folder).unwrap();
    let mut files: Vec<_> = files.map(|file| file.unwrap().path()).collect();
    files.sort();
    let bytes = files.iter().filter(|file| {
        file.extension()
            .is_some_and(|end| end == "request" || end == "answer")
    });
    bytes.map(|file| std::fs::read(file).unwrap()).collect()
}
