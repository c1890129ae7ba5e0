//! Compressed answers: C38.

use std::io::Read as _;

use crate::client::{Client, agent};

const GZIP: &[&str] = &["Accept-Encoding: deflate, gzip;q=0.8"];

fn unpack(body: &[u8]) -> Vec<u8> {
    let mut plain = Vec::new();
    flate2::read::GzDecoder::new(body)
        .read_to_end(&mut plain)
        .unwrap();
    plain
}

#[tokio::test]
async fn small_and_large_answers_are_compressed_for_who_asks() {
    let agent = agent().await;
    let mut client = Client::connect(&agent).await;
    client.done("/v1/kv/small", "v").await;
    client.done("/v1/kv/large", "v".repeat(100_000)).await;
    for target in [
        "/v1/kv/small",
        "/v1/kv/large",
        "/v1/kv/large?raw",
        "/v1/kv/?keys",
    ] {
        let plain = client.get(target).await;
        assert_eq!(plain.header("content-encoding"), None);
        let packed = client.ask_with("GET", target, GZIP, b"").await;
        assert_eq!(packed.header("content-encoding"), Some("gzip"), "{target}");
        assert_eq!(packed.header("vary"), Some("Accept-Encoding"));
        assert_eq!(packed.header("content-type"), plain.header("content-type"));
        assert!(unpack(&packed.body) == plain.body, "{target}");
    }
    let large = client.ask_with("GET", "/v1/kv/large", GZIP, b"").await;
    assert!(large.body.len() < 2_000, "{} bytes", large.body.len());
    agent.shutdown().await;
}

#[tokio::test]
async fn errors_are_compressed_and_empty_answers_are_not() {
    let agent = agent().await;
    let mut client = Client::connect(&agent).await;
    let error = client.ask_with("GET", "/v1/kv/", GZIP, b"").await;
    assert_eq!(unpack(&error.body), b"Missing key name");
    let written = client.ask_with("PUT", "/v1/kv/a", GZIP, b"x").await;
    assert_eq!(unpack(&written.body), b"true");
    let missing = client.ask_with("GET", "/v1/kv/none", GZIP, b"").await;
    assert_eq!(
        (missing.status, missing.header("content-encoding")),
        (404, None)
    );
    let outside = client.ask_with("GET", "/", GZIP, b"").await;
    assert_eq!(
        (outside.header("content-encoding"), outside.header("vary")),
        (None, None)
    );
    agent.shutdown().await;
}

#[tokio::test]
async fn pretty_answers_are_indented() {
    let agent = agent().await;
    let mut client = Client::connect(&agent).await;
    assert_eq!(client.put("/v1/kv/a?pretty", "x").await.text(), "true\n");
    assert_eq!(
        client.get("/v1/kv/?keys&pretty=1").await.text(),
        "[\n    \"a\"\n]\n"
    );
    assert_eq!(
        client.get("/v1/kv/?pretty").await.text(),
        "Missing key name"
    );
    assert_eq!(client.get("/v1/kv/a?raw&pretty").await.text(), "x");
    agent.shutdown().await;
}
