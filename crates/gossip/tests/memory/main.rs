//! A member that runs stays small, whatever strangers send.
//!
//! A program of its own: what it measures is the memory of the process. It prints how much each
//! attack took at its peak.

#![allow(clippy::unwrap_used, reason = "tests fail by panicking")]
#![allow(clippy::print_stdout, reason = "the figures are printed")]

use std::net::SocketAddr;
use std::time::Duration;

use bytes::Bytes;
use quorate_gossip::codec::{Alive, Message, StreamUser, compress};
use quorate_gossip::profile::Profile;
use quorate_gossip::serf::message::{QueryMessage, SerfMessage, UserEventMessage};
use quorate_gossip::{Config, Gossip};
use tokio::io::{AsyncReadExt as _, AsyncWriteExt as _};
use tokio::net::{TcpStream, UdpSocket};

const LONG: Duration = Duration::from_secs(40);

/// What a member and its attackers, who are in the same process, may grow by, in MiB. One stream may
/// become 40 MiB, and what it says as much again.
const MOST: u64 = 256;

/// Has glibc give large blocks back when they are free. By default it learns to keep them, up to
/// 32 MiB each, and the process looks twice as large as what it uses.
const GIVE_BACK: (&str, &str) = ("MALLOC_MMAP_THRESHOLD_", "131072");

fn config(name: &str) -> Config {
    let mut profile = Profile::local();
    profile.stream_timeout = LONG;
    Config::new(name)
        .with_profile(profile)
        .with_bind(([127, 0, 0, 1], 0).into())
}

/// The largest memory that the process had since the last call, in MiB.
fn peak() -> u64 {
    let status = std::fs::read_to_string("/proc/self/status").unwrap();
    let line = status.lines().find(|line| line.starts_with("VmHWM:"));
    let kib = line.unwrap().split_whitespace().nth(1).unwrap();
    // Starts the measurement again.
    std::fs::write("/proc/self/clear_refs", "5").unwrap();
    kib.parse::<u64>().unwrap() / 1024
}

async fn send(to: SocketAddr, message: &[u8]) {
    let Ok(mut stream) = TcpStream::connect(to).await else {
        return;
    };
    // It may refuse while we send.
    if stream.write_all(message).await.is_ok() {
        let mut answer = Vec::new();
        let _ = tokio::time::timeout(LONG, stream.read_to_end(&mut answer)).await;
    }
}

fn push_pull(nodes: u32, body: &[u8], state: &[u8]) -> Vec<u8> {
    let mut message = b"\x06\x83\xa4Join\xc3\xa5Nodes\xce".to_vec();
    message.extend(nodes.to_be_bytes());
    message.extend(b"\xacUserStateLen\xce");
    message.extend(u32::try_from(state.len()).unwrap().to_be_bytes());
    message.extend(body);
    message.extend(state);
    message
}

/// A megabyte that becomes the largest state that is read: nothing, very often.
fn bombs() -> Vec<Vec<u8>> {
    let nothing = 0xc0;
    let nodes = push_pull(1 << 17, &[nothing; 1 << 17], &[]);
    let mut times = b"\x02\x81\xa6Events\xdd\x00\x00\xff\xff".to_vec();
    for _ in 0..0xffff {
        times.extend(b"\x81\xa6Events\xdc\x00\x80");
        times.extend([nothing; 128]);
    }
    let mut members = b"\x02\x81\xacStatusLTimes\xdf\x00\x80\x00\x00".to_vec();
    members.extend([0xa0, 0].repeat(1 << 23));
    let long = vec![0; 30 << 20];
    let plain = [
        nodes,
        push_pull(0, &[], &times),
        push_pull(0, &[], &members),
        long,
    ];
    plain.iter().map(|bomb| compress(bomb).unwrap()).collect()
}

async fn bombed(to: SocketAddr) {
    for bomb in bombs() {
        let all = (0..4).map(|_| send(to, &bomb));
        for one in all {
            one.await;
        }
    }
}

/// Streams that say most of a message and no more.
async fn half_open(to: SocketAddr) {
    let mut streams = Vec::new();
    let mut start = b"\x0a\x01\x00\x00\x00".to_vec();
    start.resize(1 << 20, 0);
    for _ in 0..200 {
        let mut stream = TcpStream::connect(to).await.unwrap();
        // It closes what is too much.
        let _ = tokio::time::timeout(Duration::from_millis(100), stream.write_all(&start)).await;
        streams.push(stream);
    }
}

async fn packets(to: SocketAddr, count: u32, packet: impl Fn(u32) -> Vec<u8>) {
    let socket = UdpSocket::bind("127.0.0.1:0").await.unwrap();
    for number in 0..count {
        let _ = socket.send_to(&packet(number), to).await;
        tokio::task::yield_now().await;
    }
}

fn user(message: &SerfMessage) -> Vec<u8> {
    Message::User(message.encode().into()).encode()
}

fn event(number: u32, len: usize) -> SerfMessage {
    SerfMessage::UserEvent(UserEventMessage {
        ltime: 1 + u64::from(number),
        name: format!("e{number}"),
        payload: vec![0; len].into(),
        ..UserEventMessage::default()
    })
}

fn query(number: u32) -> Vec<u8> {
    user(&SerfMessage::Query(QueryMessage {
        addr: Bytes::from_static(&[127, 0, 0, 1]),
        id: number,
        ltime: 1 + u64::from(number / 512),
        name: "q".to_owned(),
        payload: vec![0; 900].into(),
        port: 9,
        timeout: i64::MAX,
        ..QueryMessage::default()
    }))
}

fn alive(number: u32) -> Vec<u8> {
    let alive = Alive {
        addr: Bytes::copy_from_slice(&[127, 99, 0, 1]),
        incarnation: 1,
        meta: vec![0; 500].into(),
        node: format!("invented-{number}"),
        port: 1,
        versions: Bytes::from_static(&[1, 5, 2, 2, 5, 5]),
    };
    Message::Alive(alive).encode()
}

async fn large_messages(to: SocketAddr) {
    for number in 0..8 {
        let SerfMessage::UserEvent(_) = event(number, 1) else {
            return;
        };
        let message = event(number, 19 << 20).encode();
        send(to, &StreamUser(message.into()).encode()).await;
    }
}

async fn works(gossip: &Gossip) {
    let other = Gossip::start(config("other")).await.unwrap();
    let joined = other.join(&[gossip.address().to_string()], false).await;
    assert_eq!(joined.unwrap().reached, 1);
    other.leave().await.unwrap();
    other.shutdown().await;
}

/// In a process of its own, because the allocator reads its settings when a process starts.
#[test]
fn memory_stays_bounded_under_attack() {
    if std::env::var_os(GIVE_BACK.0).is_none() {
        let program = std::env::current_exe().unwrap();
        let mut again = std::process::Command::new(program);
        again.args([
            "memory_stays_bounded_under_attack",
            "--exact",
            "--nocapture",
        ]);
        let status = again.env(GIVE_BACK.0, GIVE_BACK.1).status().unwrap();
        assert!(status.success(), "{status}");
        return;
    }
    let mut runtime = tokio::runtime::Builder::new_multi_thread();
    runtime.worker_threads(2).enable_all();
    runtime.build().unwrap().block_on(attacked());
}

async fn attacked() {
    let gossip = Gossip::start(config("me")).await.unwrap();
    let to = gossip.address();
    // Somebody listens, and is slow.
    let _events = gossip.events().await.unwrap();
    works(&gossip).await;
    let start = peak();
    let report = |what: &str| {
        let grown = peak().saturating_sub(start);
        println!("{what}: at most {grown} MiB more than the {start} MiB before");
        assert!(grown <= MOST, "{what}: {grown} MiB");
    };
    bombed(to).await;
    report("compression bombs");
    half_open(to).await;
    report("200 streams of a MiB that do not end");
    large_messages(to).await;
    report("messages of 19 MiB");
    packets(to, 20_000, |number| user(&event(number, 9_000))).await;
    report("20,000 events of 9,000 bytes");
    packets(to, 40_000, query).await;
    report("40,000 queries that never end");
    packets(to, 30_000, alive).await;
    report("30,000 invented members");
    assert!(gossip.stats().await.unwrap().members > 1_000);
    works(&gossip).await;
    report("all of it");
    gossip.shutdown().await;
}
