//! The CPU time per call of the v3 client of etcd beside that of the same calls through bare tonic:
//! the generated stubs over one HTTP/2 connection, without retries, fail-over, deadlines and errors
//! that say what happened.
//!
//! `cargo run --release -p quorate-benches --bin client_cpu_etcd3 [CALLS]`
//!
//! With `--features channel` also beside the stubs over tonic's own `Channel`, which is what the
//! `etcd-client` crate is made of.

#![allow(
    clippy::print_stdout,
    reason = "benchmarks are programs that print figures"
)]

use std::pin::Pin;
use std::task::{Context, Poll};
use std::time::{Duration, Instant};

use anyhow::{Context as _, ensure};
use http::{Request, Response, Uri};
use hyper::body::Incoming;
use hyper::client::conn::http2::{self, SendRequest};
use hyper_util::rt::{TokioExecutor, TokioIo};
use quorate_benches::bare_grpc;
use quorate_benches::process::{Server, cpu_of};
use quorate_benches::program::{self, first};
use quorate_benches::report::{median, ratio};
use quorate_etcd::v3::Client;
use quorate_etcd_proto::etcdserverpb as pb;
use quorate_etcd_proto::etcdserverpb::kv_client::KvClient;
use quorate_etcd_proto::tonic::body::Body;
use quorate_etcd_proto::tonic::codegen::Service;
use tokio::net::TcpStream;
use tokio::task::JoinSet;

const ROUNDS: usize = 9;

/// One connection, as tonic's stubs want it.
#[derive(Clone)]
struct Bare(SendRequest<Body>);

impl Service<Request<Body>> for Bare {
    type Response = Response<Incoming>;
    type Error = hyper::Error;
    type Future = Pin<Box<dyn Future<Output = hyper::Result<Response<Incoming>>> + Send>>;

    fn poll_ready(&mut self, context: &mut Context<'_>) -> Poll<hyper::Result<()>> {
        self.0.poll_ready(context)
    }

    fn call(&mut self, request: Request<Body>) -> Self::Future {
        Box::pin(self.0.send_request(request))
    }
}

/// The stubs, and what drives their connection.
async fn bare(server: &Server) -> anyhow::Result<(KvClient<Bare>, JoinSet<hyper::Result<()>>)> {
    let stream = TcpStream::connect(server.address).await?;
    stream.set_nodelay(true)?;
    let io = TokioIo::new(stream);
    let (send, connection) = http2::handshake(TokioExecutor::new(), io).await?;
    let mut driver = JoinSet::new();
    driver.spawn(connection);
    let origin = Uri::try_from(format!("http://{}", server.address))?;
    Ok((KvClient::with_origin(Bare(send), origin), driver))
}

/// CPU and wall time of each call, in microseconds.
struct Cost {
    cpu: f64,
    wall: f64,
}

async fn measure<F, R>(calls: u32, mut call: F) -> anyhow::Result<Cost>
where
    F: FnMut() -> R,
    R: Future<Output = anyhow::Result<()>>,
{
    let (before, start) = (cpu_of("self")?, Instant::now());
    for _ in 0..calls {
        call().await?;
    }
    let each = |time: Duration| time.as_secs_f64() * 1e6 / f64::from(calls);
    Ok(Cost {
        cpu: each(cpu_of("self")?.saturating_sub(before)),
        wall: each(start.elapsed()),
    })
}

/// Which call.
#[derive(Clone, Copy, Debug)]
enum Kind {
    Range,
    Put,
}

async fn ours(client: &Client, kind: Kind) -> anyhow::Result<()> {
    match kind {
        Kind::Range => ensure!(client.kv().get("bench/key").await?.is_some()),
        Kind::Put => drop(client.kv().put("bench/key", &[b'v'; 100][..]).await?),
    }
    Ok(())
}

macro_rules! stubs {
    ($client:expr, $kind:expr) => {{
        let mut client = $client.clone();
        let kind = $kind;
        async move {
            match kind {
                Kind::Range => {
                    let request = pb::RangeRequest {
                        key: "bench/key".into(),
                        ..pb::RangeRequest::default()
                    };
                    let answer = client.range(request).await?.into_inner();
                    ensure!(answer.kvs.len() == 1);
                }
                Kind::Put => {
                    let request = pb::PutRequest {
                        key: "bench/key".into(),
                        value: vec![b'v'; 100].into(),
                        ..pb::PutRequest::default()
                    };
                    client
                        .put(request)
                        .await?
                        .into_inner()
                        .header
                        .context("no header")?;
                }
            }
            anyhow::Ok(())
        }
    }};
}

/// The rounds of one way to call.
struct Costs {
    name: &'static str,
    each: Vec<Cost>,
}

impl Costs {
    fn of(name: &'static str) -> Self {
        Self {
            name,
            each: Vec::new(),
        }
    }

    fn print(&self) {
        let middle = |of: fn(&Cost) -> f64| median(&self.each.iter().map(of).collect::<Vec<_>>());
        let (cpu, wall) = (middle(|cost| cost.cpu), middle(|cost| cost.wall));
        println!("  {:<14} {cpu:>6.2} µs CPU  {wall:>6.2} µs wall", self.name);
    }

    /// The median of the ratios, round by round.
    fn over(&self, other: &Self) -> f64 {
        let pairs = self.each.iter().zip(&other.each);
        median(
            &pairs
                .map(|(one, other)| one.cpu / other.cpu)
                .collect::<Vec<_>>(),
        )
    }
}

async fn compare(server: &Server, kind: Kind, calls: u32) -> anyhow::Result<()> {
    let client = Client::new(&format!("http://{}", server.address))?;
    let (bare, _driver) = bare(server).await?;
    #[cfg(feature = "channel")]
    let channel = {
        let url = format!("http://{}", server.address);
        let endpoint = tonic::transport::Endpoint::from_shared(url)?;
        KvClient::new(endpoint.connect().await?)
    };
    let (mut our, mut plain) = (Costs::of("quorate-etcd"), Costs::of("bare tonic"));
    #[cfg(feature = "channel")]
    let mut full = Costs::of("tonic Channel");
    for round in 0..=ROUNDS {
        let one = measure(calls, || ours(&client, kind)).await?;
        let other = measure(calls, || stubs!(bare, kind)).await?;
        #[cfg(feature = "channel")]
        let third = measure(calls, || stubs!(channel, kind)).await?;
        if round > 0 {
            our.each.push(one);
            plain.each.push(other);
            #[cfg(feature = "channel")]
            full.each.push(third);
        }
    }
    println!("\n{kind:?}, {ROUNDS} rounds of {calls} calls on one connection:");
    our.print();
    plain.print();
    ratio(
        "client CPU per call, ours / bare tonic",
        our.over(&plain),
        1.1,
        false,
    );
    #[cfg(feature = "channel")]
    {
        full.print();
        ratio(
            "client CPU per call, ours / tonic Channel",
            our.over(&full),
            1.0,
            false,
        );
    }
    Ok(())
}

async fn run(calls: u32) -> anyhow::Result<()> {
    let server = Server::bare("")?;
    compare(&server, Kind::Range, calls).await?;
    compare(&server, Kind::Put, calls).await
}

fn main() -> anyhow::Result<()> {
    program::run(
        async |_| bare_grpc::serve().await,
        async |arguments| run(first(arguments, 20_000)?).await,
    )
}
