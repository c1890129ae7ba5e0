//! gRPC over HTTP/2, as little of it as a load needs.

use std::net::SocketAddr;
use std::sync::Arc;
use std::time::{Duration, Instant};

use anyhow::{Context as _, bail, ensure};
use bytes::{Buf as _, BufMut as _, Bytes, BytesMut};
use h2::client::SendRequest;
use h2::{RecvStream, SendStream};
use http::{HeaderMap, Request};
use quorate_etcd_proto::prost::Message;
use tokio::net::TcpStream;
use tokio::task::JoinSet;

use crate::load::Figures;

/// A window that nothing here fills.
const WINDOW: u32 = 16 << 20;
/// How many connections a load has at most; more clients share them.
pub const CONNECTIONS: usize = 16;

/// A connection: clones share it.
#[derive(Clone, Debug)]
pub struct Connection {
    send: SendRequest<Bytes>,
    address: SocketAddr,
    /// What drives it.
    driver: Arc<JoinSet<()>>,
}

impl Connection {
    /// Connects.
    ///
    /// # Errors
    /// When nobody answers.
    pub async fn open(address: SocketAddr) -> anyhow::Result<Self> {
        let stream = TcpStream::connect(address).await.context("connect")?;
        stream.set_nodelay(true)?;
        let mut builder = h2::client::Builder::new();
        builder
            .initial_window_size(WINDOW)
            .initial_connection_window_size(WINDOW);
        let (send, connection) = builder.handshake(stream).await?;
        let mut driver = JoinSet::new();
        driver.spawn(async move {
            // What breaks it fails the requests on it.
            let _ = connection.await;
        });
        Ok(Self {
            send,
            address,
            driver: Arc::new(driver),
        })
    }

    fn request(&self, path: &str) -> anyhow::Result<Request<()>> {
        Ok(Request::post(format!("http://{}{path}", self.address))
            .header("te", "trailers")
            .header("content-type", "application/grpc")
            .body(())?)
    }

    /// One message there and one back.
    ///
    /// # Errors
    /// When the call is refused or the connection fails.
    pub async fn unary(&self, path: &str, message: Bytes) -> anyhow::Result<Bytes> {
        let mut send = self.send.clone().ready().await?;
        let (response, mut body) = send.send_request(self.request(path)?, false)?;
        body.send_data(message, true)?;
        let response = response.await?;
        let (head, mut body) = response.into_parts();
        let mut answer = Bytes::new();
        while let Some(data) = body.data().await {
            let data = data?;
            body.flow_control().release_capacity(data.len())?;
            // Answers here come in one piece.
            answer = if answer.is_empty() {
                data
            } else {
                [answer, data].concat().into()
            };
        }
        let trailers = body.trailers().await?;
        accepted(trailers.as_ref().unwrap_or(&head.headers))?;
        Ok(answer)
    }

    /// A stream there and one back.
    ///
    /// # Errors
    /// When the connection fails.
    pub async fn converse(&self, path: &str, first: Bytes) -> anyhow::Result<Conversation> {
        let mut send = self.send.clone().ready().await?;
        let (response, mut outgoing) = send.send_request(self.request(path)?, false)?;
        outgoing.send_data(first, false)?;
        let incoming = response.await?.into_body();
        Ok(Conversation {
            outgoing,
            incoming,
            input: BytesMut::new(),
            _driver: Arc::clone(&self.driver),
        })
    }
}

fn accepted(headers: &HeaderMap) -> anyhow::Result<()> {
    let status = headers.get("grpc-status").context("no status")?;
    ensure!(status == "0", "refused: {headers:?}");
    Ok(())
}

/// Messages both ways.
#[derive(Debug)]
pub struct Conversation {
    outgoing: SendStream<Bytes>,
    incoming: RecvStream,
    input: BytesMut,
    _driver: Arc<JoinSet<()>>,
}

impl Conversation {
    /// Sends a message.
    ///
    /// # Errors
    /// When the stream is over.
    pub fn send(&mut self, message: Bytes) -> anyhow::Result<()> {
        Ok(self.outgoing.send_data(message, false)?)
    }

    /// The next message.
    ///
    /// # Errors
    /// When the stream is over, or what came is none.
    pub async fn next<M: Message + Default>(&mut self) -> anyhow::Result<M> {
        loop {
            if let Some(length) = self.input.get(1..5).map(|mut prefix| prefix.get_u32()) {
                let end = 5 + usize::try_from(length)?;
                if self.input.len() >= end {
                    let message = self.input.split_to(end).freeze().slice(5..);
                    return Ok(M::decode(message)?);
                }
            }
            let Some(data) = self.incoming.data().await else {
                bail!("the server ended the stream");
            };
            let data = data?;
            self.incoming.flow_control().release_capacity(data.len())?;
            self.input.extend_from_slice(&data);
        }
    }
}

/// A message as gRPC frames it.
#[must_use]
pub fn frame(message: &impl Message) -> Bytes {
    let length = message.encoded_len();
    let mut out = BytesMut::with_capacity(5 + length);
    out.put_u8(0);
    out.put_u32(u32::try_from(length).unwrap_or(u32::MAX));
    // There is room for it.
    let _ = message.encode(&mut out);
    out.freeze()
}

/// Closed-loop load: each client sends its next call when the last one is answered.
///
/// # Errors
/// When a connection fails or a call is refused.
pub async fn load<F>(
    address: SocketAddr,
    clients: usize,
    length: Duration,
    path: &'static str,
    message: F,
) -> anyhow::Result<Figures>
where
    F: Fn(usize, u64) -> Bytes + Clone + Send + 'static,
{
    let mut connections = Vec::new();
    for _ in 0..clients.min(CONNECTIONS) {
        connections.push(Connection::open(address).await?);
    }
    let start = Instant::now();
    let until = start + length;
    let mut tasks = JoinSet::new();
    for client in 0..clients {
        let connection = connections[client % connections.len()].clone();
        let message = message.clone();
        tasks.spawn(async move {
            let mut latencies = Vec::new();
            for number in 0.. {
                let message = message(client, number);
                let sent = Instant::now();
                if sent >= until {
                    break;
                }
                connection.unary(path, message).await?;
                latencies.push(sent.elapsed());
            }
            anyhow::Ok(latencies)
        });
    }
    let mut latencies = Vec::new();
    while let Some(done) = tasks.join_next().await {
        latencies.extend(done??);
    }
    latencies.sort_unstable();
    Ok(Figures {
        elapsed: start.elapsed(),
        latencies,
    })
}
