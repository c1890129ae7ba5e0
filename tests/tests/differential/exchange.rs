//! Connections that are kept, and answers with the time that they took.

use std::io;
use std::net::SocketAddr;
use std::time::{Duration, Instant};

use quorate_testkit::exchange::Answer;
use tokio::io::{AsyncReadExt, AsyncWriteExt};
use tokio::net::TcpStream;
use tokio::time::timeout;

/// Longer than any answer takes.
const LIMIT: Duration = Duration::from_secs(15);

/// An answer, or why there is none.
#[derive(Clone, Debug)]
pub(crate) struct Told {
    pub(crate) answer: Result<Answer, io::ErrorKind>,
    pub(crate) took: Duration,
}

/// A connection to one server, made anew when the server has closed it.
#[derive(Debug)]
pub(crate) struct Line {
    server: SocketAddr,
    stream: Option<TcpStream>,
}

impl Line {
    pub(crate) fn new(server: SocketAddr) -> Self {
        Self {
            server,
            stream: None,
        }
    }

    /// Sends a request and reads its answer.
    pub(crate) async fn ask(&mut self, wire: &[u8]) -> Told {
        let began = Instant::now();
        let answer = timeout(LIMIT, self.exchange(wire)).await;
        let answer = answer.unwrap_or(Err(io::ErrorKind::TimedOut.into()));
        let closes = |answer: &Answer| {
            let connection = answer.header("connection").unwrap_or_default();
            connection.eq_ignore_ascii_case("close")
        };
        if answer.as_ref().map_or(true, closes) {
            self.stream = None;
        }
        Told {
            answer: answer.map_err(|error| error.kind()),
            took: began.elapsed(),
        }
    }

    async fn exchange(&mut self, wire: &[u8]) -> io::Result<Answer> {
        if self.stream.is_none() {
            let stream = TcpStream::connect(self.server).await?;
            stream.set_nodelay(true)?;
            self.stream = Some(stream);
        }
        let stream = self.stream.as_mut().ok_or(io::ErrorKind::NotConnected)?;
        let (mut reader, mut writer) = stream.split();
        // A server that refuses a body may answer, and close, before it has read all of it.
        let write = async {
            let _ = writer.write_all(wire).await;
        };
        let method = wire.split(|byte| *byte == b' ').next().unwrap_or_default();
        let method = String::from_utf8_lossy(method).into_owned();
        let read = async {
            let mut seen = Vec::new();
            loop {
                if reader.read_buf(&mut seen).await? == 0 {
                    return ended(&method, &seen);
                }
                if let Ok(Some(answer)) = Answer::parse(&method, &seen) {
                    return Ok(answer);
                }
            }
        };
        tokio::pin!(write, read);
        let mut written = false;
        loop {
            tokio::select! {
                () = &mut write, if !written => written = true,
                answer = &mut read => return answer,
            }
        }
    }
}

/// The answer whose body ends with the connection, as Go's refusals of malformed requests do.
fn ended(method: &str, seen: &[u8]) -> io::Result<Answer> {
    let head = seen.windows(4).position(|window| window == b"\r\n\r\n");
    let head = head.ok_or(io::ErrorKind::UnexpectedEof)?;
    let length = format!("\r\nContent-Length: {}", seen.len() - head - 4);
    let framed = [&seen[..head], length.as_bytes(), &seen[head..]].concat();
    Answer::parse(method, &framed)?.ok_or(io::ErrorKind::UnexpectedEof.into())
}
