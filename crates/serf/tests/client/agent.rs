//! An agent that does what a script says.

use std::net::SocketAddr;
use std::sync::atomic::{AtomicUsize, Ordering};
use std::sync::{Arc, Mutex};
use std::time::Duration;

use quorate_serf::{Client, Host, Hosts, Timeouts};
use quorate_wire::msgpack::{Decode, Encode, Splitter};
use quorate_wire::serf::{Command, Member, MemberStatus, RequestHeader, ResponseHeader};
use tokio::io::{AsyncReadExt as _, AsyncWriteExt as _};
use tokio::net::{TcpListener, TcpStream};

/// A request as it came.
#[derive(Clone, Debug)]
pub(crate) struct Request {
    pub(crate) command: Command,
    pub(crate) seq: u64,
    pub(crate) body: Vec<u8>,
}

impl Request {
    pub(crate) fn body<T: Decode>(&self) -> T {
        T::from_msgpack(&self.body).unwrap()
    }
}

/// What an agent does about a request.
pub(crate) enum Act {
    /// Sends bytes.
    Send(Vec<u8>),
    /// Sends bytes and ends the connection.
    SendAndEnd(Vec<u8>),
    /// Says nothing.
    Nothing,
}

/// Accepts a request.
pub(crate) fn ok(seq: u64) -> Vec<u8> {
    ResponseHeader::ok(seq).to_msgpack()
}

/// Accepts a request, with a body; or a record of it.
pub(crate) fn with(seq: u64, body: &impl Encode) -> Vec<u8> {
    [ok(seq), body.to_msgpack()].concat()
}

/// Refuses a request.
pub(crate) fn refuse(seq: u64, error: &str) -> Vec<u8> {
    ResponseHeader {
        error: error.to_owned(),
        seq,
    }
    .to_msgpack()
}

pub(crate) fn member(name: &str, status: MemberStatus) -> Member {
    Member {
        name: name.to_owned(),
        addr: [10, 0, 0, 1].into(),
        port: 7946,
        status,
        ..Member::default()
    }
}

/// An agent. It shakes hands by itself; everything else is for its script.
pub(crate) struct Agent {
    pub(crate) addr: SocketAddr,
    seen: Arc<Mutex<Vec<Request>>>,
    open: Arc<AtomicUsize>,
    _task: quorate_net::task::Task<()>,
}

impl Agent {
    /// Listens, and answers every request with what the script says. It is told on which connection,
    /// counted from 0, the request came.
    pub(crate) async fn start(
        script: impl Fn(usize, &Request) -> Act + Send + Sync + 'static,
    ) -> Self {
        let listener = TcpListener::bind("127.0.0.1:0").await.unwrap();
        let addr = listener.local_addr().unwrap();
        let seen = Arc::new(Mutex::new(Vec::new()));
        let open = Arc::new(AtomicUsize::new(0));
        let (script, log, count) = (Arc::new(script), Arc::clone(&seen), Arc::clone(&open));
        let task = quorate_net::task::spawn(async move {
            let mut connections = Vec::new();
            while let Ok((stream, _)) = listener.accept().await {
                let (script, log, number) =
                    (Arc::clone(&script), Arc::clone(&log), connections.len());
                let count = Arc::clone(&count);
                count.fetch_add(1, Ordering::AcqRel);
                connections.push(quorate_net::task::spawn(async move {
                    // A client that goes away ends it.
                    let _ = serve(stream, number, &*script, &log).await;
                    count.fetch_sub(1, Ordering::AcqRel);
                }));
            }
        });
        Self {
            addr,
            seen,
            open,
            _task: task,
        }
    }

    /// All requests besides handshakes, in the order in which they came.
    pub(crate) fn seen(&self) -> Vec<Request> {
        self.seen.lock().unwrap().clone()
    }

    /// Waits until no connection is left.
    pub(crate) async fn alone(&self) {
        let alone = || async { (self.open.load(Ordering::Acquire) == 0).then_some(()) };
        let left = "the end of all connections";
        quorate_testkit::eventually(LONG, left, alone)
            .await
            .unwrap();
    }

    pub(crate) fn commands(&self) -> Vec<Command> {
        self.seen().iter().map(|request| request.command).collect()
    }

    pub(crate) fn client(&self) -> Client {
        client(&[self.addr])
    }
}

/// A client of these agents.
pub(crate) fn client(addresses: &[SocketAddr]) -> Client {
    let hosts = addresses
        .iter()
        .map(|address| Host::new("127.0.0.1", address.port()));
    Client::builder()
        .hosts(Hosts::new(hosts))
        .timeouts(patient())
        .seed(7)
        .build()
        .unwrap()
}

/// By then everything has happened, whatever else the machine does.
pub(crate) const LONG: Duration = Duration::from_secs(50);

/// More than a machine stands still.
pub(crate) fn patient() -> Timeouts {
    Timeouts::default()
        .with_attempt(Duration::from_secs(20))
        .with_overall(Some(LONG))
}

async fn serve(
    mut stream: TcpStream,
    number: usize,
    script: &(impl Fn(usize, &Request) -> Act + ?Sized),
    log: &Mutex<Vec<Request>>,
) -> std::io::Result<()> {
    let (mut splitter, mut bytes) = (Splitter::new(1 << 20), Vec::new());
    let mut header: Option<RequestHeader> = None;
    loop {
        while let Ok(Some(len)) = splitter.scan(&bytes) {
            let rest = bytes.split_off(len);
            let object = std::mem::replace(&mut bytes, rest);
            let (head, body) = match header.take() {
                Some(head) => (head, object),
                None => (RequestHeader::from_msgpack(&object).unwrap(), Vec::new()),
            };
            let command: Command = head.command.parse().unwrap();
            if body.is_empty() && command.request_has_body() {
                header = Some(head);
                continue;
            }
            let request = Request {
                command,
                seq: head.seq,
                body,
            };
            if command == Command::Handshake {
                stream.write_all(&ok(request.seq)).await?;
                continue;
            }
            log.lock().unwrap().push(request.clone());
            match script(number, &request) {
                Act::Send(answer) => stream.write_all(&answer).await?,
                Act::SendAndEnd(answer) => return stream.write_all(&answer).await,
                Act::Nothing => {}
            }
        }
        if stream.read_buf(&mut bytes).await? == 0 {
            return Ok(());
        }
    }
}
