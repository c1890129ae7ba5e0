//! The agent's v3 API of etcd beside the real etcd 3.5's and a bare tonic server: range, durable
//! put, lease grants, and watchers that one write wakes.
//!
//! `cargo build --release && cargo run --release -p quorate-benches --bin agent_etcd3 [SECONDS [PART…]]`
//!
//! The parts are `range`, `put`, `lease` and `watch`; none is all.
//!
//! Clients share connections, at most 16 of them.

#![allow(
    clippy::print_stdout,
    reason = "benchmarks are programs that print figures"
)]

use std::time::Duration;

use anyhow::bail;
use bytes::Bytes;
use quorate_benches::bare_grpc;
use quorate_benches::grpc::{Connection, frame, load};
use quorate_benches::measured::{Measured, over};
use quorate_benches::process::Server;
use quorate_benches::program::{self, first};
use quorate_benches::report::{median, ratio};
use quorate_benches::watching::Watching;
use quorate_etcd_proto::etcdserverpb as pb;

const NAMES: [&str; 3] = ["quorate", "etcd 3.5", "bare tonic"];
const ROUNDS: usize = 5;
const READERS: [usize; 2] = [1, 64];
const WRITERS: [usize; 4] = [1, 16, 64, 256];
const GRANTERS: [usize; 2] = [1, 64];
const WATCHERS: usize = 5000;
/// On how many connections the watchers are.
const SPREADS: [usize; 2] = [1, 500];
const WAKE_UPS: usize = 7;

const RANGE: &str = "/etcdserverpb.KV/Range";
const PUT: &str = "/etcdserverpb.KV/Put";
const GRANT: &str = "/etcdserverpb.Lease/LeaseGrant";

fn put(key: String) -> Bytes {
    frame(&pb::PutRequest {
        key: key.into(),
        value: vec![b'v'; 100].into(),
        ..pb::PutRequest::default()
    })
}

fn read_one(_: usize, _: u64) -> Bytes {
    frame(&pb::RangeRequest {
        key: "bench/key".into(),
        ..pb::RangeRequest::default()
    })
}

fn write_one(client: usize, number: u64) -> Bytes {
    put(format!("bench/{client}/{}", number % 1000))
}

fn grant_one(_: usize, _: u64) -> Bytes {
    frame(&pb::LeaseGrantRequest { ttl: 600, id: 0 })
}

/// Waits until a key can be written, and writes it.
async fn ready(server: &Server) -> anyhow::Result<()> {
    while server.started.elapsed() < Duration::from_secs(30) {
        if let Ok(connection) = Connection::open(server.address).await
            && connection.unary(PUT, put("bench/key".into())).await.is_ok()
        {
            return Ok(());
        }
        tokio::time::sleep(Duration::from_millis(5)).await;
    }
    bail!("no answer from {} within 30 s", server.address)
}

async fn compare(
    servers: &[Server],
    clients: usize,
    seconds: f64,
    path: &'static str,
    message: fn(usize, u64) -> Bytes,
) -> anyhow::Result<Vec<Measured>> {
    let mut measured: Vec<Measured> = servers.iter().map(|_| Measured::default()).collect();
    for round in 0..=ROUNDS {
        for (server, measured) in servers.iter().zip(&mut measured) {
            let length = if round == 0 { seconds / 4.0 } else { seconds };
            let length = Duration::from_secs_f64(length);
            let run = load(server.address, clients, length, path, message);
            let mut warm_up = Measured::default();
            let measured = if round == 0 { &mut warm_up } else { measured };
            measured.measure_run(server, run).await?;
        }
    }
    Ok(measured)
}

fn print(what: &str, clients: usize, seconds: f64, measured: &[Measured]) {
    println!("\n{what}, {clients} clients, {ROUNDS} rounds of {seconds} s each:");
    for (name, measured) in NAMES.iter().zip(measured) {
        measured.print(name);
    }
}

async fn reads(seconds: f64) -> anyhow::Result<()> {
    let servers = [
        Server::quorate_etcd(false)?,
        Server::etcd3()?,
        Server::bare("")?,
    ];
    for server in &servers {
        ready(server).await?;
    }
    for clients in READERS {
        let measured = compare(&servers, clients, seconds, RANGE, read_one).await?;
        print("range of one key", clients, seconds, &measured);
        let [ours, etcd, bare] = &measured[..] else {
            bail!("there are three servers");
        };
        let etcd = over(&ours.rate, &etcd.rate);
        let bare = over(&ours.rate, &bare.rate);
        if clients == 64 {
            ratio("rate, ours / etcd", etcd, 1.5, true);
            ratio("rate, ours / bare tonic", bare, 0.9, true);
        } else {
            println!("rate, ours / etcd {etcd:.2}; ours / bare tonic {bare:.2}");
        }
    }
    Ok(())
}

/// Durable writes of one kind, and what their rate should be beside etcd's.
async fn writes(
    what: &str,
    seconds: f64,
    clients: &[usize],
    path: &'static str,
    message: fn(usize, u64) -> Bytes,
) -> anyhow::Result<()> {
    let servers = [Server::quorate_etcd(true)?, Server::etcd3()?];
    for server in &servers {
        ready(server).await?;
    }
    for &clients in clients {
        let measured = compare(&servers, clients, seconds, path, message).await?;
        print(what, clients, seconds, &measured);
        let [ours, etcd] = &measured[..] else {
            bail!("there are two servers");
        };
        let target = if clients == 1 { 1.2 } else { 2.0 };
        let rate = over(&ours.rate, &etcd.rate);
        ratio("rate, ours / etcd", rate, target, true);
    }
    Ok(())
}

/// What watchers cost one server.
struct Woken {
    waiting_kib: f64,
    last_ms: Vec<f64>,
    cpu_micros: Vec<f64>,
}

#[expect(clippy::cast_precision_loss, reason = "a figure for people")]
async fn wake(server: &Server, connections: usize) -> anyhow::Result<Woken> {
    ready(server).await?;
    quorate_benches::crowd::rest(server).await?;
    let empty = server.resident()?;
    let mut watching = Watching::gather(server, "bench/one", WATCHERS, connections).await?;
    let kib = server.resident()?.saturating_sub(empty) as f64 / 1024.0;
    let mut woken = Woken {
        waiting_kib: kib / WATCHERS as f64,
        last_ms: Vec::new(),
        cpu_micros: Vec::new(),
    };
    let writer = Connection::open(server.address).await?;
    for _ in 0..WAKE_UPS {
        let before = server.cpu()?;
        let write = async {
            writer.unary(PUT, put("bench/one".into())).await?;
            Ok(())
        };
        let last = watching.wake(write).await?;
        quorate_benches::crowd::rest(server).await?;
        let cpu = server.cpu()?.saturating_sub(before);
        woken.last_ms.push(last.as_secs_f64() * 1e3);
        woken
            .cpu_micros
            .push(cpu.as_secs_f64() * 1e6 / WATCHERS as f64);
    }
    Ok(woken)
}

async fn watchers() -> anyhow::Result<()> {
    for connections in SPREADS {
        let mut measured = Vec::new();
        for server in [Server::quorate_etcd(false)?, Server::etcd3()?] {
            measured.push(wake(&server, connections).await?);
        }
        println!(
            "\n{WATCHERS} watchers of one key on {connections} connections, {WAKE_UPS} wake-ups:"
        );
        for (name, it) in NAMES.iter().zip(&measured) {
            println!(
                "  {name:<10} {:>6.2} KiB each; last woken after {:>8.1} ms; {:>6.2} µs CPU a wake-up",
                it.waiting_kib,
                median(&it.last_ms),
                median(&it.cpu_micros)
            );
        }
        let [ours, etcd] = &measured[..] else {
            bail!("there are two servers");
        };
        let over = |one: &[f64], other: &[f64]| median(one) / median(other);
        let last = over(&etcd.last_ms, &ours.last_ms);
        ratio("last wake-up, etcd / ours", last, 1.5, true);
        let cpu = over(&ours.cpu_micros, &etcd.cpu_micros);
        ratio("CPU a wake-up, ours / etcd", cpu, 0.5, false);
        let memory = ours.waiting_kib / etcd.waiting_kib;
        ratio("memory of one, ours / etcd", memory, 0.5, false);
    }
    Ok(())
}

async fn run(seconds: f64, parts: &[String]) -> anyhow::Result<()> {
    let wanted = |part: &str| parts.is_empty() || parts.iter().any(|it| it == part);
    if wanted("range") {
        reads(seconds).await?;
    }
    if wanted("put") {
        writes("durable put", seconds, &WRITERS, PUT, write_one).await?;
    }
    if wanted("lease") {
        writes("lease grant", seconds, &GRANTERS, GRANT, grant_one).await?;
    }
    if wanted("watch") {
        watchers().await?;
    }
    Ok(())
}

fn main() -> anyhow::Result<()> {
    program::run(
        async |_| bare_grpc::serve().await,
        async |arguments| {
            let parts = arguments.get(1..).unwrap_or_default();
            run(first(arguments, 2.0)?, parts).await
        },
    )
}
