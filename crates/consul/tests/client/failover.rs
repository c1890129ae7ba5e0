//! Several addresses.

use std::sync::Arc;
use std::time::Duration;

use quorate_consul::{Client, ErrorKind, QueryOptions};

use crate::script::{Act, Network, Say, Server, entry, indexed};

const A: &str = "http://a:8500";
const B: &str = "http://b:8500";

fn client(network: &Arc<Network>) -> Client {
    let builder = Client::builder()
        .address("a,b")
        .dialer(Arc::clone(network))
        .seed(1);
    builder.build().unwrap()
}

fn found(count: usize) -> Vec<Act> {
    (0..count)
        .map(|_| Say::ok(format!("[{}]", entry("a", "aGk=", 1))).into())
        .collect()
}

#[tokio::test(start_paused = true)]
async fn the_next_address_takes_over_at_once_and_stays() {
    let (a, b) = (Server::new(found(1)), Server::new(found(3)));
    let network = Network::new([(A, &a), (B, &b)]);
    let client = client(&network);
    assert!(client.kv().get("a").await.unwrap().is_some());
    network.down(A);
    let started = tokio::time::Instant::now();
    for _ in 0..3 {
        // The connection to the first is cut by the end of its script.
        assert!(client.kv().get("a").await.unwrap().is_some());
    }
    assert_eq!(
        started.elapsed(),
        Duration::ZERO,
        "no pause before another address"
    );
    assert_eq!(b.lines().len(), 3);
}

#[tokio::test(start_paused = true)]
async fn a_write_goes_to_the_next_address_only_if_it_was_not_sent() {
    let (a, b) = (Server::new([Act::Cut]), Server::new([Say::ok("true")]));
    let network = Network::new([(A, &a), (B, &b)]);
    let error = client(&network).kv().put("a", "1").await.unwrap_err();
    assert_eq!(error.kind(), ErrorKind::Indeterminate);
    assert_eq!(error.peer(), Some(A));
    assert!(b.lines().is_empty(), "it may have happened");
    network.down(A);
    client(&network).kv().put("a", "1").await.unwrap();
    assert_eq!(b.lines(), ["PUT /v1/kv/a"]);
}

#[tokio::test(start_paused = true)]
async fn a_server_that_cannot_answer_now_is_left_for_the_next() {
    let a = Server::new([Say::status(500, "No known Consul servers")]);
    let b = Server::new(found(1));
    let network = Network::new([(A, &a), (B, &b)]);
    assert!(client(&network).kv().get("a").await.unwrap().is_some());
    assert_eq!((a.lines().len(), b.lines().len()), (1, 1));
}

#[tokio::test(start_paused = true)]
async fn calls_to_the_agent_stay_on_the_first_address() {
    let (a, b) = (
        Server::new([Act::Cut]),
        Server::new([Say::ok("{}"), Say::ok("{}")]),
    );
    let network = Network::new([(A, &a), (B, &b)]);
    network.down(A);
    let client = client(&network);
    let error = client.agent().self_info().await.unwrap_err();
    assert_eq!(
        (error.kind(), error.peer()),
        (ErrorKind::Unavailable, Some(A))
    );
    let error = client.raw().get("/v1/agent/members").await.unwrap_err();
    assert_eq!(error.peer(), Some(A));
    assert!(b.lines().is_empty());
    client.raw().get("/v1/catalog/nodes").await.unwrap();
    assert_eq!(b.lines().len(), 1);
}

#[tokio::test(start_paused = true)]
async fn a_session_is_renewed_through_any_address() {
    let id = "8b2d03ab-7e39-f617-1dd0-7db72d2a2cd2";
    let (a, b) = (Server::new([Act::Cut]), Server::new([Say::ok("[{}]")]));
    let network = Network::new([(A, &a), (B, &b)]);
    assert!(
        client(&network)
            .session()
            .renew(id)
            .await
            .unwrap()
            .is_some()
    );
    assert_eq!((a.lines().len(), b.lines().len()), (1, 1));
}

#[tokio::test(start_paused = true)]
async fn a_blocking_read_is_not_repeated_but_finds_an_address_that_works() {
    let (a, b) = (Server::new([Act::Cut]), Server::new(found(1)));
    let network = Network::new([(A, &a), (B, &b)]);
    let options = QueryOptions::new().with_blocking(7, Duration::from_secs(60));
    let error = client(&network)
        .kv()
        .get_with("a", &options)
        .await
        .unwrap_err();
    assert_eq!(
        error.kind(),
        ErrorKind::Unavailable,
        "its index must not be used again"
    );
    assert!(b.lines().is_empty());
    network.down(A);
    client(&network).kv().get_with("a", &options).await.unwrap();
    assert_eq!(b.lines(), ["GET /v1/kv/a?index=7&wait=60000ms"]);
}

#[tokio::test(start_paused = true)]
async fn a_blocking_read_that_reaches_nobody_says_so_at_once() {
    let network = Network::new::<Server>([]);
    let options = QueryOptions::new().with_blocking(7, Duration::from_secs(300));
    let started = tokio::time::Instant::now();
    let error = client(&network)
        .kv()
        .get_with("a", &options)
        .await
        .unwrap_err();
    assert_eq!(error.kind(), ErrorKind::Unavailable);
    assert_eq!(error.net().unwrap().attempts(), 2, "each address once");
    assert_eq!(started.elapsed(), Duration::ZERO);
}

#[tokio::test(start_paused = true)]
async fn a_blocking_read_is_given_the_servers_jitter() {
    let wait = Duration::from_secs(160);
    let say = indexed(7, format!("[{}]", entry("a", "aGk=", 1)));
    let a = Server::new([
        Act::Later(Duration::from_secs(170), say),
        Act::Stall(Vec::new()),
    ]);
    let network = Network::new([(A, &a)]);
    let client = client(&network);
    let options = QueryOptions::new().with_blocking(7, wait);
    assert!(
        client
            .kv()
            .get_with("a", &options)
            .await
            .unwrap()
            .value
            .is_some()
    );
    let started = tokio::time::Instant::now();
    let error = client.kv().get_with("a", &options).await.unwrap_err();
    assert_eq!(error.kind(), ErrorKind::Timeout);
    assert_eq!(started.elapsed(), Duration::from_secs(160 + 10 + 5));
}
