//! The operation of the cluster.

use quorate_consul::operator::KeyringOptions;
use quorate_consul::{ErrorKind, QueryOptions, WriteOptions};

use crate::script::{Say, Server};

const UNWELL: &str = r#"{"Healthy":false,"FailureTolerance":0,"Servers":[{"ID":"a","Healthy":false,"LastContact":"1.5s","StableSince":"2026-11-21T06:59:37Z"}]}"#;

#[tokio::test]
async fn a_server_that_is_not_well_is_an_answer_and_is_asked_once() {
    let server = Server::new([Say::status(429, UNWELL), Say::ok("{}")]);
    let autopilot = server.client().operator().autopilot();
    let health = autopilot.health().await.unwrap();
    assert!(!health.healthy);
    assert_eq!(health.servers[0].last_contact.to_string(), "1.5s");
}

#[tokio::test]
async fn a_limit_of_rates_is_no_answer() {
    let limit = Say::status(429, "RPC rate limit exceeded");
    let server = Server::new([limit, Say::ok(r#"{"Healthy":true,"Servers":null}"#)]);
    let autopilot = server.client().operator().autopilot();
    assert!(autopilot.health().await.unwrap().healthy, "asked again");
}

#[tokio::test]
async fn a_key_travels_in_the_body_alone_and_in_no_error() {
    let off = "2 errors occurred:\n\t* n1: No keyring to modify (encryption not enabled)\n";
    let server = Server::new([Say::status(500, off)]);
    let key = "aUlAW4ST3TsgQtJVcaOmqfA0PAWNXCo2jD3CNpvzhuM=".into();
    let error = server.client().operator().keyring().install(&key).await;
    let error = error.unwrap_err();
    assert_eq!(error.kind(), ErrorKind::Unsupported);
    assert!(!format!("{error} {error:?}").contains("aUlAW4ST"));
    let seen = server.last();
    assert_eq!(seen.line, "POST /v1/operator/keyring");
    assert!(String::from_utf8_lossy(&seen.body).contains("aUlAW4ST"));
}

#[tokio::test]
async fn only_a_list_can_be_of_one_datacenter() {
    let server = Server::new([Say::ok("[]")]);
    let keyring = server.client().operator().keyring();
    let local = KeyringOptions::new().with_local_only(true);
    let (key, write) = ("k".into(), WriteOptions::new());
    let used = keyring.use_key_with(&key, &local, &write).await;
    assert_eq!(used.unwrap_err().kind(), ErrorKind::InvalidArgument);
    let far = local.with_relay_factor(5);
    let listed = keyring.list_with(&far, &QueryOptions::new()).await.unwrap();
    assert!(listed.value.is_empty());
    assert_eq!(
        server.last().line,
        "GET /v1/operator/keyring?relay-factor=5&local-only=true"
    );
}
