//! The agent's v2 API of etcd beside the real etcd 3.4's and a bare hyper server: GET, durable PUT,
//! and watchers that one write wakes.
//!
//! `cargo build --release && cargo run --release -p quorate-benches --bin agent_etcd2 [SECONDS]`

#![allow(
    clippy::print_stdout,
    reason = "benchmarks are programs that print figures"
)]

use std::time::Duration;

use anyhow::bail;
use quorate_benches::bare;
use quorate_benches::crowd::rest;
use quorate_benches::load::{Load, get};
use quorate_benches::measured::{Measured, over};
use quorate_benches::process::Server;
use quorate_benches::program::{self, first};
use quorate_benches::report::{at_most, median, ratio};
use quorate_benches::watchers::Watchers;
use tokio::io::{AsyncReadExt as _, AsyncWriteExt as _};
use tokio::net::TcpStream;

const NAMES: [&str; 3] = ["quorate", "etcd", "bare hyper"];
const ROUNDS: usize = 5;
const READERS: [usize; 2] = [1, 64];
const WRITERS: [usize; 4] = [1, 16, 64, 256];
const WATCHERS: [usize; 2] = [1000, 5000];
const WAKE_UPS: usize = 7;

fn value(number: u64) -> String {
    format!("value={number:0100}")
}

fn put(out: &mut Vec<u8>, target: &str, form: &str) {
    let length = form.len();
    let request = format!(
        "PUT {target} HTTP/1.1\r\nHost: bench\r\nContent-Type: application/x-www-form-urlencoded\r\nContent-Length: {length}\r\n\r\n{form}"
    );
    out.extend_from_slice(request.as_bytes());
}

fn write_one(connection: usize, number: u64, out: &mut Vec<u8>) {
    let target = format!("/v2/keys/bench/{connection}/{}", number % 1000);
    put(out, &target, &value(number));
}

fn read_one(_: usize, _: u64, out: &mut Vec<u8>) {
    get(out, "/v2/keys/bench/key");
}

/// What a read of the key is answered.
fn node() -> String {
    let value = format!("{:0100}", 1);
    format!(
        "{{\"action\":\"get\",\"node\":{{\"key\":\"/bench/key\",\"value\":\"{value}\",\"modifiedIndex\":4,\"createdIndex\":4}}}}\n"
    )
}

fn ready(server: &Server) -> anyhow::Result<()> {
    let mut request = Vec::new();
    put(&mut request, "/v2/keys/bench/key", &value(1));
    server.wait_for(&request)?;
    Ok(())
}

async fn compare(
    servers: &[Server],
    connections: usize,
    seconds: f64,
    request: fn(usize, u64, &mut Vec<u8>),
) -> anyhow::Result<Vec<Measured>> {
    let mut measured: Vec<Measured> = servers.iter().map(|_| Measured::default()).collect();
    for round in 0..=ROUNDS {
        for (server, measured) in servers.iter().zip(&mut measured) {
            let length = if round == 0 { seconds / 4.0 } else { seconds };
            let load = Load::new(server.address, connections, Duration::from_secs_f64(length));
            let mut warm_up = Measured::default();
            let measured = if round == 0 { &mut warm_up } else { measured };
            measured.measure(server, &load, request).await?;
        }
    }
    Ok(measured)
}

async fn reads(seconds: f64) -> anyhow::Result<()> {
    let servers = [
        Server::quorate_etcd(false)?,
        Server::etcd()?,
        Server::bare(&node())?,
    ];
    servers.iter().try_for_each(ready)?;
    for connections in READERS {
        let measured = compare(&servers, connections, seconds, read_one).await?;
        print("GET", connections, seconds, &measured);
        let [ours, etcd, bare] = &measured[..] else {
            bail!("there are three servers");
        };
        let etcd = over(&ours.rate, &etcd.rate);
        let bare = over(&ours.rate, &bare.rate);
        if connections == 64 {
            ratio("rate, ours / etcd", etcd, 2.8, true);
            ratio("rate, ours / bare hyper", bare, 0.85, true);
        } else {
            println!("rate, ours / etcd {etcd:.2}; ours / bare hyper {bare:.2}");
        }
    }
    Ok(())
}

async fn writes(seconds: f64) -> anyhow::Result<()> {
    let servers = [Server::quorate_etcd(true)?, Server::etcd()?];
    servers.iter().try_for_each(ready)?;
    for connections in WRITERS {
        let measured = compare(&servers, connections, seconds, write_one).await?;
        print("durable PUT", connections, seconds, &measured);
        let [ours, etcd] = &measured[..] else {
            bail!("there are two servers");
        };
        let target = if connections == 1 { 1.2 } else { 2.0 };
        let rate = over(&ours.rate, &etcd.rate);
        ratio("rate, ours / etcd", rate, target, true);
    }
    Ok(())
}

fn print(what: &str, connections: usize, seconds: f64, measured: &[Measured]) {
    println!("\n{what}, {connections} connections, {ROUNDS} rounds of {seconds} s each:");
    for (name, measured) in NAMES.iter().zip(measured) {
        measured.print(name);
    }
}

/// What watchers cost one server.
struct Woken {
    waiting_kib: f64,
    last_ms: Vec<f64>,
    cpu_micros: Vec<f64>,
}

async fn write(server: &Server, round: usize) -> anyhow::Result<()> {
    let mut stream = TcpStream::connect(server.address).await?;
    let mut request = Vec::new();
    put(
        &mut request,
        "/v2/keys/bench/one",
        &format!("value={round}"),
    );
    stream.write_all(&request).await?;
    let mut head = [0; 12];
    stream.read_exact(&mut head).await?;
    anyhow::ensure!(head.starts_with(b"HTTP/1.1 20"), "the write is refused");
    Ok(())
}

#[expect(clippy::cast_precision_loss, reason = "a figure for people")]
async fn wake(server: &Server, is_bare: bool, count: usize) -> anyhow::Result<Woken> {
    write(server, 0).await?;
    rest(server).await?;
    let empty = server.resident()?;
    let target = if is_bare {
        "/v2/keys/bench/one?index=1"
    } else {
        "/v2/keys/bench/one?wait=true"
    };
    let mut watchers = Watchers::gather(server.address, target, count, !is_bare).await?;
    watchers.park(server).await?;
    let kib = server.resident()?.saturating_sub(empty) as f64 / 1024.0;
    let mut woken = Woken {
        waiting_kib: kib / count as f64,
        last_ms: Vec::new(),
        cpu_micros: Vec::new(),
    };
    for round in 1..=WAKE_UPS {
        let before = server.cpu()?;
        let last = watchers.wake(write(server, round)).await?;
        rest(server).await?;
        let cpu = server.cpu()?.saturating_sub(before);
        woken.last_ms.push(last.as_secs_f64() * 1e3);
        let each = cpu.as_secs_f64() * 1e6 / count as f64;
        woken.cpu_micros.push(each);
        watchers.park(server).await?;
    }
    Ok(woken)
}

async fn watchers() -> anyhow::Result<()> {
    for count in WATCHERS {
        let mut measured = Vec::new();
        for at in 0..NAMES.len() {
            let server = match at {
                0 => Server::quorate_etcd(false)?,
                1 => Server::etcd()?,
                _ => Server::bare(&node())?,
            };
            ready(&server)?;
            measured.push(wake(&server, at == 2, count).await?);
        }
        println!("\n{count} watchers of one key, {WAKE_UPS} wake-ups:");
        for (name, it) in NAMES.iter().zip(&measured) {
            println!(
                "  {name:<10} {:>6.1} KiB each; last woken after {:>8.1} ms; {:>6.1} µs CPU a wake-up",
                it.waiting_kib,
                median(&it.last_ms),
                median(&it.cpu_micros)
            );
        }
        let [ours, etcd, bare] = &measured[..] else {
            bail!("there are three servers");
        };
        let over = |one: &[f64], other: &[f64]| median(one) / median(other);
        at_most("memory of one, ours", ours.waiting_kib, "KiB", 12.0);
        let cpu = over(&ours.cpu_micros, &etcd.cpu_micros);
        ratio("CPU a wake-up, ours / etcd", cpu, 0.2, false);
        let last = over(&ours.last_ms, &bare.last_ms);
        ratio("last wake-up, ours / bare hyper", last, 1.1, false);
        let last = over(&etcd.last_ms, &ours.last_ms);
        ratio("last wake-up, etcd / ours", last, 3.0, true);
    }
    Ok(())
}

async fn run(seconds: f64) -> anyhow::Result<()> {
    reads(seconds).await?;
    writes(seconds).await?;
    watchers().await
}

fn main() -> anyhow::Result<()> {
    program::run(
        async |body| bare::serve_blocking(body.into_bytes(), bare::ETCD).await,
        async |arguments| run(first(arguments, 2.0)?).await,
    )
}
