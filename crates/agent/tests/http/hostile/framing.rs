//! Bodies that are framed wrongly, and what comes behind a request.

use crate::client::{Client, agent, request};

/// What is behind these can't be told from a request that somebody smuggles: each is answered with
/// 400 at most, and nothing after it is carried out.
const BROKEN: &[&str] = &[
    "Content-Length: +5\r\n\r\nabcde",
    "Content-Length: 0x5\r\n\r\nabcde",
    "Content-Length: 5\r\nContent-Length: 6\r\n\r\nabcdef",
    "Content-Length: 99999999999999999999\r\n\r\nabc",
    "Transfer-Encoding: gzip\r\n\r\nabc",
    "Transfer-Encoding: identity, chunked, identity\r\n\r\nabc",
    "Transfer-Encoding: chunked\r\n\r\nzz\r\nabc\r\n0\r\n\r\n",
    "Transfer-Encoding: chunked\r\n\r\n-1\r\nabc\r\n0\r\n\r\n",
    "Transfer-Encoding: chunked\r\n\r\n11111111111111111\r\nabc\r\n0\r\n\r\n",
    "Transfer-Encoding: chunked\r\n\r\n3\r\nabcdef\r\n0\r\n\r\n",
    "Transfer-Encoding: chunked\r\n\r\n3xyz\r\n0\r\n\r\n",
];

#[tokio::test]
async fn what_follows_a_body_that_is_framed_wrongly_is_not_carried_out() {
    let agent = agent().await;
    let mut other = Client::connect(&agent).await;
    for (number, framing) in BROKEN.iter().enumerate() {
        let mut client = Client::connect(&agent).await;
        let smuggled = request("PUT", "/v1/kv/smuggled", &[], b"x");
        let head = format!("PUT /v1/kv/broken/{number} HTTP/1.1\r\nHost: x\r\n{framing}");
        client.send(&[head.as_bytes(), &smuggled].concat()).await;
        while let Some(answer) = client.receive().await {
            assert!(answer.status >= 400, "{framing}: {}", answer.line);
        }
        let stored = other.get("/v1/kv/?keys").await;
        assert_eq!(stored.text(), "[]", "{framing}");
    }
    agent.shutdown().await;
}

#[tokio::test]
async fn behind_a_body_with_a_length_and_chunks_no_request_is_read() {
    let agent = agent().await;
    for framing in [
        "Content-Length: 5\r\nTransfer-Encoding: chunked",
        "Transfer-Encoding: chunked\r\nContent-Length: 5",
    ] {
        let mut client = Client::connect(&agent).await;
        let head = format!("PUT /v1/kv/k HTTP/1.1\r\nHost: x\r\n{framing}\r\n\r\n");
        let smuggled = request("PUT", "/v1/kv/smuggled", &[], b"x");
        let body = b"1\r\nx\r\n0\r\n\r\n";
        client
            .send(&[head.as_bytes(), body, &smuggled].concat())
            .await;
        assert_eq!(client.receive().await.unwrap().text(), "true", "{framing}");
        assert!(client.is_closed().await, "{framing}");
        let mut other = Client::connect(&agent).await;
        assert_eq!(
            other.get("/v1/kv/?keys").await.text(),
            "[\"k\"]",
            "{framing}"
        );
    }
    agent.shutdown().await;
}

#[tokio::test]
async fn a_chunk_that_never_ends_is_refused_at_its_limit() {
    let agent = agent().await;
    for line in ["1;", "1;name=", "1;a=\""] {
        let mut client = Client::connect(&agent).await;
        let head =
            format!("PUT /v1/kv/k HTTP/1.1\r\nHost: x\r\nTransfer-Encoding: chunked\r\n\r\n{line}");
        client.send(head.as_bytes()).await;
        client.send(&vec![b'x'; 4 * 1024 * 1024]).await;
        while let Some(answer) = client.receive().await {
            assert!(answer.status >= 400, "{line}: {}", answer.line);
        }
    }
    agent.shutdown().await;
}

#[tokio::test]
async fn trailers_without_end_are_refused_at_their_limit() {
    let agent = agent().await;
    let mut client = Client::connect(&agent).await;
    let head =
        "PUT /v1/kv/k HTTP/1.1\r\nHost: x\r\nTransfer-Encoding: chunked\r\n\r\n1\r\nx\r\n0\r\n";
    client.send(head.as_bytes()).await;
    client.send("A: b\r\n".repeat(200_000).as_bytes()).await;
    while let Some(answer) = client.receive().await {
        assert!(answer.status >= 400, "{}", answer.line);
    }
    let mut other = Client::connect(&agent).await;
    assert_eq!(other.get("/v1/kv/k").await.status, 404);
    agent.shutdown().await;
}

#[tokio::test]
async fn garbage_behind_a_request_is_refused_after_its_answer() {
    let agent = agent().await;
    let mut client = Client::connect(&agent).await;
    let mut bytes = request("PUT", "/v1/kv/a", &[], b"1");
    bytes.extend(request("GET", "/v1/kv/a?raw", &[], b""));
    bytes.extend(b"\x00\xff garbage\r\n\r\n");
    bytes.extend(request("PUT", "/v1/kv/b", &[], b"2"));
    client.send(&bytes).await;
    assert_eq!(client.receive().await.unwrap().text(), "true");
    assert_eq!(client.receive().await.unwrap().text(), "1");
    assert_eq!(client.receive().await.unwrap().status, 400);
    assert!(client.is_closed().await);
    let mut other = Client::connect(&agent).await;
    assert_eq!(other.get("/v1/kv/b").await.status, 404);
    agent.shutdown().await;
}

#[tokio::test]
async fn garbage_behind_a_blocked_read_waits_for_its_answer() {
    let agent = agent().await;
    let mut client = Client::connect(&agent).await;
    let index = client.get("/v1/kv/a").await.index();
    let target = format!("/v1/kv/a?index={index}&wait=60s");
    client.send(&request("GET", &target, &[], b"")).await;
    // More than is read ahead, and more than a head may have.
    client.send(&vec![b'x'; 256 * 1024]).await;
    let mut other = Client::connect(&agent).await;
    other.done("/v1/kv/a", "1").await;
    assert_eq!(client.receive().await.unwrap().status, 200);
    let refused = client.receive().await.unwrap();
    assert!(
        matches!(refused.status, 400 | 431 | 414),
        "{}",
        refused.line
    );
    assert!(client.is_closed().await);
    agent.shutdown().await;
}

#[tokio::test]
async fn a_compressed_body_is_taken_as_it_is() {
    let agent = agent().await;
    let mut client = Client::connect(&agent).await;
    // 10 MiB of zeros would be 10 KiB: nothing is ever decompressed but a snapshot.
    let bomb = [0x1f, 0x8b, 8, 0, 0, 0, 0, 0, 4, 255, 0x63, 0x60];
    let gzip = ["Content-Encoding: gzip"];
    let stored = client.ask_with("PUT", "/v1/kv/k", &gzip, &bomb).await;
    assert_eq!(stored.text(), "true");
    assert_eq!(client.get("/v1/kv/k?raw").await.body, bomb);
    let refused = client.ask_with("PUT", "/v1/txn", &gzip, &bomb).await;
    assert_eq!(refused.status, 400);
    agent.shutdown().await;
}

#[tokio::test]
async fn a_half_of_a_request_whose_client_leaves_is_not_carried_out() {
    let agent = agent().await;
    let whole = request("PUT", "/v1/kv/k", &[], b"0123456789");
    for length in [whole.len() - 1, whole.len() - 9, whole.len() - 12] {
        let mut client = Client::connect(&agent).await;
        client.send(&whole[..length]).await;
        drop(client);
    }
    let mut other = Client::connect(&agent).await;
    assert_eq!(other.get("/v1/kv/k").await.status, 404);
    agent.shutdown().await;
}
