//! Answers as bytes, as hyper would send them.

use std::cell::RefCell;
use std::time::{SystemTime, UNIX_EPOCH};

use bytes::{BufMut, Bytes, BytesMut};
use http::Response;
use http::header::{CONNECTION, HeaderName};
use hyper::ext::ReasonPhrase;

/// An answer as hyper would send it.
pub(crate) fn encode(answer: &Response<Bytes>, closes: bool) -> Bytes {
    let body = answer.body();
    let mut bytes = BytesMut::with_capacity(256 + body.len());
    put_head(&mut bytes, answer);
    if closes && !answer.headers().contains_key(CONNECTION) {
        bytes.put_slice(b"Connection: close\r\n");
    }
    bytes.put_slice(b"Content-Length");
    put_header(&mut bytes, body.len().to_string().as_bytes());
    put_date(&mut bytes);
    bytes.put_slice(b"\r\n");
    bytes.put_slice(body);
    bytes.freeze()
}

/// The head of an answer that is sent in chunks.
pub(super) fn encode_chunked(answer: &Response<()>) -> Bytes {
    let mut bytes = BytesMut::with_capacity(512);
    put_head(&mut bytes, answer);
    put_date(&mut bytes);
    bytes.put_slice(b"Transfer-Encoding: chunked\r\n\r\n");
    bytes.freeze()
}

/// The first line, and the headers that the answer has.
fn put_head<B>(bytes: &mut BytesMut, answer: &Response<B>) {
    let status = answer.status();
    bytes.put_slice(b"HTTP/1.1 ");
    bytes.put_slice(status.as_str().as_bytes());
    bytes.put_u8(b' ');
    match answer.extensions().get::<ReasonPhrase>() {
        Some(reason) => bytes.put_slice(reason.as_bytes()),
        None => bytes.put_slice(status.canonical_reason().unwrap_or_default().as_bytes()),
    }
    bytes.put_slice(b"\r\n");
    for (name, value) in answer.headers() {
        put_title_case(bytes, name);
        put_header(bytes, value.as_bytes());
    }
}

fn put_date(bytes: &mut BytesMut) {
    bytes.put_slice(b"Date");
    with_date(|date| put_header(bytes, date.as_bytes()));
}

fn put_header(bytes: &mut BytesMut, value: &[u8]) {
    bytes.put_slice(b": ");
    bytes.put_slice(value);
    bytes.put_slice(b"\r\n");
}

/// Writes a name as Go does: each word with a capital letter.
fn put_title_case(bytes: &mut BytesMut, name: &HeaderName) {
    let mut previous = b'-';
    for &byte in name.as_str().as_bytes() {
        let first = previous == b'-';
        bytes.put_u8(if first {
            byte.to_ascii_uppercase()
        } else {
            byte
        });
        previous = byte;
    }
}

/// Calls `use_date` with the time as a header, which is made once a second.
fn with_date(use_date: impl FnOnce(&str)) {
    thread_local! {
        static DATE: RefCell<(u64, String)> = const { RefCell::new((0, String::new())) };
    }
    let now = SystemTime::now();
    let second = seconds(now);
    DATE.with_borrow_mut(|(of, date)| {
        if *of != second {
            *of = second;
            *date = httpdate::fmt_http_date(now);
        }
        use_date(date);
    });
}

/// The second of now, by which answers tell the time.
pub(crate) fn second() -> u64 {
    seconds(SystemTime::now())
}

fn seconds(time: SystemTime) -> u64 {
    time.duration_since(UNIX_EPOCH)
        .unwrap_or_default()
        .as_secs()
}

#[cfg(test)]
mod tests {
    use http::{HeaderValue, StatusCode};

    use super::*;

    #[test]
    fn an_answer_is_written_as_hyper_writes_it() {
        let mut answer = Response::new(Bytes::from_static(b"[]"));
        *answer.status_mut() = StatusCode::NOT_FOUND;
        let name = HeaderName::from_static("x-consul-knownleader");
        answer
            .headers_mut()
            .insert(name, HeaderValue::from_static("true"));
        let bytes = encode(&answer, true);
        let text = str::from_utf8(&bytes).unwrap();
        let (head, rest) = text.split_once("Date: ").unwrap();
        let expected = "HTTP/1.1 404 Not Found\r\nX-Consul-Knownleader: true\r\n\
                        Connection: close\r\nContent-Length: 2\r\n";
        assert_eq!(head, expected);
        assert!(rest.ends_with(" GMT\r\n\r\n[]"), "{rest}");
    }
}
