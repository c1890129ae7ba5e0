//! Keys: what is sent, and what is made of the answer.

use std::time::Duration;

use quorate_etcd::v2::{Action, Condition, DeleteOptions, ErrorKind, GetOptions, SetOptions};

use crate::script::{Say, Server, event, indexed, refused};

fn node(key: &str) -> Say {
    indexed(9, event("get", key, "v", 7))
}

#[tokio::test]
async fn a_read_sends_its_options_and_cleans_the_key() {
    let server = Server::new([node("/a/b"), node("/a/b"), node("/")]);
    let keys = server.client().keys();
    let found = keys.get("a//b/").await.unwrap().unwrap();
    assert_eq!(
        (found.value.as_deref(), found.modified_index),
        (Some("v"), 7)
    );
    let all = GetOptions::new()
        .with_recursive()
        .with_sorted()
        .with_quorum();
    let answer = keys.get_with("/a/./b", &all).await.unwrap();
    assert_eq!(answer.meta.index, Some(9));
    keys.get("/").await.unwrap();
    assert_eq!(
        server.lines(),
        [
            "GET /v2/keys/a/b",
            "GET /v2/keys/a/b?recursive=true&sorted=true&quorum=true",
            "GET /v2/keys/",
        ]
    );
}

#[tokio::test]
async fn an_absent_key_is_none_and_has_an_index() {
    let server = Server::new([refused(404, 100, "/a", 12)]);
    let answer = server
        .client()
        .keys()
        .get_with("/a", &GetOptions::new())
        .await
        .unwrap();
    assert_eq!((answer.value, answer.meta.index), (None, Some(12)));
}

#[tokio::test]
async fn a_write_has_its_value_in_the_body_and_all_else_in_the_query() {
    let set = Say::status(201, event("set", "/é ?", "a&b", 4));
    let server = Server::new([set.clone(), set]);
    let keys = server.client().keys();
    keys.set("/é ?", "a&b+c=%;é\n").await.unwrap();
    let seen = server.last();
    assert_eq!(seen.line, "PUT /v2/keys/%C3%A9%20%3F");
    assert_eq!(seen.body, b"value=a%26b%2Bc%3D%25%3B%C3%A9%0A");
    let form = Some("application/x-www-form-urlencoded");
    assert_eq!(seen.header("content-type"), form);
    let options = SetOptions::new()
        .with_ttl(Duration::from_millis(1500))
        .with_condition(Condition::value("a b").and_index(7))
        .with_no_value_on_success();
    keys.set_with("/k", "", &options).await.unwrap();
    let line = "PUT /v2/keys/k?noValueOnSuccess=true&prevIndex=7&prevValue=a%20b&ttl=2";
    assert_eq!(server.last().line, line);
    assert_eq!(server.last().body, b"value=", "an empty value is sent");
}

#[tokio::test]
async fn each_way_to_write_is_told_by_its_condition() {
    let done = Say::ok(event("set", "/k", "v", 4));
    let server = Server::new(std::iter::repeat_n(done, 7));
    let keys = server.client().keys();
    keys.create("/k", "v").await.unwrap();
    keys.update("/k", "v").await.unwrap();
    keys.compare_and_swap("/k", "v", &Condition::index(3))
        .await
        .unwrap();
    keys.refresh("/k", Duration::from_secs(5)).await.unwrap();
    keys.create_dir("/d").await.unwrap();
    keys.create_dir_for("/d", Duration::from_secs(9))
        .await
        .unwrap();
    keys.create_in_order_with("/q", "v", Some(Duration::from_secs(7)))
        .await
        .unwrap();
    assert_eq!(
        server.lines(),
        [
            "PUT /v2/keys/k?prevExist=false",
            "PUT /v2/keys/k?prevExist=true",
            "PUT /v2/keys/k?prevIndex=3",
            "PUT /v2/keys/k?prevExist=true&refresh=true&ttl=5",
            "PUT /v2/keys/d?dir=true&prevExist=false",
            "PUT /v2/keys/d?dir=true&prevExist=false&ttl=9",
            "POST /v2/keys/q?ttl=7",
        ]
    );
    let seen = server.seen();
    assert!(seen[3].body.is_empty() && seen[4].body.is_empty());
    assert_eq!(seen[6].body, b"value=v");
}

#[tokio::test]
async fn a_deletion_has_its_condition_in_the_query() {
    let body = r#"{"action":"delete","node":{"key":"/k","modifiedIndex":5,"createdIndex":4},"prevNode":{"key":"/k","value":"old","modifiedIndex":4,"createdIndex":4}}"#;
    let server = Server::new(std::iter::repeat_n(Say::ok(body), 5));
    let keys = server.client().keys();
    let before = keys.delete("/k").await.unwrap().unwrap();
    assert_eq!(before.value.as_deref(), Some("old"));
    keys.compare_and_delete("/k", &Condition::value("old").and_index(4))
        .await
        .unwrap();
    keys.delete_dir("/k").await.unwrap();
    keys.delete_tree("/k").await.unwrap();
    let answer = keys.delete_with("/k", &DeleteOptions::new()).await.unwrap();
    assert_eq!(answer.value.action, Action::Delete);
    assert_eq!(
        server.lines(),
        [
            "DELETE /v2/keys/k",
            "DELETE /v2/keys/k?prevIndex=4&prevValue=old",
            "DELETE /v2/keys/k?dir=true",
            "DELETE /v2/keys/k?recursive=true&dir=true",
            "DELETE /v2/keys/k",
        ]
    );
    assert!(server.seen().iter().all(|seen| seen.body.is_empty()));
}

#[tokio::test]
async fn an_answer_without_a_value_has_the_action_alone() {
    let server = Server::new([Say::ok(r#"{"action":"set"}"#)]);
    let options = SetOptions::new().with_no_value_on_success();
    let answer = server
        .client()
        .keys()
        .set_with("/k", "v", &options)
        .await
        .unwrap();
    assert_eq!(answer.value.action, Action::Set);
    assert!(answer.value.node.is_none());
}

#[tokio::test]
async fn a_listing_is_of_a_directory_and_in_order_by_number() {
    let file = event("get", "/f", "v", 3);
    let body = r#"{"action":"get","node":{"key":"/q","dir":true,"nodes":[{"key":"/q/10","value":"b","modifiedIndex":10,"createdIndex":10},{"key":"/q/9","value":"a","modifiedIndex":9,"createdIndex":9},{"key":"/q/x","value":"c","modifiedIndex":1,"createdIndex":1}],"modifiedIndex":2,"createdIndex":2}}"#;
    let server = Server::new([Say::ok(file), Say::ok(body)]);
    let keys = server.client().keys();
    let error = keys.list("/f").await.unwrap_err();
    assert_eq!(error.kind(), ErrorKind::NotDirectory);
    let values: Vec<_> = keys.in_order("/q").await.unwrap();
    let values: Vec<_> = values
        .iter()
        .filter_map(|node| node.value.as_deref())
        .collect();
    assert_eq!(
        values,
        ["a", "b", "c"],
        "9 is before 10, as on servers before 2.2.0"
    );
}

#[tokio::test]
async fn making_sure_of_a_directory_takes_one_that_is_there() {
    let dir =
        r#"{"action":"get","node":{"key":"/d","dir":true,"modifiedIndex":2,"createdIndex":2}}"#;
    let exists = || refused(412, 105, "/d", 3);
    let server = Server::new([
        exists(),
        Say::ok(dir),
        exists(),
        Say::ok(event("get", "/d", "v", 2)),
    ]);
    let keys = server.client().keys();
    assert!(!keys.ensure_dir("/d").await.unwrap());
    let error = keys.ensure_dir("/d").await.unwrap_err();
    assert_eq!(
        error.kind(),
        ErrorKind::AlreadyExists,
        "a file is in the way"
    );
}

#[tokio::test]
async fn what_is_too_large_or_too_long_is_not_sent() {
    let server = Server::new(Vec::<Say>::new());
    let limits = quorate_etcd::v2::Limits::default().with_max_value_bytes(100);
    let client = server.builder().limits(limits).build().unwrap();
    let error = client.keys().set("/k", &"x".repeat(101)).await.unwrap_err();
    assert!(error.to_string().contains("100"), "{error}");
    let error = client.keys().get(&"k".repeat(5000)).await.unwrap_err();
    assert_eq!(error.kind(), ErrorKind::InvalidArgument);
    assert!(server.seen().is_empty());
}
