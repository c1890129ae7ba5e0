//! What is spoken on the port of etcd's API, and how it is told apart.

use http_body_util::BodyExt as _;
use quorate_etcd_proto::etcdserverpb as pb;
use quorate_etcd_proto::prost::Message as _;
use tokio::io::{AsyncReadExt as _, AsyncWriteExt as _};
use tokio::net::TcpStream;

use super::channel::address;
use super::{Channel, agent, get, put};

#[tokio::test]
async fn both_apis_are_on_one_port() {
    let agent = agent().await;
    let channel = Channel::of(&agent).await;
    channel.kv().put(put("a", "1")).await.unwrap();
    let mut stream = TcpStream::connect(address(&agent)).await.unwrap();
    let request = b"GET /version HTTP/1.1\r\nHost: x\r\nConnection: close\r\n\r\n";
    stream.write_all(request).await.unwrap();
    let mut answer = String::new();
    stream.read_to_string(&mut answer).await.unwrap();
    assert!(answer.starts_with("HTTP/1.1 200 OK"), "{answer}");
    agent.shutdown().await;
}

#[tokio::test]
async fn a_request_that_comes_byte_by_byte_is_the_same() {
    let agent = agent().await;
    let mut stream = TcpStream::connect(address(&agent)).await.unwrap();
    stream.set_nodelay(true).unwrap();
    // It begins as HTTP/2 does.
    for byte in b"P" {
        stream.write_all(&[*byte]).await.unwrap();
        tokio::task::yield_now().await;
    }
    let rest = b"UT /v2/keys/a?value=1 HTTP/1.1\r\nHost: x\r\nConnection: close\r\n\r\n";
    stream.write_all(rest).await.unwrap();
    let mut answer = String::new();
    stream.read_to_string(&mut answer).await.unwrap();
    assert!(answer.starts_with("HTTP/1.1 201 Created"), "{answer}");
    agent.shutdown().await;
}

#[tokio::test]
async fn what_is_not_grpc_is_not_served_over_http_2() {
    let agent = agent().await;
    let channel = Channel::of(&agent).await;
    let refused = channel.send("/v3/kv/range", "application/json").await;
    assert_eq!(refused.status(), 415);
    let unknown = channel.send("/foo.Bar/Baz", "application/grpc").await;
    assert_eq!(unknown.status(), 200);
    assert_eq!(unknown.headers()["grpc-status"], "12");
    assert!(
        channel.kv().range(get("a")).await.is_ok(),
        "the connection goes on"
    );
    agent.shutdown().await;
}

#[tokio::test]
async fn balancers_are_told_that_it_serves() {
    let agent = agent().await;
    let channel = Channel::of(&agent).await;
    // An empty message says nothing of a service; it is no message at all in five bytes.
    let answer = channel.unary("/grpc.health.v1.Health/Check", &[]).await;
    assert_eq!(answer, Ok(vec![8, 1]));
    let named = channel
        .unary("/grpc.health.v1.Health/Check", b"\x0a\x01x")
        .await;
    assert_eq!(named, Err("5".into()));
    agent.shutdown().await;
}

#[tokio::test]
async fn a_client_that_knows_no_service_may_ask_which_there_are() {
    let agent = agent().await;
    let channel = Channel::of(&agent).await;
    for version in ["v1", "v1alpha"] {
        let path = format!("/grpc.reflection.{version}.ServerReflection/ServerReflectionInfo");
        let services = channel.unary(&path, b"\x3a\x00").await.unwrap();
        let services = String::from_utf8_lossy(&services);
        assert!(services.contains("etcdserverpb.KV"), "{services}");
        assert!(services.contains("grpc.health.v1.Health"), "{services}");
        let file = channel.unary(&path, b"\x22\x0fetcdserverpb.KV").await;
        let file = file.unwrap();
        assert!(String::from_utf8_lossy(&file).contains("rpc.proto"));
    }
    agent.shutdown().await;
}

#[tokio::test]
async fn a_message_that_is_too_large_is_not_read() {
    let agent = agent().await;
    let channel = Channel::of(&agent).await;
    let large = put("a", &"x".repeat(3 * 1024 * 1024)).encode_to_vec();
    let refused = channel.unary("/etcdserverpb.KV/Put", &large).await;
    assert_eq!(refused, Err("8".into()));
    let read = channel.kv().range(get("a")).await.unwrap().into_inner();
    assert_eq!(read.count, 0);
    agent.shutdown().await;
}

#[tokio::test]
async fn many_calls_share_a_connection() {
    let agent = agent().await;
    let channel = Channel::of(&agent).await;
    let calls = (0..200).map(|at| {
        let mut kv = channel.kv();
        quorate_net::task::spawn(async move { kv.put(put(&format!("k{at}"), "1")).await })
    });
    for call in calls.collect::<Vec<_>>() {
        call.join().await.unwrap().unwrap();
    }
    let all = pb::RangeRequest {
        range_end: "l".into(),
        count_only: true,
        ..get("k")
    };
    let counted = channel.kv().range(all).await.unwrap().into_inner();
    assert_eq!(
        (counted.count, counted.header.unwrap().revision),
        (200, 201)
    );
    agent.shutdown().await;
}

impl Channel {
    /// Calls by hand: the bytes of the answer, or the number of what is wrong.
    async fn unary(&self, path: &str, message: &[u8]) -> Result<Vec<u8>, String> {
        let length = u32::try_from(message.len()).unwrap().to_be_bytes();
        let framed = [&[0], &length[..], message].concat();
        let answer = self.send_bytes(path, framed).await;
        let status = answer.headers().get("grpc-status").cloned();
        let body = answer
            .into_body()
            .collect()
            .await
            .map_err(|it| it.to_string())?;
        let trailers = body
            .trailers()
            .and_then(|it| it.get("grpc-status").cloned());
        match status.or(trailers) {
            Some(status) if status != "0" => Err(status.to_str().unwrap().to_owned()),
            _ => Ok(body.to_bytes()[5..].to_vec()),
        }
    }
}
