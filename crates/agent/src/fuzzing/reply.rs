//! Answers, as strictly as a client may read them.

use http::StatusCode;
use serde::de::IgnoredAny;
use serde_json::Value;

/// One answer, unframed.
#[derive(Debug)]
pub(super) struct Answer {
    pub(super) status: u16,
    pub(super) body: Vec<u8>,
    pub(super) closes: bool,
    is_json: bool,
}

impl Answer {
    /// The status is one that exists, and what is called JSON is.
    pub(super) fn check(&self) {
        let status = StatusCode::from_u16(self.status).unwrap();
        assert!(status.canonical_reason().is_some(), "status {status}");
        if self.is_json {
            let text = String::from_utf8_lossy(&self.body);
            let json = serde_json::from_slice::<IgnoredAny>(&self.body);
            assert!(json.is_ok(), "no JSON: {text}");
        }
    }
}

/// The first answer in `bytes` and where it ends, once it is whole.
pub(super) fn first(bytes: &[u8]) -> Option<(Answer, usize)> {
    let end = find(bytes, b"\r\n\r\n")? + 4;
    let head = str::from_utf8(&bytes[..end]).expect("a head that is no text");
    let mut lines = head.trim_end().split("\r\n");
    let line = lines.next().unwrap_or_default();
    let rest = line
        .strip_prefix("HTTP/1.1 ")
        .or_else(|| line.strip_prefix("HTTP/1.0 "));
    let rest = rest.unwrap_or_else(|| panic!("no status line: {line:?}"));
    let status = rest.get(..3).and_then(|code| code.parse().ok());
    let status = status.unwrap_or_else(|| panic!("no status: {line:?}"));
    let headers: Vec<(String, &str)> = lines
        .map(|line| {
            let (name, value) = line.split_once(": ").expect("a header without a value");
            (name.to_ascii_lowercase(), value)
        })
        .collect();
    let header = |name: &str| {
        let found = headers.iter().find(|(given, _)| given == name);
        found.map(|(_, value)| *value)
    };
    let (body, end) = match (header("content-length"), header("transfer-encoding")) {
        _ if status < 200 || status == 204 || status == 304 => (Vec::new(), end),
        (Some(length), None) => {
            let length: usize = length.parse().expect("a length that is no number");
            (bytes.get(end..end + length)?.to_vec(), end + length)
        }
        (None, Some("chunked")) => chunks(bytes, end)?,
        // To a client of HTTP/1.0 a stream ends with its connection.
        (None, None) if line.starts_with("HTTP/1.0") => (bytes[end..].to_vec(), bytes.len()),
        (length, encoding) => panic!("framed by {length:?} and {encoding:?}: {head}"),
    };
    let plain = header("content-encoding").is_none();
    let answer = Answer {
        status,
        body,
        closes: header("connection") == Some("close"),
        is_json: plain && header("content-type") == Some("application/json"),
    };
    Some((answer, end))
}

/// Every answer of a connection; the last may be cut.
pub(super) fn check_all(mut bytes: &[u8]) {
    while let Some((answer, end)) = first(bytes) {
        answer.check();
        bytes = &bytes[end..];
    }
    let begun = &bytes[..bytes.len().min(7)];
    assert!(
        b"HTTP/1.".starts_with(begun),
        "after the answers: {begun:?}"
    );
}

/// A body in chunks, and where it ends.
fn chunks(bytes: &[u8], mut at: usize) -> Option<(Vec<u8>, usize)> {
    let mut body = Vec::new();
    loop {
        let line = find(&bytes[at..], b"\r\n")?;
        let size = str::from_utf8(&bytes[at..at + line]).expect("a size that is no text");
        let size = usize::from_str_radix(size, 16).expect("a size that is no number");
        let start = at + line + 2;
        body.extend_from_slice(bytes.get(start..start + size)?);
        at = start + size + 2;
        if bytes.len() < at {
            return None;
        }
        if size == 0 {
            return Some((body, at));
        }
    }
}

/// Removes what changes whenever a thing is stored.
pub(super) fn forget_times(shown: &mut Value) {
    if let Value::Object(fields) = shown {
        for name in ["ModifyIndex", "UpdatedAt"] {
            fields.remove(name);
        }
    }
}

fn find(bytes: &[u8], pattern: &[u8]) -> Option<usize> {
    bytes
        .windows(pattern.len())
        .position(|window| window == pattern)
}
