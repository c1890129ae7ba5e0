//! HTTP/1.1 byte for byte: send these bytes, read that answer.
//!
//! For tests in which a client would hide what is on the wire: recorded exchanges sent again,
//! malformed requests, headers and framing.

use std::io;
use std::net::SocketAddr;
use std::time::Duration;

use tokio::io::{AsyncRead, AsyncReadExt, AsyncWriteExt};
use tokio::net::TcpStream;
use tokio::time::timeout;

/// The largest answer that is read.
const MAX_ANSWER: usize = 16 * 1024 * 1024;

/// One answer, as it arrived and as it is meant.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Answer {
    /// The status code.
    pub status: u16,
    /// Names and values in the order of the wire, names as they were written.
    pub headers: Vec<(String, String)>,
    /// The body without its framing. Compression is left as it is.
    pub body: Vec<u8>,
    /// How many bytes the answer had on the wire.
    pub wire_len: usize,
}

impl Answer {
    /// The value of the first header of this name, in any case of letters.
    pub fn header(&self, name: &str) -> Option<&str> {
        let mut found = self
            .headers
            .iter()
            .filter(|(have, _)| have.eq_ignore_ascii_case(name));
        found.next().map(|(_, value)| value.as_str())
    }

    /// The body as text, for comparisons and messages.
    pub fn text(&self) -> String {
        String::from_utf8_lossy(&self.body).into_owned()
    }

    /// The body as JSON.
    ///
    /// # Errors
    ///
    /// When it is none.
    pub fn json(&self) -> serde_json::Result<serde_json::Value> {
        serde_json::from_slice(&self.body)
    }

    /// Reads the answer to a request of this `method` from the beginning of `bytes`, or `None`
    /// while bytes are missing.
    ///
    /// # Errors
    ///
    /// [`io::ErrorKind::InvalidData`] when they are no answer, or one that ends with the connection.
    pub fn parse(method: &str, bytes: &[u8]) -> io::Result<Option<Self>> {
        let Some(end) = find(bytes, b"\r\n\r\n") else {
            return Ok(None);
        };
        let head = str::from_utf8(&bytes[..end]).map_err(|_| malformed("the head is no text"))?;
        let mut lines = head.split("\r\n");
        let status = lines
            .next()
            .and_then(|line| line.split(' ').nth(1)?.parse().ok());
        let headers = lines.filter_map(|line| line.split_once(':'));
        let headers = headers.map(|(name, value)| (name.to_owned(), value.trim().to_owned()));
        let mut answer = Self {
            status: status.ok_or_else(|| malformed("there is no status"))?,
            headers: headers.collect(),
            body: Vec::new(),
            wire_len: 0,
        };
        let rest = &bytes[end + 4..];
        let Some((body, len)) = answer.framing(method)?.body(rest)? else {
            return Ok(None);
        };
        answer.body = body;
        answer.wire_len = end + 4 + len;
        Ok(Some(answer))
    }

    fn framing(&self, method: &str) -> io::Result<Framing> {
        if method == "HEAD" || self.status == 204 || self.status == 304 {
            return Ok(Framing::Length(0));
        }
        if self
            .header("transfer-encoding")
            .is_some_and(|value| value.contains("chunked"))
        {
            return Ok(Framing::Chunked);
        }
        let length = self
            .header("content-length")
            .and_then(|value| value.parse().ok());
        length
            .map(Framing::Length)
            .ok_or_else(|| malformed("the body has no length"))
    }
}

enum Framing {
    Length(usize),
    Chunked,
}

impl Framing {
    /// The body and its length on the wire, or `None` while bytes are missing.
    fn body(&self, bytes: &[u8]) -> io::Result<Option<(Vec<u8>, usize)>> {
        match *self {
            Self::Length(len) => Ok(bytes.get(..len).map(|body| (body.to_vec(), len))),
            Self::Chunked => unchunk(bytes),
        }
    }
}

fn unchunk(bytes: &[u8]) -> io::Result<Option<(Vec<u8>, usize)>> {
    let (mut body, mut at) = (Vec::new(), 0);
    loop {
        let Some(line) = find(&bytes[at..], b"\r\n") else {
            return Ok(None);
        };
        let size = str::from_utf8(&bytes[at..at + line]).ok();
        let size = size.and_then(|text| usize::from_str_radix(text, 16).ok());
        let size = size.filter(|size| *size <= MAX_ANSWER);
        let size = size.ok_or_else(|| malformed("a chunk has no size"))?;
        at += line + 2;
        let Some(chunk) = bytes.get(at..at + size + 2) else {
            return Ok(None);
        };
        body.extend_from_slice(&chunk[..size]);
        at += size + 2;
        if size == 0 {
            return Ok(Some((body, at)));
        }
    }
}

fn find(bytes: &[u8], what: &[u8]) -> Option<usize> {
    bytes.windows(what.len()).position(|window| window == what)
}

fn malformed(why: &str) -> io::Error {
    io::Error::new(
        io::ErrorKind::InvalidData,
        format!("not an HTTP answer: {why}"),
    )
}

/// A request with a head of the least that HTTP/1.1 asks for, `headers` as lines such as
/// `("X-Consul-Token", "…")`, and `Content-Length` unless there is neither body nor need.
pub fn request(method: &str, target: &str, headers: &[(&str, &str)], body: &[u8]) -> Vec<u8> {
    let mut wire = format!("{method} {target} HTTP/1.1\r\nHost: 127.0.0.1\r\n");
    for (name, value) in headers {
        wire.push_str(&format!("{name}: {value}\r\n"));
    }
    if !body.is_empty() || matches!(method, "PUT" | "POST") {
        wire.push_str(&format!("Content-Length: {}\r\n", body.len()));
    }
    let mut wire = (wire + "\r\n").into_bytes();
    wire.extend_from_slice(body);
    wire
}

/// Sends `bytes` on a connection of their own and reads one answer, all within `limit`.
///
/// # Errors
///
/// What the connection says; [`io::ErrorKind::TimedOut`] after `limit`;
/// [`io::ErrorKind::UnexpectedEof`] when it ends early; [`io::ErrorKind::InvalidData`] when the
/// answer is malformed or larger than 16 MiB.
///
/// # Cancel safety
///
/// Dropping the future closes the connection; the server may act on the request all the same.
pub async fn exchange(server: SocketAddr, bytes: &[u8], limit: Duration) -> io::Result<Answer> {
    let run = async {
        let mut stream = TcpStream::connect(server).await?;
        stream.set_nodelay(true)?;
        exchange_on(&mut stream, bytes).await
    };
    timeout(limit, run)
        .await
        .unwrap_or_else(|_| Err(io::ErrorKind::TimedOut.into()))
}

/// Sends `bytes` on a connection that is there and reads one answer, without a limit in time.
///
/// # Errors
///
/// Those of [`exchange`], but for the time.
///
/// # Cancel safety
///
/// Not cancel safe: the connection may be left in the middle of a message.
pub async fn exchange_on<S>(stream: &mut S, bytes: &[u8]) -> io::Result<Answer>
where
    S: AsyncRead + AsyncWriteExt + Unpin,
{
    stream.write_all(bytes).await?;
    let method = bytes.split(|byte| *byte == b' ').next().unwrap_or_default();
    let method = String::from_utf8_lossy(method).into_owned();
    let mut seen = Vec::new();
    loop {
        if stream.read_buf(&mut seen).await? == 0 {
            return Err(io::ErrorKind::UnexpectedEof.into());
        }
        if let Some(answer) = Answer::parse(&method, &seen)? {
            return Ok(answer);
        }
        if seen.len() > MAX_ANSWER {
            return Err(malformed("it is too large"));
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_body_of_known_length_is_cut_there() {
        let wire =
            b"HTTP/1.1 404 Not Found\r\nX-Consul-Index: 7\r\nContent-Length: 2\r\n\r\nabHTTP";
        let answer = Answer::parse("GET", wire).unwrap().unwrap();
        assert_eq!((answer.status, answer.text().as_str()), (404, "ab"));
        assert_eq!(answer.header("x-consul-index"), Some("7"));
        assert_eq!(answer.wire_len, wire.len() - 4);
    }

    #[test]
    fn chunks_are_put_together() {
        let wire = b"HTTP/1.1 200 OK\r\nTransfer-Encoding: chunked\r\n\r\n3\r\nabc\r\na\r\n0123456789\r\n0\r\n\r\n";
        let answer = Answer::parse("GET", wire).unwrap().unwrap();
        assert_eq!(answer.text(), "abc0123456789");
        assert_eq!(answer.wire_len, wire.len());
    }

    #[test]
    fn an_answer_that_is_not_whole_is_none_yet() {
        for wire in [
            "HTTP/1.1 200 OK\r\nContent-Length: 3\r\n\r\nab",
            "HTTP/1.1 200 OK\r\nTransfer-Encoding: chunked\r\n\r\n3\r\nab",
            "HTTP/1.1 200 OK\r\nTransfer-Encoding: chunked\r\n\r\n3\r\nabc\r\n0\r\n",
            "HTTP/1.1 200 OK\r\nContent-Le",
        ] {
            assert_eq!(
                Answer::parse("GET", wire.as_bytes()).unwrap(),
                None,
                "{wire:?}"
            );
        }
    }

    #[test]
    fn an_answer_to_head_has_no_body() {
        let wire = b"HTTP/1.1 405 Method Not Allowed\r\nContent-Length: 23\r\n\r\n";
        assert_eq!(Answer::parse("HEAD", wire).unwrap().unwrap().body, b"");
    }

    #[test]
    fn what_is_no_answer_is_refused() {
        for wire in [
            "hello\r\n\r\n",
            "HTTP/1.1 200 OK\r\n\r\n",
            "HTTP/1.1 200 OK\r\nTransfer-Encoding: chunked\r\n\r\nzz\r\n",
            "HTTP/1.1 200 OK\r\nTransfer-Encoding: chunked\r\n\r\nffffffffffffffff\r\n",
        ] {
            let error = Answer::parse("GET", wire.as_bytes()).unwrap_err();
            assert_eq!(error.kind(), io::ErrorKind::InvalidData, "{wire:?}");
        }
    }

    #[test]
    fn a_request_declares_its_length() {
        let wire = request("PUT", "/v1/kv/a", &[("X-Consul-Token", "t")], b"v");
        let head = "PUT /v1/kv/a HTTP/1.1\r\nHost: 127.0.0.1\r\nX-Consul-Token: t\r\n";
        assert_eq!(
            wire,
            format!("{head}Content-Length: 1\r\n\r\nv").into_bytes()
        );
        assert!(
            !request("GET", "/", &[], b"")
                .windows(14)
                .any(|part| part == b"Content-Length")
        );
    }
}
