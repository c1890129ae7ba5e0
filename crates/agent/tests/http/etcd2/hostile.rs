use super::{Etcd, FORM, agent};
use crate::client::Client;

#[tokio::test]
async fn nonsense_is_answered_in_words_and_the_agent_lives_on() {
    let agent = agent().await;
    let odd = [
        "GET /%zz HTTP/1.1\r\nHost: a\r\n\r\n",
        "GET * HTTP/1.1\r\nHost: a\r\n\r\n",
        "GET /v2/keys/a HTTP/1.1\r\n\r\n",
        "GET /v2/keys/a?wait=true&waitIndex=99999999999999999999999 HTTP/1.1\r\nHost: a\r\n\r\n",
        "PUT /v2/keys/a?ttl=18446744073709551616 HTTP/1.1\r\nHost: a\r\nContent-Length: 0\r\n\r\n",
    ];
    for bytes in odd {
        let mut client = Client::connect_etcd(&agent).await;
        client.send(bytes.as_bytes()).await;
        let answer = client.receive().await.unwrap();
        assert_eq!(answer.status, 400, "{bytes}");
    }
    assert_eq!(Etcd::of(&agent).await.get("/").await.status, 200);
    agent.shutdown().await;
}

#[tokio::test]
async fn a_deep_key_is_a_key_and_one_without_end_is_refused() {
    let agent = agent().await;
    let mut etcd = Etcd::of(&agent).await;
    let endless = "/d".repeat(4000);
    let answer = etcd.put(&endless, "value=1").await;
    assert_eq!(
        (answer.status, &answer.json()["errorCode"]),
        (400, &209.into())
    );
    assert_eq!(etcd.get(&endless).await.status, 404);
    let deep = "/d".repeat(256);
    assert_eq!(etcd.put(&deep, "value=1").await.status, 201);
    assert_eq!(etcd.get("/?recursive=true").await.status, 200);
    assert_eq!(etcd.delete("/d?recursive=true").await.status, 200);
    assert_eq!(etcd.get("/d").await.status, 404);
    agent.shutdown().await;
}

#[tokio::test]
async fn a_body_that_is_cut_short_changes_nothing() {
    let agent = agent().await;
    let mut client = Client::connect_etcd(&agent).await;
    let head = format!(
        "PUT /v2/keys/a HTTP/1.1\r\nHost: a\r\n{FORM}\r\nContent-Length: 100\r\n\r\nvalue=x"
    );
    client.send(head.as_bytes()).await;
    drop(client);
    assert_eq!(Etcd::of(&agent).await.get("/a").await.status, 404);
    agent.shutdown().await;
}
