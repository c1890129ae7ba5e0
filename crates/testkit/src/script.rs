//! An HTTP server that answers each request with the next act of its script.
//!
//! It lives in memory: [`Server::dialer`] leads to it, and a [`Network`] to several of them. Tests
//! of a client give it words of their own protocol.

use std::collections::{HashMap, VecDeque};
use std::fmt;
use std::sync::{Arc, Mutex};
use std::time::Duration;

use quorate_net::task::{Task, TaskGroup, spawn};
use quorate_net::transport::{MemoryDialer, Stream, memory};
use tokio::io::{AsyncReadExt, AsyncWriteExt};

pub use crate::network::Network;

/// What the server does with one request.
#[derive(Clone, Debug)]
pub enum Act {
    /// Answers.
    Say(Say),
    /// Answers after a time.
    Later(Duration, Say),
    /// Closes the connection without an answer.
    Cut,
    /// Sends these bytes and closes the connection.
    CutAfter(Vec<u8>),
    /// Sends these bytes and keeps the connection open.
    Stall(Vec<u8>),
}

/// An answer.
#[derive(Clone, Debug)]
pub struct Say {
    /// The HTTP status.
    pub status: u16,
    /// The headers but the length.
    pub headers: Vec<(String, String)>,
    /// The body.
    pub body: Vec<u8>,
}

impl Say {
    /// An answer with this status and body.
    pub fn status(status: u16, body: impl AsRef<[u8]>) -> Self {
        Self {
            status,
            headers: Vec::new(),
            body: body.as_ref().to_vec(),
        }
    }

    /// An answer with status 200.
    pub fn ok(body: impl AsRef<[u8]>) -> Self {
        Self::status(200, body)
    }

    /// Adds a header.
    #[must_use]
    pub fn header(mut self, name: &str, value: &str) -> Self {
        self.headers.push((name.into(), value.into()));
        self
    }

    /// The answer as it is sent.
    pub fn bytes(&self) -> Vec<u8> {
        let mut head = format!(
            "HTTP/1.1 {} X\r\nContent-Length: {}\r\n",
            self.status,
            self.body.len()
        );
        for (name, value) in &self.headers {
            head.push_str(&format!("{name}: {value}\r\n"));
        }
        head.push_str("\r\n");
        [head.as_bytes(), &self.body].concat()
    }
}

impl From<Say> for Act {
    fn from(say: Say) -> Self {
        Self::Say(say)
    }
}

/// A request as it came in.
#[derive(Clone, Debug)]
pub struct Seen {
    /// Method, path and query.
    pub line: String,
    /// The headers, their names in lower case.
    pub headers: HashMap<String, String>,
    /// The body.
    pub body: Vec<u8>,
}

impl Seen {
    /// The value of a header, by its name in lower case.
    pub fn header(&self, name: &str) -> Option<&str> {
        self.headers.get(name).map(String::as_str)
    }
}

/// Answers what it knows, whatever the script says.
type Rule = Box<dyn FnMut(&Seen) -> Option<Act> + Send>;

#[derive(Default)]
struct State {
    acts: VecDeque<Act>,
    rule: Option<Rule>,
    seen: Vec<Seen>,
}

impl State {
    fn act(&mut self, seen: Seen) -> Act {
        let ruled = self.rule.as_mut().and_then(|rule| rule(&seen));
        self.seen.push(seen);
        ruled.unwrap_or_else(|| self.acts.pop_front().unwrap_or(Act::Cut))
    }
}

/// A scripted server. When the script is at its end it cuts every connection.
pub struct Server {
    dialer: MemoryDialer,
    state: Arc<Mutex<State>>,
    _accepting: Task<()>,
}

impl fmt::Debug for Server {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("Server")
            .field("seen", &self.lines())
            .finish_non_exhaustive()
    }
}

impl AsRef<Self> for Server {
    fn as_ref(&self) -> &Self {
        self
    }
}

impl Server {
    /// A server with this script.
    ///
    /// # Panics
    /// Outside of a tokio runtime.
    pub fn new<A: Into<Act>>(acts: impl IntoIterator<Item = A>) -> Self {
        let (dialer, mut listener) = memory();
        let state = Arc::new(Mutex::new(State::default()));
        lock(&state).acts.extend(acts.into_iter().map(Into::into));
        let shared = Arc::clone(&state);
        let accepting = spawn(async move {
            let connections = TaskGroup::new();
            while let Some(stream) = listener.accept().await {
                connections.spawn(serve(stream, Arc::clone(&shared)));
            }
        });
        Self {
            dialer,
            state,
            _accepting: accepting,
        }
    }

    /// Answers some requests out of turn, whenever they come.
    pub fn with_rule(self, rule: impl FnMut(&Seen) -> Option<Act> + Send + 'static) -> Self {
        lock(&self.state).rule = Some(Box::new(rule));
        self
    }

    /// The way to it.
    pub fn dialer(&self) -> MemoryDialer {
        self.dialer.clone()
    }

    /// Adds to the end of the script.
    pub fn push(&self, act: impl Into<Act>) {
        lock(&self.state).acts.push_back(act.into());
    }

    /// Every request so far.
    pub fn seen(&self) -> Vec<Seen> {
        lock(&self.state).seen.clone()
    }

    /// Method, path and query of every request so far.
    pub fn lines(&self) -> Vec<String> {
        self.seen().into_iter().map(|seen| seen.line).collect()
    }

    /// The last request.
    ///
    /// # Panics
    /// Without one: the test fails.
    pub fn last(&self) -> Seen {
        self.seen().pop().expect("a request")
    }
}

async fn serve(mut stream: Stream, state: Arc<Mutex<State>>) {
    let mut buffer = Vec::new();
    while let Some(seen) = read_request(&mut stream, &mut buffer).await {
        let act = {
            let mut state = lock(&state);
            state.act(seen)
        };
        let bytes = match act {
            Act::Cut => return,
            Act::Say(say) => say.bytes(),
            Act::Later(pause, say) => {
                tokio::time::sleep(pause).await;
                say.bytes()
            }
            Act::CutAfter(bytes) => {
                let _ = stream.write_all(&bytes).await;
                return;
            }
            Act::Stall(bytes) => {
                let _ = stream.write_all(&bytes).await;
                std::future::pending().await
            }
        };
        if stream.write_all(&bytes).await.is_err() {
            return;
        }
    }
}

async fn read_request(stream: &mut Stream, buffer: &mut Vec<u8>) -> Option<Seen> {
    let end = loop {
        if let Some(at) = buffer.windows(4).position(|four| four == b"\r\n\r\n") {
            break at;
        }
        if stream.read_buf(buffer).await.ok()? == 0 {
            return None;
        }
    };
    let head = String::from_utf8_lossy(&buffer[..end]).into_owned();
    let mut lines = head.split("\r\n");
    let line = lines.next()?.strip_suffix(" HTTP/1.1")?.to_owned();
    let headers: HashMap<_, _> = lines
        .filter_map(|line| line.split_once(':'))
        .map(|(name, value)| (name.to_ascii_lowercase(), value.trim().to_owned()))
        .collect();
    assert!(
        !headers.contains_key("transfer-encoding"),
        "the client sends no chunks"
    );
    let length: usize = headers
        .get("content-length")
        .map_or(0, |text| text.parse().expect("a length in digits"));
    while buffer.len() < end + 4 + length {
        if stream.read_buf(buffer).await.ok()? == 0 {
            return None;
        }
    }
    let body = buffer[end + 4..end + 4 + length].to_vec();
    buffer.drain(..end + 4 + length);
    Some(Seen {
        line,
        headers,
        body,
    })
}

fn lock<T>(mutex: &Mutex<T>) -> std::sync::MutexGuard<'_, T> {
    mutex
        .lock()
        .unwrap_or_else(std::sync::PoisonError::into_inner)
}
