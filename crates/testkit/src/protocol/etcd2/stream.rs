//! An answer that comes in parts: a watch.

use std::time::Duration;

use anyhow::{Context as _, ensure};
use tokio::io::{AsyncReadExt as _, AsyncWriteExt as _};
use tokio::net::TcpStream;
use tokio::time::timeout;

use super::target::{Etcd, PATIENCE};
use super::world::World;
use crate::exchange::request;

/// How long nothing must come before it counts as silence. Where that is too short, a case proves
/// less; it does not fail.
const SILENCE: Duration = Duration::from_millis(300);

/// A watch whose head has come.
#[derive(Debug)]
pub(super) struct Stream {
    socket: TcpStream,
    head: String,
    /// What came behind the head, with its framing.
    bytes: Vec<u8>,
    /// What the chunks carried, but for the lines that were taken.
    text: Vec<u8>,
    ended: bool,
}

impl Stream {
    /// Opens a watch of a name, such as `f?wait=true`. When it returns the watch is registered.
    pub(super) async fn open(etcd: &Etcd, world: &World<'_>, target: &str) -> anyhow::Result<Self> {
        let mut socket = TcpStream::connect(etcd.addr()).await?;
        let bytes = request("GET", &world.path(target), &[], b"");
        socket.write_all(&bytes).await?;
        let mut stream = Self {
            socket,
            head: String::new(),
            bytes: Vec::new(),
            text: Vec::new(),
            ended: false,
        };
        let end = loop {
            if let Some(end) = find(&stream.bytes, b"\r\n\r\n") {
                break end;
            }
            stream.more().await?;
            ensure!(!stream.ended, "no head");
        };
        stream.head = String::from_utf8_lossy(&stream.bytes[..end]).into_owned();
        stream.bytes.drain(..end + 4);
        Ok(stream)
    }

    /// The line of the status.
    pub(super) fn status(&self) -> &str {
        self.head.lines().next().unwrap_or_default()
    }

    /// The value of a header.
    pub(super) fn header(&self, name: &str) -> Option<&str> {
        let pairs = self.head.lines().filter_map(|line| line.split_once(": "));
        let mut found = pairs.filter(|(have, _)| have.eq_ignore_ascii_case(name));
        found.next().map(|(_, value)| value)
    }

    /// The next line, or `None` at the end of the answer.
    pub(super) async fn line(&mut self) -> anyhow::Result<Option<String>> {
        loop {
            self.unframe()?;
            if let Some(end) = self.text.iter().position(|byte| *byte == b'\n') {
                let line: Vec<_> = self.text.drain(..=end).collect();
                return Ok(Some(String::from_utf8_lossy(&line).trim_end().to_owned()));
            }
            if self.ended {
                ensure!(self.text.is_empty(), "half a line");
                return Ok(None);
            }
            self.more().await?;
        }
    }

    /// The next event, told as [`World`] does; `the end` when the answer ends.
    pub(super) async fn next(&mut self, world: &mut World<'_>) -> anyhow::Result<String> {
        Ok(match self.line().await? {
            Some(line) => world.tell_event(&line),
            None => "the end".to_owned(),
        })
    }

    /// These events must come next.
    pub(super) async fn expect(
        &mut self,
        world: &mut World<'_>,
        events: &[&str],
    ) -> anyhow::Result<()> {
        for expected in events {
            let told = self.next(world).await?;
            ensure!(told == *expected, "{told}, not {expected}");
        }
        Ok(())
    }

    /// The next line, `None` when none comes for a while, and an empty one at the end.
    pub(super) async fn came(&mut self) -> anyhow::Result<Option<String>> {
        match timeout(SILENCE, self.line()).await {
            Err(_) => Ok(None),
            Ok(line) => Ok(Some(line?.unwrap_or_default())),
        }
    }

    /// Nothing must come.
    pub(super) async fn silence(&mut self) -> anyhow::Result<()> {
        let came = self.came().await?;
        ensure!(came.is_none(), "{came:?}, not silence");
        Ok(())
    }

    async fn more(&mut self) -> anyhow::Result<()> {
        let mut part = [0; 4096];
        let read = timeout(PATIENCE, self.socket.read(&mut part)).await;
        let read = read.context("nothing comes")??;
        self.bytes.extend_from_slice(&part[..read]);
        self.ended |= read == 0;
        Ok(())
    }

    /// Takes the chunks that are whole.
    fn unframe(&mut self) -> anyhow::Result<()> {
        while let Some(line) = find(&self.bytes, b"\r\n") {
            let size = usize::from_str_radix(str::from_utf8(&self.bytes[..line])?, 16)?;
            let whole = line + 2 + size + 2;
            if self.bytes.len() < whole {
                break;
            }
            self.text
                .extend_from_slice(&self.bytes[line + 2..whole - 2]);
            self.bytes.drain(..whole);
            self.ended |= size == 0;
        }
        Ok(())
    }
}

fn find(bytes: &[u8], what: &[u8]) -> Option<usize> {
    bytes.windows(what.len()).position(|window| window == what)
}
