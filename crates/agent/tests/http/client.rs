//! A client that sends bytes and reads one answer, and an agent to send them to.

use std::fmt::Write as _;
use std::net::SocketAddr;
use std::time::Duration;

use quorate_agent::{Agent, AgentConfig, Bound};
use tokio::io::{AsyncRead, AsyncReadExt, AsyncWrite, AsyncWriteExt};
use tokio::net::TcpStream;
use tokio::time::timeout;

/// Longer than anything here takes unless it is broken.
pub(crate) const PATIENCE: Duration = Duration::from_secs(20);

/// An agent in memory on a free port.
pub(crate) async fn agent() -> Agent {
    start(AgentConfig::memory()).await
}

/// An agent that answers exactly like Consul 1.8.7.
pub(crate) async fn strict_agent() -> Agent {
    start(AgentConfig::memory().with_strict(true)).await
}

/// An agent of `config`, on a free port too.
pub(crate) async fn start(config: AgentConfig) -> Agent {
    let config = config.with_consul_http("127.0.0.1:0".parse().unwrap());
    Agent::start(config.with_node_name("node-1")).await.unwrap()
}

/// One answer, its body unframed.
#[derive(Clone, Debug)]
pub(crate) struct Answer {
    /// The first line.
    pub(crate) line: String,
    pub(crate) status: u16,
    pub(crate) headers: Vec<(String, String)>,
    pub(crate) body: Vec<u8>,
}

impl Answer {
    /// The head, which ends before the empty line, and the body as it is framed.
    pub(crate) fn parse_head(head: &str) -> Self {
        let mut lines = head.split("\r\n");
        let line = lines.next().unwrap().to_owned();
        let headers = lines.map(|line| line.split_once(": ").unwrap());
        let headers = headers.map(|(name, value)| (name.to_owned(), value.to_owned()));
        Self {
            status: line.split(' ').nth(1).unwrap().parse().unwrap(),
            headers: headers.collect(),
            body: Vec::new(),
            line,
        }
    }

    pub(crate) fn header(&self, name: &str) -> Option<&str> {
        let found = self
            .headers
            .iter()
            .find(|(given, _)| given.eq_ignore_ascii_case(name));
        found.map(|(_, value)| value.as_str())
    }

    pub(crate) fn text(&self) -> &str {
        std::str::from_utf8(&self.body).unwrap()
    }

    pub(crate) fn json(&self) -> serde_json::Value {
        serde_json::from_slice(&self.body).unwrap()
    }

    pub(crate) fn index(&self) -> u64 {
        self.header("x-consul-index").unwrap().parse().unwrap()
    }
}

/// A connection.
pub(crate) struct Client<S = TcpStream> {
    stream: S,
    seen: Vec<u8>,
}

impl Client {
    pub(crate) async fn connect(agent: &Agent) -> Self {
        Self::connect_to(agent.consul_http()).await
    }

    /// A connection to etcd's API.
    pub(crate) async fn connect_etcd(agent: &Agent) -> Self {
        Self::connect_to(agent.etcd()).await
    }

    async fn connect_to(places: &[Bound]) -> Self {
        let mut addresses = places.iter().filter_map(Bound::addr);
        let address: SocketAddr = addresses.next().unwrap();
        Self::over(TcpStream::connect(address).await.unwrap())
    }
}

impl<S: AsyncRead + AsyncWrite + Unpin> Client<S> {
    pub(crate) fn over(stream: S) -> Self {
        let seen = Vec::new();
        Self { stream, seen }
    }

    /// Sends bytes as they are. A server that has closed already is found out by reading.
    pub(crate) async fn send(&mut self, bytes: &[u8]) {
        let _ = self.stream.write_all(bytes).await;
    }

    /// The next answer, or `None` if the server closes without one.
    pub(crate) async fn receive(&mut self) -> Option<Answer> {
        let mut answer = self.receive_head().await?;
        if answer.header("transfer-encoding") == Some("chunked") {
            answer.body = self.chunked().await;
            return Some(answer);
        }
        let length = answer
            .header("content-length")
            .map_or(0, |text| text.parse().unwrap());
        while self.seen.len() < length {
            assert!(self.more().await, "the body is cut short");
        }
        answer.body = self.seen.drain(..length).collect();
        Some(answer)
    }

    /// The next answer up to its body.
    pub(crate) async fn receive_head(&mut self) -> Option<Answer> {
        let end = loop {
            match find(&self.seen, b"\r\n\r\n") {
                Some(end) => break end,
                None if self.more().await => {}
                None => return None,
            }
        };
        let head = String::from_utf8(self.seen[..end].to_vec()).unwrap();
        self.seen.drain(..end + 4);
        Some(Answer::parse_head(&head))
    }

    /// What comes up to and with `end`, of a body that is streamed, framing included.
    pub(crate) async fn until(&mut self, end: &str) -> String {
        String::from_utf8(self.until_bytes(end.as_bytes()).await).unwrap()
    }

    /// The same in bytes.
    pub(crate) async fn until_bytes(&mut self, end: &[u8]) -> Vec<u8> {
        loop {
            if let Some(at) = find(&self.seen, end) {
                return self.seen.drain(..at + end.len()).collect();
            }
            assert!(self.more().await, "the stream ends early");
        }
    }

    /// A body in chunks, unframed.
    pub(crate) async fn chunked(&mut self) -> Vec<u8> {
        let mut body = Vec::new();
        loop {
            let line = self.until("\r\n").await;
            let size = usize::from_str_radix(line.trim_end(), 16).unwrap();
            while self.seen.len() < size + 2 {
                assert!(self.more().await, "the body is cut short");
            }
            body.extend(self.seen.drain(..size));
            self.seen.drain(..2);
            if size == 0 {
                return body;
            }
        }
    }

    async fn more(&mut self) -> bool {
        let mut space = vec![0; 16 * 1024];
        let read = timeout(PATIENCE, self.stream.read(&mut space)).await;
        // A connection that is reset has ended too.
        let count = read.expect("the server is silent").unwrap_or(0);
        self.seen.extend_from_slice(&space[..count]);
        count > 0
    }

    /// Whether the server has closed, or does so soon.
    pub(crate) async fn is_closed(&mut self) -> bool {
        !self.more().await
    }

    /// One request and its answer.
    pub(crate) async fn ask(&mut self, method: &str, target: &str, body: &[u8]) -> Answer {
        self.ask_with(method, target, &[], body).await
    }

    /// One request with headers, and its answer.
    pub(crate) async fn ask_with(
        &mut self,
        method: &str,
        target: &str,
        headers: &[&str],
        body: &[u8],
    ) -> Answer {
        self.send(&request(method, target, headers, body)).await;
        let answer = self.receive().await;
        answer.unwrap_or_else(|| panic!("no answer to {method} {target}"))
    }

    pub(crate) async fn get(&mut self, target: &str) -> Answer {
        self.ask("GET", target, b"").await
    }

    pub(crate) async fn put(&mut self, target: &str, body: impl AsRef<[u8]>) -> Answer {
        self.ask("PUT", target, body.as_ref()).await
    }

    /// A write that must succeed.
    pub(crate) async fn done(&mut self, target: &str, body: impl AsRef<[u8]>) {
        let answer = self.put(target, body).await;
        assert_eq!((answer.status, answer.text()), (200, "true"), "{target}");
    }

    /// Creates a session and returns its id.
    pub(crate) async fn session(&mut self, fields: &str) -> String {
        let answer = self.put("/v1/session/create", fields).await;
        assert_eq!(answer.status, 200, "{fields}: {}", answer.text());
        answer.json()["ID"].as_str().unwrap().to_owned()
    }
}

/// The bytes of a request. One that can have a body says how long it is.
pub(crate) fn request(method: &str, target: &str, headers: &[&str], body: &[u8]) -> Vec<u8> {
    let mut head = format!("{method} {target} HTTP/1.1\r\nHost: agent\r\n");
    if !body.is_empty() || matches!(method, "PUT" | "POST") {
        let _ = write!(head, "Content-Length: {}\r\n", body.len());
    }
    for header in headers {
        let _ = write!(head, "{header}\r\n");
    }
    [head.as_bytes(), b"\r\n", body].concat()
}

pub(crate) fn find(bytes: &[u8], pattern: &[u8]) -> Option<usize> {
    bytes
        .windows(pattern.len())
        .position(|window| window == pattern)
}

/// Waits until `condition` holds.
pub(crate) async fn eventually(what: &str, mut condition: impl AsyncFnMut() -> bool) {
    let wait = async {
        while !condition().await {
            tokio::time::sleep(Duration::from_millis(2)).await;
        }
    };
    assert!(
        timeout(PATIENCE, wait).await.is_ok(),
        "{what}: not within {PATIENCE:?}"
    );
}
