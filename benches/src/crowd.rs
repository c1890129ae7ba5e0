//! Many connections, each with one blocking read that waits.

use std::net::SocketAddr;
use std::time::{Duration, Instant};

use anyhow::{Context as _, bail};
use tokio::io::{AsyncReadExt as _, AsyncWriteExt as _};
use tokio::net::TcpStream;
use tokio::task::JoinSet;

use crate::process::Server;

/// Connections that wait together.
#[derive(Debug)]
pub struct Crowd {
    members: Vec<Member>,
}

#[derive(Debug)]
struct Member {
    stream: TcpStream,
    target: String,
    index: u64,
    input: Vec<u8>,
}

impl Crowd {
    /// Connects once for each of `targets`, and reads it without blocking, to know the index.
    ///
    /// # Errors
    /// When a connection fails or a read is refused.
    pub async fn gather(address: SocketAddr, targets: Vec<String>) -> anyhow::Result<Self> {
        let mut members = Vec::with_capacity(targets.len());
        for target in targets {
            let stream = TcpStream::connect(address).await.context("connect")?;
            stream.set_nodelay(true)?;
            let mut member = Member {
                stream,
                target,
                index: 0,
                input: Vec::new(),
            };
            member.ask("").await?;
            member.read().await?;
            members.push(member);
        }
        Ok(Self { members })
    }

    /// Sends each its blocking read, and returns when `server` is at rest again.
    ///
    /// # Errors
    /// When a connection fails.
    pub async fn park(&mut self, server: &Server) -> anyhow::Result<()> {
        for member in &mut self.members {
            let question = format!("?index={}&wait=600s", member.index);
            member.ask(&question).await?;
        }
        rest(server).await
    }

    /// Reads every answer while `wake` causes them. Returns how long after its start the last one
    /// was there.
    ///
    /// # Errors
    /// When `wake` fails, or a connection.
    pub async fn wake(
        &mut self,
        wake: impl Future<Output = anyhow::Result<()>>,
    ) -> anyhow::Result<Duration> {
        let mut reading = JoinSet::new();
        for mut member in self.members.drain(..) {
            reading.spawn(async move {
                member.read().await?;
                anyhow::Ok((member, Instant::now()))
            });
        }
        // Every reader waits for its socket before the write is sent.
        tokio::task::yield_now().await;
        let start = Instant::now();
        wake.await?;
        let mut last = start;
        while let Some(read) = reading.join_next().await {
            let (member, at) = read??;
            last = last.max(at);
            self.members.push(member);
        }
        Ok(last - start)
    }
}

impl Member {
    async fn ask(&mut self, question: &str) -> anyhow::Result<()> {
        let request = format!(
            "GET {}{question} HTTP/1.1\r\nHost: bench\r\n\r\n",
            self.target
        );
        Ok(self.stream.write_all(request.as_bytes()).await?)
    }

    /// Reads one answer whole, and keeps its index and no buffer.
    async fn read(&mut self) -> anyhow::Result<()> {
        self.stream.readable().await?;
        self.input.clear();
        loop {
            if self.stream.read_buf(&mut self.input).await? == 0 {
                bail!("the server closed the connection");
            }
            if let Some(index) = whole_answer(&self.input)? {
                self.index = index;
                self.input = Vec::new();
                return Ok(());
            }
        }
    }
}

/// The index of the answer, once all of it is there.
fn whole_answer(input: &[u8]) -> anyhow::Result<Option<u64>> {
    let Some(end) = input.windows(4).position(|four| four == b"\r\n\r\n") else {
        return Ok(None);
    };
    let head = str::from_utf8(&input[..end])?.to_ascii_lowercase();
    if !head.starts_with("http/1.1 200") {
        bail!("refused: {}", String::from_utf8_lossy(input));
    }
    let header = |name: &str| {
        let mut lines = head.lines();
        lines.find_map(|line| line.strip_prefix(name)?.trim().parse::<u64>().ok())
    };
    let body = &input[end + 4..];
    let whole = match header("content-length:") {
        Some(length) => u64::try_from(body.len())? >= length,
        None => body.ends_with(b"0\r\n\r\n"),
    };
    Ok(whole.then(|| header("x-consul-index:").unwrap_or_default()))
}

/// Returns when the server has used no CPU for a while.
///
/// # Errors
/// When the system does not tell.
pub async fn rest(server: &Server) -> anyhow::Result<()> {
    let mut before = server.cpu()?;
    let mut quiet = 0;
    while quiet < 5 {
        tokio::time::sleep(Duration::from_millis(100)).await;
        let now = server.cpu()?;
        quiet = if now == before { quiet + 1 } else { 0 };
        before = now;
        // A server that is never quite at rest is at rest enough after a while.
    }
    Ok(())
}
