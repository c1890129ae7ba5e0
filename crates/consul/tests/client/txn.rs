//! Transactions: what is sent, and what the answers mean.

use quorate_consul::{Consistency, ErrorKind, KvOp, KvVerb, Outcome, QueryOptions, TxnOutcome};

use crate::script::{Act, Say, Server, entry};

const ID: &str = "8b2d03ab-7e39-f617-1dd0-7db72d2a2cd2";

#[tokio::test]
async fn every_verb_is_sent_as_it_was_meant() {
    let server = Server::new([Say::ok(r#"{"Results":null,"Errors":null}"#)]);
    let txn = server.client().txn();
    let txn = txn
        .set("a", "hi")
        .set_with_flags("a", "", 7)
        .cas("a", "hi", 3)
        .lock("a", "hi", ID)
        .unlock("a", "hi", ID)
        .get("a//b")
        .get_tree("p/")
        .check_index("a", 4)
        .check_session("a", ID)
        .check_not_exists("n")
        .delete("a")
        .delete_tree("p/")
        .delete_cas("a", 5)
        .op(KvOp::new(KvVerb::Get, "last"));
    assert_eq!(txn.len(), 14);
    let outcome = txn.commit().await.unwrap();
    assert!(matches!(outcome, TxnOutcome::Committed(rows) if rows.value.is_empty()));
    let seen = server.last();
    assert_eq!(seen.line, "PUT /v1/txn");
    let want = [
        r#"{"KV":{"Verb":"set","Key":"a","Value":"aGk="}}"#.to_owned(),
        r#"{"KV":{"Verb":"set","Key":"a","Flags":7}}"#.to_owned(),
        r#"{"KV":{"Verb":"cas","Key":"a","Value":"aGk=","Index":3}}"#.to_owned(),
        format!(r#"{{"KV":{{"Verb":"lock","Key":"a","Value":"aGk=","Session":"{ID}"}}}}"#),
        format!(r#"{{"KV":{{"Verb":"unlock","Key":"a","Value":"aGk=","Session":"{ID}"}}}}"#),
        r#"{"KV":{"Verb":"get","Key":"a//b"}}"#.to_owned(),
        r#"{"KV":{"Verb":"get-tree","Key":"p/"}}"#.to_owned(),
        r#"{"KV":{"Verb":"check-index","Key":"a","Index":4}}"#.to_owned(),
        format!(r#"{{"KV":{{"Verb":"check-session","Key":"a","Session":"{ID}"}}}}"#),
        r#"{"KV":{"Verb":"check-not-exists","Key":"n"}}"#.to_owned(),
        r#"{"KV":{"Verb":"delete","Key":"a"}}"#.to_owned(),
        r#"{"KV":{"Verb":"delete-tree","Key":"p/"}}"#.to_owned(),
        r#"{"KV":{"Verb":"delete-cas","Key":"a","Index":5}}"#.to_owned(),
        r#"{"KV":{"Verb":"get","Key":"last"}}"#.to_owned(),
    ];
    assert_eq!(
        std::str::from_utf8(&seen.body).unwrap(),
        format!("[{}]", want.join(","))
    );
}

#[tokio::test]
async fn rows_come_back_with_their_values() {
    let body = format!(
        r#"{{"Results":[{{"KV":{}}}],"Errors":null}}"#,
        entry("a", "aGk=", 9)
    );
    let server = Server::new([Say::ok(body).header("X-Consul-Knownleader", "true")]);
    let outcome = server.client().txn().get("a").commit().await.unwrap();
    let TxnOutcome::Committed(rows) = outcome else {
        panic!("{outcome:?}")
    };
    assert_eq!(rows.value[0].kv.as_ref().unwrap().value, "hi");
    assert_eq!(rows.meta.known_leader, Some(true));
}

#[tokio::test]
async fn what_failed_is_listed_and_is_no_error() {
    let body = r#"{"Results":null,"Errors":[{"OpIndex":1,"What":"key \"a\" exists"}]}"#;
    let server = Server::new([Say::status(409, body)]);
    let outcome = server
        .client()
        .txn()
        .set("b", "")
        .check_not_exists("a")
        .commit()
        .await
        .unwrap();
    assert!(!outcome.is_committed());
    let TxnOutcome::RolledBack(errors) = outcome else {
        panic!()
    };
    assert_eq!(
        (errors[0].op_index, errors[0].what.as_str()),
        (1, "key \"a\" exists")
    );
}

#[tokio::test]
async fn a_token_that_may_not_is_permission_denied_although_the_status_is_409() {
    let body = r#"{"Results":null,"Errors":[{"OpIndex":0,"What":"Permission denied"}]}"#;
    let server = Server::new([Say::status(409, body), Say::status(409, "busy")]);
    let client = server.client();
    let error = client.txn().set("b", "").commit().await.unwrap_err();
    assert_eq!(error.kind(), ErrorKind::PermissionDenied);
    assert_eq!(
        (error.status(), error.outcome()),
        (Some(409), Outcome::DidNotHappen)
    );
    let error = client.txn().set("b", "").commit().await.unwrap_err();
    assert_eq!(
        error.kind(),
        ErrorKind::Conflict,
        "not the list of a transaction"
    );
}

#[tokio::test]
async fn a_transaction_of_reads_can_be_stale_and_repeated_and_one_of_writes_neither() {
    let done = || Act::Say(Say::ok(r#"{"Results":[],"Errors":null}"#));
    let server = Server::new([Act::Cut, done(), Act::Cut, done()]);
    let client = server.client();
    let stale = QueryOptions::new().with_consistency(Consistency::Stale);
    client
        .txn()
        .get_tree("p/")
        .commit_with(&stale)
        .await
        .unwrap();
    assert_eq!(server.lines(), ["PUT /v1/txn?stale", "PUT /v1/txn?stale"]);
    let error = client.txn().set("a", "1").commit().await.unwrap_err();
    assert_eq!(error.kind(), ErrorKind::Indeterminate);
    assert_eq!(server.lines().len(), 3);
    let error = client
        .txn()
        .set("a", "1")
        .commit_with(&stale)
        .await
        .unwrap_err();
    assert_eq!(error.kind(), ErrorKind::InvalidArgument);
}
