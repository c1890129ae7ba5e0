//! A server that answers each request with the next act of its script.

use std::collections::{HashMap, VecDeque};
use std::io;
use std::sync::{Arc, Mutex};
use std::time::Duration;

use quorate_etcd::v2::{Client, ClientBuilder, Dial};
use quorate_net::endpoint::Endpoint;
use quorate_net::task::{Task, TaskGroup, spawn};
use quorate_net::transport::{BoxFuture, MemoryDialer, Stream, memory};
use tokio::io::{AsyncReadExt, AsyncWriteExt};

/// What the server does with one request.
#[derive(Clone, Debug)]
pub(crate) enum Act {
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
pub(crate) struct Say {
    pub(crate) status: u16,
    pub(crate) headers: Vec<(String, String)>,
    pub(crate) body: Vec<u8>,
}

impl Say {
    pub(crate) fn status(status: u16, body: impl AsRef<[u8]>) -> Self {
        Self {
            status,
            headers: Vec::new(),
            body: body.as_ref().to_vec(),
        }
    }

    pub(crate) fn ok(body: impl AsRef<[u8]>) -> Self {
        Self::status(200, body)
    }

    /// An answer with an index.
    pub(crate) fn at(index: u64, body: impl AsRef<[u8]>) -> Self {
        Self::ok(body).header("X-Etcd-Index", &index.to_string())
    }

    /// A refusal of keys.
    pub(crate) fn refused(status: u16, code: u16, cause: &str, index: u64) -> Self {
        let body = format!(
            r#"{{"errorCode":{code},"message":"words","cause":"{cause}","index":{index}}}"#
        );
        Self::status(status, body + "\n").header("X-Etcd-Index", &index.to_string())
    }

    pub(crate) fn header(mut self, name: &str, value: &str) -> Self {
        self.headers.push((name.into(), value.into()));
        self
    }

    pub(crate) fn bytes(&self) -> Vec<u8> {
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
pub(crate) struct Seen {
    /// Method, path and query.
    pub(crate) line: String,
    pub(crate) headers: HashMap<String, String>,
    pub(crate) body: Vec<u8>,
}

impl Seen {
    pub(crate) fn header(&self, name: &str) -> Option<&str> {
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
pub(crate) struct Server {
    dialer: MemoryDialer,
    state: Arc<Mutex<State>>,
    _accepting: Task<()>,
}

impl Server {
    pub(crate) fn new<A: Into<Act>>(acts: impl IntoIterator<Item = A>) -> Self {
        let (dialer, mut listener) = memory();
        let state = Arc::new(Mutex::new(State::default()));
        state
            .lock()
            .unwrap()
            .acts
            .extend(acts.into_iter().map(Into::into));
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
    pub(crate) fn with_rule(self, rule: impl FnMut(&Seen) -> Option<Act> + Send + 'static) -> Self {
        self.state.lock().unwrap().rule = Some(Box::new(rule));
        self
    }

    /// A builder of a client that reaches only this server.
    pub(crate) fn builder(&self) -> ClientBuilder {
        Client::builder().dialer(self.dialer.clone()).seed(1)
    }

    pub(crate) fn client(&self) -> Client {
        self.builder().build().unwrap()
    }

    /// Every request so far.
    pub(crate) fn seen(&self) -> Vec<Seen> {
        self.state.lock().unwrap().seen.clone()
    }

    /// Method, path and query of every request so far.
    pub(crate) fn lines(&self) -> Vec<String> {
        self.seen().into_iter().map(|seen| seen.line).collect()
    }

    /// The last request.
    pub(crate) fn last(&self) -> Seen {
        self.seen().pop().expect("a request")
    }
}

async fn serve(mut stream: Stream, state: Arc<Mutex<State>>) {
    let mut buffer = Vec::new();
    while let Some(seen) = read_request(&mut stream, &mut buffer).await {
        let act = {
            let mut state = state.lock().unwrap();
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
    let head = String::from_utf8(buffer[..end].to_vec()).unwrap();
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
        .map_or(0, |text| text.parse().unwrap());
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

/// Several servers, each behind an address; every other address refuses.
#[derive(Debug, Default)]
pub(crate) struct Network(Mutex<HashMap<String, MemoryDialer>>);

impl Network {
    pub(crate) fn new<'a>(servers: impl IntoIterator<Item = (&'a str, &'a Server)>) -> Arc<Self> {
        let servers = servers.into_iter();
        let map = servers
            .map(|(name, server)| (name.to_owned(), server.dialer.clone()))
            .collect();
        Arc::new(Self(Mutex::new(map)))
    }

    /// Makes an address refuse.
    pub(crate) fn down(&self, address: &str) {
        self.0.lock().unwrap().remove(address);
    }
}

impl Dial for Network {
    fn dial<'a>(&'a self, endpoint: &'a Endpoint) -> BoxFuture<'a, io::Result<Stream>> {
        Box::pin(async move {
            let dialer = self.0.lock().unwrap().get(endpoint.as_str()).cloned();
            match dialer {
                Some(dialer) => dialer.dial(endpoint).await,
                None => Err(io::ErrorKind::ConnectionRefused.into()),
            }
        })
    }
}

/// The event of a file as etcd writes it.
pub(crate) fn event(action: &str, key: &str, value: &str, index: u64) -> String {
    format!(
        r#"{{"action":"{action}","node":{{"key":"{key}","value":"{value}","modifiedIndex":{index},"createdIndex":{index}}}}}"#
    ) + "\n"
}
