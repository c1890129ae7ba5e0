//! Calls with one answer.

use serde_json::json;

use super::super::client::{Client, eventually};
use super::{agent, base64};

#[tokio::test]
async fn what_is_put_is_read_with_numbers_as_texts() {
    let agent = agent().await;
    let mut client = Client::connect_etcd(&agent).await;
    client.put_key("foo", "bar").await;
    let answer = client.call("/v3/kv/range", &json!({"key": "Zm9v"})).await;
    assert_eq!(answer.header("content-type"), Some("application/json"));
    let from = answer.header("grpc-metadata-content-type");
    assert_eq!(from, Some("application/grpc"));
    let text = answer.text();
    let (_, rest) = text.split_once("},").unwrap();
    assert_eq!(
        rest,
        r#""kvs":[{"key":"Zm9v","create_revision":"2","mod_revision":"2","version":"1","value":"YmFy"}],"count":"1"}"#
    );
    let header = &answer.json()["header"];
    assert_eq!(
        (&header["revision"], &header["raft_term"]),
        (&json!("2"), &json!("2"))
    );
    agent.shutdown().await;
}

#[tokio::test]
async fn fields_have_either_name_and_paths_have_an_older_prefix() {
    let agent = agent().await;
    let mut client = Client::connect_etcd(&agent).await;
    for key in ["a", "b", "c"] {
        client.put_key(key, "1").await;
    }
    for (path, body) in [
        (
            "/v3/kv/range",
            json!({"key": "YQ==", "range_end": "Yw==", "count_only": true}),
        ),
        (
            "/v3beta/kv/range",
            json!({"key": "YQ", "rangeEnd": "Yw", "countOnly": true, "x": [1]}),
        ),
    ] {
        let answer = client.called(path, &body).await;
        assert_eq!(
            (&answer["count"], answer.get("kvs")),
            (&json!("2"), None),
            "{path}"
        );
    }
    agent.shutdown().await;
}

#[tokio::test]
async fn a_transaction_tells_what_each_operation_did() {
    let agent = agent().await;
    let mut client = Client::connect_etcd(&agent).await;
    client.put_key("foo", "bar").await;
    let txn = json!({
        "compare": [{"key": "Zm9v", "target": "VALUE", "value": "YmFy", "result": "EQUAL"}],
        "success": [
            {"request_range": {"key": "Zm9v", "keys_only": true}},
            {"requestPut": {"key": "Zm9v", "value": "Yg==", "prevKv": true}},
        ],
    });
    let answer = client.called("/v3/kv/txn", &txn).await;
    assert_eq!(answer["succeeded"], true);
    assert_eq!(answer["responses"][0]["response_range"]["count"], "1");
    let put = &answer["responses"][1]["response_put"];
    assert_eq!(put["prev_kv"]["value"], "YmFy");
    agent.shutdown().await;
}

#[tokio::test]
async fn leases_have_their_paths_twice() {
    let agent = agent().await;
    let mut client = Client::connect_etcd(&agent).await;
    let granted = client
        .called("/v3/lease/grant", &json!({"ID": 77, "TTL": "500"}))
        .await;
    assert_eq!(
        (&granted["ID"], &granted["TTL"]),
        (&json!("77"), &json!("500"))
    );
    for prefix in ["/v3/lease", "/v3/kv/lease"] {
        let all = client.called(&format!("{prefix}/leases"), &json!({})).await;
        assert_eq!(all["leases"], json!([{"ID": "77"}]), "{prefix}");
    }
    client
        .called("/v3/kv/lease/revoke", &json!({"ID": "77"}))
        .await;
    let gone = client
        .called("/v3/lease/timetolive", &json!({"ID": "77"}))
        .await;
    assert_eq!(gone["TTL"], "-1");
    agent.shutdown().await;
}

#[tokio::test]
async fn a_waiter_that_goes_away_leaves_the_queue_of_a_lock() {
    let agent = agent().await;
    let mut holder = Client::connect_etcd(&agent).await;
    let lock = json!({"name": base64("lock")});
    let held = holder.called("/v3/lock/lock", &lock).await;
    let queue = json!({"key": base64("lock/"), "range_end": base64("lock0"), "count_only": true});
    let mut waiter = Client::connect_etcd(&agent).await;
    let body = lock.to_string();
    let request = super::super::client::request("POST", "/v3/lock/lock", &[], body.as_bytes());
    waiter.send(&request).await;
    let mut length = async |wanted: &str| {
        let answer = holder.called("/v3/kv/range", &queue).await;
        answer["count"] == wanted
    };
    eventually("the waiter queues", async || length("2").await).await;
    drop(waiter);
    eventually("the waiter leaves", async || length("1").await).await;
    let unlocked = json!({"key": held["key"]});
    holder.called("/v3/lock/unlock", &unlocked).await;
    agent.shutdown().await;
}

#[tokio::test]
async fn the_token_is_in_a_header() {
    let agent = agent().await;
    let mut client = Client::connect_etcd(&agent).await;
    let root = json!({"name": "root", "password": "p"});
    client.called("/v3/auth/user/add", &root).await;
    client
        .called("/v3/auth/role/add", &json!({"name": "root"}))
        .await;
    client
        .called(
            "/v3/auth/user/grant",
            &json!({"user": "root", "role": "root"}),
        )
        .await;
    client.called("/v3/auth/enable", &json!({})).await;
    let range = json!({"key": "Zm9v"}).to_string();
    let nobody = client.ask("POST", "/v3/kv/range", range.as_bytes()).await;
    assert_eq!(nobody.status, 400);
    assert_eq!(nobody.json()["message"], "etcdserver: user name is empty");
    let token = client.called("/v3/auth/authenticate", &root).await["token"].clone();
    let token = token.as_str().unwrap();
    for header in ["Authorization", "Grpc-Metadata-Token"] {
        let header = format!("{header}: {token}");
        let answer = client
            .ask_with("POST", "/v3/kv/range", &[&header], range.as_bytes())
            .await;
        assert_eq!(answer.status, 200, "{header}");
    }
    let wrong = ["Authorization: nonsense"];
    let answer = client
        .ask_with("POST", "/v3/kv/range", &wrong, range.as_bytes())
        .await;
    assert_eq!(answer.status, 401);
    let told = answer.header("www-authenticate");
    assert_eq!(told, Some("etcdserver: invalid auth token"));
    agent.shutdown().await;
}

#[tokio::test]
async fn the_only_member_is_where_its_client_found_it() {
    let agent = agent().await;
    let mut client = Client::connect_etcd(&agent).await;
    let answer = client.called("/v3/cluster/member/list", &json!({})).await;
    let member = &answer["members"][0];
    assert_eq!(member["name"], "node-1");
    assert_eq!(member["clientURLs"].as_array().unwrap().len(), 1);
    let status = client.called("/v3/maintenance/status", &json!({})).await;
    assert_eq!(
        (&status["version"], &status["leader"]),
        (&json!("3.5.16"), &member["ID"])
    );
    agent.shutdown().await;
}
