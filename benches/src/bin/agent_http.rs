//! The agent's KV GET and durable PUT beside the real Consul's and a bare hyper server's.
//!
//! `cargo build --release && cargo run --release -p quorate-benches --bin agent_http [SECONDS]`

#![allow(
    clippy::print_stdout,
    reason = "benchmarks are programs that print figures"
)]

use std::time::Duration;

use quorate_benches::bare;
use quorate_benches::load::{Load, get, put};
use quorate_benches::measured::{Measured, over};
use quorate_benches::process::Server;
use quorate_benches::program::{self, first};
use quorate_benches::report::ratio;

const CONNECTIONS: [usize; 3] = [1, 16, 64];
const ROUNDS: usize = 5;
const VALUE: &[u8; 100] = &[b'v'; 100];

fn write_one(connection: usize, number: u64, out: &mut Vec<u8>) {
    let target = format!("/v1/kv/bench/{connection}/{}", number % 1000);
    let mut value = *VALUE;
    value[..8].copy_from_slice(&number.to_le_bytes());
    put(out, &target, &value);
}

fn seed(server: &Server) -> anyhow::Result<()> {
    let value = String::from_utf8_lossy(VALUE);
    let request =
        format!("PUT /v1/kv/bench/key HTTP/1.1\r\nHost: b\r\nContent-Length: 100\r\n\r\n{value}");
    server.wait_for(request.as_bytes())?;
    Ok(())
}

async fn compare(servers: &[Server; 3], seconds: f64, write: bool) -> anyhow::Result<()> {
    let what = if write {
        "durable PUT"
    } else {
        "GET, in memory"
    };
    for connections in CONNECTIONS {
        let mut measured: [Measured; 3] = Default::default();
        for round in 0..=ROUNDS {
            for (server, measured) in servers.iter().zip(&mut measured) {
                let length = if round == 0 { seconds / 4.0 } else { seconds };
                let load = Load::new(server.address, connections, Duration::from_secs_f64(length));
                let mut warm_up = Measured::default();
                let measured = if round == 0 { &mut warm_up } else { measured };
                if write {
                    measured.measure(server, &load, write_one).await?;
                } else {
                    let read = |_, _, out: &mut Vec<u8>| get(out, "/v1/kv/bench/key");
                    measured.measure(server, &load, read).await?;
                }
            }
        }
        println!("\n{what}, {connections} connections, {ROUNDS} rounds of {seconds} s each:");
        for (name, measured) in ["quorate", "consul", "bare hyper"].iter().zip(&measured) {
            measured.print(name);
        }
        let [ours, consul, bare] = &measured;
        print_ratios(connections, write, ours, consul, bare);
    }
    Ok(())
}

fn print_ratios(
    connections: usize,
    write: bool,
    ours: &Measured,
    consul: &Measured,
    bare: &Measured,
) {
    let rate = over(&ours.rate, &consul.rate);
    let cpu = over(&ours.cpu_micros, &consul.cpu_micros);
    let hyper = over(&ours.rate, &bare.rate);
    match (write, connections) {
        (true, 1) => ratio("rate, ours / consul", rate, 2.0, true),
        (true, _) => ratio("rate, ours / consul", rate, 4.0, true),
        (false, 64) => {
            ratio("rate, ours / consul", rate, 3.5, true);
            ratio("rate, ours / bare hyper", hyper, 0.85, true);
            ratio("CPU per request, ours / consul", cpu, 0.2, false);
        }
        _ => println!(
            "rate, ours / consul {rate:.2}; ours / bare hyper {hyper:.2}; CPU, ours / consul {cpu:.2}"
        ),
    }
}

async fn run(seconds: f64) -> anyhow::Result<()> {
    for write in [false, true] {
        let servers = [
            Server::quorate(write)?,
            Server::consul(write)?,
            bare_like_consul()?,
        ];
        servers.iter().try_for_each(seed)?;
        compare(&servers, seconds, write).await?;
    }
    Ok(())
}

fn bare_like_consul() -> anyhow::Result<Server> {
    let value = "dnZ2".repeat(33) + "dg==";
    Server::bare(&format!(
        "[{{\"LockIndex\":0,\"Key\":\"bench/key\",\"Flags\":0,\"Value\":\"{value}\",\"CreateIndex\":10,\"ModifyIndex\":10}}]"
    ))
}

fn main() -> anyhow::Result<()> {
    program::run(
        async |body| bare::serve(body.into_bytes(), bare::CONSUL).await,
        async |arguments| run(first(arguments, 2.0)?).await,
    )
}
