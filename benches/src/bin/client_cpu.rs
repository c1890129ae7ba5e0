//! The client's CPU time per GET beside a bare hyper-util pool that decodes the same JSON.
//!
//! `cargo run --release -p quorate-benches --bin client_cpu [REQUESTS]`

#![allow(
    clippy::print_stdout,
    reason = "benchmarks are programs that print figures"
)]

use std::net::SocketAddr;
use std::time::{Duration, Instant};

use anyhow::ensure;
use bytes::Bytes;
use http::{Request, StatusCode};
use http_body_util::{BodyExt as _, Empty};
use hyper_util::client::legacy::Client as Pool;
use hyper_util::client::legacy::connect::HttpConnector;
use hyper_util::rt::TokioExecutor;
use quorate_benches::bare;
use quorate_benches::process::{Server, cpu_of};
use quorate_benches::program::{self, first};
use quorate_benches::report::{median, ratio};
use quorate_wire::consul::kv::decode_entries;

const ROUNDS: usize = 9;
const BODY: &str = "[{\"LockIndex\":0,\"Key\":\"bench/key\",\"Flags\":0,\"Value\":\"dnZ2dnZ2dnZ2dnZ2dnZ2dnZ2dnZ2dnZ2dnZ2dnZ2dnZ2dnZ2dnZ2dnZ2dnZ2dnZ2dnZ2dnZ2dnZ2dnZ2dnZ2dnZ2dnZ2dnZ2dnZ2dnZ2dnZ2dnZ2dnZ2dnY=\",\"CreateIndex\":10,\"ModifyIndex\":10}]";

/// CPU and wall time of each request, in microseconds.
struct Cost {
    cpu: f64,
    wall: f64,
}

async fn measure<F, R>(requests: u32, mut request: F) -> anyhow::Result<Cost>
where
    F: FnMut() -> R,
    R: Future<Output = anyhow::Result<()>>,
{
    let (before, start) = (cpu_of("self")?, Instant::now());
    for _ in 0..requests {
        request().await?;
    }
    let each = |time: Duration| time.as_secs_f64() * 1e6 / f64::from(requests);
    Ok(Cost {
        cpu: each(cpu_of("self")?.saturating_sub(before)),
        wall: each(start.elapsed()),
    })
}

async fn bare_get(
    pool: &Pool<HttpConnector, Empty<Bytes>>,
    address: SocketAddr,
) -> anyhow::Result<()> {
    let uri = format!("http://{address}/v1/kv/bench/key");
    let response = pool.request(Request::get(uri).body(Empty::new())?).await?;
    ensure!(response.status() == StatusCode::OK);
    let index = response.headers().get("x-consul-index").cloned();
    let body = response.into_body().collect().await?.to_bytes();
    let entries = decode_entries(&body)?;
    ensure!(index.is_some() && entries.len() == 1);
    Ok(())
}

async fn our_get(client: &quorate_consul::Client) -> anyhow::Result<()> {
    let entry = client.kv().get("bench/key").await?;
    ensure!(entry.is_some());
    Ok(())
}

async fn run(requests: u32) -> anyhow::Result<()> {
    let server = Server::bare(BODY)?;
    let mut connector = HttpConnector::new();
    connector.set_nodelay(true);
    let pool = Pool::builder(TokioExecutor::new()).build(connector);
    let client = quorate_consul::Client::new(&format!("http://{}", server.address))?;
    let (mut ours, mut theirs) = (Vec::new(), Vec::new());
    for round in 0..=ROUNDS {
        let our = measure(requests, || our_get(&client)).await?;
        let bare = measure(requests, || bare_get(&pool, server.address)).await?;
        if round > 0 {
            ours.push(our);
            theirs.push(bare);
        }
    }
    let cpu = |costs: &[Cost]| median(&costs.iter().map(|cost| cost.cpu).collect::<Vec<_>>());
    let wall = |costs: &[Cost]| median(&costs.iter().map(|cost| cost.wall).collect::<Vec<_>>());
    println!("{ROUNDS} rounds of {requests} GETs on one connection:");
    println!(
        "  quorate-consul  {:>6.2} µs CPU  {:>6.2} µs wall",
        cpu(&ours),
        wall(&ours)
    );
    println!(
        "  hyper-util      {:>6.2} µs CPU  {:>6.2} µs wall",
        cpu(&theirs),
        wall(&theirs)
    );
    let pairs = ours
        .iter()
        .zip(&theirs)
        .map(|(ours, theirs)| ours.cpu / theirs.cpu);
    ratio(
        "client CPU per GET, ours / bare",
        median(&pairs.collect::<Vec<_>>()),
        1.15,
        false,
    );
    Ok(())
}

fn main() -> anyhow::Result<()> {
    program::run(
        async |body| bare::serve(body.into_bytes(), bare::CONSUL).await,
        async |arguments| run(first(arguments, 20_000)?).await,
    )
}
