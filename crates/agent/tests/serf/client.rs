//! A client of Serf's RPC that sends and reads bytes.

use std::collections::VecDeque;
use std::time::Duration;

use quorate_agent::Agent;
use quorate_wire::msgpack::{Decode, Encode, Splitter};
use quorate_wire::serf::{
    Auth, Command, EventRecord, Handshake, QueryRecord, QueryRecordKind, RequestHeader,
    ResponseHeader,
};
use tokio::io::{AsyncReadExt, AsyncWriteExt};
use tokio::net::TcpStream;
use tokio::time::timeout;

/// More than anything here takes on a loaded machine.
pub(crate) const PATIENCE: Duration = Duration::from_secs(40);

pub(crate) struct Client {
    pub(crate) stream: TcpStream,
    buffer: Vec<u8>,
    splitter: Splitter,
    seq: u64,
    /// Objects that came while another answer was waited for.
    later: VecDeque<Vec<u8>>,
}

impl Client {
    /// Connected, and nothing said.
    pub(crate) async fn new(agent: &Agent) -> Self {
        let address = agent.serf_rpc()[0].addr().unwrap();
        Self {
            stream: TcpStream::connect(address).await.unwrap(),
            buffer: Vec::new(),
            splitter: Splitter::new(64 << 20),
            seq: 1000,
            later: VecDeque::new(),
        }
    }

    /// After the handshake.
    pub(crate) async fn greeted(agent: &Agent) -> Self {
        let mut client = Self::new(agent).await;
        let hello = Handshake { version: 1 };
        assert_eq!(client.ask(Command::Handshake, &hello).await, "");
        client
    }

    pub(crate) async fn auth(&mut self, token: &str) -> String {
        let auth_key = token.to_owned();
        self.ask(Command::Auth, &Auth { auth_key }).await
    }

    pub(crate) async fn send(&mut self, bytes: &[u8]) {
        self.stream.write_all(bytes).await.unwrap();
    }

    /// Sends a request, and gives its number.
    pub(crate) async fn request(&mut self, command: Command, body: Option<&dyn Body>) -> u64 {
        self.seq += 1;
        let mut bytes = RequestHeader::new(command, self.seq).to_msgpack();
        if let Some(body) = body {
            bytes.extend(body.bytes());
        }
        self.send(&bytes).await;
        self.seq
    }

    /// Sends a request whose answer has no body, and gives what is wrong with it.
    pub(crate) async fn ask(&mut self, command: Command, body: &dyn Body) -> String {
        let seq = self.request(command, Some(body)).await;
        self.header(seq).await
    }

    /// Sends a request whose answer has a body.
    pub(crate) async fn fetch<T: Decode>(
        &mut self,
        command: Command,
        body: Option<&dyn Body>,
    ) -> (String, T) {
        let seq = self.request(command, body).await;
        let error = self.header(seq).await;
        (error, self.body().await)
    }

    /// The error in the header of an answer; what belongs to other requests is kept for later.
    pub(crate) async fn header(&mut self, seq: u64) -> String {
        loop {
            let object = self.arrived().await.expect("an answer");
            match ResponseHeader::sniff(&object) {
                Some(header) if header.seq == seq => return header.error,
                _ => self.later.push_back(object),
            }
        }
    }

    /// The next object as it is, also one that came before.
    pub(crate) async fn object(&mut self) -> Option<Vec<u8>> {
        match self.later.pop_front() {
            Some(object) => Some(object),
            None => self.arrived().await,
        }
    }

    async fn body<T: Decode>(&mut self) -> T {
        T::from_msgpack(&self.arrived().await.expect("a body")).unwrap()
    }

    /// The next object on the wire; `None` when the connection has ended.
    async fn arrived(&mut self) -> Option<Vec<u8>> {
        loop {
            if let Some(length) = self.splitter.scan(&self.buffer).unwrap() {
                return Some(self.buffer.drain(..length).collect());
            }
            let read = self.stream.read_buf(&mut self.buffer);
            let read = timeout(PATIENCE, read).await.expect("something arrives");
            // Some systems say that a connection was reset.
            if read.unwrap_or(0) == 0 {
                return None;
            }
        }
    }

    /// The next record, with its number.
    pub(crate) async fn record<T: Decode>(&mut self) -> (u64, T) {
        let header = ResponseHeader::sniff(&self.object().await.unwrap()).unwrap();
        assert_eq!(header.error, "");
        let body = self.object().await.unwrap();
        (header.seq, T::from_msgpack(&body).unwrap())
    }

    /// The next event of a stream that is the only one to tell something.
    pub(crate) async fn event(&mut self) -> EventRecord {
        self.record().await.1
    }

    /// Whether the agent has closed the connection, with nothing before that.
    pub(crate) async fn is_closed(&mut self) -> bool {
        self.object().await.is_none()
    }

    /// The records of a query up to its end.
    pub(crate) async fn answers(&mut self) -> Vec<(QueryRecordKind, String, Vec<u8>)> {
        let mut all = Vec::new();
        loop {
            let (_, record) = self.record::<QueryRecord>().await;
            if record.kind == QueryRecordKind::Done {
                return all;
            }
            all.push((record.kind, record.from, record.payload.to_vec()));
        }
    }
}

/// A body of any kind.
pub(crate) trait Body {
    fn bytes(&self) -> Vec<u8>;
}

impl<T: Encode> Body for T {
    fn bytes(&self) -> Vec<u8> {
        self.to_msgpack()
    }
}
