//! Registrations a second, durable: with the agent and in the catalog, ours beside the real Consul's.
//!
//! `cargo build --release && cargo run --release -p quorate-benches --bin registrations [SECONDS]`

#![allow(
    clippy::print_stdout,
    reason = "benchmarks are programs that print figures"
)]

use std::time::Duration;

use quorate_benches::load::{Load, put};
use quorate_benches::measured::{Measured, over};
use quorate_benches::process::Server;
use quorate_benches::report::ratio;

const CONNECTIONS: [usize; 3] = [1, 16, 64];
const ROUNDS: usize = 5;
/// How many services each connection registers, again and again with another port.
const SERVICES: u64 = 10;

type Request = fn(usize, u64, &mut Vec<u8>);

fn with_the_agent(connection: usize, number: u64, out: &mut Vec<u8>) {
    let (service, port) = (number % SERVICES, 1024 + number % 60_000);
    let body = format!(
        r#"{{"ID":"bench-{connection}-{service}","Name":"bench","Tags":["v1"],"Port":{port}}}"#
    );
    put(out, "/v1/agent/service/register", body.as_bytes());
}

fn in_the_catalog(connection: usize, number: u64, out: &mut Vec<u8>) {
    let (service, port) = (number % SERVICES, 1024 + number % 60_000);
    let body = format!(
        r#"{{"Node":"node-{connection}","Address":"10.0.0.1","Service":{{"ID":"bench-{service}","Service":"bench","Tags":["v1"],"Port":{port}}},"Check":{{"CheckID":"c-{service}","Name":"c","Status":"passing","ServiceID":"bench-{service}"}}}}"#
    );
    put(out, "/v1/catalog/register", body.as_bytes());
}

async fn compare(what: &str, request: Request, seconds: f64) -> anyhow::Result<()> {
    let servers = [Server::quorate(true)?, Server::consul(true)?];
    for server in &servers {
        server.wait_until_writable()?;
    }
    for connections in CONNECTIONS {
        let mut measured: [Measured; 2] = Default::default();
        for round in 0..=ROUNDS {
            for (server, measured) in servers.iter().zip(&mut measured) {
                let length = if round == 0 { seconds / 4.0 } else { seconds };
                let load = Load::new(server.address, connections, Duration::from_secs_f64(length));
                let mut warm_up = Measured::default();
                let measured = if round == 0 { &mut warm_up } else { measured };
                measured.measure(server, &load, request).await?;
            }
        }
        println!(
            "\nregistrations {what}, {connections} connections, {ROUNDS} rounds of {seconds} s each:"
        );
        for (name, measured) in ["quorate", "consul"].iter().zip(&measured) {
            measured.print(name);
        }
        let [ours, consul] = &measured;
        let rate = over(&ours.rate, &consul.rate);
        ratio("rate, ours / consul", rate, 3.0, true);
        let cpu = over(&consul.cpu_micros, &ours.cpu_micros);
        ratio("CPU a registration, consul / ours", cpu, 3.0, true);
    }
    Ok(())
}

fn main() -> anyhow::Result<()> {
    let seconds = std::env::args().nth(1);
    let seconds = seconds.map_or(Ok(2.0), |seconds| seconds.parse())?;
    let runtime = tokio::runtime::Builder::new_current_thread()
        .enable_all()
        .build()?;
    runtime.block_on(async {
        compare("with the agent", with_the_agent, seconds).await?;
        compare("in the catalog", in_the_catalog, seconds).await
    })
}
