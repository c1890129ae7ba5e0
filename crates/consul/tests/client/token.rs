//! Who the client says it is.

use std::sync::Arc;
use std::sync::atomic::{AtomicU32, Ordering};
use std::time::Duration;

use quorate_consul::{ErrorKind, QueryOptions, Secret, TokenFuture, TokenProvider, WriteOptions};

use crate::script::{Say, Server, no_key};

fn absent(count: usize) -> Server {
    Server::new((0..count).map(|_| no_key(1)))
}

#[tokio::test]
async fn a_token_travels_in_its_header_and_never_in_the_url() {
    let server = absent(1);
    let client = server.builder().token("hunter2").build().unwrap();
    client.kv().get("a").await.unwrap();
    let seen = server.last();
    assert_eq!(seen.header("x-consul-token"), Some("hunter2"));
    assert!(!seen.line.contains("hunter2"));
}

#[tokio::test]
async fn a_calls_token_goes_before_the_clients_and_an_empty_one_is_none() {
    let server = absent(2);
    server.push(Say::ok("true"));
    let client = server.builder().token("mine").build().unwrap();
    let token = |text: &str| QueryOptions::new().with_token(text);
    client.kv().get_with("a", &token("other")).await.unwrap();
    assert_eq!(server.last().header("x-consul-token"), Some("other"));
    client.kv().get_with("a", &token("")).await.unwrap();
    assert_eq!(server.last().header("x-consul-token"), None);
    client
        .kv()
        .delete_with("a", &WriteOptions::new().with_token("third"))
        .await
        .unwrap();
    assert_eq!(server.last().header("x-consul-token"), Some("third"));
}

#[tokio::test]
async fn a_token_that_a_header_cannot_carry_is_refused() {
    let server = absent(1);
    let options = QueryOptions::new().with_token("a\nb");
    let error = server
        .client()
        .kv()
        .get_with("a", &options)
        .await
        .unwrap_err();
    assert_eq!(error.kind(), ErrorKind::InvalidArgument);
    assert!(server.lines().is_empty());
}

#[tokio::test(start_paused = true)]
async fn a_token_file_is_read_again_when_it_changes() {
    let server = absent(3);
    let dir = tempfile::tempdir().unwrap();
    let path = dir.path().join("token");
    std::fs::write(&path, "first\n").unwrap();
    let client = server.builder().token_file(&path).build().unwrap();
    client.kv().get("a").await.unwrap();
    assert_eq!(server.last().header("x-consul-token"), Some("first"));
    std::fs::write(&path, "second\n").unwrap();
    client.kv().get("a").await.unwrap();
    assert_eq!(server.last().header("x-consul-token"), Some("first"));
    tokio::time::advance(Duration::from_secs(1)).await;
    client.kv().get("a").await.unwrap();
    assert_eq!(server.last().header("x-consul-token"), Some("second"));
}

#[tokio::test]
async fn a_token_file_that_is_not_there_fails_the_call_and_names_it() {
    let server = absent(1);
    let client = server
        .builder()
        .token_file("/does/not/exist")
        .build()
        .unwrap();
    let error = client.kv().get("a").await.unwrap_err();
    assert_eq!(error.kind(), ErrorKind::Unauthenticated);
    assert!(error.to_string().contains("/does/not/exist"), "{error}");
    assert!(server.lines().is_empty());
}

#[derive(Debug, Default)]
struct Counting(AtomicU32);

impl TokenProvider for Counting {
    fn token(&self) -> TokenFuture<'_> {
        Box::pin(async {
            match self.0.fetch_add(1, Ordering::Relaxed) {
                0 => Ok(Some(Secret::new("t0"))),
                1 => Ok(None),
                _ => Err("the vault is sealed".into()),
            }
        })
    }
}

#[tokio::test]
async fn a_provider_is_asked_before_each_call() {
    let server = absent(2);
    let provider = Arc::new(Counting::default());
    let client = server.builder().token_provider(provider).build().unwrap();
    client.kv().get("a").await.unwrap();
    assert_eq!(server.last().header("x-consul-token"), Some("t0"));
    client.kv().get("a").await.unwrap();
    assert_eq!(server.last().header("x-consul-token"), None);
    let error = client.kv().get("a").await.unwrap_err();
    assert_eq!(error.kind(), ErrorKind::Unauthenticated);
    let source = std::error::Error::source(&error).unwrap();
    assert_eq!(source.to_string(), "the vault is sealed");
}

#[tokio::test]
async fn a_password_travels_beside_the_token() {
    let server = absent(1);
    let builder = server.builder().token("t").basic_auth("user", "pass:word");
    builder.build().unwrap().kv().get("a").await.unwrap();
    let seen = server.last();
    assert_eq!(
        seen.header("authorization"),
        Some("Basic dXNlcjpwYXNzOndvcmQ=")
    );
    assert_eq!(seen.header("x-consul-token"), Some("t"));
}
