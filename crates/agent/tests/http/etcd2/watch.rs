use super::{Etcd, agent, index, strict_agent};
use crate::client::{Client, eventually, request};

#[tokio::test]
async fn the_head_of_a_watch_comes_at_once_and_the_connection_lives_on() {
    let agent = agent().await;
    let (mut watcher, mut writer) = (Etcd::of(&agent).await, Etcd::of(&agent).await);
    writer.put("/a", "value=1").await;
    let head = watcher.watch("/a?wait=true").await;
    assert_eq!((head.status, index(&head)), (200, 4));
    assert_eq!(head.header("transfer-encoding"), Some("chunked"));
    writer.put("/b", "value=1").await;
    writer.put("/a", "value=2").await;
    let body = watcher.0.chunked().await;
    let event: serde_json::Value = serde_json::from_slice(&body).unwrap();
    assert_eq!(event["node"]["modifiedIndex"], 6);
    assert_eq!(event["prevNode"]["value"], "1");
    assert!(body.ends_with(b"}\n"));
    assert_eq!(
        watcher.get("/a").await.status,
        200,
        "on the same connection"
    );
    agent.shutdown().await;
}

#[tokio::test]
async fn a_watch_of_the_past_is_answered_in_one_piece() {
    let agent = agent().await;
    let mut etcd = Etcd::of(&agent).await;
    for value in ["1", "2", "3"] {
        etcd.put("/a", &format!("value={value}")).await;
    }
    let answer = etcd.get("/a?wait=true&waitIndex=5").await;
    assert_eq!(answer.json()["node"]["value"], "2");
    assert_eq!(index(&answer), 6, "where the watch began");
    agent.shutdown().await;
}

#[tokio::test]
async fn a_stream_goes_on_and_loses_nothing_from_the_past_to_the_present() {
    let agent = agent().await;
    let (mut watcher, mut writer) = (Etcd::of(&agent).await, Etcd::of(&agent).await);
    for at in 0..50 {
        writer.put(&format!("/d/{at}"), "value=1").await;
    }
    let head = watcher
        .watch("/d?wait=true&stream=true&recursive=true&waitIndex=4")
        .await;
    assert_eq!(head.status, 200);
    for at in 50..100 {
        writer.put(&format!("/d/{at}"), "value=1").await;
    }
    for at in 0..100 {
        let line = watcher.0.until("\n\r\n").await;
        let json = line.split_once("\r\n").unwrap().1;
        let event: serde_json::Value = serde_json::from_str(json.trim()).unwrap();
        assert_eq!(event["node"]["key"], format!("/d/{at}"));
    }
    agent.shutdown().await;
}

#[tokio::test]
async fn a_strict_stream_that_begins_in_the_past_falls_silent() {
    let agent = strict_agent().await;
    let (mut watcher, mut writer) = (Etcd::of(&agent).await, Etcd::of(&agent).await);
    writer.put("/a", "value=1").await;
    writer.put("/a", "value=2").await;
    watcher.watch("/a?wait=true&stream=true&waitIndex=4").await;
    assert!(watcher.0.until("\n\r\n").await.contains(r#""value":"1""#));
    writer.put("/a", "value=3").await;
    agent.shutdown().await;
    assert_eq!(
        watcher.0.until("\r\n\r\n").await,
        "0\r\n\r\n",
        "nothing but the end"
    );
}

#[tokio::test]
async fn a_strict_stream_hears_of_the_end_of_its_key_twice_and_a_lenient_one_once() {
    for (agent, times) in [(agent().await, 1), (strict_agent().await, 2)] {
        let (mut watcher, mut writer) = (Etcd::of(&agent).await, Etcd::of(&agent).await);
        writer.put("/a", "value=1").await;
        watcher.watch("/a?wait=true&stream=true").await;
        writer.delete("/a").await;
        writer.put("/a", "value=2").await;
        let text = watcher.0.until("\"value\":\"2\",\"modifiedIndex\"").await;
        assert_eq!(text.matches("\"action\":\"delete\"").count(), times);
        agent.shutdown().await;
    }
}

#[tokio::test]
async fn watches_end_in_good_order_with_the_agent() {
    let agent = agent().await;
    let mut long_poll = Etcd::of(&agent).await;
    let mut stream = Etcd::of(&agent).await;
    long_poll.watch("/a?wait=true").await;
    stream.watch("/a?wait=true&stream=true").await;
    agent.shutdown().await;
    for mut watcher in [long_poll, stream] {
        assert!(watcher.0.chunked().await.is_empty());
        assert!(watcher.0.is_closed().await);
    }
}

#[tokio::test]
async fn watches_are_counted_as_long_as_somebody_waits() {
    let agent = agent().await;
    let mut etcd = Etcd::of(&agent).await;
    let mut watchers = Vec::new();
    for _ in 0..3 {
        let mut watcher = Etcd::of(&agent).await;
        watcher.watch("/a?wait=true").await;
        watchers.push(watcher);
    }
    let stats = etcd.0.get("/v2/stats/store").await.json();
    assert_eq!(stats["watchers"], 3);
    drop(watchers);
    eventually("the watchers are gone", async || {
        etcd.0.get("/v2/stats/store").await.json()["watchers"] == 0
    })
    .await;
    agent.shutdown().await;
}

#[tokio::test]
async fn clients_that_say_how_the_connection_goes_on_are_served_too() {
    let agent = agent().await;
    let mut writer = Etcd::of(&agent).await;
    for header in ["Connection: keep-alive", "Connection: close"] {
        let mut client = Client::connect_etcd(&agent).await;
        let bytes = request("GET", "/v2/keys/a?wait=true", &[header], b"");
        client.send(&bytes).await;
        assert_eq!(client.receive_head().await.unwrap().status, 200);
        writer.put("/a", "value=1").await;
        let body = client.chunked().await;
        assert!(body.starts_with(br#"{"action":"set""#), "{header}");
    }
    agent.shutdown().await;
}

#[tokio::test]
async fn a_client_of_http_1_0_watches_until_the_connection_closes() {
    let agent = agent().await;
    let (mut client, mut writer) = (Client::connect_etcd(&agent).await, Etcd::of(&agent).await);
    client
        .send(b"GET /v2/keys/a?wait=true HTTP/1.0\r\n\r\n")
        .await;
    assert_eq!(client.receive_head().await.unwrap().status, 200);
    writer.put("/a", "value=1").await;
    assert!(client.until("}\n").await.starts_with(r#"{"action":"set""#));
    assert!(client.is_closed().await);
    agent.shutdown().await;
}

#[tokio::test]
async fn a_watcher_that_reads_slowly_loses_nothing() {
    let agent = agent().await;
    let (mut watcher, mut writer) = (Etcd::of(&agent).await, Etcd::of(&agent).await);
    watcher
        .watch("/?wait=true&stream=true&recursive=true")
        .await;
    let value = "v".repeat(20_000);
    for _ in 0..300 {
        writer.put("/a", &format!("value={value}")).await;
    }
    // etcd drops a watcher that is a hundred events behind, and says nothing.
    for index in 4..304 {
        let line = watcher.0.until("\n\r\n").await;
        assert!(
            line.contains(&format!("\"modifiedIndex\":{index},")),
            "{index}"
        );
    }
    agent.shutdown().await;
}
