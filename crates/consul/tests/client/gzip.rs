//! Compressed answers, and answers that are too long.

use std::io::Write;

use quorate_consul::{Compression, ErrorKind, Limits, Outcome};

use crate::script::{Act, Say, Server, entry, no_key};

fn gzip(plain: impl AsRef<[u8]>) -> Vec<u8> {
    let mut encoder = flate2::write::GzEncoder::new(Vec::new(), flate2::Compression::fast());
    encoder.write_all(plain.as_ref()).unwrap();
    encoder.finish().unwrap()
}

fn compressed(status: u16, plain: impl AsRef<[u8]>) -> Say {
    Say::status(status, gzip(plain)).header("Content-Encoding", "gzip")
}

#[tokio::test]
async fn only_listings_are_asked_for_compressed_and_only_if_it_was_set() {
    let server = Server::new((0..4).map(|_| no_key(1)));
    let client = server
        .builder()
        .compression(Compression::Listings)
        .build()
        .unwrap();
    client.kv().list("").await.unwrap();
    assert_eq!(server.last().header("accept-encoding"), Some("gzip"));
    client.kv().keys("", None).await.unwrap();
    assert_eq!(server.last().header("accept-encoding"), Some("gzip"));
    client.kv().get("a").await.unwrap();
    assert_eq!(server.last().header("accept-encoding"), None);
    server.client().kv().list("").await.unwrap();
    assert_eq!(
        server.last().header("accept-encoding"),
        None,
        "nobody set it"
    );
}

#[tokio::test]
async fn a_compressed_answer_is_understood_although_nobody_asked() {
    let body = format!("[{}]", entry("a", "aGk=", 1));
    let server = Server::new([compressed(200, body), compressed(403, "Permission denied")]);
    let kv = server.client().kv();
    assert_eq!(kv.get("a").await.unwrap().unwrap().value, "hi");
    let error = kv.get("a").await.unwrap_err();
    assert_eq!(error.text(), Some("Permission denied"));
}

#[tokio::test(start_paused = true)]
async fn a_compressed_refusal_is_retried_like_any_other() {
    let body = format!("[{}]", entry("a", "aGk=", 1));
    let server = Server::new([compressed(500, "No cluster leader"), Say::ok(body)]);
    assert!(server.client().kv().get("a").await.unwrap().is_some());
    assert_eq!(server.lines().len(), 2);
}

#[tokio::test]
async fn a_small_body_that_expands_without_end_is_stopped() {
    let bomb = gzip(vec![b' '; 1 << 20]);
    assert!(bomb.len() < 10_000);
    let say = Say::ok(bomb).header("Content-Encoding", "gzip");
    let server = Server::new([say.clone(), say]);
    let limits = Limits::default().with_max_response_bytes(100_000);
    let client = server.builder().limits(limits).build().unwrap();
    let error = client.kv().list("").await.unwrap_err();
    assert_eq!(
        (error.kind(), error.outcome()),
        (ErrorKind::Protocol, Outcome::DidNotHappen)
    );
    assert!(error.to_string().contains("100000 bytes"), "{error}");
    let error = client.kv().put("a", "").await.unwrap_err();
    assert_eq!(
        error.outcome(),
        Outcome::Unknown,
        "the write may well have happened"
    );
}

#[tokio::test]
async fn a_damaged_compressed_body_is_an_error() {
    let server = Server::new([Say::ok("junk").header("Content-Encoding", "gzip")]);
    let error = server.client().kv().list("").await.unwrap_err();
    assert_eq!(error.kind(), ErrorKind::Protocol);
    assert!(error.to_string().contains("gzip"), "{error}");
}

#[tokio::test(start_paused = true)]
async fn a_body_above_the_limit_is_not_read() {
    let long = Say::ok(vec![b' '; 1001]);
    let head = b"HTTP/1.1 200 OK\r\nContent-Length: 99999999999\r\n\r\n".to_vec();
    let chunk = [
        b"HTTP/1.1 200 OK\r\nTransfer-Encoding: chunked\r\n\r\n3e9\r\n".to_vec(),
        vec![b' '; 1001],
    ];
    let acts = [
        Act::Say(long.clone()),
        Act::Stall(head),
        Act::Stall(chunk.concat()),
        long.into(),
    ];
    let server = Server::new(acts);
    let limits = Limits::default().with_max_response_bytes(1000);
    let client = server.builder().limits(limits).build().unwrap();
    for _ in 0..3 {
        let error = client.kv().list("").await.unwrap_err();
        assert_eq!(error.kind(), ErrorKind::Protocol, "{error:?}");
    }
    let error = client.kv().put("a", "").await.unwrap_err();
    assert_eq!(error.kind(), ErrorKind::Indeterminate);
}
