//! Closed-loop HTTP/1.1 load: each connection sends its next request when the last one is answered.

use std::net::SocketAddr;
use std::time::{Duration, Instant};

use anyhow::{Context as _, bail};
use tokio::io::{AsyncReadExt as _, AsyncWriteExt as _};
use tokio::net::TcpStream;
use tokio::task::JoinSet;

/// What to send, and for how long.
#[derive(Clone, Debug)]
#[non_exhaustive]
pub struct Load {
    /// Where to.
    pub address: SocketAddr,
    /// How many connections at once.
    pub connections: usize,
    /// For how long.
    pub duration: Duration,
}

impl Load {
    /// A load of `connections` on `address` for `duration`.
    #[must_use]
    pub fn new(address: SocketAddr, connections: usize, duration: Duration) -> Self {
        Self {
            address,
            connections,
            duration,
        }
    }

    /// Runs the load. `request` makes the bytes of a request from the connection's number and the
    /// request's; answers must have the status 200.
    ///
    /// # Errors
    /// When a connection fails or a request is refused.
    pub async fn run<F>(&self, request: F) -> anyhow::Result<Figures>
    where
        F: Fn(usize, u64, &mut Vec<u8>) + Clone + Send + 'static,
    {
        let mut tasks = JoinSet::new();
        let until = Instant::now() + self.duration;
        let start = Instant::now();
        for connection in 0..self.connections {
            tasks.spawn(one_connection(
                self.address,
                connection,
                until,
                request.clone(),
            ));
        }
        let mut latencies = Vec::new();
        while let Some(done) = tasks.join_next().await {
            latencies.extend(done??);
        }
        latencies.sort_unstable();
        Ok(Figures {
            elapsed: start.elapsed(),
            latencies,
        })
    }
}

/// What a load measured.
#[derive(Clone, Debug)]
#[non_exhaustive]
pub struct Figures {
    /// How long it took.
    pub elapsed: Duration,
    /// Every request's time, sorted.
    pub latencies: Vec<Duration>,
}

impl Figures {
    /// How many requests were answered.
    #[must_use]
    pub fn requests(&self) -> usize {
        self.latencies.len()
    }

    /// Requests answered per second.
    #[must_use]
    #[expect(clippy::cast_precision_loss, reason = "a figure for people")]
    pub fn rate(&self) -> f64 {
        self.latencies.len() as f64 / self.elapsed.as_secs_f64()
    }

    /// The time that `percent` of the requests needed at most.
    #[must_use]
    pub fn percentile(&self, percent: usize) -> Duration {
        let last = self.latencies.len().saturating_sub(1);
        self.latencies
            .get(last * percent / 100)
            .copied()
            .unwrap_or_default()
    }
}

async fn one_connection<F>(
    address: SocketAddr,
    connection: usize,
    until: Instant,
    request: F,
) -> anyhow::Result<Vec<Duration>>
where
    F: Fn(usize, u64, &mut Vec<u8>),
{
    let mut stream = TcpStream::connect(address).await.context("connect")?;
    stream.set_nodelay(true)?;
    let (mut latencies, mut out, mut input) = (Vec::new(), Vec::new(), vec![0; 64 * 1024]);
    for number in 0.. {
        out.clear();
        request(connection, number, &mut out);
        let start = Instant::now();
        if start >= until {
            break;
        }
        stream.write_all(&out).await?;
        read_answer(&mut stream, &mut input).await?;
        latencies.push(start.elapsed());
    }
    Ok(latencies)
}

async fn read_answer(stream: &mut TcpStream, input: &mut [u8]) -> anyhow::Result<()> {
    let mut filled = 0;
    loop {
        let count = stream.read(&mut input[filled..]).await?;
        if count == 0 {
            bail!("the server closed the connection");
        }
        filled += count;
        if let Some(length) = answer_length(&input[..filled])?
            && filled >= length
        {
            return Ok(());
        }
    }
}

/// The length of the whole answer once its head is complete.
fn answer_length(input: &[u8]) -> anyhow::Result<Option<usize>> {
    let Some(end) = input.windows(4).position(|four| four == b"\r\n\r\n") else {
        return Ok(None);
    };
    if !input.starts_with(b"HTTP/1.1 200") {
        bail!("refused: {}", String::from_utf8_lossy(input));
    }
    const NAME: &[u8] = b"content-length: ";
    let head = &input[..end + 2];
    let at = head
        .windows(NAME.len())
        .position(|name| name.eq_ignore_ascii_case(NAME));
    let digits = &head[at.context("an answer without Content-Length")? + NAME.len()..];
    let digits = digits.iter().take_while(|byte| byte.is_ascii_digit());
    let length = digits.fold(0usize, |length, digit| {
        length * 10 + usize::from(digit - b'0')
    });
    Ok(Some(end + 4 + length))
}

/// Appends `GET target`.
pub fn get(out: &mut Vec<u8>, target: &str) {
    out.extend_from_slice(b"GET ");
    out.extend_from_slice(target.as_bytes());
    out.extend_from_slice(b" HTTP/1.1\r\nHost: bench\r\n\r\n");
}

/// Appends `PUT target` with `body`.
pub fn put(out: &mut Vec<u8>, target: &str, body: &[u8]) {
    let length = body.len();
    out.extend_from_slice(
        format!("PUT {target} HTTP/1.1\r\nHost: bench\r\nContent-Length: {length}\r\n\r\n")
            .as_bytes(),
    );
    out.extend_from_slice(body);
}
