//! What a blocking read costs while it waits, and how soon the last of many is woken: the agent, the
//! real Consul and a bare hyper server in turns.
//!
//! `cargo build --release && cargo run --release -p quorate-benches --bin blocked_reads [COUNT…]`

#![allow(
    clippy::print_stdout,
    clippy::cast_precision_loss,
    reason = "benchmarks are programs that print figures for people"
)]

use std::net::SocketAddr;
use std::time::Duration;

use quorate_benches::bare;
use quorate_benches::crowd::{Crowd, rest};
use quorate_benches::process::Server;
use quorate_benches::program;
use quorate_benches::report::{at_most, median, ratio};
use tokio::io::{AsyncReadExt as _, AsyncWriteExt as _};
use tokio::net::TcpStream;

const ROUNDS: usize = 5;
const SERVICES: usize = 1000;
/// A key as it is read.
const KEY: &str = r#"[{"LockIndex":0,"Key":"bench/one","Flags":0,"Value":"cm91bmQgMQ==","CreateIndex":10,"ModifyIndex":10}]"#;
/// A service with one instance as it is read.
const INSTANCE: &str = r#"[{"Node":{"ID":"","Node":"bench","Address":"10.0.0.1","Datacenter":"dc1","TaggedAddresses":null,"Meta":null,"CreateIndex":10,"ModifyIndex":10},"Service":{"ID":"bench-0","Service":"bench-0","Tags":[],"Address":"","Meta":null,"Port":8001,"Weights":{"Passing":1,"Warning":1},"EnableTagOverride":false,"Proxy":{"MeshGateway":{},"Expose":{}},"Connect":{},"CreateIndex":11,"ModifyIndex":12},"Checks":[]}]"#;
const NAMES: [&str; 3] = ["quorate", "consul", "bare hyper"];

/// What one server did.
#[derive(Debug, Default)]
struct Measured {
    waiting_kib: f64,
    woken_kib: f64,
    last_ms: Vec<f64>,
    cpu_micros: Vec<f64>,
}

/// A connection for writes.
struct Writer(TcpStream);

impl Writer {
    async fn connect(address: SocketAddr) -> anyhow::Result<Self> {
        let stream = TcpStream::connect(address).await?;
        stream.set_nodelay(true)?;
        Ok(Self(stream))
    }

    async fn put(&mut self, target: &str, body: &str) -> anyhow::Result<()> {
        let length = body.len();
        let request =
            format!("PUT {target} HTTP/1.1\r\nHost: b\r\nContent-Length: {length}\r\n\r\n{body}");
        self.0.write_all(request.as_bytes()).await?;
        let mut answer = Vec::with_capacity(512);
        while !answer.ends_with(b"true") && !answer.ends_with(b"true\n") {
            let count = self.0.read_buf(&mut answer).await?;
            anyhow::ensure!(
                count > 0,
                "closed after {}",
                String::from_utf8_lossy(&answer)
            );
        }
        Ok(())
    }
}

/// What the crowd waits for.
#[derive(Clone, Copy, PartialEq)]
enum Scene {
    OneKey,
    OneService,
    ManyServices,
}

const SCENES: [Scene; 3] = [Scene::OneKey, Scene::OneService, Scene::ManyServices];

impl Scene {
    fn target(self, member: usize) -> String {
        match self {
            Self::OneKey => "/v1/kv/bench/one".into(),
            Self::OneService => "/v1/health/service/bench-0".into(),
            Self::ManyServices => format!("/v1/health/service/bench-{}", member % SERVICES),
        }
    }

    fn name(self) -> String {
        match self {
            Self::OneKey => "on one key".into(),
            Self::OneService => "on one service".into(),
            Self::ManyServices => format!("on {SERVICES} services"),
        }
    }

    /// What a bare server answers in its place: it has nothing to read, and one write wakes all.
    fn bare(self) -> Option<&'static str> {
        match self {
            Self::OneKey => Some(KEY),
            Self::OneService => Some(INSTANCE),
            Self::ManyServices => None,
        }
    }

    async fn write(self, writer: &mut Writer, round: usize) -> anyhow::Result<()> {
        if self == Self::OneKey {
            return writer
                .put("/v1/kv/bench/one", &format!("round {round}"))
                .await;
        }
        let services = match self {
            Self::ManyServices => SERVICES,
            _ => 1,
        };
        for service in 0..services {
            let body = format!(
                "{{\"Node\":\"bench\",\"Address\":\"10.0.0.1\",\"SkipNodeUpdate\":true,\"Service\":{{\"Service\":\"bench-{service}\",\"Port\":{}}}}}",
                8000 + round
            );
            writer.put("/v1/catalog/register", &body).await?;
        }
        Ok(())
    }
}

async fn measure(server: &Server, scene: Scene, count: usize) -> anyhow::Result<Measured> {
    let mut writer = Writer::connect(server.address).await?;
    scene.write(&mut writer, 0).await?;
    rest(server).await?;
    let empty = server.resident()?;
    let targets = (0..count).map(|member| scene.target(member)).collect();
    let mut crowd = Crowd::gather(server.address, targets).await?;
    crowd.park(server).await?;
    let each = |now: u64| now.saturating_sub(empty) as f64 / 1024.0 / count as f64;
    let mut measured = Measured {
        waiting_kib: each(server.resident()?),
        ..Measured::default()
    };
    for round in 1..=ROUNDS {
        let before = server.cpu()?;
        let last = crowd.wake(scene.write(&mut writer, round)).await?;
        rest(server).await?;
        let cpu = server.cpu()?.saturating_sub(before);
        measured.last_ms.push(last.as_secs_f64() * 1e3);
        measured
            .cpu_micros
            .push(cpu.as_secs_f64() * 1e6 / count as f64);
        crowd.park(server).await?;
    }
    measured.woken_kib = each(server.resident()?);
    Ok(measured)
}

fn print(scene: Scene, count: usize, measured: &[Measured]) {
    println!(
        "\n{count} blocking reads {}, {ROUNDS} wake-ups:",
        scene.name()
    );
    for (name, it) in NAMES.iter().zip(measured) {
        println!(
            "  {name:<10} {:>6.1} KiB each, {:>6.1} after wake-ups; last woken after {:>8.1} ms; {:>6.1} µs CPU a wake-up",
            it.waiting_kib,
            it.woken_kib,
            median(&it.last_ms),
            median(&it.cpu_micros)
        );
    }
    let [ours, consul, rest @ ..] = measured else {
        return;
    };
    at_most("memory of one, ours", ours.waiting_kib, "KiB", 12.0);
    at_most(
        "memory of one after wake-ups, ours",
        ours.woken_kib,
        "KiB",
        12.0,
    );
    let over = |one: &[f64], other: &[f64]| median(one) / median(other);
    ratio(
        "CPU a wake-up, ours / consul",
        over(&ours.cpu_micros, &consul.cpu_micros),
        0.2,
        false,
    );
    match rest.first() {
        Some(bare) => ratio(
            "last wake-up, ours / bare hyper",
            over(&ours.last_ms, &bare.last_ms),
            1.1,
            false,
        ),
        None => ratio(
            "last wake-up, consul / ours",
            over(&consul.last_ms, &ours.last_ms),
            3.0,
            true,
        ),
    }
}

async fn compare(scene: Scene, count: usize) -> anyhow::Result<()> {
    const NODE: &str = r#"{"Node":"bench","Address":"10.0.0.1"}"#;
    let mut servers = vec![Server::quorate(false)?, Server::consul(false)?];
    for server in &servers {
        server.wait_until_writable()?;
        let mut writer = Writer::connect(server.address).await?;
        writer.put("/v1/catalog/register", NODE).await?;
    }
    if let Some(body) = scene.bare() {
        servers.push(Server::bare(body)?);
    }
    let mut measured = Vec::new();
    for server in &servers {
        measured.push(measure(server, scene, count).await?);
    }
    print(scene, count, &measured);
    Ok(())
}

async fn run(counts: &[usize]) -> anyhow::Result<()> {
    for &count in counts {
        for scene in SCENES {
            compare(scene, count).await?;
        }
    }
    Ok(())
}

fn main() -> anyhow::Result<()> {
    program::run(
        async |body| bare::serve_blocking(body.into_bytes(), bare::CONSUL).await,
        async |arguments| {
            let counts: Result<Vec<usize>, _> =
                arguments.iter().map(|count| count.parse()).collect();
            let counts = Some(counts?)
                .filter(|counts| !counts.is_empty())
                .unwrap_or_else(|| vec![1000, 5000]);
            let longest = Duration::from_secs(900);
            tokio::time::timeout(longest, run(&counts)).await?
        },
    )
}
