//! Just enough HTTP.

use std::time::Duration;

use quorate_net::transport::Stream;
use tokio::io::{AsyncReadExt as _, AsyncWriteExt as _};

/// One request.
#[derive(Clone, Debug)]
pub(crate) struct Request {
    pub(crate) method: String,
    pub(crate) path: String,
    pub(crate) query: Vec<(String, String)>,
    pub(crate) body: Vec<u8>,
}

impl Request {
    /// `VERB /path`, with the session of a session call left out.
    pub(crate) fn call(&self) -> String {
        format!("{} {}", self.method, self.path)
    }

    pub(crate) fn is(&self, text: &str) -> bool {
        self.call().contains(text)
    }

    pub(crate) fn param(&self, name: &str) -> Option<&str> {
        self.query
            .iter()
            .find(|(key, _)| key == name)
            .map(|(_, value)| value.as_str())
    }

    pub(crate) fn index(&self) -> u64 {
        self.param("index").map_or(0, |text| text.parse().unwrap())
    }

    pub(crate) fn wait(&self) -> Duration {
        let millis = self
            .param("wait")
            .map_or("300000", |text| text.strip_suffix("ms").unwrap());
        Duration::from_millis(millis.parse().unwrap())
    }
}

/// The next request; `None` when the connection ends.
pub(crate) async fn read_request(stream: &mut Stream) -> Option<Request> {
    let mut head = Vec::new();
    while !head.ends_with(b"\r\n\r\n") {
        head.push(stream.read_u8().await.ok()?);
    }
    let head = String::from_utf8(head).unwrap();
    let length = head.lines().find_map(|line| {
        let (name, value) = line.split_once(':')?;
        name.eq_ignore_ascii_case("content-length")
            .then(|| value.trim().parse().unwrap())
    });
    let mut body = vec![0; length.unwrap_or(0)];
    stream.read_exact(&mut body).await.ok()?;
    let mut words = head.split_whitespace();
    let (method, target) = (words.next()?.to_owned(), words.next()?);
    let (path, query) = target.split_once('?').unwrap_or((target, ""));
    let query = query
        .split('&')
        .filter(|pair| !pair.is_empty())
        .map(|pair| {
            let (key, value) = pair.split_once('=').unwrap_or((pair, ""));
            (key.to_owned(), value.to_owned())
        });
    Some(Request {
        method,
        path: path.to_owned(),
        query: query.collect(),
        body,
    })
}

pub(crate) async fn write_answer(
    stream: &mut Stream,
    status: u16,
    index: u64,
    body: &str,
) -> std::io::Result<()> {
    let text = format!(
        "HTTP/1.1 {status} X\r\nX-Consul-Index: {index}\r\nX-Consul-Knownleader: true\r\n\
         Content-Length: {}\r\n\r\n{body}",
        body.len()
    );
    stream.write_all(text.as_bytes()).await?;
    stream.flush().await
}
