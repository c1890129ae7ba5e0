//! Requests that are broken, endless or malicious.

mod framing;
mod slow;

use crate::client::{Client, agent, request};

#[tokio::test]
async fn what_is_no_request_is_answered_with_400_and_the_connection_closed() {
    let agent = agent().await;
    for bytes in [
        &b"garbage\r\n\r\n"[..],
        b"GET /v1/kv/a b HTTP/1.1\r\nHost: x\r\n\r\n",
        b"GET /v1/kv/a HTTP/1.1\r\nHost: x\r\nno colon\r\n\r\n",
        b"GET /v1/kv/a HTTP/9.9\r\nHost: x\r\n\r\n",
        b"PUT /v1/kv/k HTTP/1.1\r\nHost: x\r\nContent-Length: -1\r\n\r\n",
        b"PUT /v1/kv/k HTTP/1.1\r\nHost: x\r\nContent-Length: 1\r\nContent-Length: 2\r\n\r\n",
        b"GET /v1/kv/a HTTP/1.1\r\n\r\n",
        b"GET /v1/kv/a%zz HTTP/1.1\r\nHost: x\r\n\r\n",
        b"GET * HTTP/1.1\r\nHost: x\r\n\r\n",
        b"\x16\x03\x01\x02\x00\x01\x00\x01\xfc\x03\x03\r\n\r\n",
    ] {
        let mut client = Client::connect(&agent).await;
        client.send(bytes).await;
        let shown = String::from_utf8_lossy(bytes);
        let answer = client
            .receive()
            .await
            .unwrap_or_else(|| panic!("{shown}: no answer"));
        assert_eq!(answer.status, 400, "{shown}");
        assert!(client.is_closed().await, "{shown}");
    }
    agent.shutdown().await;
}

#[tokio::test]
async fn a_head_that_is_too_long_is_refused_and_a_long_key_is_not() {
    let agent = agent().await;
    for head in [
        format!(
            "GET /v1/kv/a HTTP/1.1\r\nHost: x\r\nX: {}\r\n\r\n",
            "y".repeat(40_000)
        ),
        format!(
            "GET /v1/kv/{} HTTP/1.1\r\nHost: x\r\n\r\n",
            "k".repeat(40_000)
        ),
        format!(
            "GET /v1/kv/a HTTP/1.1\r\nHost: x\r\n{}\r\n",
            "X: y\r\n".repeat(200)
        ),
    ] {
        let mut client = Client::connect(&agent).await;
        client.send(head.as_bytes()).await;
        assert_eq!(client.receive().await.unwrap().status, 431);
    }
    // The longest key that a client of ours sends, each byte of it escaped.
    let mut client = Client::connect(&agent).await;
    let key = "%C3%A4".repeat(2048);
    client.done(&format!("/v1/kv/{key}"), "x").await;
    assert_eq!(client.get(&format!("/v1/kv/{key}?raw")).await.text(), "x");
    agent.shutdown().await;
}

#[tokio::test]
async fn a_body_that_is_too_large_is_refused_and_its_sender_hears_of_it() {
    let agent = agent().await;
    let large = vec![b'x'; 512 * 1024 + 1];
    for target in [
        "/v1/kv/k",
        "/v1/txn",
        "/v1/session/create",
        "/v1/catalog/register",
    ] {
        let mut client = Client::connect(&agent).await;
        let answer = client.put(target, &large).await;
        assert_eq!(answer.status, 413, "{target}");
        assert!(
            answer.text().contains("max size: 524288 bytes"),
            "{}",
            answer.text()
        );
        assert!(client.is_closed().await);
        // Without a declared length the limit holds as well.
        let mut client = Client::connect(&agent).await;
        let head =
            format!("PUT {target} HTTP/1.1\r\nHost: x\r\nTransfer-Encoding: chunked\r\n\r\n");
        client.send(head.as_bytes()).await;
        client
            .send(format!("{:x}\r\n", large.len()).as_bytes())
            .await;
        client.send(&large).await;
        client.send(b"\r\n0\r\n\r\n").await;
        assert_eq!(client.receive().await.unwrap().status, 413, "{target}");
    }
    let mut client = Client::connect(&agent).await;
    client.done("/v1/kv/k", &large[1..]).await;
    assert_eq!(client.get("/v1/kv/k?raw").await.body.len(), 512 * 1024);
    agent.shutdown().await;
}

#[tokio::test]
async fn malformed_bodies_are_refused_and_break_nothing() {
    let agent = agent().await;
    let mut client = Client::connect(&agent).await;
    let deep = "[".repeat(200_000);
    let objects = "{\"a\":".repeat(50_000);
    let bodies = [
        "{",
        "[",
        "]",
        "\"",
        "\\",
        "nul",
        "[{\"KV\":",
        "{\"a\"}",
        "[1,]",
        "\u{0}",
        "\"\\u12\"",
        "-",
        &deep,
        &objects,
    ];
    for target in ["/v1/txn", "/v1/session/create", "/v1/catalog/register"] {
        for body in bodies {
            let answer = client.put(target, body).await;
            assert_eq!(
                answer.status,
                400,
                "{target}: {}",
                &body[..body.len().min(20)]
            );
        }
        let answer = client.put(target, b"\xff\xfe{").await;
        assert_eq!(answer.status, 400, "{target}");
    }
    let proxy = format!(
        r#"{{"Node":"n","Service":{{"Service":"s","Proxy":{{"Config":{objects}1{}}}}}}}"#,
        "}".repeat(50_000)
    );
    assert_eq!(client.put("/v1/catalog/register", proxy).await.status, 400);
    assert_eq!(client.get("/v1/kv/?keys").await.text(), "[]");
    agent.shutdown().await;
}

#[tokio::test]
async fn every_truncation_of_a_request_leaves_the_agent_well() {
    let agent = agent().await;
    let body = br#"[{"KV":{"Verb":"set","Key":"k","Value":"YQ=="}}]"#;
    let whole = request("PUT", "/v1/txn?pretty", &["Accept-Encoding: gzip"], body);
    for length in (0..whole.len()).step_by(3) {
        let mut client = Client::connect(&agent).await;
        client.send(&whole[..length]).await;
    }
    let mut client = Client::connect(&agent).await;
    assert_eq!(
        client.get("/v1/kv/k").await.status,
        404,
        "half a request was carried out"
    );
    agent.shutdown().await;
}

#[tokio::test]
async fn pipelined_requests_are_answered_in_order() {
    let agent = agent().await;
    let mut client = Client::connect(&agent).await;
    let mut bytes = Vec::new();
    for number in 0..50 {
        let value = number.to_string();
        bytes.extend(request("PUT", "/v1/kv/a", &[], value.as_bytes()));
        bytes.extend(request("GET", "/v1/kv/a?raw", &[], b""));
    }
    client.send(&bytes).await;
    for number in 0..50 {
        assert_eq!(client.receive().await.unwrap().text(), "true");
        assert_eq!(client.receive().await.unwrap().text(), number.to_string());
    }
    agent.shutdown().await;
}
