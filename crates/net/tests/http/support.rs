//! Servers that do what a test tells them to.

use std::collections::HashMap;
use std::io;
use std::sync::atomic::{AtomicUsize, Ordering::SeqCst};
use std::sync::{Arc, Mutex};

use quorate_net::endpoint::{Endpoint, EndpointSet};
use quorate_net::http::{HttpClient, HttpConfig, HttpResponse, Verdict};
use quorate_net::task::{Task, spawn};
use quorate_net::transport::{BoxFuture, Dial, MemoryDialer, MemoryListener, Stream, memory};
use tokio::io::{AsyncReadExt, AsyncWriteExt};

/// Every response is an answer.
pub(crate) fn done(_: &HttpResponse) -> Verdict {
    Verdict::Done
}

/// The server's end of a connection.
pub(crate) struct Peer {
    pub(crate) stream: Stream,
    buffer: Vec<u8>,
}

impl Peer {
    pub(crate) fn new(stream: impl Into<Stream>) -> Self {
        Self {
            stream: stream.into(),
            buffer: Vec::new(),
        }
    }

    /// The next request, head and body; `None` when the client has closed the connection.
    pub(crate) async fn request(&mut self) -> Option<String> {
        loop {
            if let Some(end) = whole(&self.buffer) {
                let rest = self.buffer.split_off(end);
                let request = std::mem::replace(&mut self.buffer, rest);
                return Some(String::from_utf8(request).unwrap());
            }
            match self.stream.read_buf(&mut self.buffer).await {
                Ok(0) | Err(_) => return None,
                Ok(_) => {}
            }
        }
    }

    /// Whatever comes up to `end`.
    pub(crate) async fn read_until(&mut self, end: &[u8]) -> String {
        while !self.buffer.ends_with(end) {
            let count = self.stream.read_buf(&mut self.buffer).await.unwrap();
            assert_ne!(count, 0, "the client has closed");
        }
        String::from_utf8(std::mem::take(&mut self.buffer)).unwrap()
    }

    /// Sends these bytes.
    pub(crate) async fn write(&mut self, bytes: impl AsRef<[u8]>) {
        let _ = self.stream.write_all(bytes.as_ref()).await;
        let _ = self.stream.flush().await;
    }

    /// Answers 200 with a body.
    pub(crate) async fn answer(&mut self, body: &str) {
        self.write(ok(body)).await;
    }

    /// Reads whatever comes until the client closes.
    pub(crate) async fn drain(&mut self) {
        while matches!(self.stream.read_buf(&mut self.buffer).await, Ok(1..)) {}
    }

    /// Waits until the client closes.
    pub(crate) async fn closed(&mut self) {
        assert_eq!(
            self.request().await,
            None,
            "the client must close this connection"
        );
    }
}

/// A response with status 200.
pub(crate) fn ok(body: &str) -> String {
    response(200, body)
}

/// A response with any status.
pub(crate) fn response(status: u16, body: &str) -> String {
    format!(
        "HTTP/1.1 {status} Text\r\nContent-Length: {}\r\n\r\n{body}",
        body.len()
    )
}

/// The length of the first request in `buffer`, if it is there in full.
fn whole(buffer: &[u8]) -> Option<usize> {
    let head = buffer.windows(4).position(|four| four == b"\r\n\r\n")? + 4;
    let text = String::from_utf8_lossy(&buffer[..head]).to_lowercase();
    let length = text.split("content-length:").nth(1).map_or(0, |rest| {
        rest.lines().next().unwrap().trim().parse().unwrap()
    });
    (buffer.len() >= head + length).then_some(head + length)
}

/// Servers by endpoint, behind one dialer that counts.
#[derive(Clone, Debug, Default)]
pub(crate) struct Net(Arc<NetInner>);

#[derive(Debug, Default)]
struct NetInner {
    dialers: Mutex<HashMap<String, MemoryDialer>>,
    dials: Mutex<Vec<String>>,
    total: AtomicUsize,
}

impl Net {
    /// Starts to listen at an endpoint; until then it refuses.
    pub(crate) fn listen(&self, endpoint: &str) -> Server {
        let (dialer, listener) = memory();
        let endpoint = Endpoint::parse(endpoint).unwrap().to_string();
        self.0.dialers.lock().unwrap().insert(endpoint, dialer);
        Server { listener }
    }

    /// The endpoints that were dialled, in order.
    pub(crate) fn dials(&self) -> Vec<String> {
        self.0.dials.lock().unwrap().clone()
    }

    /// How many connections were asked for.
    pub(crate) fn total(&self) -> usize {
        self.0.total.load(SeqCst)
    }

    /// The options of a client of these endpoints.
    pub(crate) fn config(&self, endpoints: &str) -> HttpConfig {
        HttpConfig::new(EndpointSet::parse(endpoints).unwrap())
            .with_dial(self.clone())
            .with_seed(1)
    }

    /// A client of these endpoints.
    pub(crate) fn client(&self, endpoints: &str) -> HttpClient {
        HttpClient::new(self.config(endpoints)).unwrap()
    }
}

impl Dial for Net {
    fn dial<'a>(&'a self, endpoint: &'a Endpoint) -> BoxFuture<'a, io::Result<Stream>> {
        self.0.total.fetch_add(1, SeqCst);
        self.0.dials.lock().unwrap().push(endpoint.to_string());
        let dialer = self
            .0
            .dialers
            .lock()
            .unwrap()
            .get(endpoint.as_str())
            .cloned();
        Box::pin(async move {
            match dialer {
                Some(dialer) => dialer.dial(endpoint).await,
                None => Err(io::ErrorKind::ConnectionRefused.into()),
            }
        })
    }
}

/// A listener for scripted connections.
pub(crate) struct Server {
    listener: MemoryListener,
}

impl Server {
    /// The next connection.
    pub(crate) async fn accept(&mut self) -> Peer {
        Peer::new(
            self.listener
                .accept()
                .await
                .expect("a client must be there"),
        )
    }

    /// Answers every request on every connection with what `respond` makes of the number of the
    /// connection and the request.
    pub(crate) fn run(
        mut self,
        respond: impl Fn(usize, &str) -> String + Send + Sync + 'static,
    ) -> Task<()> {
        let respond = Arc::new(respond);
        spawn(async move {
            let mut connections = Vec::new();
            while let Some(stream) = self.listener.accept().await {
                let number = connections.len();
                let respond = Arc::clone(&respond);
                connections.push(spawn(async move {
                    let mut peer = Peer::new(stream);
                    while let Some(request) = peer.request().await {
                        peer.write(respond(number, &request)).await;
                    }
                }));
            }
        })
    }
}
