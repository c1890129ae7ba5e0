//! Decoding the answer to `members`, beside rmp-serde into maps of its own and into borrowed ones.
//!
//! `cargo bench -p quorate-wire --bench members`

#![allow(
    clippy::print_stdout,
    clippy::unwrap_used,
    reason = "benchmarks are programs that print figures"
)]

use std::collections::BTreeMap;
use std::hint::black_box;
use std::time::Instant;

use quorate_wire::msgpack::{Decode as _, Encode as _, Splitter};
use quorate_wire::serf::{Member, MemberStatus, Members};
use serde::Deserialize;

/// How often each is measured; the median counts, and they take turns.
const ROUNDS: usize = 15;

#[derive(Deserialize)]
#[serde(rename_all = "PascalCase")]
struct Owned {
    members: Vec<OwnedMember>,
}

#[derive(Deserialize)]
#[serde(rename_all = "PascalCase")]
#[allow(dead_code, reason = "it is decoded, and that is all")]
struct OwnedMember {
    #[serde(with = "serde_bytes")]
    addr: Vec<u8>,
    delegate_cur: u8,
    delegate_max: u8,
    delegate_min: u8,
    name: String,
    port: u16,
    protocol_cur: u8,
    protocol_max: u8,
    protocol_min: u8,
    status: String,
    tags: BTreeMap<String, String>,
}

#[derive(Deserialize)]
#[serde(rename_all = "PascalCase")]
struct Borrowed<'a> {
    #[serde(borrow)]
    members: Vec<BorrowedMember<'a>>,
}

#[derive(Deserialize)]
#[serde(rename_all = "PascalCase")]
#[allow(dead_code, reason = "it is decoded, and that is all")]
struct BorrowedMember<'a> {
    #[serde(borrow, with = "serde_bytes")]
    addr: &'a [u8],
    delegate_cur: u8,
    delegate_max: u8,
    delegate_min: u8,
    name: &'a str,
    port: u16,
    protocol_cur: u8,
    protocol_max: u8,
    protocol_min: u8,
    status: &'a str,
    #[serde(borrow)]
    tags: BTreeMap<&'a str, &'a str>,
}

/// A cluster of servers as they are, with three tags each.
fn answer(count: usize) -> Vec<u8> {
    let member = |number: usize| Member {
        name: format!("node-{number:05}.dc1.example"),
        addr: [10, 0, (number >> 8) as u8, number as u8].into(),
        port: 7946,
        status: MemberStatus::Alive,
        protocol_min: 1,
        protocol_max: 5,
        protocol_cur: 2,
        delegate_min: 2,
        delegate_max: 5,
        delegate_cur: 5,
        tags: [
            ("role", "web"),
            ("datacenter", "dc1"),
            ("version", "1.17.3"),
        ]
        .into(),
    };
    let members = (0..count).map(member).collect();
    Members { members }.to_msgpack()
}

fn nanos(count: usize, mut work: impl FnMut()) -> f64 {
    let begun = Instant::now();
    work();
    begun.elapsed().as_secs_f64() * 1e9 / count as f64
}

fn median(mut times: Vec<f64>) -> f64 {
    times.sort_by(f64::total_cmp);
    times[times.len() / 2]
}

fn main() {
    for count in [1_000, 10_000] {
        let bytes = answer(count);
        let mut times = [const { Vec::new() }; 4];
        for _ in 0..ROUNDS {
            times[0].push(nanos(count, || {
                assert_eq!(
                    black_box(Members::from_msgpack(&bytes).unwrap())
                        .members
                        .len(),
                    count
                );
            }));
            times[1].push(nanos(count, || {
                let owned: Owned = rmp_serde::from_slice(&bytes).unwrap();
                assert_eq!(black_box(owned).members.len(), count);
            }));
            times[2].push(nanos(count, || {
                let borrowed: Borrowed<'_> = rmp_serde::from_slice(&bytes).unwrap();
                assert_eq!(black_box(borrowed).members.len(), count);
            }));
            times[3].push(nanos(count, || {
                let end = Splitter::new(1 << 30).scan(black_box(&bytes)).unwrap();
                assert_eq!(end, Some(bytes.len()));
            }));
        }
        let [ours, owned, borrowed, split] = times.map(median);
        println!("{count} members, {} bytes each", bytes.len() / count);
        println!("  quorate-wire          {ours:7.0} ns a member");
        println!(
            "  rmp-serde, owned      {owned:7.0} ns  ours/theirs {:.2}",
            ours / owned
        );
        println!(
            "  rmp-serde, borrowed   {borrowed:7.0} ns  ours/theirs {:.2}",
            ours / borrowed
        );
        println!("  finding the end       {split:7.0} ns");
        if let Some(path) = std::env::args()
            .nth(1)
            .filter(|path| !path.starts_with("--"))
        {
            std::fs::write(format!("{path}.{count}"), &bytes).unwrap();
        }
    }
}
