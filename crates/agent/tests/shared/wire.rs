//! One request over one connection of a shared agent.

use std::io;

use quorate_agent::SharedAgent;
use quorate_net::endpoint::Endpoint;
use quorate_net::transport::Dial;
use tokio::io::{AsyncReadExt, AsyncWriteExt};

/// The value of a key.
pub(crate) async fn get(agent: &SharedAgent, key: &str) -> io::Result<String> {
    exchange(agent, &format!("GET /v1/kv/{key}?raw"), "").await
}

/// Writes a key: `true`.
pub(crate) async fn put(agent: &SharedAgent, key: &str, value: &str) -> io::Result<String> {
    exchange(agent, &format!("PUT /v1/kv/{key}"), value).await
}

/// Makes the agent leave.
pub(crate) async fn leave(agent: &SharedAgent) -> io::Result<String> {
    exchange(agent, "PUT /v1/agent/leave", "").await
}

async fn exchange(agent: &SharedAgent, line: &str, body: &str) -> io::Result<String> {
    let mut stream = agent.dial(&Endpoint::memory()).await?;
    let length = body.len();
    let head = format!("{line} HTTP/1.1\r\nHost: x\r\nConnection: close\r\n");
    let request = format!("{head}Content-Length: {length}\r\n\r\n{body}");
    stream.write_all(request.as_bytes()).await?;
    let mut answer = String::new();
    stream.read_to_string(&mut answer).await?;
    let (head, body) = answer
        .split_once("\r\n\r\n")
        .ok_or(io::ErrorKind::UnexpectedEof)?;
    if !head.starts_with("HTTP/1.1 200 ") {
        return Err(io::Error::other(head.to_owned()));
    }
    Ok(body.to_owned())
}
