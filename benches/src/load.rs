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
    /// request's; answers must have a status of success.
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

/// Reads one answer to its end. What is beyond the first piece is counted and not kept.
async fn read_answer(stream: &mut TcpStream, input: &mut [u8]) -> anyhow::Result<()> {
    let mut filled = 0;
    let (head, framing) = loop {
        filled += read_some(stream, &mut input[filled..]).await?;
        if let Some(found) = parse_head(&input[..filled])? {
            break found;
        }
    };
    match framing {
        Framing::Length(length) => {
            let mut left = length.saturating_sub(filled - head);
            while left > 0 {
                left = left.saturating_sub(read_some(stream, input).await?);
            }
        }
        Framing::Chunks => {
            let mut tail = Vec::from(&input[head..filled]);
            while !tail.ends_with(b"\r\n0\r\n\r\n") {
                tail.drain(..tail.len().saturating_sub(16));
                let count = read_some(stream, input).await?;
                tail.extend_from_slice(&input[..count]);
            }
        }
    }
    Ok(())
}

async fn read_some(stream: &mut TcpStream, input: &mut [u8]) -> anyhow::Result<usize> {
    match stream.read(input).await? {
        0 => bail!("the server closed the connection"),
        count => Ok(count),
    }
}

enum Framing {
    Length(usize),
    Chunks,
}

/// The length of the head once it is complete, and how the body is framed.
fn parse_head(input: &[u8]) -> anyhow::Result<Option<(usize, Framing)>> {
    let Some(end) = input.windows(4).position(|four| four == b"\r\n\r\n") else {
        return Ok(None);
    };
    if !input.starts_with(b"HTTP/1.1 20") {
        bail!("refused: {}", String::from_utf8_lossy(input));
    }
    const NAME: &[u8] = b"content-length: ";
    let head = &input[..end + 2];
    let at = head
        .windows(NAME.len())
        .position(|name| name.eq_ignore_ascii_case(NAME));
    let Some(at) = at else {
        return Ok(Some((end + 4, Framing::Chunks)));
    };
    let digits = head[at + NAME.len()..].iter();
    let digits = digits.take_while(|byte| byte.is_ascii_digit());
    let length = digits.fold(0usize, |length, digit| {
        length * 10 + usize::from(digit - b'0')
    });
    Ok(Some((end + 4, Framing::Length(length))))
}

/// Appends `GET target`.
pub fn get(out: &mut Vec<u8>, target: &str) {
    out.extend_from_slice(b"GET ");
    out.extend_from_slice(target.as_bytes());
    out.extend_from_slice(b" HTTP/1.1\r\nHost: bench\r\n\r\n");
}

/// Sends one request on a connection of its own, and gives the body of the answer unframed.
///
/// # Errors
/// When the connection fails or the request is refused.
pub async fn fetch(address: SocketAddr, request: &[u8]) -> anyhow::Result<Vec<u8>> {
    let mut stream = TcpStream::connect(address).await.context("connect")?;
    stream.write_all(request).await?;
    let mut input = Vec::new();
    loop {
        if stream.read_buf(&mut input).await? == 0 {
            bail!("the server closed the connection");
        }
        match parse_head(&input)? {
            Some((head, Framing::Length(length))) if input.len() >= head + length => {
                return Ok(input.split_off(head));
            }
            Some((head, Framing::Chunks)) if input.ends_with(b"\r\n0\r\n\r\n") => {
                return unchunked(&input[head..]);
            }
            _ => {}
        }
    }
}

fn unchunked(mut chunks: &[u8]) -> anyhow::Result<Vec<u8>> {
    let mut body = Vec::new();
    loop {
        let end = chunks.windows(2).position(|two| two == b"\r\n");
        let end = end.context("a chunk without a size")?;
        let size = usize::from_str_radix(str::from_utf8(&chunks[..end])?, 16)?;
        if size == 0 {
            return Ok(body);
        }
        let chunk = chunks.get(end + 2..end + 2 + size);
        body.extend_from_slice(chunk.context("a chunk that is cut short")?);
        chunks = &chunks[end + 2 + size + 2..];
    }
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
