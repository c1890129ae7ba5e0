//! `health/service/NAME` with 1,000 instances: the agent, the real Consul and a bare hyper server that
//! sends the same bytes; and what our client's decoding of it costs beside plain JSON.
//!
//! `cargo build --release && cargo run --release -p quorate-benches --bin service_health [SECONDS]`

#![allow(
    clippy::print_stdout,
    reason = "benchmarks are programs that print figures"
)]

use std::hint::black_box;
use std::time::{Duration, Instant};

use anyhow::Context as _;
use quorate_benches::bare;
use quorate_benches::load::{Load, fetch, get, put};
use quorate_benches::measured::{Measured, over};
use quorate_benches::process::Server;
use quorate_benches::program::{self, first};
use quorate_benches::report::{median, ratio};
use quorate_wire::consul::health::ServiceEntry;
use serde_json::Value;

const INSTANCES: usize = 1000;
const CONNECTIONS: [usize; 2] = [1, 16];
const ROUNDS: usize = 5;
const TARGET: &str = "/v1/health/service/web";

/// One instance on a node of its own, with a check of the node and one of its own.
fn instance(number: usize) -> String {
    let address = format!("10.1.{}.{}", number / 250, number % 250 + 1);
    format!(
        r#"{{"Node":"node-{number:04}","Address":"{address}","NodeMeta":{{"rack":"r{}"}},"Service":{{"ID":"web-{number}","Service":"web","Tags":["v1","primary"],"Meta":{{"version":"1.2.3"}},"Address":"{address}","Port":8080}},"Checks":[{{"CheckID":"serfHealth","Name":"Serf Health Status","Status":"passing","Output":"Agent alive and reachable"}},{{"CheckID":"service:web-{number}","Name":"Service 'web' check","Status":"passing","ServiceID":"web-{number}","Output":"HTTP GET http://{address}:8080/health: 200 OK Output: ok"}}]}}"#,
        number % 20
    )
}

async fn fill(server: &Server) -> anyhow::Result<()> {
    server.wait_until_writable()?;
    for number in 0..INSTANCES {
        let mut request = Vec::new();
        put(
            &mut request,
            "/v1/catalog/register",
            instance(number).as_bytes(),
        );
        fetch(server.address, &request).await?;
    }
    Ok(())
}

async fn answer(server: &Server) -> anyhow::Result<String> {
    let mut request = Vec::new();
    get(&mut request, TARGET);
    Ok(String::from_utf8(fetch(server.address, &request).await?)?)
}

async fn serve(servers: &[Server; 3], seconds: f64) -> anyhow::Result<()> {
    for connections in CONNECTIONS {
        let mut measured: [Measured; 3] = Default::default();
        for round in 0..=ROUNDS {
            for (server, measured) in servers.iter().zip(&mut measured) {
                let length = Duration::from_secs_f64(seconds);
                let load = Load::new(server.address, connections, length);
                let mut warm_up = Measured::default();
                let measured = if round == 0 { &mut warm_up } else { measured };
                let read = |_, _, out: &mut Vec<u8>| get(out, TARGET);
                measured.measure(server, &load, read).await?;
            }
        }
        println!(
            "\n{INSTANCES} instances, {connections} connections, {ROUNDS} rounds of {seconds} s each:"
        );
        for (name, measured) in ["quorate", "consul", "bare hyper"].iter().zip(&measured) {
            measured.print(name);
        }
        let [ours, consul, bare] = &measured;
        let rate = over(&ours.rate, &consul.rate);
        ratio("rate, ours / consul", rate, 3.0, true);
        let cpu = over(&consul.cpu_micros, &ours.cpu_micros);
        ratio("CPU a request, consul / ours", cpu, 3.0, true);
        println!(
            "rate, ours / bare hyper {:.2}; CPU, ours / bare hyper {:.2}",
            over(&ours.rate, &bare.rate),
            over(&ours.cpu_micros, &bare.cpu_micros)
        );
    }
    Ok(())
}

/// How long `work` takes on average, in microseconds.
fn timed(work: impl Fn() -> anyhow::Result<()>) -> anyhow::Result<f64> {
    const TIMES: u32 = 20;
    let start = Instant::now();
    for _ in 0..TIMES {
        work()?;
    }
    Ok(start.elapsed().as_secs_f64() * 1e6 / f64::from(TIMES))
}

fn decode(body: &str) -> anyhow::Result<()> {
    let (mut ours, mut plain) = (Vec::new(), Vec::new());
    for _ in 0..ROUNDS {
        ours.push(timed(|| {
            let entries: Vec<ServiceEntry> = serde_json::from_slice(body.as_bytes())?;
            anyhow::ensure!(black_box(entries).len() == INSTANCES, "too few instances");
            Ok(())
        })?);
        plain.push(timed(|| {
            let value: Value = serde_json::from_slice(body.as_bytes())?;
            black_box(value).as_array().context("no list")?;
            Ok(())
        })?);
    }
    println!(
        "\ndecoding {} KiB: {:.0} µs as typed entries, {:.0} µs as plain JSON values",
        body.len() / 1024,
        median(&ours),
        median(&plain)
    );
    ratio("time, typed / plain JSON", over(&ours, &plain), 1.0, false);
    Ok(())
}

async fn run(seconds: f64) -> anyhow::Result<()> {
    let (ours, consul) = (Server::quorate(false)?, Server::consul(false)?);
    for server in [&ours, &consul] {
        fill(server).await?;
    }
    let body = answer(&ours).await?;
    decode(&body)?;
    // The argument of a program may not have more than 128 KiB.
    let file = tempfile::NamedTempFile::new()?;
    std::fs::write(file.path(), &body)?;
    let bare = Server::bare(&file.path().to_string_lossy())?;
    serve(&[ours, consul, bare], seconds).await
}

fn main() -> anyhow::Result<()> {
    program::run(
        async |file| bare::serve(std::fs::read(file)?, bare::CONSUL).await,
        async |arguments| run(first(arguments, 2.0)?).await,
    )
}
