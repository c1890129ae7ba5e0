//! A connection of its own, on which a case sends what it likes.

use std::collections::VecDeque;
use std::net::SocketAddr;
use std::time::Duration;

use anyhow::{Context as _, bail, ensure};
use serde_json::{Value, json};
use tokio::io::{AsyncReadExt as _, AsyncWriteExt as _};
use tokio::net::{TcpSocket, TcpStream};
use tokio::time::timeout;

use super::object::{decode, encode};

/// How long an answer may take.
pub(super) const PATIENCE: Duration = Duration::from_secs(40);

/// A connection to an agent.
#[derive(Debug)]
pub(super) struct Connection {
    stream: TcpStream,
    buffer: Vec<u8>,
    seq: u64,
    /// Records that came while an answer was waited for, with their numbers.
    records: VecDeque<(u64, Value)>,
}

/// What an agent answered.
#[derive(Debug, PartialEq)]
pub(super) struct Answer {
    pub(super) error: String,
    /// `null` without one.
    pub(super) body: Value,
}

impl Answer {
    /// The body of what was not refused.
    pub(super) fn done(self) -> anyhow::Result<Value> {
        ensure!(self.error.is_empty(), "refused: {}", self.error);
        Ok(self.body)
    }
}

/// The header of a request.
pub(super) fn request(seq: u64, command: &str) -> Value {
    json!({"Command": command, "Seq": seq})
}

/// The header of an answer.
pub(super) fn header(seq: u64, error: &str) -> Value {
    json!({"Error": error, "Seq": seq})
}

/// Number and error, if it is the header of an answer.
fn as_header(object: &Value) -> Option<(u64, &str)> {
    let fields = object.as_object().filter(|fields| fields.len() == 2)?;
    Some((fields.get("Seq")?.as_u64()?, fields.get("Error")?.as_str()?))
}

/// Whether a body follows the header of the answer.
fn has_body(command: &str, error: &str) -> bool {
    match command {
        // Before the token there is none.
        _ if error == "Authentication required" => false,
        "join" | "install-key" | "use-key" | "remove-key" | "list-keys" => true,
        "members" | "members-filtered" | "stats" | "get-coordinate" => error.is_empty(),
        _ => false,
    }
}

impl Connection {
    /// Connects, and says nothing.
    pub(super) async fn open(addr: SocketAddr) -> anyhow::Result<Self> {
        Ok(Self::on(TcpStream::connect(addr).await.context("connect")?))
    }

    /// The same, with little room in the system for what was not read yet.
    pub(super) async fn open_narrow(addr: SocketAddr) -> anyhow::Result<Self> {
        let socket = TcpSocket::new_v4()?;
        socket.set_recv_buffer_size(4096)?;
        Ok(Self::on(socket.connect(addr).await.context("connect")?))
    }

    fn on(stream: TcpStream) -> Self {
        Self {
            stream,
            buffer: Vec::new(),
            seq: 100,
            records: VecDeque::new(),
        }
    }

    /// Sends bytes.
    pub(super) async fn send(&mut self, bytes: &[u8]) -> anyhow::Result<()> {
        self.stream.write_all(bytes).await.context("send")
    }

    /// Sends objects in one write.
    pub(super) async fn write(&mut self, objects: &[Value]) -> anyhow::Result<()> {
        let bytes: Vec<u8> = objects.iter().flat_map(encode).collect();
        self.send(&bytes).await
    }

    /// Asks, under a number of its own. A body of `null` is not sent.
    pub(super) async fn ask(&mut self, command: &str, body: Value) -> anyhow::Result<Answer> {
        self.seq += 1;
        self.ask_as(self.seq, command, body).await
    }

    /// Asks under a number.
    pub(super) async fn ask_as(
        &mut self,
        seq: u64,
        command: &str,
        body: Value,
    ) -> anyhow::Result<Answer> {
        match body {
            Value::Null => self.write(&[request(seq, command)]).await?,
            body => self.write(&[request(seq, command), body]).await?,
        }
        self.answer(seq, command).await
    }

    /// The error of a command that has no body, under a number that records may still have.
    pub(super) async fn ask_among(
        &mut self,
        seq: u64,
        command: &str,
        body: Value,
    ) -> anyhow::Result<String> {
        const AFTER: u64 = u64::MAX;
        let after = [request(AFTER, "stop"), json!({"Stop": AFTER})];
        self.write(&[&[request(seq, command), body][..], &after].concat())
            .await?;
        let (mut answers, mut before) = (Vec::new(), None);
        loop {
            let object = self.expect().await?;
            let header = as_header(&object).map(|(of, error)| (of, error.to_owned()));
            // What has another header behind it was no record.
            if header.is_some() {
                answers.extend(before.take());
            }
            if header.as_ref().is_some_and(|(of, _)| *of == AFTER) {
                break;
            }
            before = header;
        }
        ensure!(answers.len() == 1 && answers[0].0 == seq, "{answers:?}");
        Ok(answers.remove(0).1)
    }

    /// The answer to what was asked. Records of others that come before it are kept.
    pub(super) async fn answer(&mut self, seq: u64, command: &str) -> anyhow::Result<Answer> {
        loop {
            let object = self.expect().await?;
            let (of, error) = as_header(&object).with_context(|| format!("no header: {object}"))?;
            if of != seq {
                ensure!(error.is_empty(), "refused for {of}: {error}");
                let body = self.expect().await?;
                self.records.push_back((of, body));
                continue;
            }
            let body = match has_body(command, error) {
                true => self.expect().await?,
                false => Value::Null,
            };
            let error = error.to_owned();
            return Ok(Answer { error, body });
        }
    }

    /// Begins what records follow, and gives its number.
    pub(super) async fn begin(&mut self, command: &str, body: Value) -> anyhow::Result<u64> {
        self.ask(command, body).await?.done()?;
        let begun = self.seq;
        if command != "query" {
            self.has_begun().await?;
        }
        Ok(begun)
    }

    /// Waits until what was accepted has begun: real agents answer first, and before they hear the
    /// next request they follow. What another connection did in between would not be told.
    pub(super) async fn has_begun(&mut self) -> anyhow::Result<()> {
        self.is_open().await
    }

    /// The next record of this number.
    pub(super) async fn record(&mut self, seq: u64) -> anyhow::Result<Value> {
        if let Some(at) = self.records.iter().position(|(of, _)| *of == seq)
            && let Some((_, record)) = self.records.remove(at)
        {
            return Ok(record);
        }
        loop {
            let (of, record) = self.any_record().await?;
            if of == seq {
                return Ok(record);
            }
            self.records.push_back((of, record));
        }
    }

    /// The next record on the wire, with its number.
    pub(super) async fn any_record(&mut self) -> anyhow::Result<(u64, Value)> {
        let object = self.expect().await?;
        let (of, error) = as_header(&object).with_context(|| format!("no header: {object}"))?;
        ensure!(error.is_empty(), "refused for {of}: {error}");
        Ok((of, self.expect().await?))
    }

    /// Waits for a record of this number that is one of those looked for.
    pub(super) async fn until(
        &mut self,
        seq: u64,
        wanted: impl Fn(&Value) -> bool,
    ) -> anyhow::Result<Value> {
        let found = async {
            loop {
                let record = self.record(seq).await?;
                if wanted(&record) {
                    return Ok(record);
                }
            }
        };
        timeout(PATIENCE, found).await.context("no such record")?
    }

    /// The next object.
    pub(super) async fn expect(&mut self) -> anyhow::Result<Value> {
        self.object().await?.context("the connection was closed")
    }

    /// The next object; `None` when the connection has ended.
    async fn object(&mut self) -> anyhow::Result<Option<Value>> {
        loop {
            if let Some((object, length)) = decode(&self.buffer)? {
                self.buffer.drain(..length);
                return Ok(Some(object));
            }
            if !self.read().await? {
                return Ok(None);
            }
        }
    }

    /// The bytes of the next object.
    pub(super) async fn raw(&mut self) -> anyhow::Result<Vec<u8>> {
        loop {
            if let Some((_, length)) = decode(&self.buffer)? {
                return Ok(self.buffer.drain(..length).collect());
            }
            ensure!(self.read().await?, "the connection was closed");
        }
    }

    /// `false` at the end. An agent that has not read everything resets the connection.
    async fn read(&mut self) -> anyhow::Result<bool> {
        let read = self.stream.read_buf(&mut self.buffer);
        let read = timeout(PATIENCE, read).await.context("nothing comes")?;
        Ok(read.unwrap_or(0) > 0)
    }

    /// Fails unless the agent closes the connection and says nothing before that.
    pub(super) async fn is_closed(&mut self) -> anyhow::Result<()> {
        match self.object().await? {
            None => Ok(()),
            Some(object) => bail!("not closed, but {object}"),
        }
    }

    /// Fails unless the agent still answers.
    pub(super) async fn is_open(&mut self) -> anyhow::Result<()> {
        self.ask("stop", json!({"Stop": u64::MAX})).await?.done()?;
        Ok(())
    }

    /// Closes the writing half.
    pub(super) async fn finish(&mut self) -> anyhow::Result<()> {
        self.stream.shutdown().await.context("close")
    }
}
