//! A watch on a connection of its own.

use std::net::SocketAddr;
use std::time::Duration;

use anyhow::Context as _;
use quorate_testkit::exchange::Answer;
use tokio::io::{AsyncReadExt as _, AsyncWriteExt as _};
use tokio::net::TcpStream;
use tokio::time::{Instant, timeout_at};

/// Longer than anything that is waited for takes.
const LIMIT: Duration = Duration::from_secs(50);
/// How long a watch is listened to that must not hear anything.
const SILENCE: Duration = Duration::from_millis(150);

/// What a watcher has received so far.
pub(crate) struct Watch {
    stream: TcpStream,
    seen: Vec<u8>,
    ended: bool,
}

impl Watch {
    /// Sends the request, and waits for the head of the answer.
    pub(crate) async fn begin(address: SocketAddr, wire: &[u8]) -> anyhow::Result<Self> {
        let mut stream = TcpStream::connect(address).await?;
        stream.set_nodelay(true)?;
        stream.write_all(wire).await?;
        let mut watch = Self {
            stream,
            seen: Vec::new(),
            ended: false,
        };
        watch.read_until(LIMIT, Self::has_head).await?;
        Ok(watch)
    }

    fn has_head(&self) -> bool {
        self.seen.windows(4).any(|four| four == b"\r\n\r\n")
    }

    /// The answer, once it has ended.
    pub(crate) async fn answer(&mut self) -> anyhow::Result<Answer> {
        let whole = |watch: &Self| matches!(Answer::parse("GET", &watch.seen), Ok(Some(_)));
        self.read_until(LIMIT, whole).await?;
        Answer::parse("GET", &self.seen)?.with_context(|| format!("no answer: {}", self.text()))
    }

    /// What has arrived as if the answer had ended, once it has `count` lines and nothing follows
    /// at once.
    pub(crate) async fn lines(&mut self, count: usize) -> anyhow::Result<Answer> {
        let lines = |watch: &Self| {
            let body = watch.so_far().map(|answer| answer.body);
            let body = body.unwrap_or_default();
            body.iter().filter(|byte| **byte == b'\n').count() >= count
        };
        self.read_until(LIMIT, lines).await?;
        self.silence().await
    }

    /// What has arrived as if the answer had ended, after some silence.
    pub(crate) async fn silence(&mut self) -> anyhow::Result<Answer> {
        let mut before = usize::MAX;
        while before != self.seen.len() {
            before = self.seen.len();
            let more = |watch: &Self| watch.seen.len() > before;
            // Nothing is what is hoped for.
            let _ = self.read_until(SILENCE, more).await;
        }
        self.so_far()
            .with_context(|| format!("no answer: {}", self.text()))
    }

    fn so_far(&self) -> Option<Answer> {
        let ended = [&self.seen, &b"0\r\n\r\n"[..]].concat();
        [&self.seen, &ended]
            .into_iter()
            .find_map(|bytes| Answer::parse("GET", bytes).ok()?)
    }

    fn text(&self) -> String {
        String::from_utf8_lossy(&self.seen).into_owned()
    }

    async fn read_until(
        &mut self,
        limit: Duration,
        is_enough: impl Fn(&Self) -> bool,
    ) -> anyhow::Result<()> {
        let until = Instant::now() + limit;
        while !is_enough(self) && !self.ended {
            let read = timeout_at(until, self.stream.read_buf(&mut self.seen)).await;
            let read = read.with_context(|| format!("too late: {}", self.text()))??;
            self.ended = read == 0;
        }
        Ok(())
    }
}
