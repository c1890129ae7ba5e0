//! Calls with many answers.

use serde_json::json;

use super::super::client::{Client, request};
use super::{agent, base64};

#[tokio::test]
async fn a_watch_tells_each_change_in_a_line() {
    let agent = agent().await;
    let mut watch = Client::connect_etcd(&agent).await;
    let mut client = Client::connect_etcd(&agent).await;
    client.put_key("foo", "1").await;
    let create = json!({"create_request": {"key": base64("foo"), "start_revision": 2}});
    let create = create.to_string();
    watch
        .send(&request("POST", "/v3/watch", &[], create.as_bytes()))
        .await;
    let head = watch.receive_head().await.unwrap();
    assert_eq!(head.status, 200);
    assert_eq!(head.header("transfer-encoding"), Some("chunked"));
    let created = watch.line().await;
    assert_eq!(created["result"]["created"], true);
    let first = watch.line().await;
    assert_eq!(first["result"]["events"][0]["kv"]["value"], base64("1"));
    client.put_key("foo", "2").await;
    let second = watch.line().await;
    assert_eq!(second["result"]["events"][0]["kv"]["mod_revision"], "3");
    let delete = json!({"key": base64("foo")});
    client.called("/v3/kv/deleterange", &delete).await;
    let third = watch.line().await;
    assert_eq!(third["result"]["events"][0]["type"], "DELETE");
    agent.shutdown().await;
}

#[tokio::test]
async fn a_client_may_go_on_asking_while_it_is_told() {
    let agent = agent().await;
    let mut watch = Client::connect_etcd(&agent).await;
    let chunk = |body: serde_json::Value| {
        let body = body.to_string();
        format!("{:x}\r\n{body}\r\n", body.len())
    };
    let head = "POST /v3/watch HTTP/1.1\r\nHost: x\r\nTransfer-Encoding: chunked\r\n\r\n";
    let create = chunk(json!({"create_request": {"key": base64("a"), "watch_id": 7}}));
    watch.send(format!("{head}{create}").as_bytes()).await;
    watch.receive_head().await.unwrap();
    assert_eq!(watch.line().await["result"]["watch_id"], "7");
    let progress = chunk(json!({"progress_request": {}}));
    watch.send(progress.as_bytes()).await;
    let told = watch.line().await;
    assert_eq!(told["result"]["watch_id"], "-1");
    let cancel = chunk(json!({"cancel_request": {"watch_id": "7"}}));
    watch.send(cancel.as_bytes()).await;
    assert_eq!(watch.line().await["result"]["canceled"], true);
    watch
        .send(chunk(json!({"create_request": {"key": 1}})).as_bytes())
        .await;
    let wrong = watch.line().await;
    assert_eq!(
        wrong["error"],
        json!({
            "grpc_code": 3,
            "http_code": 400,
            "code": 3,
            "message": "proto: (line 1:26): invalid value for bytes field key: 1",
            "http_status": "Bad Request",
        })
    );
    assert_eq!(watch.until("0\r\n\r\n").await, "0\r\n\r\n");
    // Otherwise the agent waits for the end of the request.
    drop(watch);
    agent.shutdown().await;
}

#[tokio::test]
async fn a_stream_that_goes_wrong_at_once_has_the_status_for_it() {
    let agent = agent().await;
    let mut client = Client::connect_etcd(&agent).await;
    let answer = client.ask("POST", "/v3/lease/keepalive", b"{").await;
    assert_eq!(answer.status, 400);
    let error = &answer.json()["error"];
    assert_eq!(
        (&error["code"], &error["message"]),
        (&json!(3), &json!("unexpected EOF"))
    );
    let nothing = client.ask("POST", "/v3/lease/keepalive", b"").await;
    assert_eq!((nothing.status, nothing.text()), (200, ""));
    agent.shutdown().await;
}

#[tokio::test]
async fn leases_are_kept_alive_one_line_each() {
    let agent = agent().await;
    let mut client = Client::connect_etcd(&agent).await;
    client
        .called("/v3/lease/grant", &json!({"ID": 77, "TTL": 500}))
        .await;
    let both = br#"{"ID":77} {"ID":"78"}"#;
    let answer = client.ask("POST", "/v3/lease/keepalive", both).await;
    let lines: Vec<serde_json::Value> = answer
        .text()
        .lines()
        .map(|line| serde_json::from_str(line).unwrap())
        .collect();
    assert_eq!(lines.len(), 2);
    assert_eq!(lines[0]["result"]["TTL"], "500");
    assert_eq!(
        (lines[1]["result"].get("TTL"), &lines[1]["result"]["ID"]),
        (None, &json!("78"))
    );
    agent.shutdown().await;
}

#[tokio::test]
async fn a_stream_ends_with_the_agent() {
    let agent = agent().await;
    let mut watch = Client::connect_etcd(&agent).await;
    let create = json!({"create_request": {"key": base64("foo")}}).to_string();
    watch
        .send(&request("POST", "/v3/watch", &[], create.as_bytes()))
        .await;
    watch.receive_head().await.unwrap();
    watch.line().await;
    agent.shutdown().await;
    assert!(watch.until("0\r\n\r\n").await.ends_with("0\r\n\r\n"));
}
