//! Each target on inputs that nobody meant it to have: the same ones in every run. The fuzzer goes on
//! from here (`fuzz/`), and so does `QUORATE_FUZZ_SECONDS`.

#![allow(clippy::print_stdout, reason = "the figures are printed")]

use std::path::Path;
use std::time::{Duration, Instant};

use super::{TARGETS, seeds};
use crate::rng::Rng;

/// What one input may take at most, on a slow machine without optimisation.
const PATIENCE: Duration = Duration::from_secs(30);

/// Numbers and markers that mean something in MessagePack and in the layers.
const WORDS: [&[u8]; 10] = [
    &[0xff, 0xff, 0xff, 0xff],
    &[0, 0, 0, 0],
    &[0x7f, 0xff, 0xff, 0xff],
    &[0xdf, 0xff, 0xff, 0xff, 0xff],
    &[0xdd, 0, 1, 0, 0],
    &[0xc0],
    &[0xc6, 0, 1, 0, 0],
    &[7, 255],
    &[9],
    &[244, 255],
];

fn changed(rng: &mut Rng, seeds: &[Vec<u8>]) -> Vec<u8> {
    let mut input = seeds[rng.below(seeds.len())].clone();
    for _ in 0..=rng.below(8) {
        let at = rng.below(input.len() + 1);
        let length = rng.below(16).min(input.len() - at);
        match rng.below(6) {
            0 => drop(input.drain(at..at + length)),
            1 => {
                let word = WORDS[rng.below(WORDS.len())];
                input.splice(at..at + length, word.iter().copied());
            }
            2 => {
                let part = input[at..at + length].repeat(1 + rng.below(64));
                input.splice(at..at, part);
            }
            3 => {
                let other = &seeds[rng.below(seeds.len())];
                let from = rng.below(other.len());
                input.splice(at.., other[from..].iter().copied());
            }
            4 => input.truncate(at),
            _ => {
                if let Some(byte) = input.get_mut(at) {
                    *byte = rng.next_u64().to_be_bytes()[0];
                }
            }
        }
    }
    input
}

fn try_target(name: &str, inputs: usize) {
    let (_, target) = TARGETS.iter().find(|(it, _)| *it == name).unwrap();
    let fixtures = Path::new(env!("CARGO_MANIFEST_DIR")).join("fixtures/serf-0.10.1");
    let seeds = seeds(name, &fixtures);
    assert!(!seeds.is_empty());
    let try_one = |input: &[u8]| {
        let start = Instant::now();
        target(input);
        let taken = start.elapsed();
        assert!(
            taken < PATIENCE,
            "{taken:?}: {:?}",
            &input[..input.len().min(200)]
        );
    };
    seeds.iter().for_each(|seed| try_one(seed));
    let mut rng = Rng::seeded(0x5eed);
    let seconds = std::env::var("QUORATE_FUZZ_SECONDS");
    let seconds = seconds.map_or(0, |seconds| seconds.parse().unwrap());
    let (start, mut count) = (Instant::now(), 0);
    while count < inputs || start.elapsed() < Duration::from_secs(seconds) {
        try_one(&changed(&mut rng, &seeds));
        count += 1;
    }
    if seconds > 0 {
        println!("{name}: {count} inputs in {seconds} s");
    }
}

#[test]
fn any_packet_is_taken_or_dropped() {
    try_target("gossip_packet", 500);
}

#[test]
fn any_stream_is_taken_or_refused() {
    try_target("gossip_stream", 300);
}

#[test]
fn any_message_of_serf_is_taken_or_dropped() {
    try_target("gossip_message", 500);
}

#[test]
fn anything_compressed_becomes_what_it_was_or_is_dropped() {
    try_target("gossip_lzw", 500);
}

#[test]
fn any_snapshot_file_is_read_as_it_is_written() {
    try_target("serf_snapshot", 1000);
}

#[test]
fn any_rpc_is_split_where_its_objects_end() {
    try_target("serf_rpc", 500);
}
