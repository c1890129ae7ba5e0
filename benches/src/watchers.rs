//! Many connections, each with a watch of etcd's v2 API that waits.

use std::net::SocketAddr;
use std::time::{Duration, Instant};

use anyhow::{Context as _, bail, ensure};
use tokio::io::{AsyncReadExt as _, AsyncWriteExt as _};
use tokio::net::TcpStream;
use tokio::task::JoinSet;

use crate::crowd::rest;
use crate::process::Server;

/// Connections that wait together.
#[derive(Debug)]
pub struct Watchers {
    streams: Vec<TcpStream>,
    request: Vec<u8>,
    /// A server that says at once that it will answer.
    begins_at_once: bool,
}

impl Watchers {
    /// Connects `count` times, for watches of `target`. `begins_at_once` says whether the head of an
    /// answer comes before the event.
    ///
    /// # Errors
    /// When a connection fails.
    pub async fn gather(
        address: SocketAddr,
        target: &str,
        count: usize,
        begins_at_once: bool,
    ) -> anyhow::Result<Self> {
        let mut streams = Vec::with_capacity(count);
        for _ in 0..count {
            let stream = TcpStream::connect(address).await.context("connect")?;
            stream.set_nodelay(true)?;
            streams.push(stream);
        }
        Ok(Self {
            streams,
            request: format!("GET {target} HTTP/1.1\r\nHost: bench\r\n\r\n").into(),
            begins_at_once,
        })
    }

    /// Sends each its watch, and returns when `server` is at rest again.
    ///
    /// # Errors
    /// When a connection fails.
    pub async fn park(&mut self, server: &Server) -> anyhow::Result<()> {
        for stream in &mut self.streams {
            stream.write_all(&self.request).await?;
        }
        if self.begins_at_once {
            for stream in &mut self.streams {
                let head = read_until(stream, b"\r\n\r\n").await?;
                ensure!(head.ends_with(b"\r\n\r\n"), "an event came too early");
            }
        }
        rest(server).await
    }

    /// Reads every event while `wake` causes it. Returns how long after its start the last one was
    /// there.
    ///
    /// # Errors
    /// When `wake` fails, or a connection.
    pub async fn wake(
        &mut self,
        wake: impl Future<Output = anyhow::Result<()>>,
    ) -> anyhow::Result<Duration> {
        let mut reading = JoinSet::new();
        for mut stream in self.streams.drain(..) {
            let end: &[u8] = if self.begins_at_once {
                b"0\r\n\r\n"
            } else {
                b"}\n"
            };
            reading.spawn(async move {
                stream.readable().await?;
                read_until(&mut stream, end).await?;
                anyhow::Ok((stream, Instant::now()))
            });
        }
        // Every reader waits for its socket before the write is sent.
        tokio::task::yield_now().await;
        let start = Instant::now();
        wake.await?;
        let mut last = start;
        while let Some(read) = reading.join_next().await {
            let (stream, at) = read??;
            last = last.max(at);
            self.streams.push(stream);
        }
        Ok(last - start)
    }
}

async fn read_until(stream: &mut TcpStream, end: &[u8]) -> anyhow::Result<Vec<u8>> {
    let mut input = Vec::new();
    while !input.ends_with(end) {
        if stream.read_buf(&mut input).await? == 0 {
            bail!("the server closed the connection");
        }
    }
    Ok(input)
}
