//! Just enough HTTP to do to the agent what an operator would.

use std::io::{Read, Write};
use std::net::TcpStream;

use super::PATIENCE;

/// Sends one request without a body and gives the body of the answer.
pub(crate) fn http(address: &str, method: &str, path: &str) -> String {
    http_with(address, method, path, "")
}

/// Sends one request and gives the body of the answer.
pub(crate) fn http_with(address: &str, method: &str, path: &str, body: &str) -> String {
    let answer = answer(address, method, path, body);
    let (head, body) = answer.split_once("\r\n\r\n").unwrap();
    assert!(
        head.starts_with("HTTP/1.1 200"),
        "{method} {path}: {answer}"
    );
    body.to_owned()
}

/// Sends one request and gives all of the answer, whatever it is.
pub(crate) fn answer(address: &str, method: &str, path: &str, body: &str) -> String {
    let mut stream = TcpStream::connect(address).unwrap();
    stream.set_read_timeout(Some(PATIENCE)).unwrap();
    let request = format!(
        "{method} {path} HTTP/1.1\r\nhost: {address}\r\ncontent-length: {}\r\nconnection: close\r\n\r\n{body}",
        body.len()
    );
    stream.write_all(request.as_bytes()).unwrap();
    let mut answer = String::new();
    stream.read_to_string(&mut answer).unwrap();
    answer
}
