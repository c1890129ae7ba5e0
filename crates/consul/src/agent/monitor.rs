//! The agent's log as it is written.

use std::fmt;
use std::pin::Pin;
use std::task::{Context, Poll, ready};
use std::time::Duration;

use bytes::{Bytes, BytesMut};
use futures_core::Stream;
use quorate_net::secret::Secret;
use quorate_wire::consul::agent::{LogLevel, LogLine};
use quorate_wire::consul::path;

use super::Agent;
use crate::call::Operation;
use crate::error::{Class, Error, ErrorKind};
use crate::options::QueryOptions;
use crate::streamed::Streamed;
use crate::url::Url;

/// The longest line that is taken.
const MAX_LINE_BYTES: usize = 1024 * 1024;

/// How an agent writes the lines of its log.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, Hash)]
#[non_exhaustive]
pub enum LogFormat {
    /// For people.
    #[default]
    Text,
    /// As JSON objects, which [`LogLines::next_object`] reads. Since Consul 1.7.3; older agents
    /// write text all the same.
    Json,
}

/// Options of reading an agent's log.
#[derive(Clone, Debug, Default)]
#[non_exhaustive]
pub struct MonitorOptions {
    /// The least that a line must matter. Default: info.
    pub level: LogLevel,
    /// How lines are written. Default: text.
    pub format: LogFormat,
    /// The ACL token of this call, instead of the client's. An empty one means none at all.
    pub token: Option<Secret>,
    /// The time until the first answer, instead of the client's. Lines may take as long as they
    /// like.
    pub timeout: Option<Duration>,
}

impl MonitorOptions {
    /// The defaults.
    #[must_use]
    pub fn new() -> Self {
        Self::default()
    }

    /// Sets the least that a line must matter.
    #[must_use]
    pub fn with_level(mut self, level: LogLevel) -> Self {
        self.level = level;
        self
    }

    /// Sets how lines are written.
    #[must_use]
    pub fn with_format(mut self, format: LogFormat) -> Self {
        self.format = format;
        self
    }

    /// Uses this token for the call; an empty one is none.
    #[must_use]
    pub fn with_token(mut self, token: impl Into<Secret>) -> Self {
        self.token = Some(token.into());
        self
    }

    /// Sets the time until the first answer.
    #[must_use]
    pub fn with_timeout(mut self, timeout: Duration) -> Self {
        self.timeout = Some(timeout);
        self
    }
}

impl Agent {
    /// The agent's log from now on: what matters at least as much as `level`.
    ///
    /// The stream is there when this returns: what the agent says afterwards is in it. It ends
    /// when the agent does, and fails when the connection breaks; nothing is repeated then.
    ///
    /// ```
    /// # #[tokio::main(flavor = "current_thread")] async fn main() -> Result<(), Box<dyn std::error::Error>> {
    /// # let agent = quorate_agent::Agent::start(Default::default()).await?;
    /// # let client = quorate_consul::Client::builder().dialer(agent.dialer()).build()?;
    /// use quorate_consul::LogLevel;
    ///
    /// let mut lines = client.agent().monitor(LogLevel::Debug).await?;
    /// client.kv().put("a", "1").await?;
    /// let line = lines.next().await?.expect("it goes on");
    /// assert!(line.contains("Request finished"), "{line}");
    /// # Ok(())
    /// # }
    /// ```
    ///
    /// `GET /v1/agent/monitor`
    ///
    /// # Errors
    /// As every read, see [`ErrorKind`]; `PermissionDenied` without `agent:read`.
    pub async fn monitor(&self, level: LogLevel) -> Result<LogLines, Error> {
        self.monitor_with(&MonitorOptions::new().with_level(level))
            .await
    }

    /// [`monitor`](Self::monitor) with options.
    ///
    /// # Errors
    /// As [`monitor`](Self::monitor).
    pub async fn monitor_with(&self, options: &MonitorOptions) -> Result<LogLines, Error> {
        let operation = Operation::new("read the agent's log", "");
        let mut url = Url::new(path::AGENT_MONITOR);
        url.pair("loglevel", options.level.as_str());
        if options.format == LogFormat::Json {
            url.flag("logjson");
        }
        let mut query = QueryOptions::new();
        query.token.clone_from(&options.token);
        query.timeout = options.timeout;
        let call = self.client.read_local(operation, url, &query);
        // A log may be silent for as long as it likes.
        let stream = self.client.open(call, Some(Duration::MAX)).await?;
        Ok(LogLines {
            state: State::Idle(Box::new(stream)),
            buffer: BytesMut::new(),
            searched: 0,
        })
    }
}

/// The lines of an agent's log, as they are written. A `Stream` of them as well.
///
/// Nothing is read ahead: an agent drops lines that its reader is too slow for, and says how many.
/// Dropping this ends it.
#[must_use = "it reads nothing unless polled"]
pub struct LogLines {
    state: State,
    buffer: BytesMut,
    /// How much of the buffer has no end of a line in it.
    searched: usize,
}

type Chunk = Result<Option<Bytes>, Error>;

enum State {
    Idle(Box<Streamed>),
    Reading(Pin<Box<dyn Future<Output = (Box<Streamed>, Chunk)> + Send>>),
    Ended,
}

impl LogLines {
    /// The next line, without its end; `None` when the agent has ended the log.
    ///
    /// # Errors
    /// `Unavailable` when the connection breaks; `Protocol` for a line of more than 1 MiB. There
    /// is nothing after an error.
    ///
    /// # Cancel safety
    /// Safe: dropping the future loses no line.
    pub async fn next(&mut self) -> Result<Option<String>, Error> {
        std::future::poll_fn(|cx| self.poll_line(cx))
            .await
            .transpose()
    }

    /// The next line as an object, for [`LogFormat::Json`]. A line that is none, as of older
    /// agents, is its `message`.
    ///
    /// # Errors
    /// As [`next`](Self::next).
    ///
    /// # Cancel safety
    /// Safe: dropping the future loses no line.
    pub async fn next_object(&mut self) -> Result<Option<LogLine>, Error> {
        let line = self.next().await?;
        Ok(line.map(|line| {
            serde_json::from_str(&line).unwrap_or_else(|_| {
                let mut object = LogLine::default();
                object.message = line;
                object
            })
        }))
    }

    fn poll_line(&mut self, cx: &mut Context<'_>) -> Poll<Option<Result<String, Error>>> {
        loop {
            if let Some(line) = self.take_line() {
                return Poll::Ready(Some(Ok(line)));
            }
            match std::mem::replace(&mut self.state, State::Ended) {
                State::Ended => return Poll::Ready(None),
                State::Idle(stream) if self.buffer.len() > MAX_LINE_BYTES => {
                    return Poll::Ready(Some(Err(too_long(&stream))));
                }
                State::Idle(mut stream) => {
                    self.state = State::Reading(Box::pin(async move {
                        let chunk = stream.next_chunk().await;
                        (stream, chunk)
                    }));
                }
                State::Reading(mut reading) => {
                    let Poll::Ready((stream, chunk)) = reading.as_mut().poll(cx) else {
                        self.state = State::Reading(reading);
                        return Poll::Pending;
                    };
                    match chunk {
                        Ok(Some(chunk)) => {
                            self.buffer.extend_from_slice(&chunk);
                            self.state = State::Idle(stream);
                        }
                        Ok(None) => return Poll::Ready(self.rest().map(Ok)),
                        Err(error) => return Poll::Ready(Some(Err(error))),
                    }
                }
            }
        }
    }

    fn take_line(&mut self) -> Option<String> {
        let fresh = &self.buffer[self.searched..];
        let Some(at) = fresh.iter().position(|byte| *byte == b'\n') else {
            self.searched = self.buffer.len();
            return None;
        };
        let line = self.buffer.split_to(self.searched + at + 1);
        self.searched = 0;
        Some(text(&line))
    }

    /// A last line without an end.
    fn rest(&mut self) -> Option<String> {
        let rest = self.buffer.split();
        self.searched = 0;
        (!rest.is_empty()).then(|| text(&rest))
    }
}

fn text(line: &[u8]) -> String {
    let text = String::from_utf8_lossy(line);
    text.trim_end_matches(['\n', '\r']).to_owned()
}

fn too_long(stream: &Streamed) -> Error {
    Error::new(Class::refused(ErrorKind::Protocol), stream.operation())
        .with_peer(Some(stream.peer()))
        .with_detail(format_args!("a line has more than {MAX_LINE_BYTES} bytes"))
}

impl Stream for LogLines {
    type Item = Result<String, Error>;

    fn poll_next(mut self: Pin<&mut Self>, cx: &mut Context<'_>) -> Poll<Option<Self::Item>> {
        let line = ready!(self.poll_line(cx));
        Poll::Ready(line)
    }
}

impl fmt::Debug for LogLines {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("LogLines")
            .field("ended", &matches!(self.state, State::Ended))
            .finish_non_exhaustive()
    }
}
